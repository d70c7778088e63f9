package delta

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// autoregressive makes numbers that are the weighted sum of the two before
// them, in thousandths, and noise; around a mean.
func autoregressive(n, a, b int, noise uint64, mean int64) []uint64 {
	r := seeded(uint64(n))
	col := make([]uint64, n)
	var x, y int64
	for i := range col {
		z := (int64(a)*x+int64(b)*y)/1000 + int64(r.Uint64N(2*noise+1)) - int64(noise)
		x, y = z, x
		col[i] = uint64(z + mean)
	}
	return col
}

func TestLinearFitFindsTheWeights(t *testing.T) {
	for _, c := range []struct {
		name  string
		col   []uint64
		base  uint64
		width uint8
		a, b  float64
	}{
		{"resonance", autoregressive(9000, 1600, -800, 50, 0), 0, 2, 1.6, -0.8},
		{"signed around another mean", autoregressive(9000, 1600, -800, 50, 30000), 30000, 2, 1.6, -0.8},
		{"one weight", autoregressive(9000, 900, 0, 500, 0), 0, 4, 0.9, 0},
		{"large numbers overflow the sums", autoregressive(9000, 1600, -800, 1<<40, 0), 0, 8, 1.6, -0.8},
		{"alternating", autoregressive(9000, -950, 0, 100, 0), 0, 3, -0.95, 0},
		{"short", autoregressive(16*fitSpans, 1600, -800, 50, 0), 0, 2, 1.6, -0.8},
	} {
		t.Run(c.name, func(t *testing.T) {
			mask(c.col, c.width)
			before := slices.Clone(c.col)
			var l, again linear
			l.fit(c.col, c.base, c.width)
			require.Equal(t, before, c.col, "spoils the numbers")
			again.fit(c.col, c.base, c.width)
			require.Equal(t, l, again)

			const one = 1 << linearShift
			slack := 0.1
			if len(c.col) < 1000 {
				slack = 0.5
			}
			require.InDelta(t, c.a, float64(l[0])/one, slack)
			require.InDelta(t, c.b, float64(l[1])/one, slack)
			for _, w := range l[2:] {
				require.InDelta(t, 0, float64(w)/one, slack)
			}
		})
	}
}

func TestLinearFitOfWhatTellsNothing(t *testing.T) {
	constant := slices.Repeat([]uint64{77}, 5000)
	for _, c := range []struct {
		name string
		col  []uint64
		base uint64
	}{
		{"no numbers", nil, 0},
		{"too few numbers", make([]uint64, 16*fitSpans-1), 0},
		{"all at base divides by zero", constant, 77},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := linear{1, 2, 3}
			l.fit(c.col, c.base, 4)
			require.Equal(t, linear{}, l, "weights left from before")
		})
	}
	// Singular, but for the ridge: any weights that are allowed will do.
	for _, col := range [][]uint64{constant, alternating(5000), ramp(5000), extremes(5000)} {
		for _, width := range widths {
			mask(col, width)
			var l linear
			l.fit(col, 0, width)
			var parsed linear
			rest, err := parsed.parse(l.append(nil))
			require.NoError(t, err, "weights beyond the limit")
			require.Empty(t, rest)
			require.Equal(t, l, parsed)
		}
	}
}

func alternating(n int) []uint64 {
	col := make([]uint64, n)
	for i := range col {
		col[i] = uint64(i%2) * 100
	}
	return col
}

func ramp(n int) []uint64 {
	col := make([]uint64, n)
	for i := range col {
		col[i] = uint64(i)
	}
	return col
}

func extremes(n int) []uint64 {
	col := make([]uint64, n)
	for i := range col {
		col[i] = []uint64{1 << 63, 1<<63 - 1, 0, 1<<64 - 1}[i*i%7%4]
	}
	return col
}

func TestLinearWeightsOnTheWire(t *testing.T) {
	weights := func(w ...int64) (b []byte) {
		for _, x := range w {
			b = binary.AppendVarint(b, x)
		}
		return b
	}
	for _, c := range []struct {
		name string
		in   []byte
		ok   bool
	}{
		{"limits refused", weights(maxWeight, -maxWeight, 0, 1, -1, 2, 3, 4), true},
		{"too large", weights(maxWeight+1, 0, 0, 0, 0, 0, 0, 0), false},
		{"too negative", weights(0, 0, 0, 0, 0, 0, 0, -maxWeight-1), false},
		{"too few", weights(1, 2, 3, 4, 5, 6, 7), false},
		{"none", nil, false},
		{"cut in a weight", weights(0, 0, 0, 0, 0, 0, 0, 1000)[:8], false},
		{"longer than 64 bits", slices.Repeat([]byte{0xFF}, 90), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l linear
			rest, err := l.parse(append(c.in, "rest"[:4*min(len(c.in), 1)]...))
			if !c.ok {
				// What follows may complete a weight, but not make a good one.
				_, err = l.parse(c.in)
				require.ErrorIs(t, err, errMalformed)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "rest", string(rest))
			require.Equal(t, c.in, l.append(nil))
		})
	}
}
