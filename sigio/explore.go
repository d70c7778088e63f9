package sigio

import (
	"io"
	"slices"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// explore finds out what there is to know of a span before its content is
// read.
func (r *ReaderAt) explore(s *span) error {
	k := &streamMap{}
	if !s.many {
		c := r.take()
		c.jump(s.begin(), nil, nil)
		w := &c.z.walker
		if err := w.preamble(); err != nil {
			return err
		}
		k.header, k.history, k.shared, k.book = w.header, w.state.history, w.state.shared, w.state.book
		k.names = append(k.names, w.state.names...)
		if err := r.loadIndex(s, k); err != nil {
			return err
		}
		r.giveBack(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.known = k
	r.forget(s)
	return nil
}

// preamble takes the header and the control records behind it. One that is
// damaged may be of no account: without an index it is found again.
func (w *walker) preamble() error {
	if err := w.enter(); err != nil {
		return ended(w, err)
	}
	for {
		r, n, err := w.header.ParseRecord(w.src.unread())
		if err == nil && n > len(w.src.unread()) {
			err = w.fill(n)
			if err == nil {
				continue
			}
		} else if err != nil {
			err = w.frameError(err)
		} else if r.Kind == frame.KindControl {
			err = w.control(r, n)
		} else {
			return nil
		}
		if _, ok := err.(final); ok && (w.state.history > 0 || !w.header.Has(frame.FlagHistory)) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ended is err, but for the end of the input where content is due.
func ended(w *walker, err error) error {
	if err == io.EOF {
		return w.corrupt("content ends before its end record says")
	}
	return err
}

// loadIndex reads the index of a stream, if it has a sound one and it is of
// use (FORMAT §8). Only the source can fail.
func (r *ReaderAt) loadIndex(s *span, k *streamMap) error {
	const frameLen = frame.ControlHeaderLen + frame.CheckLen
	if s.end == nil || s.end.IndexLen < frameLen || k.shared > 0 {
		return nil
	}
	t := s.end.Totals
	n := uint64(s.end.IndexLen)
	if n > frameLen+frame.MaxIndex || n > t.Encoded-frame.HeaderLen {
		return nil
	}
	b := make([]byte, n)
	if err := readFull(r.src, b, s.at+int64(t.Encoded-n)); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	x, _, err := k.header.ParseRecord(b)
	body := b[frame.ControlHeaderLen : n-frame.CheckLen]
	check := le32(b[n-frame.CheckLen:])
	if err != nil || x.Kind != frame.KindIndex || x.EncLen != len(body) ||
		frame.ContentCheck(x.Check, frame.RawCRC(body)) != check || frame.Chain(x.Link, check) != t.Chain {
		return nil
	}
	t.Encoded -= n
	index, err := frame.ParseIndex(body, t, maxPlaces)
	if err != nil {
		return nil
	}
	k.index, k.hintedNames = index.Entries, addNames(k.names, index.Strategies)
	return nil
}

// addNames returns the names in both lists, which it leaves as they are.
func addNames(names, more []frame.StrategyName) []frame.StrategyName {
	for _, m := range more {
		if !slices.ContainsFunc(names, func(n frame.StrategyName) bool { return n.ID == m.ID }) {
			names = append(names[:len(names):len(names)], m)
		}
	}
	return names
}

// fetch makes a trip and keeps what it brings.
func (r *ReaderAt) fetch(t *trip, off int64) ([]byte, error) {
	c := r.take()
	var seen trail
	h, err := c.fetch(t.from, t.known, t.names, off, &seen)
	learnt := c.z.walker.state.names
	r.giveBack(c)
	if !t.hinted && !t.span.many {
		r.learn(t, &seen, learnt)
	}
	if err != nil {
		return nil, err
	}
	return r.keep(h, off)
}

// readOn reads in a stream with a shared frame. The cursor of the last such
// reading goes on where it can.
func (r *ReaderAt) readOn(t *trip, off int64) ([]byte, error) {
	r.mu.Lock()
	c, where := r.reading, r.readingIn
	r.reading = nil
	r.mu.Unlock()
	if at := int64(-1); c != nil {
		if where == t.span {
			at = c.z.walker.output
		}
		if at < t.from.output || at > off {
			c = nil
		}
	}
	if c == nil {
		c = newCursor(&r.cfg, r.src, r.end)
		if err := c.leap(t.from, t.known, t.names); err != nil {
			return nil, err
		}
	}
	var clear trail
	h, err := c.onward(off, &clear)
	r.learn(t, &clear, c.z.walker.state.names)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.reading, r.readingIn = c, t.span
	r.mu.Unlock()
	return r.keep(h, off)
}

// keep puts content into the cache and returns that from off on.
func (r *ReaderAt) keep(h haul, off int64) ([]byte, error) {
	r.mu.Lock()
	r.cache.put(h.off, h.content)
	r.mu.Unlock()
	return h.content[off-h.off:], nil
}
