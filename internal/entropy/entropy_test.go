package entropy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLog2 compares with floats, which is all that floats may do here.
func TestLog2(t *testing.T) {
	check := func(x uint32) {
		got := float64(Log2(x)) / (1 << FracBits)
		require.InDelta(t, math.Log2(float64(x)), got, 2e-4, x)
	}
	for x := uint32(1); x <= 20_000; x++ {
		check(x)
	}
	for shift := range 32 {
		require.Equal(t, uint32(shift<<FracBits), Log2(1<<shift), "a power of two is exact")
		check(1<<shift | 1<<shift>>1)
		check(1<<shift | (1<<shift - 1))
	}
	for i, v := range log2Step {
		require.Equal(t, uint32(math.Round(math.Log2(1+float64(i)/32)*(1<<FracBits))), v, i)
	}
}

// TestInformation holds the sums against floats.
func TestInformation(t *testing.T) {
	var h [256]uint32
	n, want, values := 0, 0.0, 0
	for i := range h {
		h[i] = uint32(i * i % 97)
		n += int(h[i])
	}
	for _, c := range h {
		if c > 0 {
			want += float64(c) * math.Log2(float64(n)/float64(c))
			values++
		}
	}
	got, seen := Total(&h, n)
	require.InEpsilon(t, want, float64(got)/One, 1e-4)
	require.Equal(t, values, seen)
	got, seen = Unbiased(&h, n)
	require.InEpsilon(t, want+float64(values-1)/2*math.Log2E, float64(got)/One, 1e-4)
	require.Equal(t, values, seen)

	got, seen = Total(new([256]uint32), 0)
	require.Zero(t, got)
	require.Zero(t, seen)
}
