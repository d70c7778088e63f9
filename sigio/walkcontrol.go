package sigio

import (
	"errors"
	"fmt"
	"io"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// control takes a control record whose header is r, n bytes long.
func (w *walker) control(r frame.Record, n int) error {
	switch {
	case w.indexed > 0:
		return w.corrupt("control record behind the index")
	case w.header.Has(frame.FlagShort) && w.state.chunks > 0:
		return w.corrupt("control record behind the chunk of a short stream")
	case !w.state.follows(&r):
		return w.corrupt("control record does not belong behind the record before it")
	}
	if err := w.fill(n + r.EncLen + frame.CheckLen); err != nil {
		return err
	}
	b := w.src.unread()
	body := b[n : n+r.EncLen]
	check := frame.ContentCheck(r.Check, frame.RawCRC(body))
	if stated := le32(b[n+r.EncLen:]); stated != check {
		if !w.passesOver() {
			return w.corrupt("control record fails its check")
		}
		w.state.chain = frame.Chain(w.state.chain, stated)
		w.src.consume(n + r.EncLen + frame.CheckLen)
		return nil
	}
	opening := false
	switch r.Tag {
	case frame.TagHistory, frame.TagCodebookID, frame.TagEmbeddedCodebook:
		if err := w.open(r.Tag, body); err != nil {
			return err
		}
		opening = true
	case frame.TagStrategyName:
		if err := w.learnName(body); err != nil {
			return err
		}
	case frame.TagMeta:
		if len(body) == 0 {
			return w.corrupt("metadata record without its kind")
		}
		if w.cfg.meta != nil {
			if err := w.cfg.meta(body[0], body[1:]); err != nil {
				return final{metaVerdict(err)}
			}
		}
	default:
		if !frame.Skippable(r.Tag) {
			return w.verdict(ErrUnsupported, fmt.Sprintf("control record %#02x", r.Tag))
		}
	}
	w.state.opening = opening
	w.state.chain = frame.Chain(w.state.chain, check)
	w.src.consume(n + r.EncLen + frame.CheckLen)
	return nil
}

// passesOver reports whether a damaged record without content is of no account
// to a walker that is not to stop at it: its header says where it ends, and the
// chunks behind have checks of their own, by which it shows if they needed it.
func (w *walker) passesOver() bool { return w.lenient && !w.header.Has(frame.FlagTransport) }

// open takes a record that says how to read the stream: directly behind the
// header, the history before the codebook.
func (w *walker) open(tag uint8, body []byte) error {
	s := &w.state
	if !s.opening || s.book != nil {
		return w.corrupt("record that belongs behind the header")
	}
	switch tag {
	case frame.TagHistory:
		h, err := frame.ParseHistory(body)
		switch {
		case err != nil:
			return w.frameError(err)
		case !w.header.Has(frame.FlagHistory) || s.history > 0:
			return w.corrupt("history parameters in the wrong place")
		case h.Builtin > glyph.BuiltinVersion:
			return w.verdict(ErrUnsupported, fmt.Sprintf("version %d of the built-in codebook", h.Builtin))
		case h.ZstdLog > 0 && 1<<h.ZstdLog > w.cfg.maxChunk:
			return w.verdict(ErrTooLarge, fmt.Sprintf("history of %d bytes, of which %d are allowed", 1<<h.ZstdLog, w.cfg.maxChunk))
		}
		s.history = 1 << h.WindowLog
		if h.ZstdLog > 0 {
			s.shared = 1 << h.ZstdLog
		}
	case frame.TagCodebookID:
		if len(body) != frame.CodebookIDLen {
			return w.corrupt("malformed codebook id")
		}
		id := glyph.ID(body)
		for _, b := range append(w.cfg.codebooks[:len(w.cfg.codebooks):len(w.cfg.codebooks)], glyph.Builtin()) {
			if b.ID() == id {
				s.book = b
				return nil
			}
		}
		return final{&StreamError{Offset: w.src.off, Err: &MissingError{Strategy: strategy.Glyph, Codebook: id}}}
	default:
		b, err := glyph.Parse(body)
		switch {
		case err == glyph.ErrCodebookVersion:
			return w.verdict(ErrUnsupported, "version of the embedded codebook")
		case err != nil:
			return w.corrupt("malformed embedded codebook")
		}
		s.book = b
	}
	return nil
}

// metaVerdict is the error of a user's metadata function, which must not be
// taken for the end of the content.
func metaVerdict(err error) error {
	if err == io.EOF {
		return errMetaEOF
	}
	return err
}

var errMetaEOF = errors.New("sigio: metadata function returned io.EOF")

func (w *walker) learnName(body []byte) error {
	name, err := frame.ParseStrategyName(body)
	if err != nil {
		return w.frameError(err)
	}
	for _, known := range w.state.names {
		if known.ID == name.ID {
			if known != name {
				return w.corrupt(fmt.Sprintf("strategy %d has two names", name.ID))
			}
			return nil
		}
	}
	w.state.names = append(w.state.names, name)
	return nil
}

// index starts to pass over an index, which a sequential reader has no use
// for but checks.
func (w *walker) index(r frame.Record) error {
	switch {
	case w.indexed > 0:
		return w.corrupt("second index")
	case w.header.Has(frame.FlagShort):
		return w.corrupt("index in a short stream")
	case !w.state.follows(&r):
		return w.corrupt("index does not belong behind the record before it")
	}
	w.indexed = uint32(frame.ControlHeaderLen + r.EncLen + frame.CheckLen)
	w.skipping = indexSkip{active: true, record: r, left: r.EncLen}
	w.src.consume(frame.ControlHeaderLen)
	return nil
}

func (w *walker) skipIndex() error {
	k := &w.skipping
	for k.left > 0 {
		if err := w.fill(min(k.left, readAhead)); err != nil {
			return err
		}
		b := w.src.unread()
		b = b[:min(len(b), k.left)]
		k.crc.Write(b)
		k.left -= len(b)
		w.src.consume(len(b))
	}
	if err := w.fill(frame.CheckLen); err != nil {
		return err
	}
	check := le32(w.src.unread())
	if check != frame.ContentCheck(k.record.Check, k.crc.Sum()) && !w.passesOver() {
		return w.corrupt("index fails its check")
	}
	w.state.chain = frame.Chain(w.state.chain, check)
	w.src.consume(frame.CheckLen)
	k.active = false
	return nil
}
