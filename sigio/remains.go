package sigio

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// remains is what stands in a file behind the place at which Repair would cut
// it. Cutting is right where that is the first part of what a writer was
// writing, or what a file system put in its place, and nothing else. It may be
// much more: damage hides where the stream went on. So nothing in it must be
// whole.
type remains struct {
	cfg       *config
	src       io.ReaderAt
	from, end int64
	w         *walker // in the stream that ends here, behind what is damaged
	totals    frame.Totals
	start     int64
}

// isTorn returns nil if there is nothing but a torn tail. Otherwise, what it
// returns says where something else was found, or is an error of the source.
func (m *remains) isTorn() error {
	if err := m.hasSeal(); err != nil {
		return err
	}
	if err := m.hasShortEnd(); err != nil {
		return err
	}
	for _, own := range []bool{true, false} {
		if err := m.hasChunk(own); err != nil {
			return err
		}
	}
	return nil
}

func (m *remains) found(what string, at int64) error {
	return &StreamError{
		Offset: m.from, Chunk: m.totals.Chunks, Err: ErrCorrupt,
		Reason: fmt.Sprintf("not a torn tail: %s at offset %d", what, at),
	}
}

const searchBuffer = 64 << 10 // bytes

// hasSeal looks for headers and ends of any streams: whatever has one of them
// is not a part of the record that is damaged, or is at least not known to be.
func (m *remains) hasSeal() error {
	src := source{}
	defer func() { src.buffers.discard(src.buf) }()
	src.seek(&section{src: m.src, end: m.end}, m.from)
	for {
		err := src.fill(searchBuffer)
		if err != nil && err != io.EOF {
			return err
		}
		b := src.unread()
		for i := range b {
			if what := sealOf(b[i:]); what != "" {
				return m.found(what, src.off+int64(i))
			}
		}
		if err == io.EOF {
			return nil
		}
		src.consume(len(b) - frame.EndLen + 1)
	}
}

// sealOf names the header or end record that b begins with.
func sealOf(b []byte) string {
	var err error
	what := "stream header"
	switch {
	case len(b) >= frame.HeaderLen && b[0] != frame.TagEnd && frame.IsHeader(b):
		_, err = frame.ParseHeader(b)
	case len(b) >= frame.EndLen && b[0] == frame.TagEnd && b[1] == 'E':
		what = "end record"
		_, err = frame.ParseEnd(b)
	default:
		return ""
	}
	if err != nil {
		if _, verdict := verdictOf(err); verdict != ErrUnsupported {
			return ""
		}
	}
	return what
}

// hasShortEnd looks for the short end, of a stream that is to have one, at the
// end of the file or in front of the zeros there. Its check is over a chain
// that is not known where something before it is damaged, but what stands
// before it says enough of it to tell it from most other bytes.
func (m *remains) hasShortEnd() error {
	if !m.w.header.Has(frame.FlagShort) {
		return nil
	}
	var tail [frame.ShortEndLen]byte
	n, err := trimmed(m.src, m.from, m.end)
	if err != nil {
		return err
	}
	for at := n - frame.ShortEndLen; at < n; at++ {
		before := at - frame.CheckLen
		if before < m.start+frame.HeaderLen || m.end-at < frame.ShortEndLen {
			continue
		}
		var stated [frame.CheckLen]byte
		if err := readFull(m.src, stated[:], before); err != nil {
			return err
		}
		if err := readFull(m.src, tail[:], at); err != nil {
			return err
		}
		if tail[0] == frame.TagShortEnd && m.ends(le(stated[:]), tail[:], uint64(at-m.start)) {
			return m.found("short end", at)
		}
	}
	return nil
}

// ends reports whether b may be the short end behind a record with the stated
// check, which is damaged but for that, or behind a chunk whose check is its
// last 3 bytes.
func (m *remains) ends(stated uint32, b []byte, encoded uint64) bool {
	h := m.w.header
	t := frame.Totals{Encoded: encoded, Chain: frame.Chain(m.w.state.chain, stated)}
	if h.ParseShortEnd(b, t) == nil || h.Has(frame.FlagTransport) {
		return true // without checks there is nothing to go by
	}
	solver := frame.NewSolver()
	t.Chunks = 1
	for t.Raw = 1; t.Raw <= frame.MaxLight; t.Raw++ {
		if solver.ShortEndChain(h, b, t)&(1<<24-1) == stated>>8 {
			return true
		}
	}
	return false
}

// trimmed returns the offset, between two, behind which there are only zeros.
func trimmed(src io.ReaderAt, from, end int64) (int64, error) {
	b := make([]byte, searchBuffer)
	for end > from {
		b := b[:min(int64(len(b)), end-from)]
		if err := readFull(src, b, end-int64(len(b))); err != nil {
			return 0, err
		}
		if n := len(bytes.TrimRight(b, "\x00")); n > 0 {
			return end - int64(len(b)-n), nil
		}
		end -= int64(len(b))
	}
	return from, nil
}

// hasChunk has Salvage look for whole chunks: first for those of the stream
// itself, then for those of any other.
func (m *remains) hasChunk(own bool) error {
	s := salvager{dst: discovery{}, damaged: 0, start: -1, solver: frame.NewSolver(), synced: !own, demanding: true, before: m.from}
	s.onGap = func(Gap) Fill { return FillNothing }
	s.z.cfg = *m.cfg
	w := s.walker()
	w.cfg = &s.z.cfg
	w.src.restart(&section{src: m.src, off: m.from, end: m.end})
	if own {
		known := &m.w.state
		s.open, s.written, s.chunks = true, m.totals.Raw, m.totals.Chunks
		w.inside, w.streams, w.header = true, 1, m.w.header
		// Up to here all is sound, so that light chunks behind what is no chunk can
		// be checked.
		s.synced, s.lights = true, s.checksLights() && known.history == 0
		chain := w.header.Check()
		if m.totals.Chunks > 0 {
			chain = m.totals.Chain
		}
		w.state = streamState{
			raw: s.written, chunks: s.chunks, opening: true, chain: chain,
			names: known.names, history: known.history, shared: known.shared, book: known.book,
		}
	}
	err := verdictIn(s.run())
	var placed *StreamError
	switch {
	case err == errDiscovered:
		return m.found("whole chunk", m.from+s.off())
	case errors.As(err, &placed):
		placed.Offset += m.from
	}
	return err
}

// discovery is the destination of a search that ends with the first chunk.
type discovery struct{}

var errDiscovered = errors.New("sigio: a chunk was found")

func (discovery) Write([]byte) (int, error) { return 0, errDiscovered }
