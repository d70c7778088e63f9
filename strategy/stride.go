package strategy

import "github.com/sigmalang/sigma/internal/lag"

const (
	maxLag = 64

	// The search compares lag.Span bytes, at up to lagPlaces, with what stands
	// one stride before them.
	lagPlaces     = 3
	lagPlaceEvery = 2 << 10
)

// searchLag fills in Lag, LagShare and LagMean. It leaves chunks alone that
// are too short for it to tell much.
func searchLag(prof *Profile, p []byte) {
	const size = maxLag + lag.Span
	places := min(len(p)/lagPlaceEvery, lagPlaces)
	if places == 0 {
		return
	}
	var equal [maxLag + 1]int
	for i := range places {
		lag.CountEqual(equal[:], window(p, places, i, size))
	}
	best, sum := 1, 0
	for lag := 1; lag <= maxLag; lag++ {
		sum += equal[lag]
		if equal[lag] > equal[best] {
			best = lag
		}
	}
	mean := sum / maxLag
	best = leastStride(equal[:], best, mean)
	prof.Lag = uint8(best)
	prof.LagShare = perMille(equal[best], places*lag.Span)
	prof.LagMean = perMille(mean, places*lag.Span)
}

// leastStride returns the smallest divisor of the best stride that holds four
// fifths of its excess: all multiples of a stride repeat its evidence, with some
// luck more of it.
func leastStride(equal []int, best, mean int) int {
	for stride := 1; stride < best; stride++ {
		if best%stride == 0 && 5*(equal[stride]-mean) >= 4*(equal[best]-mean) {
			return stride
		}
	}
	return best
}
