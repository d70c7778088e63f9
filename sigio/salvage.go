package sigio

import (
	"errors"
	"io"
	"math"
	"time"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// Gap is a part of a damaged input from which nothing could be recovered.
type Gap struct {
	RawOffset     int64  // of what is lost in the content of all streams, as far as the gaps before are of known length
	RawLen        int64  // of it in bytes; -1 where that cannot be known
	EncodedOffset int64  // of the damage in the input
	EncodedLen    int64  // bytes up to where the input makes sense again; 0 where something is missing
	Reason        string // what is wrong at its start
}

// Fill says what Salvage does about a Gap.
type Fill uint8

// What to do about a gap.
const (
	FillZeros   Fill = iota // write as many zero bytes as are lost, Gap.RawLen, if that is known: what follows is where it was
	FillNothing             // leave it out: what follows moves up
	FillStop                // end with ErrCorrupt
)

// Salvage writes to dst what can be recovered of damaged streams: each
// undamaged positioned chunk, at its offset if gaps are filled, and the light
// chunks from a sync point up to the damage. Nothing goes to dst whose check
// has not passed. onGap is asked about each gap before what follows it is
// written, and its word counts: damaged input that is also hostile may claim that
// any number of bytes is lost. nil stands for FillZeros as long as so much can
// have been there: if the zeros come to more than a sound stream of the length
// of what was read can hold, that is ErrTooLarge.
//
// It needs no header, index or end. If a header is lost, it learns what that
// said from the end record, for which it asks first where src is an
// io.ReaderAt and io.Seeker as *os.File is, and otherwise from the chunks
// themselves: then two of them must be sound, and a stream that is stored within a
// chunk of a stream whose header is lost may be taken for the real one. So may
// one that is stored where nothing else of its stream is left. Where other
// streams may be lost before one, a Gap of unknown length says so.
// Chunks that continue a history are recovered from the first one behind the
// damage that needs nothing from before it.
//
// That a content is the right version cannot be seen: the rest of an older file
// that began with the same bytes may follow on a newer one.
//
// Salvage reads src once, from where it is. It takes time in proportion to its
// input and output, and memory for about three chunks of the largest size that
// the stream allows, 16 MiB each where that is unknown. WithMaxOutput bounds
// what is written, zeros included. Of the other options those that concern
// decoding matter, and WithMeta.
//
// The error is nil when all of src was read, whatever was lost. Errors of src
// and dst are returned unchanged; Salvage cannot go on after them.
func Salvage(dst io.Writer, src io.Reader, onGap func(Gap) Fill, opts ...ReaderOption) (Stats, error) {
	s := salvager{dst: dst, onGap: onGap, damaged: -1, solver: frame.NewSolver(), synced: true}
	s.z.cfg = defaults()
	for _, o := range opts {
		if o != nil {
			o.applyToReader(&s.z.cfg)
		}
	}
	if err := s.z.cfg.validate(); err != nil {
		return Stats{}, err
	}
	hints, err := findHints(src)
	if err != nil {
		return Stats{}, err
	}
	s.hints = hints
	s.walker().cfg = &s.z.cfg
	s.walker().src.restart(src)
	err = s.run()
	s.z.stats.encoded(s.walker().src.off)
	s.z.stats.buffered.Store(0)
	return s.z.Stats(), verdictIn(err)
}

// salvager goes through an input. Where it is synced, a record is due; where
// it is not, it searches. Its Reader decodes, and holds the state of the
// stream: what is due if all goes well.
type salvager struct {
	z     Reader
	dst   io.Writer
	onGap func(Gap) Fill
	total int64 // written to dst

	zeroed int64 // of that, in gaps
	capLog uint8 // of the largest chunks that any of the streams can have

	hints  []hint
	solver *frame.Solver

	ended   bool // there is no more than what is unread
	synced  bool
	open    bool  // in a stream whose id is known
	whole   bool  // and whose header was seen
	gone    bool  // the stream before was given up, its end is not known
	adrift  bool  // other streams may be lost between that one and this
	start   int64 // of this one in the input; -1 where that is not known
	lights  bool  // light chunks can be checked here
	resume  int64 // where a record is due behind a damaged one, if the search finds none before
	settled bool  // at resume light chunks can be checked

	base    int64  // content of the streams before this one
	written uint64 // content of this one that was handed out or given up
	chunks  uint64 // that are in it

	lastEnd frame.End // of the stream that was left last
	beyond  int64     // a chunk of this stream stands there, or the search for one has come so far

	damaged int64 // where the gap begins; -1 when there is none
	reason  string

	demanding bool  // what cannot be decoded for want of a strategy is an error, and one chunk is evidence
	before    int64 // where the input begins in its file, if demanding

	took     time.Duration // to decode the last chunk
	spent    int64         // bytes that were decoded or searched in vain
	suspects [1 << 12]suspect
}

func (s *salvager) walker() *walker { return &s.z.walker }
func (s *salvager) off() int64      { return s.z.walker.src.off }

func (s *salvager) run() error {
	for {
		var more bool
		var err error
		switch {
		case s.synced && s.open:
			more, err = s.record()
		case s.synced:
			more, err = s.streamHeader()
		case s.open:
			more, err = true, s.searchOwn()
		default:
			more, err = true, s.searchAny()
		}
		if err != nil || !more {
			return err
		}
	}
}

// ahead returns at least n unread bytes, fewer only at the end of the input.
func (s *salvager) ahead(n int) ([]byte, error) {
	src := &s.walker().src
	if !s.ended && n > src.hi-src.lo {
		err := src.fill(n)
		if err != nil && err != io.EOF {
			return nil, err
		}
		s.ended = err != nil
	}
	return src.unread(), nil
}

// streamHeader takes what follows an end, or comes first.
func (s *salvager) streamHeader() (more bool, err error) {
	b, err := s.ahead(frame.HeaderLen)
	if err != nil {
		return false, err
	}
	if len(b) == 0 {
		return false, s.finish()
	}
	if len(b) >= frame.HeaderLen {
		h, err := frame.ParseHeader(b)
		var fe *frame.Error
		if errors.As(err, &fe) && fe.Unsupported {
			return false, s.walker().frameError(err)
		}
		if err == nil {
			if s.damaged >= 0 || s.gone {
				if err := s.gap(-1); err != nil {
					return false, err
				}
			}
			if err := s.enter(h, true, s.off()); err != nil {
				return false, err
			}
			s.walker().src.consume(frame.HeaderLen)
			return true, nil
		}
	}
	s.damage("no stream header")
	s.synced = false
	if h := s.hintAt(s.off()); h != nil {
		return true, s.enter(h.header, false, s.off())
	}
	return true, nil
}

// enter begins a stream, at its header if that is whole. Where the stream begins
// may not be known; then start is -1.
func (s *salvager) enter(h frame.Header, whole bool, start int64) error {
	w := s.walker()
	if h.Has(frame.FlagTransport) && !s.z.cfg.transport {
		return w.verdict(ErrUnsupported, "stream leaves checks to the transport")
	}
	if s.gone && s.damaged >= 0 {
		if err := s.gap(-1); err != nil {
			return err
		}
	}
	s.pass()
	w.header, w.start, w.inside = h, s.off(), true
	if s.hintAt(start) != nil {
		w.start = start
	}
	w.streams++
	w.state = streamState{chain: h.Check(), names: w.state.names[:0], opening: true}
	s.open, s.whole, s.gone, s.lights, s.resume = true, whole, false, whole, 0
	s.adrift = s.damaged >= 0 && s.damaged != start
	s.start, s.beyond = -1, 0
	if start == s.off() {
		s.start = start
	}
	s.synced = whole
	return nil
}

// leave ends a stream whose content is known to have that length.
func (s *salvager) leave(raw uint64, n int) error {
	if raw > s.written || s.damaged >= 0 {
		if err := s.gap(int64(raw - s.written)); err != nil {
			return err
		}
	}
	s.pass()
	s.resume, s.open, s.gone = 0, false, false
	s.walker().src.consume(n)
	return nil
}

// pass adds a stream to the content of those before, of which an end record may
// claim anything.
func (s *salvager) pass() {
	s.base = int64(min(uint64(s.base)+s.written, 1<<61))
	s.written, s.chunks = 0, 0
}

// finish is the end of the input.
func (s *salvager) finish() error {
	switch {
	case s.open && s.damaged < 0:
		s.damage("the end of the stream is missing")
	case s.damaged < 0 && s.off() == 0:
		s.damage("no stream header")
	case s.damaged < 0:
		return nil
	}
	return s.gap(-1)
}

// damage notes that what follows makes no sense.
func (s *salvager) damage(reason string) {
	if s.damaged < 0 {
		s.damaged, s.reason = s.off(), reason
	}
}

// gap reports that rawLen bytes of content are lost, up to where the input is
// now.
func (s *salvager) gap(rawLen int64) error {
	if s.adrift && rawLen >= 0 {
		if err := s.gap(-1); err != nil || rawLen == 0 {
			return err
		}
	}
	s.adrift = false
	at := s.off()
	s.damage("chunks are missing")
	g := Gap{
		RawOffset: s.base + int64(s.written), RawLen: rawLen,
		EncodedOffset: s.damaged, EncodedLen: at - s.damaged, Reason: s.reason,
	}
	s.damaged = -1
	fill := FillZeros
	if s.onGap != nil {
		fill = s.onGap(g)
	}
	if rawLen > 0 {
		s.written += uint64(rawLen)
	}
	switch {
	case fill == FillStop:
		return &StreamError{Offset: g.EncodedOffset, Chunk: s.chunks, Reason: g.Reason, Err: ErrCorrupt}
	case fill == FillZeros && rawLen > 0:
		if s.onGap == nil && rawLen > s.mostLost()-s.zeroed {
			return &StreamError{Offset: g.EncodedOffset, Chunk: s.chunks, Reason: "more is lost than can have been there", Err: ErrTooLarge}
		}
		s.zeroed += rawLen
		return s.zeros(rawLen)
	}
	return nil
}

// mostLost is how many bytes of content can be lost of the input so far. It
// allows for one chunk more than that has room for: of what is not there at all
// the chunks that are must make up.
func (s *salvager) mostLost() int64 {
	const leastChunk = frame.ChunkHeaderLen + 1 + frame.CheckLen
	s.capLog = max(s.capLog, s.walker().header.CapLog)
	return (min(s.off(), math.MaxInt64>>frame.MaxCapLog-1)/leastChunk + 1) << s.capLog
}

func (s *salvager) zeros(n int64) error {
	var block [4 << 10]byte
	if err := s.room(n); err != nil {
		return err
	}
	for n > 0 {
		k := min(n, int64(len(block)))
		if err := s.write(block[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// room reports ErrTooLarge if there is none for n more bytes.
func (s *salvager) room(n int64) error {
	if n > s.z.cfg.maxOutput-s.total {
		return &StreamError{Offset: s.off(), Chunk: s.chunks, Reason: "content beyond the limit", Err: ErrTooLarge}
	}
	return nil
}

func (s *salvager) write(p []byte) error {
	if err := s.room(int64(len(p))); err != nil {
		return err
	}
	n, err := s.dst.Write(p)
	if n < 0 || n > len(p) {
		return errInvalidWrite
	}
	s.total += int64(n)
	if n < len(p) && err == nil {
		err = io.ErrShortWrite
	}
	return err
}

// deliver hands out a chunk, behind what is missing before it.
func (s *salvager) deliver(p *piece, content []byte) error {
	if p.raw > s.written || s.damaged >= 0 {
		if err := s.gap(int64(p.raw - s.written)); err != nil {
			return err
		}
	}
	s.written, s.chunks = p.raw+uint64(p.RawLen), p.number+1
	w := s.walker()
	w.state.raw, w.state.chunks = s.written, s.chunks
	s.resume = 0
	if err := s.write(content); err != nil {
		return err
	}
	s.z.note(p, s.took)
	return nil
}

// ready makes up for what was lost of the records behind the header.
func (s *salvager) ready() {
	st := &s.walker().state
	if s.whole || !st.opening {
		return
	}
	st.opening = false
	if st.book == nil {
		st.book = s.z.cfg.codebook()
	}
	if s.walker().header.Has(frame.FlagHistory) && st.history == 0 {
		st.history, st.shared = glyph.MaxHistory, MaxHistory // larger than needed does no harm
	}
}

// nameOf returns the name of a strategy, that of our own where the stream's is
// lost: if it is another, the check will fail.
func (s *salvager) nameOf(id uint8) string {
	name, err := s.walker().strategyName(id)
	if err != nil {
		name = s.z.cfg.set.Name(strategy.ID(id))
	}
	return name
}
