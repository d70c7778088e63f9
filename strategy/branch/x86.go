package branch

import (
	"encoding/binary"
	"math/bits"
)

// A place is the offset of the byte in front of a displacement of 32 bits: an
// opcode E8 or E9 or, in 64-bit code, a ModRM byte xx...101, which says that
// the operand is relative to the next instruction, behind an opcode that often
// has one. The top byte of the displacement is 00 or FF, and stays either.
//
// Whether k is a place is not changed by changing its displacement. So it
// does not matter that places overlap, nor that what looks like one is none:
// taken back in the reverse order, every change finds what it left.
const displacementLen = 4

// all, in place of 0, marks the bytes that make a place: as a mask, for there
// is no telling which way a branch would go.
const all = 1<<32 - 1

// jumps are the opcodes of calls and jumps.
var jumps = [256]uint32{0xE8: all, 0xE9: all}

// relative are the opcodes in front of a ModRM byte that count: lea, mov, cmp
// and others with memory, moves of vectors.
var relative = [256]uint32{
	0x10: all, 0x11: all, 0x28: all, 0x39: all, 0x3B: all, 0x6F: all, 0x7F: all,
	0x80: all, 0x83: all, 0x89: all, 0x8B: all, 0x8D: all, 0xB6: all, 0xC7: all,
}

// applyX86 makes displacements absolute, from the last place to the first.
// Eight places at a time, which BenchmarkFilters justifies, as it does that no
// word is loaded of which a part has just been stored.
func applyX86(p []byte, wide bool) {
	if len(p) <= displacementLen {
		return
	}
	n := len(p) - displacementLen              // places before n are left
	above := binary.LittleEndian.Uint32(p[n:]) // the bytes from n on
	for n >= 8 {
		x := binary.LittleEndian.Uint64(p[n-8:])
		found := candidates(x, x>>32|uint64(above)<<32, wide)
		if found == 0 {
			n -= 8
			above = uint32(x)
			continue
		}
		n = n - 1 - bits.LeadingZeros64(found)/8
		above = uint32(p[n]) | move(p, n, uint32(n))<<8
	}
	for n--; n >= 0; n-- {
		if isCandidate(p, n, wide) {
			move(p, n, uint32(n))
		}
	}
}

// undoX86 makes them relative again, from the first to the last.
func undoX86(p []byte, wide bool) {
	if len(p) <= displacementLen {
		return
	}
	i := 0
	for below := binary.LittleEndian.Uint32(p); i+8+displacementLen <= len(p); {
		top := binary.LittleEndian.Uint64(p[i+displacementLen:])
		found := candidates(uint64(below)|top<<32, top, wide)
		if found == 0 {
			i += 8
			below = uint32(top >> 32)
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		below = move(p, i, -uint32(i))
		i++
	}
	for ; i+displacementLen < len(p); i++ {
		if isCandidate(p, i, wide) {
			move(p, i, -uint32(i))
		}
	}
}

// move adds to the displacement behind k, if k is a place, and returns it.
func move(p []byte, k int, by uint32) uint32 {
	by &= jumps[p[k]] | relative[p[max(k-1, 0)]]
	at := p[k+1:][:displacementLen]
	x := extend25(binary.LittleEndian.Uint32(at) + by)
	binary.LittleEndian.PutUint32(at, x)
	return x
}

// extend25 repeats bit 24 in the bits above it.
func extend25(x uint32) uint32 { return uint32(int32(x<<7) >> 7) }

// Masks for eight bytes at a time.
const (
	ones  = 0x0101010101010101
	low7  = 0x7F * ones
	high1 = 0x80 * ones
)

// candidates has the high bit of each byte of x set that is a place, but for
// the opcode in front of a ModRM byte. The bytes of top stand four further on.
func candidates(x, top uint64, wide bool) uint64 {
	found := zeroBytes((x ^ 0xE8*ones) & (0xFE * ones))
	if wide {
		found |= zeroBytes((x ^ 0x05*ones) & (0xC7 * ones))
	}
	// A byte is 00 or FF if each of its bits equals the next.
	return found &^ ((top^top>>1)&low7 + low7)
}

// isCandidate is candidates for a single byte.
func isCandidate(p []byte, k int, wide bool) bool {
	top := p[k+displacementLen]
	return (top == 0 || top == 0xFF) && (p[k]&0xFE == 0xE8 || wide && p[k]&0xC7 == 0x05)
}

// zeroBytes has the high bit of each byte set that is 0 in x.
func zeroBytes(x uint64) uint64 { return ^(x&low7 + low7 | x) & high1 }
