package branch

import (
	"encoding/binary"
	"math/bits"
)

// Finding is what Find makes of a chunk.
type Finding struct {
	Filter  Filter
	Repeats int // operands in the sample that occur again as absolute but not as relative ones
	Saved   int // estimate for the whole chunk, in bytes
}

const (
	// A short look costs a few microseconds and says whether the chunk has
	// branches at all; a long one whether their targets repeat.
	looks     = 8
	shortLook = 1 << 10
	longLook  = 8 << 10

	// Code has a call in each 40 bytes or so. A chunk of which it is a tenth
	// has more than one in each bytesPerBranch.
	bytesPerBranch = 1 << 10

	// savedPerRepeat is what a repeat is worth, in bytes. It was between 0.9
	// and 5 in all programs tried, 3 in most.
	savedPerRepeat = 3
)

// Find looks for machine code in a chunk and returns the filter for it. It
// compares how often targets repeat within a sample with how often operands
// do: only code has the ones without the others. It reports false if it finds
// no difference.
//
// Count, unless it is nil, has the numbers of some bytes of p by value. With
// it Find need not look at what shows no sign of code.
func Find(p []byte, count *[256]uint32) (Finding, bool) {
	var best Finding
	if count == nil || mayHoldX86(count) {
		best = findX86(p)
	}
	if count == nil || mayHoldARM64(count) {
		if f := findARM64(p); f.Repeats > best.Repeats {
			best = f
		}
	}
	best.Saved = int(int64(best.Repeats) * savedPerRepeat * int64(len(p)) / int64(max(sampled(p, longLook), 1)))
	return best, best.Repeats > 0
}

// mayHoldX86 asks for calls, and for the top bytes of their displacements.
func mayHoldX86(count *[256]uint32) bool {
	return share(count, count[0xE8], 600) && share(count, count[0]+count[0xFF], 40)
}

// mayHoldARM64 asks for the top bytes of BL, and for the zeros of most others.
func mayHoldARM64(count *[256]uint32) bool {
	return share(count, count[0x94]+count[0x97], 400) && share(count, count[0], 40)
}

// share reports whether n of the bytes counted are at least one in each.
func share(count *[256]uint32, n, each uint32) bool {
	total := uint32(0)
	for _, c := range count {
		total += c
	}
	return n >= total/each
}

func findX86(p []byte) Finding {
	if calls, _ := weighX86(p, shortLook); !calls.promising(sampled(p, shortLook)) {
		return Finding{}
	}
	calls, others := weighX86(p, longLook)
	f := Finding{Filter: X86, Repeats: calls.gain()}
	// In code of 32 bits the others are addresses already.
	if others.gain() > f.Repeats/64 {
		f.Filter, f.Repeats = X8664, f.Repeats+others.gain()
	}
	return f
}

func findARM64(p []byte) Finding {
	phase, ok := phaseOf(p)
	if !ok {
		return Finding{}
	}
	if calls, _ := weighARM64(p, phase, shortLook); !calls.promising(sampled(p, shortLook)) {
		return Finding{}
	}
	calls, pages := weighARM64(p, phase, longLook)
	return Finding{Filter: ARM64 + Filter(phase), Repeats: calls.gain() + pages.gain()}
}

// tally counts operands, and those whose value was seen before: as target,
// and as it stands.
type tally struct{ operands, targets, values int }

func (t tally) gain() int { return t.targets - t.values }

// promising reports whether a longer look is worth it: there are enough
// operands, and they are not the same at different places, as in object files
// that are yet to be linked, where most are 0.
func (t tally) promising(sampled int) bool {
	return t.operands*bytesPerBranch >= sampled && t.gain() > 0
}

// seen remembers the last value of each slot.
type seen [1 << seenBits]uint32

const seenBits = 11

// meet returns 1 if x is in its slot, else 0, and puts it there.
func (s *seen) meet(x uint32) int {
	const goldenRatio = 0x9E3779B1
	slot := &s[x*goldenRatio>>(32-seenBits)]
	met := 0
	if *slot == x {
		met = 1
	}
	*slot = x
	return met
}

type meter struct {
	tally
	seenTargets, seenValues seen
}

func (m *meter) add(value, target uint32) {
	m.operands++
	m.targets += m.seenTargets.meet(target)
	m.values += m.seenValues.meet(value)
}

// look returns where the i-th look at p is, at a multiple of wordLen.
func look(p []byte, i, size int) (from, to int) {
	each := len(p) / looks
	if each <= size {
		return i * each &^ (wordLen - 1), min((i+1)*each&^(wordLen-1), len(p))
	}
	from = (i*each + (each-size)/2) &^ (wordLen - 1)
	return from, from + size
}

// sampled is how many bytes of p all looks see.
func sampled(p []byte, size int) int { return min(len(p), looks*size) }

func weighX86(p []byte, size int) (calls, others tally) {
	var m, o meter
	for i := range looks {
		from, to := look(p, i, size)
		for ; from+8+displacementLen <= to; from += 8 {
			x := binary.LittleEndian.Uint64(p[from:])
			top := binary.LittleEndian.Uint64(p[from+displacementLen:])
			for found := candidates(x, top, true); found != 0; found &= found - 1 {
				k := from + bits.TrailingZeros64(found)/8
				d := binary.LittleEndian.Uint32(p[k+1:])
				switch {
				case jumps[p[k]] != 0:
					m.add(d, extend25(d+uint32(k)))
				case k > 0 && relative[p[k-1]] != 0:
					o.add(d, extend25(d+uint32(k)))
				}
			}
		}
	}
	return m.tally, o.tally
}

func weighARM64(p []byte, phase, size int) (calls, addresses tally) {
	var m, o meter
	for i := range looks {
		from, to := look(p, i, size)
		for from += phase; from+wordLen <= to; from += wordLen {
			switch w := binary.LittleEndian.Uint32(p[from:]); {
			case nearBL(w):
				m.add(w, w+uint32(from/wordLen))
			case nearADRP(w):
				o.add(pages(w), pages(w)+uint32(from>>12))
			}
		}
	}
	return m.tally, o.tally
}

// phaseOf finds the offset of the instructions by that of their top bytes: at
// one of the four are most of those of BL.
func phaseOf(p []byte) (phase int, ok bool) {
	var count [wordLen]int
	total := 0
	for i := range looks {
		from, to := look(p, i, shortLook)
		for ; from+8 <= to; from += 8 {
			x := binary.LittleEndian.Uint64(p[from:])
			found := zeroBytes((x ^ 0x94*ones) & (0xFC * ones))
			for ; found != 0; found &= found - 1 {
				count[bits.TrailingZeros64(found)/8%wordLen]++
				total++
			}
		}
	}
	top := 0
	for i, n := range count {
		if n > count[top] {
			top = i
		}
	}
	return (top + 1) % wordLen, total*bytesPerBranch >= sampled(p, shortLook) && 2*count[top] > total
}
