package strategy

import (
	"github.com/sigmalang/sigma/internal/buffers"
	"github.com/sigmalang/sigma/strategy/branch"
)

// branchCode is for machine code: a byte that names a filter of package
// branch, and what zstd makes of the chunk that went through it.
type branchCode struct{}

func (branchCode) ID() ID       { return Branch }
func (branchCode) Name() string { return Branch.String() }

// Encode expects a branch.Filter in p.Plan. Without one it looks for the best
// by itself, and takes the one for x86 if nothing speaks for any.
func (branchCode) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk {
		return dst, ErrSkip
	}
	filtered := buffers.Shared.Get(max(len(src), shortestCode))[:len(src)]
	copy(filtered, src)
	out, err := branchCode{}.EncodeInPlace(dst, filtered, p)
	buffers.Shared.Put(filtered)
	return out, err
}

// EncodeInPlace is Encode without a copy of src, which it leaves changed unless it
// fails. Restore takes that back.
func (branchCode) EncodeInPlace(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk || p.Limit < 2 {
		return dst, ErrSkip
	}
	filter, _ := p.Plan.(branch.Filter)
	if !filter.Valid() {
		filter = branch.X86
		if f, ok := branch.Find(src, nil); ok {
			filter = f.Filter
		}
	}
	filter.Apply(src)
	out, err := zstdFrame{}.Encode(append(dst, byte(filter)), src, Params{Level: p.Level, Limit: p.Limit - 1})
	if err != nil {
		filter.Undo(src)
		return dst, err
	}
	return out, nil
}

// Restore makes src what it was before EncodeInPlace made payload of it.
func (branchCode) Restore(src, payload []byte) { branch.Filter(payload[0]).Undo(src) }

func (branchCode) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if len(src) == 0 || !branch.Filter(src[0]).Valid() {
		return dst, ErrMalformed
	}
	out, err := zstdFrame{}.Decode(dst, src[1:], rawLen)
	if err != nil {
		return dst, err
	}
	branch.Filter(src[0]).Undo(out[len(dst):])
	return out, nil
}

const (
	// shortestCode is the least that can show enough repeats.
	shortestCode = 4 << 10

	// Programs have hundreds of repeats in a sample of 64 KiB; data of all
	// other kinds had 5 at most. Between the limits zstd is tried as well.
	fewestRepeats    = 16
	doubtlessRepeats = 200

	// mostSaved is the largest share that a filter may save, as a divisor.
	mostSaved = 4
)

// planBranches looks for machine code in a chunk that is zstd's by rule. What
// it returns is the rule's choice if there is none, or too little that it
// would pay.
func planBranches(in Input, byRule Choice) Choice {
	n := len(in.Chunk)
	if byRule.ID != Zstd || n < shortestCode || !has(in.Set, Branch) || !filterPays(in, n/mostSaved) {
		return byRule
	}
	found, ok := branch.Find(in.Chunk, &in.Profile.Histogram)
	if !ok || found.Repeats < fewestRepeats || !filterPays(in, found.Saved) {
		return byRule
	}
	choice := Choice{
		ID: Branch, Plan: found.Filter,
		Confidence: certainty(found.Repeats-fewestRepeats, 500), Reason: "machine code",
	}
	if found.Repeats < doubtlessRepeats {
		choice.Expected = 1
	}
	return choice
}

// filterPays reports whether a filter that makes the payload shorter by saved
// bytes is worth its time.
func filterPays(in Input, saved int) bool {
	n := len(in.Chunk)
	return objective(in.Level, n, max(n-saved, 0), costOf(Branch, in.Level)) < objective(in.Level, n, n, costOf(Zstd, in.Level))
}
