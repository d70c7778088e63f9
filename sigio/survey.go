package sigio

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// surveyor finds the streams in a file. Streams without content are left out;
// short neighbours become one span when there are very many.
type surveyor struct {
	cfg  *config
	src  io.ReaderAt
	end  int64 // of the file
	size int64 // of the content

	spans []span
	many  int // so many spans are too many
	tail  []byte
}

// survey finds them from the end backwards, or else by walking over all.
func (s *surveyor) survey() error {
	done := false
	if !s.cfg.single && s.end > 0 {
		var err error
		if done, err = s.backwards(); err != nil {
			return err
		}
	}
	if !done {
		if err := s.forwards(); err != nil {
			return err
		}
	}
	if s.size > s.cfg.maxOutput {
		return &StreamError{Reason: fmt.Sprintf("content of more than %d bytes", s.cfg.maxOutput), Err: ErrTooLarge}
	}
	return nil
}

// backwards reports false where a stream cannot be found by its end.
func (s *surveyor) backwards() (bool, error) {
	s.spans, s.size = nil, 0
	for at := s.end; at > 0; {
		found, length, err := s.streamBefore(at)
		if err == io.EOF || err == nil && (found == nil || length > math.MaxInt64-s.size) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		found.size = at - found.at
		at = found.at
		s.size += length
		found.raw = s.size // from the end, for now
		if length > 0 {
			s.add(*found)
		}
	}
	slices.Reverse(s.spans)
	for i := range s.spans {
		s.spans[i].raw = s.size - s.spans[i].raw
	}
	return true, nil
}

// streamBefore returns the stream that ends at an offset and the length of its
// content, or nil where it is not to be found from there.
func (s *surveyor) streamBefore(at int64) (*span, int64, error) {
	var b [frame.EndLen]byte
	if at >= frame.HeaderLen+frame.EndLen {
		if err := readFull(s.src, b[:], at-frame.EndLen); err != nil {
			return nil, 0, err
		}
		if e, err := frame.ParseEnd(b[:]); err == nil && !e.Header.Has(frame.FlagShort) {
			return s.headerOf(&e, at-frame.EndLen)
		}
	}
	if at < frame.HeaderLen+frame.ShortEndLen {
		return nil, 0, nil
	}
	for _, n := range []int64{1 << 10, shortSearch} {
		n = min(n, at)
		found, length, err := s.shortStream(at-n, at)
		if found != nil || err != nil || n == at {
			return found, length, err
		}
	}
	return nil, 0, nil
}

// headerOf holds an end record at an offset against the header that it
// speaks of.
func (s *surveyor) headerOf(e *frame.End, at int64) (*span, int64, error) {
	t := e.Totals
	if t.Encoded < frame.HeaderLen || t.Encoded > uint64(at) || t.Raw > math.MaxInt64 {
		return nil, 0, nil
	}
	var b [frame.HeaderLen]byte
	start := at - int64(t.Encoded)
	if err := readFull(s.src, b[:], start); err != nil {
		return nil, 0, err
	}
	h, err := frame.ParseHeader(b[:])
	if err != nil || h != e.Header || h.Has(frame.FlagTransport) && !s.cfg.transport {
		return nil, 0, nil
	}
	return &span{at: start, end: e}, int64(t.Raw), nil
}

// A short stream does not say where it began. It is looked for in the last
// shortSearch bytes, which have room for its chunk and some metadata, at the
// last few places that look like a header.
const (
	shortSearch = 80 << 10
	shortTries  = 8
)

// shortStream finds the short stream that ends at an offset and begins behind
// from.
func (s *surveyor) shortStream(from, at int64) (*span, int64, error) {
	n := int(at - from)
	if cap(s.tail) < n {
		s.tail = make([]byte, n)
	}
	b := s.tail[:n]
	if err := readFull(s.src, b, from); err != nil {
		return nil, 0, err
	}
	if b[n-frame.ShortEndLen] != frame.TagShortEnd {
		return nil, 0, nil
	}
	magic := frame.Header{}.Append(nil)[:4]
	for tries, hi := 0, n-frame.HeaderLen-frame.ShortEndLen+len(magic); tries < shortTries; {
		i := bytes.LastIndex(b[:hi], magic)
		if i < 0 {
			break
		}
		hi = i
		h, err := frame.ParseHeader(b[i:])
		if err != nil || !h.Has(frame.FlagShort) {
			continue
		}
		tries++
		c := newCursor(s.cfg, bytes.NewReader(b[i:]), int64(n-i))
		if length, err := c.measure(); err == nil {
			return &span{at: from + int64(i)}, length, nil
		}
	}
	return nil, 0, nil
}

// forwards walks over all headers.
func (s *surveyor) forwards() error {
	s.spans, s.size, s.many = nil, 0, 0
	c := newCursor(s.cfg, s.src, s.end)
	c.jump(spot{}, nil, nil)
	w := &c.z.walker
	for {
		p, err := c.walk()
		if err == io.EOF {
			s.size = w.output
			return nil
		}
		if err != nil {
			return err
		}
		if p.number == 0 {
			if n := len(s.spans); n > 0 {
				s.spans[n-1].size = w.start - s.spans[n-1].at
			}
			s.add(span{at: w.start, raw: w.output - int64(p.RawLen)})
		}
	}
}

// add takes the next span in the order of the survey.
func (s *surveyor) add(sp span) {
	if s.many == 0 {
		s.many = maxPlaces
	}
	if len(s.spans) >= s.many {
		s.join()
		s.many = max(maxPlaces, 2*len(s.spans))
	}
	s.spans = append(s.spans, sp)
}

// join makes one span of each two that are small.
func (s *surveyor) join() {
	const small = 1 << 20
	joined := s.spans[:0]
	for i := 0; i < len(s.spans); i++ {
		sp := s.spans[i]
		if i+1 < len(s.spans) && sp.size+s.spans[i+1].size <= small {
			size := sp.size + s.spans[i+1].size
			if next := s.spans[i+1]; next.at < sp.at { // found backwards
				sp = next
			}
			sp.many, sp.end, sp.size = true, nil, size
			i++
		}
		joined = append(joined, sp)
	}
	s.spans = joined
}
