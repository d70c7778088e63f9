package sigio

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// TestIndexIsBounded: of a very long stream every second, fourth, ... chunk is
// left out, evenly and from the first on.
func TestIndexIsBounded(t *testing.T) {
	var x indexer
	for range 2 {
		x.restart()
		for i := range uint64(5*maxPlaces + 17) {
			x.add(frame.IndexEntry{Raw: i << 24, Encoded: 16 + i<<24})
			if len(x.entries) > maxPlaces {
				t.Fatal("too many entries")
			}
		}
		for i, e := range x.entries {
			if e.Raw != uint64(i)*8<<24 {
				t.Fatal("uneven")
			}
		}
		require.Len(t, x.entries, (5*maxPlaces+17+7)/8)
		require.LessOrEqual(t, x.footprint(), 2<<20)
	}
	last := frame.IndexEntry{}
	x.restart()
	for i := range uint64(maxPlaces) { // the longest deltas
		last = frame.IndexEntry{Raw: last.Raw + 1<<47, Encoded: last.Encoded + 1<<47 + i%2}
		x.add(last)
	}
	require.Less(t, len(frame.Index{Entries: x.entries}.Append(nil)), 1_300_000)
}
