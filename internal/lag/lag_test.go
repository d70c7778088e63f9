package lag

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCountEqual compares with counting byte by byte.
func TestCountEqual(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, values := range []int{1, 2, 5, 256} {
		w := make([]byte, 512+Span)
		for i := range w {
			w[i] = byte(rng.IntN(values))
		}
		got, want := make([]int, 513), make([]int, 513)
		got[7], want[7] = 1000, 1000 // what is there stays
		CountEqual(got, w)
		for lag := 1; lag < len(want); lag++ {
			for i := len(w) - Span; i < len(w); i++ {
				if w[i] == w[i-lag] {
					want[lag]++
				}
			}
		}
		require.Equal(t, want, got, "%d values", values)
	}
}
