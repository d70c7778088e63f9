// Package lag looks for the distance at which bytes resemble those before
// them, which is how records and numbers of a fixed width show.
package lag

import "encoding/binary"

// Span is how many bytes are compared with those one lag before them.
const Span = 256

// CountEqual adds to equal[lag], for each lag from 1 to the last index of
// equal, how many of the last Span bytes of w equal the byte that far before
// them. w holds that many bytes more than Span at least. It counts in eight
// lanes at once: a lane holds at most Span/8 = 32.
func CountEqual(equal []int, w []byte) {
	const (
		low7 = 0x7F7F7F7F7F7F7F7F
		ones = 0x0101010101010101
		even = 0x00FF00FF00FF00FF
		add4 = 0x0001000100010001
	)
	start := len(w) - Span
	here := (*[Span]byte)(w[start:])
	for lag := 1; lag < len(equal); lag++ {
		there := (*[Span]byte)(w[start-lag:])
		var differ uint64
		for i := 0; i < Span; i += 8 {
			x := binary.LittleEndian.Uint64(here[i:i+8]) ^ binary.LittleEndian.Uint64(there[i:i+8])
			// The top bit of each byte of the sum says that the byte of x is not 0.
			differ += ((x&low7 + low7) | x) >> 7 & ones
		}
		// All lanes together may hold 256: add them up in lanes of 16 bits.
		pairs := differ&even + differ>>8&even
		equal[lag] += Span - int(pairs*add4>>48)
	}
}
