package strategy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLog2 compares with floats, which is all that floats may do here.
func TestLog2(t *testing.T) {
	check := func(x uint32) {
		got := float64(log2(x)) / (1 << fracBits)
		require.InDelta(t, math.Log2(float64(x)), got, 2e-4, x)
	}
	for x := uint32(1); x <= 20_000; x++ {
		check(x)
	}
	for shift := range 32 {
		require.Equal(t, uint32(shift<<fracBits), log2(1<<shift), "a power of two is exact")
		check(1<<shift | 1<<shift>>1)
		check(1<<shift | (1<<shift - 1))
	}
	for i, v := range log2Step {
		require.Equal(t, uint32(math.Round(math.Log2(1+float64(i)/32)*(1<<fracBits))), v, i)
	}
}

func TestEntropy(t *testing.T) {
	tests := []struct {
		name   string
		counts map[byte]uint32
		want   int // in 1/256 bit
		within int
	}{
		{"no bytes at all", nil, 0, 0},
		{"a single byte", map[byte]uint32{5: 1}, 0, 0},
		{"a constant", map[byte]uint32{0: 6144}, 0, 0},
		{"a coin", map[byte]uint32{1: 4096, 2: 4096}, 256, 1},
		{"one in four", map[byte]uint32{1: 3000, 2: 1000}, 208, 1},
		{"two in three", map[byte]uint32{1: 1 << 13, 2: 1 << 12}, 235, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h [256]uint32
			n := 0
			for b, c := range tt.counts {
				h[b] = c
				n += int(c)
			}
			require.InDelta(t, tt.want, entropy(&h, n), float64(tt.within))
		})
	}
	var even [256]uint32
	for i := range even {
		even[i] = 24
	}
	require.EqualValues(t, 2048, entropy(&even, 256*24), "the correction exceeds 8 bits")
}
