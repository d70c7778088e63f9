package sigio

import (
	"math/bits"
	"time"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// Limits of the history, in bytes.
const (
	MinHistory = glyph.MinHistory // 16 KiB
	MaxHistory = 8 << 20
)

// WithHistory lets flushed messages of up to 64 KiB copy from the n bytes
// before them: for connections and logs, whose messages are alike. n is a power
// of two from MinHistory to MaxHistory. At least every 64 KiB or 256 messages
// one stands alone, from which on a reader that comes late understands the
// stream. A stream with a history is sequential: its Writer needs concurrency 1.
//
// Up to 64 KiB, n is the memory that either end keeps while the stream is
// idle, beside some 12 KiB. What a Writer works with, five times n, the Writers
// of a process lend each other: 64 of them have it at a time.
//
// Above 64 KiB messages of more than 1.5 KiB have a history of their own, n
// bytes long: for documents that repeat what is far away. They are parts of a
// zstd frame, whose encoder takes n and 2 MiB, or 9 at LevelBetter and 40 at
// LevelBest, and whose decoder n and 1 MiB, as long as the stream lasts. A reader
// that comes late understands them from the next such frame on, at the latest
// 16 times n further.
//
// How long a message becomes then tells something of what it has in common
// with those before it. Do not send secrets and text that others chose with
// the same history: see package glyph. Without this option messages tell
// nothing of each other.
func WithHistory(n int) WriterOption { return writerOption(func(c *config) { c.history = n }) }

// WithCodebook has small messages coded by a codebook that was made for such
// messages; see glyph.Train. A stream names its codebook, and a Reader needs
// the same. A Writer uses the last one given; a Reader picks the right one of
// all.
func WithCodebook(b *glyph.Codebook) Option {
	return bothOption(func(c *config) { c.codebooks = append(c.codebooks, b) })
}

// WithEmbeddedCodebook writes the Writer's codebook into each stream, so that
// Readers need not have it.
func WithEmbeddedCodebook() WriterOption {
	return writerOption(func(c *config) { c.embed = true })
}

// codebook is the Writer's, nil for the built-in one.
func (c *config) codebook() *glyph.Codebook {
	if n := len(c.codebooks); n > 0 {
		return c.codebooks[n-1]
	}
	return nil
}

// historyBook is what a history starts from.
func historyBook(b *glyph.Codebook) *glyph.Codebook {
	if b == nil {
		return glyph.Builtin()
	}
	return b
}

// glyphHistory is how much of the history short messages see, in bytes.
func (c *config) glyphHistory() int { return min(c.history, glyph.MaxHistory) }

// sharedWindow is the window of the shared frame, 0 if there is none.
func (c *config) sharedWindow() int {
	if c.history > glyph.MaxHistory {
		return c.history
	}
	return 0
}

// validHistory reports whether n is the size of a history, or 0 for none.
func validHistory(n int) bool {
	return n == 0 || n >= MinHistory && n <= MaxHistory && n&(n-1) == 0
}

// appendPreamble appends what says how to read the stream: the history, and
// the codebook.
func (f *framer) appendPreamble() {
	if f.header.Has(frame.FlagHistory) {
		h := frame.History{WindowLog: log2(f.cfg.glyphHistory()), Builtin: glyph.BuiltinVersion}
		if w := f.cfg.sharedWindow(); w > 0 {
			h.ZstdLog = log2(w)
		}
		f.appendControl(frame.TagHistory, h.Append(nil))
	}
	b := f.cfg.codebook()
	switch {
	case b == nil:
	case f.cfg.embed:
		form, _ := b.MarshalBinary()
		f.appendControl(frame.TagEmbeddedCodebook, form)
	default:
		id := b.ID()
		f.appendControl(frame.TagCodebookID, id[:])
	}
}

func log2(n int) uint8 { return uint8(bits.Len(uint(n)) - 1) }

// historyWriter is what a Writer knows of the messages before.
type historyWriter struct {
	glyph  *glyph.Encoder
	shared *sharedEncoder // nil for none
	mirror *mirror        // nil unless what is written is verified
}

func newHistoryWriter(c *config) *historyWriter {
	h := &historyWriter{glyph: glyph.NewEncoder(historyBook(c.codebook()), c.glyphHistory())}
	if w := c.sharedWindow(); w > 0 {
		h.shared = &sharedEncoder{level: c.level, window: w}
	}
	if c.verify {
		h.mirror = newMirror(c)
	}
	return h
}

// restart forgets all, for a new stream.
func (h *historyWriter) restart() {
	h.startAfresh()
	if h.shared != nil {
		h.shared.begun = false
	}
	if h.mirror != nil {
		h.mirror.shared.begun = false
	}
}

// startAfresh forgets the short messages, at a sync point.
func (h *historyWriter) startAfresh() {
	h.glyph.Restart()
	if h.mirror != nil {
		h.mirror.glyph.Restart()
	}
}

// shares reports whether a message is for the shared frame.
func (h *historyWriter) shares(msg []byte) bool {
	return h.shared != nil && len(msg) >= minSharedMessage && len(msg) <= frame.MaxLight
}

// encodeMessage encodes a block that a Flush has cut as a chunk that continues
// the history. It reports false if it cannot, or on error; then nothing of the
// block was taken.
func (z *Writer) encodeMessage(block []byte) (bool, error) {
	if err := z.settleAndPush(); err != nil {
		return false, err
	}
	f, h := &z.framer, z.messagesBefore()
	light := f.fitsLight(len(block))
	if !light && !h.shares(block) {
		return false, nil
	}
	if !f.begun {
		f.begin(block, false)
	}
	if z.effort.on {
		z.engine.level = z.effort.next()
	}
	began := z.effort.now()
	out, c, err := z.engine.encodeMessage(&z.scratch, f.out, block, h, light)
	if err != nil {
		return false, z.failFault(err, 0)
	}
	z.cfg.buffers.replaced(f.out, out)
	f.out = out
	c.message = light
	z.effort.encoded(len(block), z.effort.since(began))
	if h.mirror != nil {
		z.verifyMessage(&c, block, light)
	}
	z.chunks = append(z.chunks[:0], c)
	f.take(z.chunks)
	z.measure()
	return true, nil
}

// restartHistory starts the history afresh from chunks that are to be
// positioned, of which the last one ends the block.
func (z *Writer) restartHistory(block []byte, chunks []chunk) {
	if z.framer.header.Has(frame.FlagHistory) {
		h := z.messagesBefore()
		last := block[len(block)-chunks[len(chunks)-1].rawLen:]
		h.startAfresh()
		h.glyph.Observe(last)
		if h.mirror != nil {
			h.mirror.glyph.Observe(last)
		}
	}
}

// release gives back what the history is worked with.
func (h *historyWriter) release() {
	if h != nil {
		h.glyph.Release()
		h.shared.release()
	}
}

// messagesBefore returns the history, which begins with the first need of it.
func (z *Writer) messagesBefore() *historyWriter {
	if z.history == nil {
		z.history = newHistoryWriter(&z.cfg)
	}
	return z.history
}

// longMessage is the length in bytes from which on messages are also encoded
// without the history, by whatever the selector chooses.
const longMessage = 4 << 10

// encodeMessage appends the region of a chunk that continues the history to
// dst or, where that does not make it shorter, of one that stands alone.
func (e *engine) encodeMessage(s *scratch, dst, src []byte, h *historyWriter, light bool) ([]byte, chunk, error) {
	if h.shares(src) {
		out, c, ok := e.encodeShared(s, dst, src, h, light)
		if ok {
			return out, c, nil
		}
		dst = out
	}
	began := time.Now()
	c := chunk{at: len(dst), rawLen: len(src)}
	limit := len(src) - 1
	if len(src) >= longMessage {
		var err error
		if dst, c, err = e.encodeChunk(s, dst, src); err != nil {
			return dst, c, err
		}
		limit = min(limit, c.announce+c.encLen)
	} else {
		c.crc = frame.RawCRC(src)
		dst = e.buffers.reserve(dst, frame.ChunkHeaderLen+encodedBound(len(src))+frame.CheckLen)
	}
	// A payload is written where the shortest header leaves it; another may be
	// there already.
	end := max(len(dst), c.at+frame.ChunkHeaderLen)
	out, ok := h.glyph.Append(dst[:end], src, limit, glyph.Effort(e.level))
	switch {
	case ok:
		c.id, c.name, c.announce, c.history = strategy.Glyph, strategy.Glyph.String(), 0, true
		c.rejected = false
		c.encLen = len(out) - end
		copy(out[c.payloadAt():], out[end:])
		dst = e.buffers.reserve(out, frame.CheckLen)[:c.end()]
		c.confidence, c.doubt, c.reason = 90, "", "a message like those before"
	case len(dst) == c.at:
		dst = e.store(dst, &c, src)
		c.confidence, c.reason = 90, "nothing in common with the messages before"
	}
	c.encoding = time.Since(began) - c.detection
	return dst, c, nil
}

// encodeShared appends the region of a chunk that is part of the shared frame
// or, if that does not make it shorter, of one that is stored. Of a light one,
// which can then continue the history all the same, it reports false instead.
func (e *engine) encodeShared(s *scratch, dst, src []byte, h *historyWriter, light bool) ([]byte, chunk, bool) {
	began := time.Now()
	c := chunk{at: len(dst), rawLen: len(src), crc: frame.RawCRC(src)}
	dst = e.buffers.reserve(dst, frame.ChunkHeaderLen+encodedBound(len(src))+frame.CheckLen)
	profile := &s.drafts[0].profile
	strategy.DetectInto(profile, src)
	c.class, c.confidence = profile.Class, profile.Confidence
	c.detection = time.Since(began)
	part, ok := dst[:c.payloadAt()], false
	if c.class != strategy.ClassRandomBinary {
		part, ok = h.shared.append(part, src)
	}
	if !ok && light {
		return dst, c, false
	}
	if !light {
		h.glyph.Restart()
	}
	h.glyph.Observe(src)
	if ok {
		c.id, c.name, c.history, c.reason = strategy.Zstd, strategy.Zstd.String(), true, "a long message like those before"
		c.encLen = len(part) - c.payloadAt()
		dst = e.buffers.reserve(part, frame.CheckLen)[:c.end()]
	} else {
		c.reason = "nothing in common with the messages before"
		dst = e.store(dst, &c, src)
	}
	c.encoding = time.Since(began) - c.detection
	return dst, c, true
}

// historyReader is what a Reader knows of the messages before, and of their
// codebook.
type historyReader struct {
	stream int // the number of the stream it is for, from 1; 0 for none
	glyph  *glyph.Decoder
	shared sharedDecoder

	strategyBook *glyph.Codebook // of strategy
	strategy     strategy.Strategy
}

// enter makes h ready for the stream that the walker is in.
func (h *historyReader) enter(w *walker) {
	if h.stream == w.streams {
		return
	}
	h.stream = w.streams
	h.shared.begun = false
	if book := historyBook(w.state.book); h.glyph == nil {
		h.glyph = glyph.NewDecoder(book, w.state.history)
	} else {
		h.glyph.Reset(book, w.state.history)
	}
}

// decode appends the content of a chunk that continues the history to dst,
// which has room for it.
func (h *historyReader) decode(dst []byte, w *walker, p *piece) ([]byte, error) {
	h.enter(w)
	if p.Strategy == uint8(strategy.Glyph) {
		return h.glyph.Decode(dst, p.payload, p.RawLen)
	}
	out := dst[len(dst) : len(dst)+p.RawLen]
	if err := h.shared.decode(out, p.payload, w.state.shared); err != nil {
		return nil, err
	}
	h.observe(w, p, out)
	return dst[:len(dst)+p.RawLen], nil
}

// observe takes note of a chunk that glyph did not decode.
func (h *historyReader) observe(w *walker, p *piece, content []byte) {
	h.enter(w)
	if !p.Light {
		h.glyph.Restart()
	}
	h.glyph.Observe(content)
}

// strategyWith returns the strategy for chunks that stand alone.
func (h *historyReader) strategyWith(s strategy.Set, b *glyph.Codebook) strategy.Strategy {
	if h.strategyBook != b {
		h.strategyBook = b
		h.strategy, _ = s.WithCodebook(b).Lookup(strategy.Glyph)
	}
	return h.strategy
}
