package strategy

import (
	"slices"

	"github.com/sigmalang/sigma/internal/buffers"
	"github.com/sigmalang/sigma/internal/freelist"
	"github.com/sigmalang/sigma/strategy/delta"
)

// deltaTables is for numeric arrays and records; package delta is the codec.
type deltaTables struct{}

var (
	deltaEncoders freelist.List[*delta.Encoder]
	deltaDecoders freelist.List[*delta.Decoder]
)

func (deltaTables) ID() ID       { return Delta }
func (deltaTables) Name() string { return Delta.String() }

// Encode expects []delta.Start in p.Plan, of which it takes the one that makes
// the shortest payload, and looks for tables by itself without any.
func (deltaTables) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk {
		return dst, ErrSkip
	}
	starts, _ := p.Plan.([]delta.Start)
	if len(starts) == 0 {
		starts = []delta.Start{{}}
	}
	e := borrowDeltaEncoder()
	defer deltaEncoders.Put(e)
	best := dst
	for _, s := range starts {
		out, err := e.Append(best, src, s, deltaEffort(p.Level), zstdBackend{p.Level})
		if err != nil {
			return dst, ErrSkip
		}
		// out ends in the new payload, behind the best one so far.
		had, n := len(best)-len(dst), len(out)-len(best)
		if had > 0 && had <= n {
			best = out[:len(best)]
			continue
		}
		copy(out[len(dst):], out[len(best):])
		best = out[:len(dst)+n]
	}
	if len(best)-len(dst) > p.Limit {
		return dst, ErrSkip
	}
	return best, nil
}

func (deltaTables) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if rawLen < 1 || rawLen > maxChunk {
		return dst, ErrMalformed
	}
	d, ok := deltaDecoders.Get(func(*delta.Decoder) bool { return true })
	if !ok {
		d = &delta.Decoder{Lender: &buffers.Shared}
	}
	out, err := d.Decode(dst, src, rawLen, zstdBackend{})
	deltaDecoders.Put(d)
	if err != nil {
		return dst, ErrMalformed
	}
	return out, nil
}

func borrowDeltaEncoder() *delta.Encoder {
	if e, ok := deltaEncoders.Get(func(*delta.Encoder) bool { return true }); ok {
		return e
	}
	return &delta.Encoder{Lender: &buffers.Shared}
}

func deltaEffort(l Level) delta.Effort { return delta.Effort(step(l)) }

// zstdBackend codes what repeats for delta, as one frame. In what competes with
// tables it stands for the codec that the level prefers: zstd, or S2 at
// LevelFastest.
type zstdBackend struct{ level Level }

// Append uses the fastest of zstd's levels up to LevelDefault: it finds as much
// in columns, in half the time.
func (b zstdBackend) Append(dst, src []byte) ([]byte, error) {
	const unlimited = maxChunk * 2
	if b.level == LevelDefault {
		return appendZstdNear(dst, src, unlimited)
	}
	return zstdFrame{}.Encode(dst, src, Params{Level: b.level, Limit: unlimited})
}

// Estimate, too, makes do with the fastest level where the rival uses the next:
// it has smaller tables to clear, which is most of the work on a short input.
func (b zstdBackend) Estimate(scratch, src []byte) int {
	var out []byte
	var err error
	if b.level <= LevelFastest {
		out, err = s2Block{}.Encode(scratch[:0], src, Params{Level: b.level, Limit: maxChunk * 2})
	} else {
		out, err = b.Append(scratch[:0], src)
	}
	if err != nil {
		return len(src)
	}
	return len(out)
}

func (b zstdBackend) Literals(n, entropy int) int {
	if b.level <= LevelFastest {
		return n
	}
	return entropy
}

func (b zstdBackend) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	return zstdFrame{}.Decode(dst, src, rawLen)
}

// Tables are looked for at the start of a chunk and, in case something else
// precedes them, further on: at more places where the profile points to them or
// there is time.
var (
	tablesFrom     = [...]int{0, 384 << 10}
	moreTablesFrom = [...]int{0, 128 << 10, 384 << 10, 896 << 10}
)

const (
	shortestTable = 8 << 10

	// Up to LevelDefault the search of shorter chunks than that must be quick.
	shortChunk = 128 << 10

	// fewestLagged is by how much more bytes of text must agree with those one
	// line before than with others, in per mille, for the lines to be taken for
	// records.
	fewestLagged = 300

	// A verdict is confirmed unless the table takes at most this share of what
	// the rule's choice takes, in percent, or the trial had no repeats in it.
	doubtless = 65
)

// planTables looks for tables in the chunk. What it returns is the rule's
// choice if there are none, or none that pay.
func planTables(in Input, byRule Choice) Choice {
	n := len(in.Chunk)
	if !has(in.Set, Delta) || !mayHoldTables(in) || !pays(in, delta.Verdict{Raw: n, Rival: n}, byRule.ID) {
		return byRule
	}
	t := tableSearch{in, byRule.ID, borrowDeltaEncoder(), zstdBackend{in.Level}}
	defer deltaEncoders.Put(t.encoder)
	places := tablesFrom[:]
	switch {
	case in.Level <= LevelFastest && in.Profile.Class != ClassDeltaFriendly:
		places = tablesFrom[:1]
	case in.Level > LevelDefault:
		places = moreTablesFrom[:]
	}
	choice := byRule
	var starts []delta.Start
	for _, at := range places {
		v, ok := t.at(at)
		if !ok && v.Plan != nil && in.Level <= LevelDefault {
			break // it is no table, however it is seen
		}
		if !ok {
			continue
		}
		if len(starts) == 0 {
			choice = t.choice(at, v)
			starts = append(starts, delta.Start{At: at, Plan: v.Plan.Clone()})
		}
		if in.Level < LevelBest {
			break
		}
		// What is found further on may be right from the start.
		s := delta.Start{Plan: v.Plan.From(-at)}
		if !slices.ContainsFunc(starts, func(o delta.Start) bool { return o.At == 0 && o.Plan.Equal(s.Plan) }) {
			starts = append(starts, s)
		}
	}
	if choice.ID == Delta {
		choice.Plan = starts
	}
	return choice
}

// tableSearch is a search for tables in a chunk.
type tableSearch struct {
	in      Input
	rival   ID
	encoder *delta.Encoder
	backend delta.Backend
}

// at looks for a table from a place on, and reports whether it pays. The plan
// of the verdict is the encoder's.
func (t *tableSearch) at(at int) (delta.Verdict, bool) {
	if len(t.in.Chunk)-at < shortestTable {
		return delta.Verdict{}, false
	}
	p, effort := t.in.Chunk[at:], deltaEffort(t.in.Level)
	if t.isShort() {
		effort = 0
	}
	v, ok := t.encoder.Find(p, effort, t.backend)
	if !ok || !pays(t.in, v, t.rival) {
		return v, false
	}
	if !v.Repeats || v.Encoded*100 <= v.Rival*doubtless || t.isShort() {
		return v, true
	}
	v = t.encoder.Confirm(p, v.Plan, effort, t.backend)
	return v, pays(t.in, v, t.rival)
}

// isShort reports whether the chunk is so short that its search must be quick.
func (t *tableSearch) isShort() bool {
	return len(t.in.Chunk) < shortChunk && t.in.Level <= LevelDefault
}

// choice is the one for what was found at a place.
func (t *tableSearch) choice(at int, v delta.Verdict) Choice {
	c := Choice{
		ID:         Delta,
		Confidence: certainty(int(100-int64(v.Encoded)*100/int64(v.Rival)), 100),
		Reason:     "a table of numbers or records",
	}
	if t.isShort() {
		// To ask the rival takes little more than to estimate what it would say.
		if v.Repeats {
			c.Expected = 1
		}
		return c
	}
	if at > 0 { // something precedes it, of which the trial says nothing: let samples alone count
		v.Rival, v.Raw = 1, 1
	}
	c.Expected = max(rivalLen(t.in, v, t.encoder, t.backend), 1)
	return c
}

// rivalLen estimates what the rival makes of the whole chunk: from what it made of
// the trial or, if that is less, of samples all over the chunk; without what
// repeats further apart than either shows. A trial of what is no part like the
// others is not believed in all. A faster level made the estimates, which finds
// less, the more there is to find; and what repeats is overestimated rather than
// missed: then the rival takes its time to prove it.
func rivalLen(in Input, v delta.Verdict, e *delta.Encoder, backend delta.Backend) int {
	// A repeat that would take zstd no more than so many bits anyway, about
	// twice what it takes to refer to it, is nothing to reckon with.
	const fewBits = 40
	n := int64(len(in.Chunk))
	sampled := int64(e.EstimateRival(in.Chunk, backend))
	tried := int64(v.Rival) * n / int64(v.Raw)
	rival := min(max(min(tried, sampled), sampled*5/8, 1), n)
	rival -= rival * (n - rival) / (5 * n)
	long := min(fewBits*n/(8*rival), 1<<10)
	far := survey(in.Chunk, int(long)).far
	if in.Level > LevelFastest {
		far = max(far, e.FarRepeats(in.Chunk, v.Plan, int(rival)))
	}
	repeated := min(int64(far), n)
	return int(rival * (n - repeated) / n)
}

// pays reports whether delta delivers what was tried sooner than its rival.
func pays(in Input, v delta.Verdict, rival ID) bool {
	return beats(objective(in.Level, v.Raw, v.Encoded, costOf(Delta, in.Level)),
		objective(in.Level, v.Raw, v.Rival, costOf(rival, in.Level)))
}

// mayHoldTables reports whether a search is worth its time.
func mayHoldTables(in Input) bool {
	prof := in.Profile
	if len(in.Chunk) < shortestTable {
		return false
	}
	switch prof.Class {
	case ClassRandomBinary, ClassRLEFriendly:
		return false
	}
	return textShare(prof) < mostlyText || prof.LagShare >= prof.LagMean+fewestLagged
}
