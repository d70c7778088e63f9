package strategy

// Adaptive returns the built-in Selector.
//
// Where the profile is clear it decides by rule: store for what has nothing
// to gain, runlength for runs from end to end, glyph for small messages, and
// for all else the Set's general codec (see Set.General) or, in place of S2, zstd
// for numbers as text and where little repeats and bytes hold few bits. Where
// that is zstd it looks for machine code, and chooses branch if that pays. Where
// the profile allows for it, and it is not code beyond doubt, it looks for tables
// of numbers and records in the chunk, and chooses delta if they promise 5 % (see
// objective). Then it asks every Estimator in the Set. One that promises enough
// is tried, together with the choice so far, on 32 KiB from the middle of the
// chunk, and is chosen when it delivers them 5 % sooner.
//
// A Strategy that panics while it is asked or tried panics out of Select; one
// that fails with an error other than ErrSkip is chosen, so that the error
// surfaces when the chunk is encoded.
func Adaptive() Selector { return adaptive{} }

type adaptive struct{}

func (adaptive) Select(in Input) Choice {
	if in.Profile == nil {
		prof := Detect(in.Chunk)
		in.Profile = &prof
	}
	choice := rule(in)
	if m, ok := message(in); ok && choice.ID != RunLength && in.Profile.Class != ClassRandomBinary {
		choice = m
	}
	if choice.ID == RunLength {
		return choice // a few bytes: nothing is left to win
	}
	choice = planSpecial(in, choice)
	return challenge(in, choice)
}

// planSpecial looks for what has a structure of its own. Code that is beyond
// doubt is not searched for tables, which takes longer.
func planSpecial(in Input, byRule Choice) Choice {
	code := planBranches(in, byRule)
	if code.ID == Branch && code.Expected == 0 {
		return code
	}
	if tables := planTables(in, byRule); tables.ID == Delta {
		return tables
	}
	return code
}

const (
	// Below neverEncoded bytes no built-in codec gains anything, since a zstd
	// frame alone costs ten; below seldomEncoded none does unless something
	// repeats.
	neverEncoded  = 24
	seldomEncoded = 64

	// allRuns leaves room for a few borders between runs in the sample.
	allRuns = 990
)

// rule chooses by the profile alone.
func rule(in Input) Choice {
	n, prof := len(in.Chunk), in.Profile
	switch {
	case prof.Run >= allRuns && has(in.Set, RunLength):
		return Choice{
			ID: RunLength, Limit: runLimit(n),
			Confidence: prof.Confidence, Reason: "runs from end to end",
		}
	case n < neverEncoded || n < seldomEncoded && prof.Repeat == 0:
		return Choice{ID: Store, Confidence: 90, Reason: "too short to gain"}
	case prof.Class == ClassRandomBinary:
		return Choice{ID: Store, Confidence: prof.Confidence, Reason: "nothing to gain"}
	}
	general := in.Set.General(in.Level)
	switch {
	case general == Store:
		return Choice{ID: Store, Confidence: 100, Reason: "no codec in the set"}
	case general == S2 && has(in.Set, Zstd) && mostlyDigits(prof):
		return Choice{ID: Zstd, Confidence: prof.Confidence, Reason: "numbers as text"}
	case general == S2 && has(in.Set, Zstd) && onlyFewBits(prof):
		return Choice{ID: Zstd, Confidence: prof.Confidence, Reason: "few bits a byte, and no repeats"}
	}
	return Choice{ID: general, Confidence: prof.Confidence, Reason: generalReason(prof)}
}

func has(s Set, id ID) bool {
	_, ok := s.Lookup(id)
	return ok
}

func generalReason(prof *Profile) string {
	switch {
	case prof.FarRepeat:
		return "far repeats in random data"
	case prof.Run >= runRich:
		return "runs among other data"
	}
	return "redundancy of no special kind"
}

// runLimit is the length of the shortest zstd frame that holds n bytes: magic
// number, descriptor, size, and a run of one byte in each block of 128 KiB
// (RFC 8878 §3.1.1). A payload up to that cannot be longer than zstd's.
func runLimit(n int) int {
	const zstdBlock = 128 << 10
	return 5 + shortestZstdSize(n) + (n+zstdBlock-1)/zstdBlock*4
}
