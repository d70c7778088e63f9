package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFitFindsWhatIsKnown: memory made by a and b, with noise or without.
func TestFitFindsWhatIsKnown(t *testing.T) {
	for _, tt := range []struct {
		name        string
		a, b, noise float64
		want        growth
	}{
		{"constant", 6e6, 0, 0, constant},
		{"constant with noise", 6e6, 0, 0.05, constant},
		{"hardly growing", 4e6, 0.015, 0, constant},
		{"a little", 4e6, 0.04, 0, sublinear},
		{"square root", 1000, 0.5, 0.1, sublinear},
		{"linear", 2, 1, 0, linear},
		{"linear with noise", 2, 1, 0.1, linear},
		{"shrinking", 6e6, -0.1, 0, constant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 1))
			var sizes, memory []float64
			for s := 2e6; s < 2e9; s *= 1.3 {
				for range 3 {
					sizes = append(sizes, s)
					memory = append(memory, tt.a*math.Pow(s, tt.b)*math.Exp(tt.noise*rng.NormFloat64()))
				}
			}
			f := fitPower(sizes, memory)
			require.Equal(t, len(sizes), f.n)
			require.Equal(t, tt.want, f.growth(), "b = %v", f.b)
			require.InDelta(t, tt.b, f.b, 1e-9+tt.noise/10)
			require.InDelta(t, math.Log(tt.a), math.Log(f.a), 1e-6+2*tt.noise)
			require.LessOrEqual(t, f.low, f.b)
			require.GreaterOrEqual(t, f.high, f.b)
			if tt.noise == 0 {
				require.InDelta(t, tt.b, f.low, 1e-6)
				require.InDelta(t, tt.b, f.high, 1e-6)
			}
			if tt.b != 0 {
				require.Greater(t, f.r2, 0.9)
			}
			require.InEpsilon(t, tt.a*math.Pow(1e8, tt.b), f.at(1e8), 0.05+tt.noise)
		})
	}
}

// TestConfidence: the interval holds the truth as often as it says.
func TestConfidence(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	held := 0
	const rounds = 2000
	for range rounds {
		var sizes, memory []float64
		for s := 10.0; s < 1e6; s *= 5 {
			sizes, memory = append(sizes, s), append(memory, 100*math.Pow(s, 0.3)*math.Exp(0.2*rng.NormFloat64()))
		}
		f := fitPower(sizes, memory)
		if f.low <= 0.3 && 0.3 <= f.high {
			held++
		}
	}
	require.InDelta(t, 0.95, float64(held)/rounds, 0.02)
}

func TestStudentT(t *testing.T) {
	for df, want := range map[int]float64{1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 10: 2.228, 30: 2.042, 1000: 1.962} {
		require.InDelta(t, want, studentT(df), 0.02, df)
	}
}

func TestFitOfTooLittle(t *testing.T) {
	for _, n := range []int{0, 1, 2} {
		f := fitPower(make([]float64, n), make([]float64, n))
		require.Equal(t, unknown, f.growth())
		require.Zero(t, f.n)
	}
	f := fitPower([]float64{5, 5, 5}, []float64{1, 2, 3})
	require.Equal(t, unknown, f.growth(), "one size")
	require.InDelta(t, 0.5, f.cv, 1e-9)
}
