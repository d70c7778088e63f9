package delta

import (
	"math"
	"math/bits"
)

// orderFloats maps the bits of floats to integers in the order of the floats:
// IEEE 754 numbers are ordered like their bits, negative ones backwards.
func orderFloats(col []uint64, width uint8) {
	shift := 64 - 8*uint(width)
	top := uint64(1) << 63 >> shift
	for i, x := range col {
		negative := uint64(int64(x<<(shift&63)) >> 63)
		col[i] = x ^ (negative | top)
	}
}

func unorderFloats(col []uint64, width uint8) {
	shift := 64 - 8*uint(width)
	top := uint64(1) << 63 >> shift
	for i, x := range col {
		positive := uint64(int64(x<<(shift&63)) >> 63)
		col[i] = x ^ (^positive | top)
	}
}

// maxExp is the largest power of ten that decimal floats are scaled by: more
// digits than a float64 has behind the point of a number above 1.
const maxExp = 15

var powersOfTen = [maxExp + 1]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
}

// Decimal fractions that became floats are integers in disguise: k/10^exp,
// rounded (A. Afroozeh et al., ALP: Adaptive lossless floating-point
// compression, 2023). Products and quotients of two floats are the same on
// every machine; that no product here is fused with an addition is promised
// by the explicit conversions (The Go Programming Language Specification,
// Floating-point operators).

// toDecimals maps the bits of floats to the integers. A float that is none
// takes the place of the one before it, and a 1 in exceptions if that is not
// nil. It returns how many there are.
func toDecimals(col []uint64, width, exp uint8, exceptions []byte) int {
	scale := powersOfTen[exp]
	var last uint64
	n := 0
	for i, x := range col {
		k, ok := decimal(x, width, scale)
		if !ok {
			k = last
			n++
			if exceptions != nil {
				exceptions[i] = 1
			}
		}
		col[i] = k
		last = k
	}
	return n
}

// decimal returns the integer behind the bits of a float, if there is one.
func decimal(x uint64, width uint8, scale float64) (uint64, bool) {
	f := math.Float64frombits(x)
	if width == 4 {
		f = float64(math.Float32frombits(uint32(x)))
	}
	scaled := float64(f * scale)
	limit := float64(1 << 51)
	if width == 4 {
		limit = 1 << 30
	}
	if !(scaled < limit && scaled > -limit) {
		return 0, false
	}
	k := int64(math.RoundToEven(scaled))
	return uint64(k), fromDecimal(uint64(k), width, scale) == x
}

func fromDecimal(k uint64, width uint8, scale float64) uint64 {
	if width == 4 {
		return uint64(math.Float32bits(float32(float64(int32(k)) / scale)))
	}
	return math.Float64bits(float64(int64(k)) / scale)
}

// fromDecimals is the inverse of toDecimals, but for the exceptions.
func fromDecimals(col []uint64, width, exp uint8) {
	scale := powersOfTen[exp]
	if width == 4 {
		for i, k := range col {
			col[i] = uint64(math.Float32bits(float32(float64(int32(k)) / scale)))
		}
		return
	}
	for i, k := range col {
		col[i] = math.Float64bits(float64(int64(k)) / scale)
	}
}

// commonDivisor returns the greatest number that divides the distance of each
// number from base; 1 if they are all 0.
func commonDivisor(col []uint64, base uint64, width uint8) uint64 {
	var g uint64
	for _, x := range col {
		v := signed(x-base, width)
		magnitude := uint64(v)
		if v < 0 {
			magnitude = -magnitude
		}
		if magnitude == 0 || g > 0 && magnitude%g == 0 {
			continue
		}
		if g = gcd(g, magnitude); g == 1 {
			return 1
		}
	}
	return max(g, 1)
}

// gcd is the binary algorithm (J. Stein, 1967).
func gcd(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return a | b
	}
	shift := bits.TrailingZeros64(a | b)
	a >>= bits.TrailingZeros64(a)
	for b != 0 {
		b >>= bits.TrailingZeros64(b)
		if a > b {
			a, b = b, a
		}
		b -= a
	}
	return a << shift
}

func divide(col []uint64, width uint8, divisor uint64) {
	d := int64(divisor)
	for i, x := range col {
		col[i] = uint64(signed(x, width) / d)
	}
}
