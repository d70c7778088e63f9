package strategy

import "math/bits"

// Fixed point throughout: logarithms and entropies have fracBits bits behind
// the point until they are rounded for the Profile.
const fracBits = 16

// log2Step holds log2(1 + i/32), rounded. Linear interpolation between the
// entries is off by less than 2e-4 bit.
var log2Step = [33]uint32{
	0, 2909, 5732, 8473, 11136, 13727, 16248, 18704,
	21098, 23433, 25711, 27936, 30109, 32234, 34312, 36346,
	38336, 40286, 42196, 44068, 45904, 47705, 49472, 51207,
	52911, 54584, 56229, 57845, 59434, 60997, 62534, 64047,
	65536,
}

// log2 returns the binary logarithm of x, which must not be 0.
func log2(x uint32) uint32 {
	exponent := uint32(bits.Len32(x) - 1)
	fraction := x << (31 - exponent) & (1<<31 - 1) // 31 bits behind the point
	i, rest := fraction>>26, fraction>>10&0xFFFF
	lo, hi := log2Step[i], log2Step[i+1]
	return exponent<<fracBits + lo + (hi-lo)*rest>>16
}

// entropy returns the order-0 entropy, in 1/256 bit per byte, of a source of
// which the histogram counts n bytes. A sample shows too little of the source
// and so seems too orderly; the correction of Miller and Madow adds
// (values seen - 1) / 2n nats (G. Miller, Note on the bias of information
// estimates, 1955).
func entropy(h *[256]uint32, n int) uint16 {
	if n == 0 {
		return 0
	}
	const nat = 94548 // log2(e)
	var weighted, values uint64
	for _, c := range h {
		if c == 0 {
			continue
		}
		values++
		if c > 1 {
			weighted += uint64(c) * uint64(log2(c))
		}
	}
	total := uint64(n)
	h0 := uint64(log2(uint32(n))) - weighted/total + (values-1)*nat/(2*total)
	return uint16(min(h0+1<<7, 8<<fracBits) >> (fracBits - 8))
}
