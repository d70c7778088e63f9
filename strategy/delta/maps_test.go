package delta

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// floatBits gives the bits of f as a float of the width.
func floatBits(f float64, width uint8) uint64 {
	if width == 4 {
		return uint64(math.Float32bits(float32(f)))
	}
	return math.Float64bits(f)
}

func TestOrderedFloatsKeepTheOrder(t *testing.T) {
	ascending := []float64{
		math.Inf(-1), -math.MaxFloat32, -1e10, -2, -1.5, -1, -1e-30, -1e-44, math.Copysign(0, -1),
		0, 1e-44, 1e-30, 0.5, 1, 1.5, 2, 1e10, math.MaxFloat32, math.Inf(1),
	}
	for _, width := range []uint8{4, 8} {
		col := make([]uint64, len(ascending))
		for i, f := range ascending {
			col[i] = floatBits(f, width)
		}
		before := slices.Clone(col)
		orderFloats(col, width)
		mask(col, width)
		require.True(t, slices.IsSorted(col), "width %d: %x", width, col)
		require.Len(t, slices.Compact(slices.Clone(col)), len(col), "two floats became one")
		unorderFloats(col, width)
		mask(col, width)
		require.Equal(t, before, col)
	}
}

func TestOrderedFloatsAreAnyBits(t *testing.T) {
	r := seeded(1)
	for _, width := range []uint8{4, 8} {
		shift := 64 - 8*uint(width)
		col := []uint64{0, 1, 1<<63>>shift - 1, 1 << 63 >> shift, (1<<64 - 1) >> shift, floatBits(math.NaN(), width)}
		for range 1000 {
			col = append(col, r.Uint64()>>shift)
		}
		before := slices.Clone(col)
		orderFloats(col, width)
		for i := range col {
			col[i] |= uint64(i) << (63 - shift) << 1 // sums carry into the high bytes
		}
		unorderFloats(col, width)
		mask(col, width)
		require.Equal(t, before, col)
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     float64
		width uint8
		exp   uint8
		want  int64
		ok    bool
	}{
		{"one tenth", 0.1, 8, 1, 1, true},
		{"one tenth, digits to spare", 0.1, 8, 4, 1000, true},
		{"one tenth as a float32", 0.1, 4, 1, 1, true},
		{"one tenth without digits", 0.1, 8, 0, 0, false},
		{"a billionth", 1e-9, 8, 9, 1, true},
		{"most digits", 1e-15, 8, 15, 1, true},
		{"negative", -273.15, 8, 2, -27315, true},
		{"negative float32", -273.15, 4, 2, -27315, true},
		{"whole", 1234567, 8, 0, 1234567, true},
		{"zero", 0, 8, 3, 0, true},
		{"negative zero would lose its sign", math.Copysign(0, -1), 8, 3, 0, false},
		{"negative zero as a float32", math.Copysign(0, -1), 4, 3, 0, false},
		{"rounded to negative zero", -1e-300, 8, 3, 0, false},
		{"too small", 1e-300, 8, 3, 0, false},
		{"no decimal", 1.0 / 3, 8, 15, 0, false},
		{"NaN", math.NaN(), 8, 1, 0, false},
		{"NaN as a float32", math.NaN(), 4, 1, 0, false},
		{"infinity", math.Inf(1), 8, 1, 0, false},
		{"negative infinity", math.Inf(-1), 4, 0, 0, false},
		{"scaled to infinity", math.MaxFloat64, 8, 15, 0, false},
		{"largest", 1<<51 - 1, 8, 0, 1<<51 - 1, true},
		{"too large", 1 << 51, 8, 0, 0, false},
		{"too negative", -1 << 51, 8, 0, 0, false},
		{"largest float32", 1<<30 - 1<<6, 4, 0, 1<<30 - 1<<6, true},
		{"too large for a float32", 1 << 30, 4, 0, 0, false},
		{"too large once scaled", 1 << 50, 8, 2, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := floatBits(c.f, c.width)
			k, ok := decimal(x, c.width, powersOfTen[c.exp])
			require.Equal(t, c.ok, ok)
			if !ok {
				return
			}
			require.Equal(t, c.want, int64(k))
			col := []uint64{k}
			fromDecimals(col, c.width, c.exp)
			require.Equal(t, x, col[0])
		})
	}
}

// TestDecimalClaimsAreExact: whatever the bits, a float that is said to be a
// decimal comes back bit for bit; all others are marked.
func TestDecimalClaimsAreExact(t *testing.T) {
	r := seeded(2)
	for _, width := range []uint8{4, 8} {
		for exp := range uint8(maxExp + 1) {
			col := decimalMix(r, width)
			before := slices.Clone(col)
			marks := make([]byte, len(col))
			n := toDecimals(col, width, exp, marks)
			again := slices.Clone(before)
			require.Equal(t, n, toDecimals(again, width, exp, nil))
			require.Equal(t, col, again, "the marks change the numbers")
			last := uint64(0)
			for i, k := range col {
				if marks[i] == 1 {
					n--
					require.Equal(t, last, k, "an exception must repeat the number before it")
				}
				last = k
			}
			require.Zero(t, n, "the marks don't add up")
			fromDecimals(col, width, exp)
			for i, x := range col {
				require.True(t, marks[i] == 1 || before[i] == x, "width %d, exp %d: %#x became %#x", width, exp, before[i], x)
			}
		}
	}
}

func decimalMix(r *rand.Rand, width uint8) (col []uint64) {
	for range 500 {
		col = append(col,
			floatBits(float64(r.IntN(20000)-10000)/powersOfTen[r.IntN(6)], width),
			floatBits(float64(r.Int64()>>r.IntN(64))/powersOfTen[r.IntN(16)], width),
			r.Uint64()>>(64-8*width))
	}
	return col
}

func TestCommonDivisor(t *testing.T) {
	const minInt = uint64(1) << 63
	for _, c := range []struct {
		name  string
		col   []uint64
		base  uint64
		width uint8
		want  uint64
	}{
		{"nothing", nil, 0, 8, 1},
		{"all equal to base", []uint64{5, 5}, 5, 4, 1},
		{"one distance", []uint64{5, 65}, 5, 4, 60},
		{"greatest", []uint64{0, 12, 18, 30}, 0, 4, 6},
		{"not the first only", []uint64{0, 1000, 1500}, 0, 4, 500},
		{"coprime", []uint64{0, 9, 10}, 0, 2, 1},
		{"negative distance", []uint64{100, 40, 10}, 100, 2, 30},
		{"negative of one byte", []uint64{250, 244}, 0, 1, 6},
		{"wraps around the width", []uint64{0xFFFE, 2, 6}, 0xFFFE, 2, 4},
		{"lowest number", []uint64{0, minInt}, 0, 8, minInt},
		{"lowest number and another", []uint64{0, minInt, 48}, 0, 8, 16},
		{"lowest of two bytes", []uint64{0x8000}, 0, 2, 0x8000},
		{"high bytes count", []uint64{7<<32 | 12, 18}, 0, 4, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := commonDivisor(c.col, c.base, c.width)
			require.Equal(t, c.want, g)
			quotients := slices.Clone(c.col)
			rebase(quotients, c.base, c.width)
			divide(quotients, c.width, g)
			for i, q := range quotients {
				got, want := []uint64{q*g + c.base}, []uint64{c.col[i]}
				mask(got, c.width)
				mask(want, c.width)
				require.Equal(t, want, got, "does not multiply back")
			}
		})
	}
}

func TestGCD(t *testing.T) {
	r := seeded(3)
	euclid := func(a, b uint64) uint64 {
		for b != 0 {
			a, b = b, a%b
		}
		return a
	}
	for range 5000 {
		a, b := r.Uint64()>>r.IntN(64), r.Uint64()>>r.IntN(64)
		f := r.Uint64N(1 << 20)
		require.Equal(t, euclid(a, b), gcd(a, b))
		require.Equal(t, euclid(a*f, b*f), gcd(a*f, b*f))
	}
	require.Equal(t, uint64(8), gcd(0, 8))
	require.Equal(t, uint64(8), gcd(8, 0))
	require.Equal(t, uint64(1)<<63, gcd(1<<63, 1<<63))
}
