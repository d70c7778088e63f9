package glyph

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTextIndex: of each four bytes the last places that have their hash, and
// the last one first.
func TestTextIndex(t *testing.T) {
	const most = 12
	for _, n := range []int{0, 1, 3, 4, 5, 100, 5000, MaxText} {
		text := prose(newRand(uint64(n)), n)
		x := indexText(text)
		want := map[uint32][]uint16{}
		for i := range max(n-hashed+1, 0) {
			if i >= 1<<16-hashed {
				break // beyond what an index can say
			}
			h := hashOf(text[i:], x.shift)
			want[h] = append([]uint16{uint16(i)}, want[h]...)
		}
		for h := range uint32(len(x.begin) - 1) {
			w := want[h]
			require.Equal(t, append([]uint16{}, w[:min(len(w), most)]...), append([]uint16{}, x.at(h, most)...), "%d bytes, hash %d", n, h)
		}
	}
}
