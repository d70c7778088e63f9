package strategy

import "github.com/sigmalang/sigma/internal/entropy"

// order0 returns the order-0 entropy, in 1/256 bit per byte, of the source
// that the histogram shows n bytes of.
func order0(h *[256]uint32, n int) uint16 {
	if n == 0 {
		return 0
	}
	const rounding = 1 << (entropy.FracBits - 9)
	information, _ := entropy.Unbiased(h, n)
	perByte := information/uint64(n) + rounding
	return uint16(min(perByte, 8*entropy.One) >> (entropy.FracBits - 8))
}
