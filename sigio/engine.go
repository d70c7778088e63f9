package sigio

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// engine turns blocks into chunks. It knows nothing of the stream: what it
// makes depends on the block and the options alone, so that blocks can be
// worked on in any order. An engine is immutable and shared by goroutines,
// each of which has its own scratch.
type engine struct {
	level    Level
	whole    bool // blocks are not cut
	set      strategy.Set
	selector strategy.Selector
	buffers  buffers
	verify   bool
}

type scratch struct {
	drafts [2]draft // of the chunk in the making, and of the piece behind it
	cuts   []int
	owned  bool   // the block may be changed
	proof  []byte // what a chunk decodes to
}

// chunk is an encoded chunk whose header is still to be written. It occupies
// a region of a buffer:
//
//	at: [ announcement ] [ positioned header ] payload [ check ]
//
// of which only the payload is filled in. What the header says (sequence,
// chain, whether it is flushed) is known only when the chunks before it are.
type chunk struct {
	at       int
	announce int // room for the control record that names a plugged-in strategy
	rawLen   int
	encLen   int
	id       strategy.ID
	name     string
	crc      uint32 // of the content
	owned    bool   // the content may be changed
	message  bool   // to be light; others of a stream with a history are positioned
	history  bool   // continues the history
	rejected bool   // stored because its encoding failed

	class      strategy.Class
	confidence uint8
	doubt      string // what became of the choice, before its reason
	reason     string
	detection  time.Duration
	encoding   time.Duration
}

// regionOverhead is the most that a region has beside its payload, in bytes.
const regionOverhead = announceOverhead + strategy.MaxName + frame.ChunkHeaderLen + frame.CheckLen

// announceOverhead is what an announcement has beside the name.
const announceOverhead = frame.ControlHeaderLen + 1 + frame.CheckLen

func (c *chunk) payloadAt() int { return c.at + c.announce + frame.ChunkHeaderLen }
func (c *chunk) end() int       { return c.payloadAt() + c.encLen + frame.CheckLen }

// fault is a broken contract of a plugged-in strategy or selector.
type fault struct{ reason string }

func (f *fault) Error() string { return f.reason }

// encodeBlock appends the regions of the chunks that block is cut into to dst
// and their descriptions to chunks. Its errors are faults.
func (e *engine) encodeBlock(s *scratch, dst, block []byte, chunks []chunk) ([]byte, []chunk, error) {
	if s.cuts = s.cuts[:0]; e.whole && len(block) > 0 {
		s.cuts = append(s.cuts, len(block))
	} else {
		s.cuts = strategy.AppendCuts(s.cuts, block)
	}
	dst = e.buffers.reserve(dst, encodedBound(len(block))+len(s.cuts)*regionOverhead)
	var err error
	from, start := 0, 0
	made, next := &s.drafts[0], &s.drafts[1]
	for i, end := range s.cuts {
		if err = e.plan(next, block[start:end]); err != nil {
			return dst, chunks, err
		}
		switch {
		case i > 0 && e.joins(made, next):
			made.joined, made.took = true, made.took+next.took
		case i > 0:
			if dst, chunks, err = e.append(s, dst, block[from:start], made, chunks); err != nil {
				return dst, chunks, err
			}
			from = start
			fallthrough
		default:
			made, next = next, made
		}
		start = end
	}
	if start == 0 {
		return dst, chunks, nil
	}
	return e.append(s, dst, block[from:], made, chunks)
}

// draft is a chunk that is decided on.
type draft struct {
	profile strategy.Profile
	choice  strategy.Choice
	took    time.Duration // to decide
	joined  bool          // of several pieces; profile is the first one's
}

// plan decides on src.
func (e *engine) plan(d *draft, src []byte) (err error) {
	began := time.Now()
	strategy.DetectInto(&d.profile, src)
	d.choice, err = e.choose(strategy.Input{Chunk: src[:len(src):len(src)], Profile: &d.profile, Level: e.level, Set: e.set})
	d.took, d.joined = time.Since(began), false
	return err
}

// joins reports whether two pieces had better be one chunk: where both are the
// general codec's, or another's that needs no more than it, the cut between them
// gains nothing.
func (e *engine) joins(a, b *draft) bool {
	plain := func(c *strategy.Choice) bool {
		simple := c.ID == e.set.General(e.level) || c.ID == strategy.Branch || c.ID == strategy.Store
		return simple && c.Limit == 0 && c.Expected == 0
	}
	return a.choice.ID == b.choice.ID && plain(&a.choice) && plain(&b.choice) && reflect.DeepEqual(a.choice.Plan, b.choice.Plan)
}

// append appends the region of src to dst and its description to chunks.
func (e *engine) append(s *scratch, dst, src []byte, d *draft, chunks []chunk) ([]byte, []chunk, error) {
	switch {
	case d.joined && d.choice.ID == e.set.General(e.level):
		// The whole may show what none of the pieces did: one of five programs
		// becomes a fifth smaller at LevelFastest.
		took := d.took
		if err := e.plan(d, src); err != nil {
			return dst, chunks, err
		}
		d.took += took
	case d.joined:
		strategy.DetectInto(&d.profile, src)
	}
	dst, c, err := e.encodeDraft(s, dst, src, d)
	if err != nil {
		return dst, chunks, err
	}
	return dst, append(chunks, c), nil
}

// encodeChunk appends the region of a chunk that is not cut.
func (e *engine) encodeChunk(s *scratch, dst, src []byte) ([]byte, chunk, error) {
	d := &s.drafts[0]
	if err := e.plan(d, src); err != nil {
		return dst, chunk{at: len(dst)}, err
	}
	return e.encodeDraft(s, dst, src, d)
}

// encodeDraft appends the region of src, for which d decides, to dst.
func (e *engine) encodeDraft(s *scratch, dst, src []byte, d *draft) ([]byte, chunk, error) {
	began := time.Now()
	c := chunk{
		at: len(dst), rawLen: len(src), crc: frame.RawCRC(src),
		class: d.profile.Class, confidence: d.choice.Confidence, reason: d.choice.Reason, detection: d.took,
	}
	// What is to be verified must stay what it is, whatever becomes of a filter.
	c.owned = s.owned && !e.verify
	dst, ok, err := e.carryOut(dst, &c, src, &d.profile, d.choice)
	switch {
	case err != nil && e.verify:
		dst = e.reject(dst, &c, src, err)
	case err != nil:
		return dst, c, err
	case !ok:
		dst = e.store(dst, &c, src)
	case e.verify:
		dst = e.verifyChunk(s, dst, &c, src)
	}
	if e.verify && frame.RawCRC(src) != c.crc {
		return dst, c, &fault{fmt.Sprintf("content changed while strategy %q was at work", c.name)}
	}
	c.encoding = time.Since(began)
	return dst, c, nil
}

// carryOut encodes src as chosen, and with the general codec where that is
// impossible or falls short of what the choice expected. It reports whether
// either makes the chunk smaller.
func (e *engine) carryOut(dst []byte, c *chunk, src []byte, profile *strategy.Profile, choice strategy.Choice) ([]byte, bool, error) {
	if choice.ID == strategy.Store {
		return dst, false, nil
	}
	params := strategy.Params{Level: e.level, Limit: len(src) - 1, Profile: profile, Plan: choice.Plan}
	if choice.Limit > 0 {
		params.Limit = min(params.Limit, choice.Limit)
	}
	dst, ok, err := e.attempt(dst, c, src, choice.ID, params)
	fallback := e.set.General(e.level)
	if err != nil || choice.ID == fallback || ok && (choice.Expected == 0 || c.encLen <= choice.Expected) {
		return dst, ok, err
	}
	params = strategy.Params{Level: e.level, Limit: len(src) - 1, Profile: profile}
	if !ok {
		c.doubt = "choice failed: "
		return e.attempt(dst, c, src, fallback, params)
	}
	params.Limit = min(params.Limit, c.announce+c.encLen-1)
	if st, ok := e.inPlace(c); ok {
		st.Restore(src, dst[c.payloadAt():][:c.encLen])
		c.owned = false
	}
	return e.outdo(dst, c, src, params)
}

// outdo replaces the chunk at the end of dst by what the general codec makes of
// it if that is shorter.
func (e *engine) outdo(dst []byte, c *chunk, src []byte, p strategy.Params) ([]byte, bool, error) {
	rival := *c
	rival.doubt = "choice fell short: "
	// It goes behind the first where it then has room to win, and else into a
	// buffer of its own.
	buf := dst
	if cap(dst)-len(dst) < regionOverhead+p.Limit {
		buf = e.buffers.get(regionOverhead + encodedBound(len(src)))
	}
	rival.at = len(buf)
	out, won, err := e.attempt(buf, &rival, src, e.set.General(e.level), p)
	if won {
		dst = append(dst[:c.at], out[rival.at:]...)
		rival.at = c.at
		*c = rival
	}
	if len(buf) == 0 {
		e.buffers.discard(buf)
	}
	return dst, true, err
}

func (e *engine) choose(in strategy.Input) (choice strategy.Choice, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &fault{fmt.Sprintf("selector panicked: %v", r)}
		}
	}()
	return e.selector.Select(in), nil
}

// attempt encodes src with one strategy and reports whether the result is
// wanted. If so, c describes it and dst ends behind its region.
func (e *engine) attempt(dst []byte, c *chunk, src []byte, id strategy.ID, p strategy.Params) ([]byte, bool, error) {
	st, ok := e.set.Lookup(id)
	if !ok || id == strategy.Store {
		return dst, false, nil
	}
	c.id, c.name, c.announce = id, e.set.Name(id), 0
	if id >= strategy.FirstPrivate {
		c.announce = announceOverhead + len(c.name)
	}
	// What the announcement costs must be won back by the payload.
	if p.Limit -= c.announce; p.Limit < 1 {
		return dst, false, nil
	}
	at := c.payloadAt()
	if cap(dst)-at-frame.CheckLen < p.Limit {
		dst = e.buffers.reserve(dst, at-len(dst)+encodedBound(len(src))+frame.CheckLen)
	}
	room := min(at+encodedBound(len(src)), cap(dst)-frame.CheckLen)
	encode := st.Encode
	if st, ok := e.inPlace(c); ok {
		encode = st.EncodeInPlace
	}
	payload, err := safely(encode, dst[at:at:room], src, p)
	switch {
	case errors.Is(err, strategy.ErrSkip) || err == nil && len(payload) > p.Limit:
		return dst, false, nil
	case err != nil:
		return dst, false, &fault{fmt.Sprintf("strategy %q: %v", c.name, err)}
	case len(payload) == 0:
		return dst, false, &fault{fmt.Sprintf("strategy %q made an empty payload", c.name)}
	}
	if &payload[0] != &dst[:at+1][at] { // appended past the room and moved
		copy(dst[at:cap(dst)], payload)
	}
	c.encLen = len(payload)
	return dst[:c.end()], true, nil
}

// store is Strategy Store without the detour.
func (e *engine) store(dst []byte, c *chunk, src []byte) []byte {
	c.id, c.name, c.announce, c.encLen = strategy.Store, strategy.Store.String(), 0, len(src)
	dst = e.buffers.reserve(dst, c.end()-c.at)
	copy(dst[c.payloadAt():cap(dst)], src)
	return dst[:c.end()]
}

// inPlace is a built-in strategy that needs the memory of a chunk less if it may
// change src, which stays changed if it succeeds.
type inPlace interface {
	EncodeInPlace(dst, src []byte, p strategy.Params) ([]byte, error)
	Restore(src, payload []byte)
}

// inPlace returns the strategy of a chunk if it may and does work in place.
func (e *engine) inPlace(c *chunk) (inPlace, bool) {
	if !c.owned || c.id >= strategy.FirstPrivate {
		return nil, false
	}
	st, _ := e.set.Lookup(c.id)
	in, ok := st.(inPlace)
	return in, ok
}

func safely(encode func(dst, src []byte, p strategy.Params) ([]byte, error), dst, src []byte, p strategy.Params) (payload []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panicked: %v", r)
		}
	}()
	return encode(dst, src[:len(src):len(src)], p)
}

// decodeChunk appends the content of a payload to dst, which must have room
// for rawLen bytes, and returns its CRC. Whatever the strategy does, the
// result is exactly rawLen bytes behind dst, or an error.
func decodeChunk(st strategy.Strategy, dst, payload []byte, rawLen int) (content []byte, crc uint32, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panicked: %v", r)
		}
	}()
	n := len(dst)
	out, err := st.Decode(dst[n:n:n+rawLen], payload[:len(payload):len(payload)], rawLen)
	if err != nil {
		return nil, 0, err
	}
	if len(out) != rawLen {
		return nil, 0, fmt.Errorf("made %d bytes of %d", len(out), rawLen)
	}
	dst = dst[:n+rawLen]
	if rawLen > 0 && &out[0] != &dst[n] {
		copy(dst[n:], out)
	}
	return dst, frame.RawCRC(dst[n:]), nil
}

// blockBound is room for all chunks of most blocks, those that are cut into few.
func blockBound(rawLen int) int { return encodedBound(rawLen) + 4*regionOverhead }

// encodedBound is the room that a chunk's payload gets: a little more than
// the content, so that encoders which learn late that they don't fit need not
// reallocate.
func encodedBound(rawLen int) int { return rawLen + rawLen>>10 + 64 }
