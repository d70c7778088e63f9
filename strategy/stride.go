package strategy

import "encoding/binary"

const (
	maxLag = 64

	// The search compares lagSpan bytes, at up to lagPlaces, with what stands
	// one stride before them.
	lagSpan       = 256
	lagPlaces     = 3
	lagPlaceEvery = 2 << 10
)

// searchLag fills in Lag, LagShare and LagMean. It leaves chunks alone that
// are too short for it to tell much.
func searchLag(prof *Profile, p []byte) {
	const size = maxLag + lagSpan
	places := min(len(p)/lagPlaceEvery, lagPlaces)
	if places == 0 {
		return
	}
	var equal [maxLag + 1]int
	for i := range places {
		countEqual(&equal, (*[size]byte)(window(p, places, i, size)))
	}
	best, sum := 1, 0
	for lag := 1; lag <= maxLag; lag++ {
		sum += equal[lag]
		if equal[lag] > equal[best] {
			best = lag
		}
	}
	// All multiples of a stride repeat its evidence, with some luck more of
	// it: prefer the smallest divisor that holds four fifths of the excess.
	mean := sum / maxLag
	for lag := 1; lag < best; lag++ {
		if best%lag == 0 && 5*(equal[lag]-mean) >= 4*(equal[best]-mean) {
			best = lag
			break
		}
	}
	prof.Lag = uint8(best)
	prof.LagShare = perMille(equal[best], places*lagSpan)
	prof.LagMean = perMille(mean, places*lagSpan)
}

// countEqual adds, for each lag, how many of the last lagSpan bytes of w equal
// the byte that far before them. It counts in eight lanes at once: a lane
// holds at most lagSpan/8 = 32.
func countEqual(equal *[maxLag + 1]int, w *[maxLag + lagSpan]byte) {
	const (
		low7 = 0x7F7F7F7F7F7F7F7F
		ones = 0x0101010101010101
		even = 0x00FF00FF00FF00FF
		add4 = 0x0001000100010001
	)
	for lag := 1; lag <= maxLag; lag++ {
		differ := uint64(0)
		for i := maxLag; i < len(w); i += 8 {
			x := binary.LittleEndian.Uint64(w[i:i+8]) ^ binary.LittleEndian.Uint64(w[i-lag:])
			// The top bit of each byte of the sum says that the byte of x is not 0.
			differ += ((x&low7 + low7) | x) >> 7 & ones
		}
		// All lanes together may hold 256: add them up in lanes of 16 bits.
		pairs := differ&even + differ>>8&even
		equal[lag] += lagSpan - int(pairs*add4>>48)
	}
}
