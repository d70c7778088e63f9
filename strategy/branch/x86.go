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

// applyX86 makes displacements absolute, from the last place to the first. It
// finds them by blocks, which BenchmarkFilters justifies: there is no telling
// where the next place is, but about how many there are in a block.
func applyX86(p []byte, wide bool) {
	n := len(p) - displacementLen // places before n are left
	for ; n-block >= displacementLen; n -= block {
		start := n - block
		for found := placesIn(p[start:], wide); found != 0; {
			bit := 63 - bits.LeadingZeros64(found)
			k := start + bit
			moved := move(p, k, uint32(k))
			// The displacement has the top bytes of three places before k.
			before := binary.LittleEndian.Uint32(p[k-displacementLen:])
			again := gather(candidates(uint64(before), uint64(moved)<<8|uint64(p[k]), wide))
			found &= 1<<bit - 1
			found = correct(found, 0xF<<60>>(64-bit), again<<60>>(64-bit))
		}
	}
	for n--; n >= 0; n-- {
		if isCandidate(p, n, wide) {
			move(p, n, uint32(n))
		}
	}
}

// undoX86 makes them relative again, from the first to the last.
func undoX86(p []byte, wide bool) {
	i := 0
	for ; i+block+2*displacementLen <= len(p); i += block {
		for found := placesIn(p[i:], wide); found != 0; {
			bit := bits.TrailingZeros64(found)
			k := i + bit
			moved := move(p, k, -uint32(k))
			// The displacement has the first bytes of four places behind k.
			top := binary.LittleEndian.Uint32(p[k+1+displacementLen:])
			again := gather(candidates(uint64(moved), uint64(top), wide))
			found &= found - 1
			found = correct(found, 0xF<<1<<bit, again<<1<<bit)
		}
	}
	for ; i+displacementLen < len(p); i++ {
		if isCandidate(p, i, wide) {
			move(p, i, -uint32(i))
		}
	}
}

// block is the number of places looked at together.
const block = 64

// placesIn has a bit set for each of the first places in p that is a
// candidate.
func placesIn(p []byte, wide bool) (found uint64) {
	p = p[:block+displacementLen]
	for i := 0; i < block; i += 8 {
		x := binary.LittleEndian.Uint64(p[i:])
		top := binary.LittleEndian.Uint64(p[i+displacementLen:])
		found |= gather(candidates(x, top, wide)) << i
	}
	return found
}

// correct puts the bits of again into found where the mask has bits. That they
// are others is rare: the branch spares the next place from waiting for them.
func correct(found, mask, again uint64) uint64 {
	if (found^again)&mask != 0 {
		return found&^mask | again
	}
	return found
}

// gather moves the high bits of eight bytes together.
func gather(high uint64) uint64 { return high >> 7 * 0x0102040810204080 >> 56 }

// move adds to the displacement behind the candidate k, if it is a place, and
// returns it. At 0 it takes a ModRM byte for the opcode, which none is.
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
	// The high bit of a byte of any of these is 0 if the byte fits: adding 7F
	// carries into it what the bits below have.
	other := x ^ 0xE8*ones
	other |= other&(0x7E*ones) + low7
	if wide {
		modrm := x ^ 0x05*ones
		other &= modrm | (modrm&(0x47*ones) + low7)
	}
	far := (top^top>>1)&low7 + low7 // 00 and FF have bits that equal the next
	return ^(other | far) & high1
}

// isCandidate is candidates for a single byte.
func isCandidate(p []byte, k int, wide bool) bool {
	top := p[k+displacementLen]
	return (top == 0 || top == 0xFF) && (p[k]&0xFE == 0xE8 || wide && p[k]&0xC7 == 0x05)
}

// zeroBytes has the high bit of each byte set that is 0 in x.
func zeroBytes(x uint64) uint64 { return ^(x&low7 + low7 | x) & high1 }
