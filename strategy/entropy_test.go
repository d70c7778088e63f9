package strategy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
			require.InDelta(t, tt.want, order0(&h, n), float64(tt.within))
		})
	}
	var even [256]uint32
	for i := range even {
		even[i] = 24
	}
	require.EqualValues(t, 2048, order0(&even, 256*24), "the correction exceeds 8 bits")
}
