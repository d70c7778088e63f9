package strategy

// ForReads returns a Selector for chunks that are decoded about n times each:
// caches, and stores that are read more often than written. It decides as
// Adaptive does, but where that leaves a chunk to zstd or S2 it weighs LZ4 against
// it, on 32 KiB from the middle of the chunk, by the time to encode and deliver
// the chunk once and to decode it n times. The more a level cares for size, the
// more reads it takes for LZ4 to win: about ten at LevelFastest, hundreds at
// LevelDefault.
func ForReads(n int) Selector { return forReads{min(max(n, 1), mostReads)} }

// mostReads keeps the arithmetic from overflowing.
const mostReads = 1 << 16

type forReads struct{ n int }

func (r forReads) Select(in Input) Choice {
	choice := Adaptive().Select(in)
	if choice.ID != Zstd && choice.ID != S2 || !has(in.Set, LZ4) {
		return choice
	}
	sample := middle(in.Chunk, trialLen)
	t := newTrial(in, sample, choice)
	defer trialBuffers.Put(t.buffer)
	lz4, _ := in.Set.Lookup(LZ4)
	n, ok := t.encodedLen(LZ4, lz4)
	if !ok || t.failed || !beats(r.need(in.Level, len(sample), n, LZ4), r.need(in.Level, len(sample), t.rivalLen, choice.ID)) {
		return choice
	}
	return Choice{ID: LZ4, Confidence: 70, Reason: "read often"}
}

// need is the objective with n reads.
func (r forReads) need(level Level, rawLen, encodedLen int, id ID) int64 {
	c := costOf(id, level)
	c.decode *= r.n
	return objective(level, rawLen, encodedLen, c)
}
