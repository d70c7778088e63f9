package sigio

import (
	"errors"
	"fmt"
	"io"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// walker steps through the records of streams one behind the other. It checks
// everything that can be checked without decoding a chunk. A step that an
// error of the source interrupts consumes nothing and is taken again by the
// next call.
type walker struct {
	src source
	cfg *config

	streams  int  // headers seen
	inside   bool // between a header and its end
	start    int64
	header   frame.Header
	state    streamState
	output   int64 // content of all streams so far
	passBy   int64 // chunks that end here or before are passed over; needs a section
	lenient  bool  // records without content that are damaged are passed over
	indexed  uint32
	skipping indexSkip
}

// streamState is what the records so far add up to.
type streamState struct {
	chain     uint32
	lost      bool   // chain is unknown until the last light chunk is decoded
	lastCheck uint32 // of that chunk, as stated
	chunks    uint64
	raw       uint64
	sinceSync int
	lightRun  int
	names     []frame.StrategyName

	opening bool // nothing but the records that say how to read the stream
	history int  // bytes, 0 for none
	shared  int  // window of the shared frame, 0 for none
	book    *glyph.Codebook
}

// indexSkip is the part of an index that is still to be passed over.
type indexSkip struct {
	active bool
	record frame.Record
	left   int
	crc    frame.RunningCRC
}

// piece is a chunk as it stands in the stream. payload and head are valid
// until the next step; a chunk that was passed over has neither.
type piece struct {
	frame.Record
	head    []byte // the encoded header
	payload []byte
	check   uint32 // as stated; 0 when there is none
	name    string // of the strategy
	number  uint64
	raw     uint64 // offset of the content in its stream
	offset  int64  // of the record in the input
	chain   uint32 // before the chunk
}

// errBarrier is returned by step when the next record must wait until all
// chunks before it have been decoded.
var errBarrier = errors.New("sigio: record waits for the chunks before it")

// step consumes records up to and including the next chunk. With ahead set it
// stops with errBarrier at what cannot be handled before earlier chunks are
// decoded. It returns io.EOF behind the last stream.
func (w *walker) step(ahead bool) (piece, error) {
	for {
		if !w.inside {
			if err := w.enter(); err != nil {
				return piece{}, err
			}
		}
		if w.skipping.active {
			if err := w.skipIndex(); err != nil {
				return piece{}, err
			}
			continue
		}
		r, n, err := w.header.ParseRecord(w.src.unread())
		if err != nil {
			return piece{}, w.frameError(err)
		}
		if n > len(w.src.unread()) {
			if err := w.fill(n); err != nil {
				return piece{}, err
			}
			continue
		}
		switch r.Kind {
		case frame.KindChunk:
			if ahead && (r.Light || w.header.Has(frame.FlagHistory)) {
				return piece{}, errBarrier
			}
			return w.chunk(r, n)
		case frame.KindControl:
			if ahead && r.Tag == frame.TagMeta && w.cfg.meta != nil {
				return piece{}, errBarrier
			}
			err = w.control(r, n)
		case frame.KindIndex:
			err = w.index(r)
		default:
			err = w.leave(r.Kind)
		}
		if err != nil {
			return piece{}, err
		}
	}
}

// enter reads a stream header, or finds that there is none.
func (w *walker) enter() error {
	if w.cfg.single && w.streams > 0 {
		return io.EOF
	}
	err := w.src.fill(frame.HeaderLen)
	b := w.src.unread()
	switch {
	case !frame.IsHeader(b) && w.streams > 0:
		return w.verdict(ErrCorrupt, "junk behind the end of the stream")
	case !frame.IsHeader(b):
		return w.verdict(ErrCorrupt, "no stream header")
	case err == io.EOF && len(b) == 0 && w.streams > 0:
		return io.EOF
	case err == io.EOF:
		return w.verdict(ErrTruncated, "input ends within the stream header")
	case err != nil:
		return err
	}
	h, err := frame.ParseHeader(b)
	if err != nil {
		return w.frameError(err)
	}
	if h.Has(frame.FlagTransport) && !w.cfg.transport {
		return w.verdict(ErrUnsupported, "stream leaves checks to the transport")
	}
	w.header, w.start = h, w.src.off
	w.state = streamState{chain: h.Check(), names: w.state.names[:0], opening: true}
	w.streams++
	w.inside, w.indexed = true, 0
	w.src.consume(frame.HeaderLen)
	return nil
}

// chunk takes a chunk whose header is r, n bytes long.
func (w *walker) chunk(r frame.Record, n int) (piece, error) {
	s := &w.state
	if err := w.admit(&r); err != nil {
		return piece{}, err
	}
	p := piece{Record: r, number: s.chunks, raw: s.raw, offset: w.src.off, chain: s.chain}
	var err error
	if p.name, err = w.strategyName(r.Strategy); err != nil {
		return piece{}, err
	}
	// The check of a short end needs the content.
	if w.output+int64(r.RawLen) <= w.passBy && !w.header.Has(frame.FlagShort) {
		err = w.pass(&p, n)
	} else {
		err = w.take(&p, n)
	}
	if err != nil {
		return piece{}, err
	}
	s.opening = false
	s.chunks++
	s.raw += uint64(r.RawLen)
	w.output += int64(r.RawLen)
	if r.Light {
		s.sinceSync += r.RawLen
		s.lightRun++
		s.lost, s.lastCheck = true, p.check
	} else {
		s.chain = frame.Chain(s.chain, p.check)
		s.sinceSync, s.lightRun = 0, 0
	}
	return p, nil
}

// admit checks a chunk's header against its place and the limits, before
// anything is read or allocated for it.
func (w *walker) admit(r *frame.Record) error {
	s := &w.state
	short := w.header.Has(frame.FlagShort)
	switch {
	case w.indexed > 0:
		return w.corrupt("chunk behind the index")
	case w.header.Has(frame.FlagHistory) && s.history == 0:
		return w.corrupt("history without its parameters")
	case r.History && !s.continues(r):
		return w.corrupt("chunk cannot continue the history")
	case short && (!r.Light || s.chunks > 0):
		return w.corrupt("chunk that a short stream cannot have")
	case r.Light && (s.sinceSync+r.RawLen > frame.MaxLight || s.lightRun == frame.MaxLightRun):
		return w.corrupt("no sync point where one is due")
	case !r.Light && !r.At(s.chunks, s.raw):
		return w.corrupt("chunk out of its place")
	case !r.Light && !s.follows(r):
		return w.corrupt("chunk does not belong behind the one before it")
	case r.RawLen > w.cfg.maxChunk:
		return w.verdict(ErrTooLarge, fmt.Sprintf("chunk of %d bytes, of which %d are allowed", r.RawLen, w.cfg.maxChunk))
	case int64(r.RawLen) > w.cfg.maxOutput-w.output:
		return w.verdict(ErrTooLarge, fmt.Sprintf("content of more than %d bytes", w.cfg.maxOutput))
	}
	return nil
}

// continues reports whether a chunk may continue the history: a light one of
// Glyph's, or any that is part of a shared frame.
func (s *streamState) continues(r *frame.Record) bool {
	switch strategy.ID(r.Strategy) {
	case strategy.Glyph:
		return r.Light
	case strategy.Zstd:
		return s.shared > 0 && r.RawLen <= frame.MaxLight
	}
	return false
}

// follows reports whether a record links to the one before it. Behind a light
// chunk that was not decoded its word is taken for it.
func (s *streamState) follows(r *frame.Record) bool {
	if s.lost {
		s.chain, s.lost = r.Link, false
	}
	return r.Link == s.chain
}

// strategyName returns the name under which the stream knows a strategy.
func (w *walker) strategyName(id uint8) (string, error) {
	if strategy.ID(id) < strategy.FirstPrivate {
		return strategy.ID(id).String(), nil
	}
	for _, s := range w.state.names {
		if s.ID == id {
			return s.Name, nil
		}
	}
	return "", w.corrupt(fmt.Sprintf("strategy %d is used before it is named", id))
}

// leave takes an end record: only one that agrees with all that was read.
func (w *walker) leave(kind frame.Kind) error {
	s := &w.state
	totals := frame.Totals{Chunks: s.chunks, Raw: s.raw, Encoded: uint64(w.src.off - w.start), Chain: s.chain}
	b := w.src.unread()
	n := frame.EndLen
	short := w.header.Has(frame.FlagShort)
	switch {
	case w.header.Has(frame.FlagHistory) && s.history == 0:
		return w.corrupt("history without its parameters")
	case short != (kind == frame.KindShortEnd):
		return w.corrupt("end record of the wrong kind")
	case short:
		n = frame.ShortEndLen
		if err := w.header.ParseShortEnd(b, totals); err != nil && !w.agrees(b, totals) {
			return w.frameError(err)
		}
	default:
		e, err := frame.ParseEnd(b)
		if err != nil {
			return w.frameError(err)
		}
		if s.lost {
			totals.Chain = e.Totals.Chain
		}
		if e != (frame.End{Header: w.header, IndexLen: w.indexed, Totals: totals}) {
			return w.corrupt("end record of another stream")
		}
	}
	w.inside = false
	w.src.consume(n)
	return nil
}

// agrees reports whether a short end that cannot be checked, since the chunk
// before it could not be decoded, belongs to the chunk's own check with these
// totals: then they are right. Of the chunk's header nothing else tells.
func (w *walker) agrees(b []byte, t frame.Totals) bool {
	return w.state.lost && b[0] == frame.TagShortEnd && !w.header.Has(frame.FlagTransport) &&
		frame.NewSolver().ShortEndChain(w.header, b, t)&low24 == w.state.lastCheck
}

// fill is source.fill inside a stream, where the input must not end.
func (w *walker) fill(n int) error {
	err := w.src.fill(n)
	if err == io.EOF {
		return w.verdict(ErrTruncated, "input ends within the stream")
	}
	return err
}

func (w *walker) corrupt(reason string) error { return w.verdict(ErrCorrupt, reason) }

func (w *walker) frameError(err error) error {
	reason, verdict := verdictOf(err)
	return w.verdict(verdict, reason)
}

func (w *walker) verdict(verdict error, reason string) error {
	return final{&StreamError{Offset: w.src.off, Chunk: w.state.chunks, Reason: reason, Err: verdict}}
}

// final marks an error that ends the Reader: a verdict, or the word of the
// user's metadata function. What the source says never does, whatever its
// type. It does not leave the package.
type final struct{ error }

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// le reads a number of up to 4 bytes.
func le(b []byte) (v uint32) {
	for i, c := range b {
		v |= uint32(c) << (8 * i)
	}
	return v
}
