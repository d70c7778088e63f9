package sigio

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/strategy"
)

// WithVerify has the Writer decode each chunk that it encoded and compare. A
// chunk that does not decode to what was written, or whose strategy fails or
// panics, is stored; Decision.Reason and Stats.Rejected say so. If the content
// itself changed meanwhile, that is an error, and the chunk is not written. It guards
// against defects of strategies and of memory, for the time of decoding and
// the memory of one more block for each worker, and with a history that of a
// Reader.
func WithVerify() WriterOption { return writerOption(func(c *config) { c.verify = true }) }

var errMiscoded = errors.New("decodes to something else")

// verifyChunk stores a chunk, the last in dst, that does not decode to src.
func (e *engine) verifyChunk(s *scratch, dst []byte, c *chunk, src []byte) []byte {
	if c.id == strategy.Store {
		return dst
	}
	st, _ := e.set.Lookup(c.id)
	s.proof = e.buffers.fit(s.proof, len(src))
	content, _, err := decodeChunk(st, s.proof, dst[c.payloadAt():][:c.encLen], len(src))
	if err == nil && !bytes.Equal(content, src) {
		err = errMiscoded
	}
	if err == nil {
		return dst
	}
	return e.reject(dst[:c.at], c, src, err)
}

// reject appends src as a stored chunk, in place of one that failed.
func (e *engine) reject(dst []byte, c *chunk, src []byte, err error) []byte {
	c.doubt, c.reason = "", fmt.Sprintf("%q failed: %v", c.name, err)
	c.rejected, c.history = true, false
	return e.store(dst, c, src)
}

// mirror follows a history as the Reader at the other end does.
type mirror struct {
	glyph  *glyph.Decoder
	shared sharedDecoder
	window int // of shared
	buf    []byte
}

func newMirror(c *config) *mirror {
	return &mirror{
		glyph:  glyph.NewDecoder(historyBook(c.codebook()), c.glyphHistory()),
		window: c.sharedWindow(),
	}
}

// decode returns the content of a payload that continues the history.
func (m *mirror) decode(c *chunk, payload []byte) (content []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panicked: %v", r)
		}
	}()
	m.buf = slices.Grow(m.buf[:0], c.rawLen)
	if c.id == strategy.Glyph {
		return m.glyph.Decode(m.buf, payload, c.rawLen)
	}
	content = m.buf[:c.rawLen]
	return content, m.shared.decode(content, payload, m.window)
}

// verifyMessage stores a message, the last in the framer's buffer, that does
// not decode to src. From there the history starts afresh.
func (z *Writer) verifyMessage(c *chunk, src []byte, light bool) {
	h := z.history
	if err := h.verify(c, z.framer.out, src); err != nil {
		if c.id == strategy.Zstd {
			h.shared.begun, h.mirror.shared.begun = false, false
		}
		c.message = false
		z.framer.out = z.engine.reject(z.framer.out[:c.at], c, src, err)
		if light {
			h.glyph.Restart()
			h.glyph.Observe(src)
		}
	}
	if !c.message {
		h.mirror.glyph.Restart()
	}
	if c.id != strategy.Glyph || !c.history {
		h.mirror.glyph.Observe(src)
	}
}

// verify reports whether a message that continues the history, the last in out,
// decodes to something else than src.
func (h *historyWriter) verify(c *chunk, out, src []byte) error {
	if !c.history {
		return nil
	}
	content, err := h.mirror.decode(c, out[c.payloadAt():][:c.encLen])
	if err == nil && !bytes.Equal(content, src) {
		err = errMiscoded
	}
	return err
}
