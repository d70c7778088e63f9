package sigio

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// cursor is a Reader that jumps. It belongs to one call at a time.
type cursor struct {
	in section
	z  Reader // its methods that hand out content are not used

	strict  bool // no damaged record is passed over
	stained bool // light chunks miss the one before them, up to the next sync point
}

func newCursor(cfg *config, src io.ReaderAt, end int64) *cursor {
	c := &cursor{in: section{src: src, end: end}}
	c.z.cfg = *cfg
	c.z.walker.cfg, c.z.walker.src.buffers = &c.z.cfg, cfg.buffers
	return c
}

// jump goes to a spot. Of the stream in which a chunk stands it must be told.
func (c *cursor) jump(to spot, k *streamMap, names []frame.StrategyName) {
	z := &c.z
	z.history.stream = 0
	src := z.walker.src
	src.seek(&c.in, to.at)
	z.walker = walker{src: src, cfg: &z.cfg, start: to.start, output: to.output, lenient: !c.strict}
	c.stained = false
	if to.isHeader() {
		return
	}
	z.walker.inside, z.walker.streams, z.walker.header = true, 1, k.header
	z.walker.state = streamState{
		names: slices.Clone(names), history: k.history, shared: k.shared, book: k.book, lost: true,
	}
}

// leap is a jump that takes the place in the stream from the chunk that it
// goes to, and holds that chunk to be the one expected.
func (c *cursor) leap(to spot, k *streamMap, names []frame.StrategyName) error {
	c.jump(to, k, names)
	if to.isHeader() {
		return nil
	}
	w := &c.z.walker
	if err := w.fill(frame.ChunkHeaderLen); err != nil {
		return err
	}
	r, _, err := w.header.ParseRecord(w.src.unread())
	switch {
	case err != nil:
		return w.frameError(err)
	case r.Kind != frame.KindChunk || r.Light || !r.At(r.Seq, uint64(to.raw)):
		return w.corrupt("not the chunk that should be here")
	}
	w.state.chunks, w.state.raw = r.Seq, uint64(to.raw)
	return nil
}

// walk takes the next chunk of which no content is wanted.
func (c *cursor) walk() (piece, error) {
	w := &c.z.walker
	w.passBy = math.MaxInt64
	p, err := w.step(false)
	if err == nil && p.payload != nil { // of a short stream
		if _, err := c.z.decode(&p); err != nil {
			w.state.lost = true // so that the damage is left to who reads it
		}
	}
	return p, err
}

// measure returns the length of the content of a single short stream that
// fills the section. All of it must be sound: the section may be the end of
// something else, and any five bytes end a stream whose chain is not known.
func (c *cursor) measure() (int64, error) {
	c.strict = true
	c.jump(spot{}, nil, nil)
	w := &c.z.walker
	for {
		p, err := w.step(false)
		switch {
		case err == io.EOF && w.streams == 1:
			return w.output, nil
		case err == io.EOF:
			return 0, errors.New("several streams")
		case err != nil:
			return 0, err
		}
		if _, err := c.z.decode(&p); err != nil {
			return 0, err
		}
	}
}

// verified returns the content of a chunk in memory of its own.
func (c *cursor) verified(p *piece) ([]byte, error) {
	stored := p.Strategy == uint8(strategy.Store)
	if !stored { // no more than it needs: others keep it for long
		c.z.cfg.buffers.discard(c.z.buf)
		c.z.buf = make([]byte, 0, p.RawLen)
	}
	content, err := c.z.decode(p)
	if err != nil {
		return nil, err
	}
	if stored {
		return bytes.Clone(content), nil
	}
	c.z.buf = nil
	return content, nil
}

// A haul is content that one call has decoded.
type haul struct {
	off     int64
	content []byte
}

func (h *haul) has(off int64) bool { return off >= h.off && off-h.off < int64(len(h.content)) }

// fetch goes from a spot to the content at off, past all chunks before, and
// decodes it. What stands on the way is added to seen.
func (c *cursor) fetch(from spot, k *streamMap, names []frame.StrategyName, off int64, seen *trail) (haul, error) {
	if err := c.leap(from, k, names); err != nil {
		return haul{}, err
	}
	w := &c.z.walker
	w.passBy = off
	sync, run := from, from.output // the last sync point, and where the content behind it begins
	for {
		p, err := w.step(false)
		if err != nil {
			return haul{}, ended(w, err)
		}
		base := w.output - int64(p.RawLen)
		if p.number == 0 {
			sync, run = spot{w.start, w.start, base, 0}, base
		}
		if !p.Light {
			sync, run = spot{p.offset, w.start, base, int64(p.raw)}, w.output
			seen.add(frame.IndexEntry{Raw: p.raw, Encoded: uint64(p.offset - w.start)})
		}
		switch {
		case w.output <= off:
		case w.state.shared > 0: // of several streams in a span
			c.jump(spot{w.start, w.start, base - int64(p.raw), 0}, nil, nil)
			return c.onward(off, new(trail))
		case p.Light:
			return c.decodeRun(sync, run, off)
		default:
			content, err := c.verified(&p)
			return haul{base, content}, err
		}
	}
}

// decodeRun decodes the light chunks behind a sync point of the stream that c
// is in. Their content begins at run; some of it lies at off.
func (c *cursor) decodeRun(sync spot, run, off int64) (haul, error) {
	w := &c.z.walker
	k := &streamMap{header: w.header, history: w.state.history, shared: w.state.shared, book: w.state.book}
	if err := c.leap(sync, k, w.state.names); err != nil {
		return haul{}, err
	}
	w.passBy = run
	if k.history > 0 {
		w.passBy = sync.output // the chunk at the sync point is part of the history
	}
	h := haul{off: run}
	for {
		p, err := w.step(false)
		if err == nil && p.payload == nil {
			continue
		}
		if err == nil && !p.Light && p.offset != sync.at {
			err = w.corrupt("light chunk is gone")
		}
		var content []byte
		if err == nil {
			content, err = c.z.decode(&p)
		}
		if p.Light {
			h.content = append(h.content, content...)
		}
		switch {
		case h.has(off) && (err != nil || !c.nextIsLight()):
			return h, nil // of the error whoever reads on hears
		case err != nil:
			return haul{}, ended(w, err)
		}
	}
}

// onward decodes chunk after chunk up to the content at off and a little
// further. Places at which no part of a shared frame from before is needed are
// added to clear. It goes past chunks that are damaged; of an error behind the
// content at off whoever reads on hears.
func (c *cursor) onward(off int64, clear *trail) (haul, error) {
	w := &c.z.walker
	h := haul{off: w.output}
	var open trail // places behind the last part of a shared frame
	for {
		p, err := w.step(false)
		if err != nil && h.has(off) {
			return h, nil
		}
		if err != nil {
			return haul{}, ended(w, err)
		}
		part := p.History && p.Strategy == uint8(strategy.Zstd)
		begins := part && bytes.HasPrefix(p.payload, []byte(zstdMagic))
		if part && !begins {
			open = trail{}
		} else if !p.Light {
			open.add(frame.IndexEntry{Raw: p.raw, Encoded: uint64(p.offset - w.start)})
		}
		if begins {
			for _, e := range open.places {
				clear.add(e)
			}
			open = trail{}
		}
		content, err := c.decodeNext(&p)
		switch {
		case w.output <= off:
			h = haul{off: w.output}
			continue
		case err != nil && h.has(off):
			return h, nil
		case err != nil:
			return haul{}, err
		}
		h.content = append(h.content, content...)
		if len(h.content) >= frame.MaxLight || !c.nextIsLight() {
			return h, nil
		}
	}
}

// decodeNext decodes the chunk behind the one before, in a stream with a
// history. What needs a chunk that is damaged is damaged, too: of light chunks
// that must not be left to their checks, which they may not have.
func (c *cursor) decodeNext(p *piece) (content []byte, err error) {
	if p.Light && c.stained {
		err = p.verdict("light chunk behind damage")
	} else {
		content, err = c.z.decode(p)
	}
	c.stained = err != nil || c.stained && p.Light
	if err != nil {
		c.z.history.shared.begun = false
		c.z.walker.state.lost = c.z.walker.state.lost || p.Light
	}
	return content, err
}

// nextIsLight reports whether a light chunk follows.
func (c *cursor) nextIsLight() bool {
	src := &c.z.walker.src
	if src.fill(1) != nil || !c.z.walker.inside {
		return false
	}
	return frame.IsLight(src.unread()[0])
}
