// Package entropy computes logarithms and entropies in fixed point. Choices
// that shape the output are made from them, and the output must be the same
// on every architecture, which floating point does not promise.
package entropy

import "math/bits"

// FracBits is how many bits the results have behind the point.
const FracBits = 16

// One is one bit of information.
const One = 1 << FracBits

// nat is the binary logarithm of e.
const nat = 94548

// log2Step holds log2(1 + i/32), rounded. Linear interpolation between the
// entries is off by less than 2e-4 bit.
var log2Step = [33]uint32{
	0, 2909, 5732, 8473, 11136, 13727, 16248, 18704,
	21098, 23433, 25711, 27936, 30109, 32234, 34312, 36346,
	38336, 40286, 42196, 44068, 45904, 47705, 49472, 51207,
	52911, 54584, 56229, 57845, 59434, 60997, 62534, 64047,
	65536,
}

// Log2 returns the binary logarithm of x, which must not be 0.
func Log2(x uint32) uint32 {
	exponent := uint32(bits.Len32(x) - 1)
	fraction := x << (31 - exponent) & (1<<31 - 1) // 31 bits behind the point
	i, rest := fraction>>26, fraction>>10&0xFFFF
	lo, hi := log2Step[i], log2Step[i+1]
	return exponent<<FracBits + lo + (hi-lo)*rest>>16
}

// timesLog2 holds c * Log2(c) for small c.
var timesLog2 = func() (t [1 << 10]uint32) {
	for c := 2; c < len(t); c++ {
		t[c] = uint32(c) * Log2(uint32(c))
	}
	return t
}()

// Total returns the order-0 information in n symbols that h counts, and the
// number of different symbols among them. n must be below 1<<31.
func Total(h *[256]uint32, n int) (information uint64, values int) {
	if n == 0 {
		return 0, 0
	}
	// No branch depends on a small count: most histograms are of samples, and
	// most of their counts are a surprise.
	var weighted uint64
	empty := 0
	for _, c := range h {
		empty += int((c - 1) >> 31)
		if c < uint32(len(timesLog2)) {
			weighted += uint64(timesLog2[c])
		} else {
			weighted += uint64(c) * uint64(Log2(c))
		}
	}
	values = len(h) - empty
	return uint64(n)*uint64(Log2(uint32(n))) - weighted, values
}

// Unbiased returns the order-0 information in n symbols that h counts, were
// they coded by the statistics of the source they come from, and the number of
// different symbols among them. A sample shows too little of the source and so
// seems too orderly; the correction of Miller and Madow adds (values seen - 1)
// / 2 nats (G. Miller, Note on the bias of information estimates, 1955).
func Unbiased(h *[256]uint32, n int) (information uint64, values int) {
	information, values = Total(h, n)
	return information + uint64(max(values-1, 0))*nat/2, values
}
