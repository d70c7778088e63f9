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
	start, ok := p.Plan.(*delta.Start)
	if !ok {
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

func (b zstdBackend) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	return zstdFrame{}.Decode(dst, src, rawLen)
}

const (
	// fewestLagged is how many bytes of text must agree with those one line
	// before, in per mille, for the lines to be taken for records.
	fewestLagged = 500

	// Tables are looked for at the start of a chunk and at so many bytes, in
	// case something else precedes them.
	shortestTable = 8 << 10
)

var tablesFrom = [...]int{0, 128 << 10, 384 << 10, 896 << 10}

// planTables looks for tables in the chunk and reports whether delta is to
// encode it rather than the codec that the rule chose.
func planTables(in Input, byRule Choice) (Choice, bool) {
	if !has(in.Set, Delta) || !mayHoldTables(in) {
		return byRule, false
	}
	e := borrowDeltaEncoder()
	defer deltaEncoders.Put(e)
	for _, at := range tablesFrom {
		if len(in.Chunk)-at < shortestTable {
			break
		}
		v, ok := e.Find(in.Chunk[at:], deltaEffort(in.Level), zstdBackend{in.Level})
		if !ok {
			continue
		}
		needs := objective(in.Level, v.Raw, v.Encoded, costOf(Delta, in.Level))
		rival := objective(in.Level, v.Raw, v.Rival, costOf(byRule.ID, in.Level))
		if !beats(needs, rival) {
			continue
		}
		saved := int(100 - needs*100/max(rival, 1))
		choice := Choice{
			ID: Delta, Plan: &delta.Start{At: at, Plan: v.Plan.Clone()},
			Confidence: certainty(saved-(100-mustNeed), 50), Reason: "a table of numbers or records",
		}
		if saved < clearlySaved || at > 0 {
			choice.Expected = int(int64(v.Rival) * int64(len(in.Chunk)) / int64(v.Raw) * longerWindow / 100)
		}
		return choice, true
	}
	return byRule, false
}

// clearlySaved is how much of the objective a trial must save, in percent, for
// its result not to be doubted on the whole chunk.
const clearlySaved = 25

// mayHoldTables reports whether a search is worth its time.
func mayHoldTables(in Input) bool {
	prof := in.Profile
	return len(in.Chunk) >= shortestTable && prof.Class != ClassRandomBinary &&
		(prof.Class != ClassTextLike || prof.LagShare >= fewestLagged)
}
