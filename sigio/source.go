package sigio

import (
	"errors"
	"io"
)

var errInvalidRead = errors.New("sigio: source returned an invalid count from Read")

// maxEmptyReads is how often a source may return nothing and no error in a
// row, as in package bufio.
const maxEmptyReads = 100

// source buffers the encoded stream. What was read stays in the buffer until
// it is consumed, so that parsing can start again after an error.
type source struct {
	r       io.Reader
	exact   bool // read nothing beyond what fill asks for, but
	follows int  // so many bytes, which are sure to follow
	buffers buffers

	buf    []byte
	lo, hi int
	off    int64 // of buf[lo] in the input
	err    error // came with the last bytes and is still to be returned
}

func (s *source) restart(r io.Reader) {
	*s = source{r: r, exact: s.exact, buffers: s.buffers, buf: s.buf}
}

// rest lets go of what is more than room while nothing is unread.
func (s *source) rest(room int) {
	if s.lo == s.hi {
		s.buf, s.lo, s.hi = s.buffers.rest(s.buf, room), 0, 0
		s.buf = s.buf[:cap(s.buf)]
	}
}

// unread returns the bytes that were read and not consumed. They are valid
// until the next fill.
func (s *source) unread() []byte { return s.buf[s.lo:s.hi] }

func (s *source) consume(n int) {
	s.lo += n
	s.off += int64(n)
}

// fill reads until at least n bytes are unread. Its errors are the wrapped
// stream's own, io.EOF among them, and none of them sticks.
func (s *source) fill(n int) error {
	for empty := 0; s.hi-s.lo < n; {
		if s.err != nil {
			err := s.err
			s.err = nil
			return err
		}
		s.makeRoom(n)
		limit := len(s.buf)
		if s.exact {
			limit = min(limit, s.lo+n+s.follows)
		}
		k, err := s.r.Read(s.buf[s.hi:limit])
		if k < 0 || k > limit-s.hi {
			return errInvalidRead
		}
		s.hi += k
		s.err = err
		if k > 0 {
			empty = 0
		} else if empty++; err == nil && empty == maxEmptyReads {
			return io.ErrNoProgress
		}
	}
	return nil
}

const (
	firstBuffer = 4 << 10 // of a source, in bytes
	readAhead   = 4 << 10 // beyond the record that is being read
	largeBuffer = 256 << 10
)

// makeRoom makes room behind hi for at least one byte of the n that are to be
// unread. The buffer grows with what has arrived, not with what is claimed:
// at most to four times of it, in few steps, since what is outgrown stays in the
// pool for a while.
func (s *source) makeRoom(n int) {
	have := s.hi - s.lo
	switch {
	case s.lo > 0 && (have == 0 || s.lo+n > len(s.buf)):
		copy(s.buf, s.buf[s.lo:s.hi])
		s.lo, s.hi = 0, have
	}
	if s.hi < len(s.buf) {
		return
	}
	size := n + readAhead
	if size > largeBuffer {
		size = max(size, 4*len(s.buf)) // the next chunk may be longer
	}
	grown := s.buffers.get(max(firstBuffer, min(4*len(s.buf), size)))
	grown = grown[:cap(grown)]
	copy(grown, s.buf[s.lo:s.hi])
	s.buffers.discard(s.buf)
	s.buf, s.lo, s.hi = grown, 0, have
}
