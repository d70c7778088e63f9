package delta

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStreamsAlike codes streams of a lane one after the other, each of which
// must come back, and none much longer than without what went before.
func TestStreamsAlike(t *testing.T) {
	const n = 40_000
	rng := rand.New(rand.NewPCG(5, 6))
	drawn := func(f func(i int) int) []byte {
		s := make([]byte, n)
		for i := range s {
			s[i] = byte(f(i))
		}
		return s
	}
	noise := func() []byte { return drawn(func(int) int { return rng.IntN(256) }) }
	few := func() []byte { return drawn(func(int) int { return rng.IntN(20) * rng.IntN(3) }) }
	rare := func() []byte { return drawn(func(int) int { return 9 * (1 - min(rng.IntN(30), 1)) }) }
	uneven := func() []byte { return drawn(func(i int) int { return rng.IntN(2 + i/512%2*60) }) }
	pattern := noise()[:3000]
	repeats := func() []byte { return slices.Repeat(pattern, n)[:n] }
	equal := func() []byte { return make([]byte, n) }
	kinds := []func() []byte{noise, few, rare, uneven, repeats, equal}
	for i, a := range kinds {
		for k, b := range kinds {
			var e Encoder
			e.backend, e.effort, e.poolRoom = newFrames(t), 1, 10*n
			var alone Encoder
			alone.backend, alone.effort, alone.poolRoom = e.backend, 1, 10*n
			for turn, s := range [][]byte{a(), a(), b(), b(), a()} {
				e.at, alone.lanes, alone.at = 0, nil, 0
				e.pool, alone.pool = nil, nil
				out := e.appendStream(nil, s, depthTop)
				want := alone.appendStream(nil, s, depthTop)
				require.LessOrEqual(t, len(out)+len(e.pool), (len(want)+len(alone.pool))*5/4+64, "%d, %d, turn %d", i, k, turn)
				d := Decoder{src: out, pool: e.pool}
				got, err := d.stream(n)
				require.NoError(t, err)
				require.Equal(t, s, got, "%d, %d, turn %d", i, k, turn)
				require.Empty(t, d.src)
			}
		}
	}
}
