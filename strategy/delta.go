package strategy

import (
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

// Encode expects a *delta.Start in p.Plan, and looks for tables by itself
// without one.
func (deltaTables) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk {
		return dst, ErrSkip
	}
	start, _ := p.Plan.(*delta.Start)
	if start == nil {
		start = &delta.Start{}
	}
	e := borrowDeltaEncoder()
	out, err := e.Append(dst, src, *start, deltaEffort(p.Level), zstdBackend{p.Level})
	deltaEncoders.Put(e)
	if err != nil || len(out)-len(dst) > p.Limit {
		return dst, ErrSkip
	}
	return out, nil
}

func (deltaTables) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if rawLen < 1 || rawLen > maxChunk {
		return dst, ErrMalformed
	}
	d, ok := deltaDecoders.Get(func(*delta.Decoder) bool { return true })
	if !ok {
		d = new(delta.Decoder)
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
	return new(delta.Encoder)
}

func deltaEffort(l Level) delta.Effort { return delta.Effort(step(l)) }

// zstdBackend codes what repeats for delta, as one frame.
type zstdBackend struct{ level Level }

func (b zstdBackend) Append(dst, src []byte) ([]byte, error) {
	return zstdFrame{}.Encode(dst, src, Params{Level: b.level, Limit: maxChunk * 2})
}

// Estimate makes do with the fastest level where Append uses the next: it has
// smaller tables to clear, which is most of the work on a short input.
func (b zstdBackend) Estimate(scratch, src []byte) int {
	level := b.level
	if level <= LevelDefault {
		level = LevelFastest
	}
	out, err := zstdFrame{}.Encode(scratch[:0], src, Params{Level: level, Limit: maxChunk * 2})
	if err != nil {
		return len(src)
	}
	return len(out)
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
	e := borrowDeltaEncoder()
	defer deltaEncoders.Put(e)
	effort, backend := deltaEffort(in.Level), zstdBackend{in.Level}
	places := tablesFrom[:]
	if in.Profile.Class == ClassDeltaFriendly || in.Level > LevelDefault {
		places = moreTablesFrom[:]
	}
	for _, at := range places {
		if n-at < shortestTable {
			break
		}
		v, ok := e.Find(in.Chunk[at:], effort, backend)
		if !ok || !pays(in, v, byRule.ID) {
			if v.Plan != nil {
				break // it is no table, however it is seen
			}
			continue
		}
		if v.Repeats && v.Encoded*100 > v.Rival*doubtless {
			if v = e.Confirm(in.Chunk[at:], v.Plan, effort, backend); !pays(in, v, byRule.ID) {
				continue
			}
		}
		choice := Choice{
			ID: Delta, Plan: &delta.Start{At: at, Plan: v.Plan.Clone()}, Expected: 1,
			Confidence: certainty(int(100-int64(v.Encoded)*100/int64(v.Rival)), 100),
			Reason:     "a table of numbers or records",
		}
		if at == 0 { // else something precedes it: how much of all, nobody knows
			choice.Expected = max(rivalLen(in, v, e, backend), 1)
		}
		return choice
	}
	return byRule
}

// rivalLen estimates what zstd makes of the whole chunk: from what it made of
// the trial or, if that is less, of samples all over the chunk; without what
// repeats further apart than either shows. A trial of what is no part like the
// others is not believed in all. A faster level made the estimates, which finds
// less, the more there is to find; and what repeats is overestimated rather than
// missed: then zstd takes its time to prove it.
func rivalLen(in Input, v delta.Verdict, e *delta.Encoder, backend delta.Backend) int {
	// A repeat that would take zstd no more than so many bits anyway, about
	// twice what it takes to refer to it, is nothing to reckon with.
	const fewBits = 40
	n := int64(len(in.Chunk))
	sampled := int64(e.EstimateRival(in.Chunk, backend))
	rival := min(max(min(int64(v.Rival)*n/int64(v.Raw), sampled), sampled*5/8, 1), n)
	rival -= rival * (n - rival) / (5 * n)
	long := min(fewBits*n/(8*rival), 1<<10)
	far := min(int64(max(survey(in.Chunk, int(long)).far, e.FarRepeats(in.Chunk, v.Plan, int(rival)))), n)
	return int(rival * (n - far) / n)
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
