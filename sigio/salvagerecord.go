package sigio

import (
	"errors"
	"time"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// Of each record below, what is wrong with it sends the salvager searching from
// its second byte on.

// record takes the record that is due.
func (s *salvager) record() (more bool, err error) {
	b, err := s.ahead(frame.EndLen)
	if err != nil {
		return false, err
	}
	if len(b) == 0 {
		return false, s.finish()
	}
	r, n, err := s.walker().header.ParseRecord(b)
	if err != nil || n > len(b) {
		reason := "input ends within a record"
		if err != nil {
			reason, _ = verdictOf(err)
		}
		return true, s.reject(reason)
	}
	switch {
	case r.Kind == frame.KindChunk && r.Light:
		return true, s.light(r, n)
	case r.Kind == frame.KindChunk:
		return true, s.positioned(r, n)
	case r.Kind == frame.KindControl:
		return true, s.control(r, n)
	case r.Kind == frame.KindIndex:
		return true, s.index(n + r.EncLen + frame.CheckLen)
	}
	return true, s.end(r.Kind, b)
}

// reject searches from the second byte of the record on.
func (s *salvager) reject(reason string) error {
	s.damage(reason)
	s.synced = false
	s.walker().src.consume(1)
	return nil
}

// rejectUntil does the same, but if the search finds nothing within the
// record, which has n bytes, a record is due behind it.
func (s *salvager) rejectUntil(n int, settled bool, reason string) error {
	s.resume, s.settled = s.off()+int64(n), settled
	return s.reject(reason)
}

// budget is how many bytes may be spent in vain: in proportion to what was
// read and recovered.
func (s *salvager) budget(n int) bool {
	return s.spent+int64(n) <= 512<<20+8*s.off()+2*s.total
}

// positioned takes a positioned chunk. It may be any that has its place behind
// what was recovered so far.
func (s *salvager) positioned(r frame.Record, n int) error {
	w := s.walker()
	if !s.hasPlace(&r) {
		return s.reject("chunk out of its place")
	}
	missed, lost := s.missing(&r)
	size := n + r.EncLen + frame.CheckLen
	if !s.budget(r.EncLen + r.RawLen) {
		return s.reject("too much that is damaged")
	}
	b, err := s.ahead(size)
	if err != nil {
		return err
	}
	if len(b) < size {
		return s.reject("input ends within a chunk")
	}
	s.ready()
	p := piece{
		Record: r, head: b[:n], payload: b[n : n+r.EncLen], check: le32(b[n+r.EncLen:]), name: s.nameOf(r.Strategy),
		number: s.chunks + missed, raw: s.written + lost, offset: s.off(), chain: r.Link,
	}
	content, err := s.decode(&p)
	st := &w.state
	st.chain, st.lost = frame.Chain(r.Link, p.check), false
	st.sinceSync, st.lightRun = 0, 0
	if err != nil && s.demanding {
		switch {
		case errors.Is(verdictIn(err), ErrUnsupported):
			return err
		case p.History && s.off() > 0: // whether it is whole only what it continues would tell
			return errDiscovered
		}
	}
	if err != nil {
		st.raw, st.chunks = p.raw+uint64(r.RawLen), p.number+1
		return s.rejectUntil(size, s.checksLights() && st.history == 0, reasonOf(err))
	}
	s.lights = true
	if err := s.deliver(&p, content); err != nil {
		return err
	}
	w.src.consume(size)
	return nil
}

// missing returns how many chunks, and bytes of content, are missing before a
// chunk.
func (s *salvager) missing(r *frame.Record) (chunks, raw uint64) {
	const mask = 1<<48 - 1
	return (r.Seq - s.chunks) & mask, (r.RawOffset - s.written) & mask
}

// hasPlace reports whether a chunk can stand behind what was recovered so far.
func (s *salvager) hasPlace(r *frame.Record) bool {
	chunks, raw := s.missing(r)
	return frame.Plausible(chunks, raw, s.walker().header.CapLog)
}

// checksLights reports whether it would show if a light chunk behind damage were
// none.
func (s *salvager) checksLights() bool { return !s.walker().header.Has(frame.FlagTransport) }

// decode is Reader.decode within the limits.
func (s *salvager) decode(p *piece) ([]byte, error) {
	cost := p.EncLen + p.RawLen
	switch {
	case p.RawLen > s.z.cfg.maxChunk:
		return nil, p.verdict("chunk beyond the limit")
	case p.History && !s.walker().state.continues(&p.Record):
		return nil, p.verdict("chunk cannot continue the history")
	}
	began := time.Now()
	content, err := s.z.decode(p)
	s.took = time.Since(began)
	if err != nil {
		if p.Light {
			cost *= 8 // for each strategy that its name may have been
		}
		s.spent += int64(cost)
	}
	return content, err
}

// reasonOf is what a verdict says without its place.
func reasonOf(err error) string {
	var placed *StreamError
	if !errors.As(verdictIn(err), &placed) {
		return err.Error()
	}
	if placed.Reason != "" {
		return placed.Reason
	}
	return placed.Err.Error()
}

// light takes a light chunk, if all since the last sync point is there.
func (s *salvager) light(r frame.Record, n int) error {
	w := s.walker()
	st := &w.state
	switch {
	case !s.lights:
		return s.reject("light chunk behind damage")
	case st.sinceSync+r.RawLen > frame.MaxLight || st.lightRun == frame.MaxLightRun:
		return s.reject("no sync point where one is due")
	}
	tail := w.header.TailLen(&r)
	size := n + r.EncLen + tail
	b, err := s.ahead(size)
	if err != nil {
		return err
	}
	if len(b) < size {
		return s.reject("input ends within a chunk")
	}
	s.ready()
	p := s.lightPiece(b[:size], r, n)
	content, err := s.decode(&p)
	if err != nil && s.demanding && errors.Is(verdictIn(err), ErrUnsupported) {
		return err
	}
	if err != nil {
		s.lights = false
		if ends, failed := s.endsShort(size); failed != nil {
			return failed
		} else if ends {
			s.damage(reasonOf(err))
			return s.leaveShort(&r, size)
		}
		return s.reject(reasonOf(err))
	}
	st.sinceSync += r.RawLen
	st.lightRun++
	if err := s.deliver(&p, content); err != nil {
		return err
	}
	w.src.consume(size)
	return nil
}

// lightPiece is the light chunk that is b, with a header of n bytes.
func (s *salvager) lightPiece(b []byte, r frame.Record, n int) piece {
	st := &s.walker().state
	return piece{
		Record: r, head: b[:n], payload: b[n : n+r.EncLen], check: le(b[n+r.EncLen:]), name: s.nameOf(r.Strategy),
		number: st.chunks, raw: st.raw, offset: s.off(), chain: st.chain,
	}
}

// endsShort reports whether behind the only chunk of a short stream, size bytes
// long, its end follows, and then another stream or nothing: if so, what is
// damaged is the content of the chunk, in which there is nothing to search for.
func (s *salvager) endsShort(size int) (bool, error) {
	if !s.whole || !s.walker().header.Has(frame.FlagShort) {
		return false, nil
	}
	b, err := s.ahead(size + frame.ShortEndLen + frame.HeaderLen)
	if err != nil || len(b) < size+frame.ShortEndLen || b[size] != frame.TagShortEnd {
		return false, err
	}
	rest := b[size+frame.ShortEndLen:]
	return len(rest) == 0 || isHeader(rest), nil
}

// leaveShort ends a short stream behind its damaged chunk. How long the content
// was is known if the chunk's check and that of the end agree about it.
func (s *salvager) leaveShort(r *frame.Record, size int) error {
	w := s.walker()
	b, t := w.src.unread(), frame.Totals{Chunks: 1, Raw: uint64(r.RawLen), Encoded: uint64(s.off()-w.start) + uint64(size)}
	chain := s.solver.ShortEndChain(w.header, b[size:], t)
	sure := s.checksLights() && chain&low24 == le(b[size-frame.LightCheckLen:size])
	w.src.consume(size)
	if !sure {
		if err := s.gap(-1); err != nil {
			return err
		}
		t.Raw = 0
	}
	return s.leave(t.Raw, frame.ShortEndLen)
}

// control takes a control record.
func (s *salvager) control(r frame.Record, n int) error {
	w := s.walker()
	size := n + r.EncLen + frame.CheckLen
	b, err := s.ahead(size)
	if err != nil {
		return err
	}
	if len(b) < size {
		return s.reject("input ends within a control record")
	}
	body, check := b[n:n+r.EncLen], le32(b[n+r.EncLen:])
	w.state.chain = frame.Chain(r.Link, check)
	if frame.ContentCheck(r.Check, frame.RawCRC(body)) != check {
		return s.rejectUntil(size, s.checksLights() && s.lights, "control record fails its check")
	}
	switch r.Tag {
	case frame.TagHistory, frame.TagCodebookID, frame.TagEmbeddedCodebook:
		if err := w.open(r.Tag, body); errors.Is(verdictIn(err), ErrUnsupported) {
			return err
		}
	case frame.TagStrategyName:
		_ = w.learnName(body) // a chunk that it does not help is lost for that reason
	case frame.TagMeta:
		if w.cfg.meta != nil && len(body) > 0 {
			if err := w.cfg.meta(body[0], body[1:]); err != nil {
				return metaVerdict(err)
			}
		}
	}
	w.src.consume(size)
	return nil
}

// index passes over an index of n bytes, which Salvage has no use for.
func (s *salvager) index(n int) error {
	for n > 0 {
		b, err := s.ahead(min(n, readAhead))
		if err != nil {
			return err
		}
		if len(b) == 0 {
			break
		}
		k := min(n, len(b))
		s.walker().src.consume(k)
		n -= k
	}
	return nil
}

// end takes an end record of b's.
func (s *salvager) end(kind frame.Kind, b []byte) error {
	w := s.walker()
	if kind == frame.KindShortEnd {
		t := frame.Totals{Chunks: w.state.chunks, Raw: w.state.raw, Encoded: uint64(s.off() - w.start), Chain: w.state.chain}
		if !s.lights || !w.header.Has(frame.FlagShort) || w.header.ParseShortEnd(b, t) != nil {
			return s.reject("short end fails its check")
		}
		return s.leave(s.written, frame.ShortEndLen)
	}
	e, ok := s.ownEnd(b)
	if !ok {
		return s.reject("end record of another stream")
	}
	if goesOn, err := s.goesOn(&e); err != nil {
		return err
	} else if goesOn {
		if !s.whole && s.chunks == 0 { // there may be other streams up to where this one begins
			s.open, s.gone = false, true
		}
		return s.reject("end record that is not at the end")
	}
	s.lastEnd = e
	return s.leave(e.Totals.Raw, frame.EndLen)
}

// goesOn reports whether the end record of the stream that is due does not stand
// where it belongs: if more of the stream follows. That is not asked where the
// record is as far from the header as it says.
func (s *salvager) goesOn(e *frame.End) (bool, error) {
	at := s.off()
	if s.start >= 0 && e.Totals.Encoded == uint64(at-s.start) {
		return false, nil
	}
	if s.beyond > at {
		return true, nil
	}
	w := s.walker()
	limit := 2 * (w.header.Cap() + frame.ChunkHeaderLen)
	if next, _ := s.limit(at + 1); next >= 0 && s.hintAt(next) != nil {
		limit = int(min(int64(limit), next-at))
	}
	if !s.budget(slowness * limit) {
		return false, nil
	}
	i := frame.EndLen
	defer func() { s.spent += int64(slowness * i) }()
	for ; i < limit; i++ {
		b, err := s.ahead(i + frame.EndLen)
		if err != nil || i >= len(b) {
			return false, err
		}
		b = b[i:]
		switch {
		case frame.IsPositioned(b[0]) && w.header.Passes(b):
			r, _, err := w.header.ParseRecord(b)
			if err == nil && s.hasPlace(&r) && r.Seq < e.Totals.Chunks && r.RawOffset+uint64(r.RawLen) <= e.Totals.Raw {
				s.beyond = at + int64(i)
				return true, nil
			}
		case b[0] == frame.TagEnd && len(b) >= frame.EndLen && b[1] == 'E':
			if other, ok := s.ownEnd(b); ok && other == *e {
				s.beyond = at + int64(i)
				return true, nil
			}
		}
	}
	return false, nil
}

// ownEnd parses an end record that the stream can have.
func (s *salvager) ownEnd(b []byte) (frame.End, bool) {
	if len(b) < frame.EndLen {
		return frame.End{}, false
	}
	e, err := frame.ParseEnd(b)
	return e, err == nil && e.Header.ID == s.walker().header.ID && e.Totals.Raw >= s.written && isPlausible(&e)
}

// isPlausible reports whether there can be a stream of which an end record
// tells the truth.
func isPlausible(e *frame.End) bool {
	return !e.Header.Has(frame.FlagShort) && e.Totals.Raw <= 1<<62 &&
		frame.Plausible(e.Totals.Chunks, e.Totals.Raw, e.Header.CapLog)
}
