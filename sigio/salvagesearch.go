package sigio

import (
	"errors"
	"io"
	"math"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// hint is what an end record says of a stream.
type hint struct {
	start, end int64 // of its header, and of its end record, in the input
	header     frame.Header
	tried      bool // what stands before it was searched for the stream
}

// maxHints bounds the memory that they take.
const maxHints = 1 << 12

// findHints reads the end records of src, the last one first, as far as one
// stands where another's stream begins. It finds nothing where src cannot be
// read at any place.
func findHints(src io.Reader) ([]hint, error) {
	file, ok := src.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, nil
	}
	from, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, nil // a pipe
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, nil
	}
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return nil, err
	}
	cfg := defaults()
	cfg.transport = true
	s := surveyor{cfg: &cfg, src: file, end: size}
	var hints []hint
	for at := size; at > from && len(hints) < maxHints; {
		var b [frame.EndLen]byte
		if at-from >= frame.EndLen && readFull(file, b[:], at-frame.EndLen) == nil {
			at -= frame.EndLen
			if e, err := frame.ParseEnd(b[:]); err == nil && e.Totals.Encoded >= frame.HeaderLen && e.Totals.Encoded <= uint64(at-from) {
				hints = append(hints, hint{start: at - int64(e.Totals.Encoded) - from, end: at - from, header: e.Header})
				at -= int64(e.Totals.Encoded)
				continue
			}
			at += frame.EndLen
		}
		found, _, err := s.streamBefore(at)
		if err != nil || found == nil || found.at < from {
			break
		}
		at = found.at
	}
	return hints, nil
}

// hintAt returns the hint for a stream that begins at an offset, or nil.
func (s *salvager) hintAt(off int64) *hint {
	for n := len(s.hints); n > 0; n-- {
		h := &s.hints[n-1]
		if h.start == off {
			return h
		}
		if h.start > off {
			break
		}
	}
	return nil
}

// limit returns where a search from an offset must stop, because it is known
// what is there: the end of this stream, or the start of another. It is -1
// where nothing is known. promised says that it is the end of this stream.
func (s *salvager) limit(off int64) (at int64, promised bool) {
	for n := len(s.hints); n > 0; n = len(s.hints) {
		h := &s.hints[n-1]
		w := s.walker()
		switch {
		case h.end >= off && (h.start < off || s.open && h.start == w.start):
			return h.end, s.open && h.header.ID == w.header.ID
		case h.start >= off:
			return h.start, false
		}
		s.hints = s.hints[:n-1]
	}
	return -1, false
}

// searchOwn looks for the next record of the stream, by header checks that its
// id is part of. What stands between is not looked at in any other way: a
// stream that is stored in this one's chunks is not mistaken for a part of it. If
// there is nothing for the length of two chunks, and no end record has
// promised more, the stream is given up, and the same bytes are searched for
// any other.
func (s *salvager) searchOwn() error {
	w := s.walker()
	window := 2 * (w.header.Cap() + frame.ChunkHeaderLen)
	limit, promised := s.limit(s.off())
	for i := 0; ; {
		b, err := s.ahead(i + searchBuffer)
		if err != nil {
			return err
		}
		last := len(b) < i+searchBuffer
		for ; i < len(b) && (last || i+frame.EndLen <= len(b)); i++ {
			at := s.off() + int64(i)
			switch {
			case s.isOwn(b[i:]):
				s.sync(i, s.settled && at == s.resume)
				return nil
			case at == s.resume:
				if fits, err := s.fitsLight(i); fits || err != nil {
					s.sync(i, true)
					return err
				}
				// The record that was damaged may be torn, and what stands here
				// and before it another stream's.
				window += i
				b = s.walker().src.unread()
			case at == limit && s.hintAt(at) != nil: // another stream
				if i > 0 && (at > s.resume || !isHeader(b[i:])) {
					return s.giveUp(i) // there may be more of them before it
				}
				s.sync(i, false)
				s.open, s.gone = false, true
				return nil
			case at == limit: // an end that the stream cannot have
				limit, promised = s.limit(at + 1)
			}
			if !promised && i >= window {
				return s.giveUp(i)
			}
		}
		switch {
		case last && s.resume == s.off()+int64(len(b)):
			s.sync(len(b), s.settled)
			return nil
		case last:
			return s.giveUp(i)
		case promised && s.resume < s.off():
			w.src.consume(i)
			i = 0
		}
	}
}

// fitsLight reports whether what has no header check, a light chunk or a short
// end, stands n bytes further and belongs there.
func (s *salvager) fitsLight(n int) (bool, error) {
	if !s.settled {
		return false, nil
	}
	b, err := s.ahead(n + frame.EndLen)
	if err != nil || n >= len(b) {
		return false, err
	}
	w := s.walker()
	r, head, err := w.header.ParseRecord(b[n:])
	switch {
	case err != nil || head > len(b)-n:
		return false, nil
	case r.Kind == frame.KindShortEnd:
		return w.header.Has(frame.FlagShort), nil
	case r.Kind != frame.KindChunk || !r.Light || !s.budget(r.EncLen+r.RawLen):
		return false, nil
	}
	size := head + r.EncLen + w.header.TailLen(&r)
	if b, err = s.ahead(n + size); err != nil || len(b) < n+size {
		return false, err
	}
	s.ready()
	chain, lost := w.state.chain, w.state.lost
	p := s.lightPiece(b[n:n+size], r, head)
	_, err = s.decode(&p)
	w.state.chain, w.state.lost = chain, lost
	// What cannot be told for want of a strategy is left to whoever takes it.
	return err == nil || s.demanding && errors.Is(verdictIn(err), ErrUnsupported), nil
}

// sync goes on with the record that stands n bytes further.
func (s *salvager) sync(n int, lights bool) {
	s.walker().src.consume(n)
	s.synced, s.lights = true, lights
}

// isOwn reports whether b begins with a record of the stream, as far as its
// header check tells.
func (s *salvager) isOwn(b []byte) bool {
	h := &s.walker().header
	if h.Passes(b) {
		r, _, err := h.ParseRecord(b)
		return err == nil && (r.Kind == frame.KindControl || !h.Has(frame.FlagShort))
	}
	if b[0] == frame.TagEnd && len(b) > 1 && b[1] == 'E' {
		_, ok := s.ownEnd(b)
		return ok
	}
	return false
}

// giveUp gives up a stream of which nothing was found in n bytes.
func (s *salvager) giveUp(n int) error {
	s.open, s.gone, s.resume = false, true, 0
	s.searchAgain(n)
	return nil
}

// slowness is how many bytes could be decoded while one is searched.
const slowness = 8

// searchAgain has the next n bytes searched once more, if that does not happen
// too often. Then it passes over them.
func (s *salvager) searchAgain(n int) {
	const setup = 256 // bytes that could be searched while the stream is changed
	cost := slowness * (n + setup)
	if !s.budget(cost) {
		src := &s.walker().src
		src.consume(min(n+1, len(src.unread())))
		return
	}
	s.spent += int64(cost)
}

// suspect is what looks like the header of a chunk of an unknown stream.
type suspect struct {
	id       uint32
	at       int64
	seq, raw uint64
}

// A search for any stream keeps what it has passed, in case that what it finds
// later explains it.
const (
	keepLeast = 256 << 10
	keepMost  = 4 << 20
)

// searchAny looks for any stream: for a header; for an end record, which says
// what the header said; or for two chunks whose checks imply the same id, one
// behind the other or not far away.
func (s *salvager) searchAny() error {
	src := &s.walker().src
	limit, _ := s.limit(s.off())
	for i := 0; ; i++ {
		b, err := s.ahead(i + frame.EndLen)
		if err != nil {
			return err
		}
		if i >= len(b) {
			src.consume(len(b))
			s.synced = true // and at the end
			return nil
		}
		rest := b[i:]
		switch {
		case isHeader(rest):
			s.sync(i, false)
			return nil
		case s.off()+int64(i) == limit && i > 0:
			// Where bytes came in between, the stream begins before.
			if h := s.hintAt(limit); h != nil && !h.tried {
				h.tried = true
				return s.adopt(h.header, i, h.start)
			}
			s.sync(i, false)
			return nil
		case rest[0] == frame.TagEnd && len(rest) >= frame.EndLen && rest[1] == 'E':
			if e, err := frame.ParseEnd(rest); err == nil && isPlausible(&e) && e != s.lastEnd {
				s.hints = append(s.hints, hint{start: -1, end: s.off() + int64(i), header: e.Header})
				return s.adopt(e.Header, i, s.off()+int64(i)-int64(min(e.Totals.Encoded, math.MaxInt64)))
			}
		case frame.IsPositioned(rest[0]):
			if done, err := s.examine(i); done || err != nil {
				return err
			}
		}
		if i >= keepMost {
			src.consume(i - keepLeast)
			i = keepLeast
		}
	}
}

func isHeader(b []byte) bool {
	if len(b) < frame.HeaderLen || !frame.IsHeader(b) {
		return false
	}
	_, err := frame.ParseHeader(b)
	return err == nil
}

// examine looks at what may be a positioned chunk, i bytes ahead. It reports
// whether a stream was found.
func (s *salvager) examine(i int) (bool, error) {
	b, err := s.ahead(i + frame.ChunkHeaderLen)
	if err != nil {
		return false, err
	}
	h, r, ok := s.solver.Suspect(b[i:])
	if !ok {
		return false, nil
	}
	next := i + frame.ChunkHeaderLen + r.EncLen + frame.CheckLen
	if b, err = s.ahead(next + frame.EndLen); err != nil {
		return false, err
	}
	at := s.off() + int64(i)
	u := &s.suspects[h.ID%uint32(len(s.suspects))]
	if next < len(b) && confirms(h, &r, b[next:]) || u.id == h.ID && u.at >= s.off() && u.at < at &&
		r.Seq > u.seq && r.RawOffset > u.raw && frame.Plausible(r.Seq-u.seq, r.RawOffset-u.raw, h.CapLog) {
		return true, s.adopt(h, i, -1)
	}
	*u = suspect{h.ID, at, r.Seq, r.RawOffset}
	if s.demanding && next <= len(b) && s.isSound(h, r, b[i:next], at) {
		return false, errDiscovered
	}
	return false, nil
}

// isSound reports whether the chunk of an unknown stream that is b passes its
// content check, as by chance it hardly does.
func (s *salvager) isSound(h frame.Header, r frame.Record, b []byte, at int64) bool {
	// There is room for the chunks before it. Of what is none, this leaves too
	// little to matter.
	if r.Seq > uint64(s.before+at)/leastLight || r.History || !s.budget(r.EncLen+r.RawLen) {
		return false
	}
	const n = frame.ChunkHeaderLen
	p := piece{Record: r, head: b[:n], payload: b[n : n+r.EncLen], check: le32(b[n+r.EncLen:]), name: s.nameOf(r.Strategy)}
	w := s.walker()
	was := w.header
	w.header = h
	_, err := s.decode(&p)
	w.header = was
	return err == nil
}

// leastLight is the length of the shortest chunk.
const leastLight = 3

// confirms reports whether what follows a supposed chunk is of the same
// stream.
func confirms(h frame.Header, r *frame.Record, b []byte) bool {
	if b[0] == frame.TagEnd && len(b) >= frame.EndLen {
		e, err := frame.ParseEnd(b)
		return err == nil && e.Header.ID == h.ID
	}
	h.Incompat |= frame.FlagHistory // whether it has one is not yet known
	next, n, err := h.ParseRecord(b)
	if err != nil || n > len(b) {
		return false
	}
	switch next.Kind {
	case frame.KindControl, frame.KindIndex:
		return true
	case frame.KindChunk:
		return !next.Light && next.At(r.Seq+1, r.RawOffset+uint64(r.RawLen))
	}
	return false
}

// adopt enters a stream whose header is lost, or goes on with the one that was
// given up. What shows its id stands n bytes further: now that it is known, what
// was passed before is searched again.
func (s *salvager) adopt(h frame.Header, n int, start int64) error {
	s.searchAgain(n)
	if s.gone && h.ID == s.walker().header.ID {
		s.open, s.gone, s.lights = true, false, false
		return nil
	}
	return s.enter(h, false, start)
}
