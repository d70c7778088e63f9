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

// TestBackTo: what is further back than two bytes can say is not reached.
func TestBackTo(t *testing.T) {
	const at = 100_000
	for back, want := range map[int]uint16{1: 1, 2: 2, 65535: 65535, 65536: 0, 65537: 0, at: 0} {
		require.Equal(t, want, backTo(uint32(at+1-back), at), "%d back", back)
	}
	require.Zero(t, backTo(0, 0), "an empty slot")
	require.Zero(t, backTo(0, at), "an empty slot")
}
