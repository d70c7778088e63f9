package delta

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestChunksOfAllSizes: a search samples at places that depend on the length of
// the chunk, of the record and of a row; none may lie outside.
func TestChunksOfAllSizes(t *testing.T) {
	backend := newFrames(t)
	var e Encoder
	var d Decoder
	tables := [][]byte{
		samples16(200_000), walk32(80_000), image(700, 150), temperatures(40_000), records24(9000), quotes(60_000),
	}
	for _, table := range tables {
		for n := 1; n < len(table); n += 1 + n/7 {
			src := table[len(table)-n:]
			for effort := range Effort(4) {
				out, err := e.Append(nil, src, Start{}, effort, backend)
				require.NoError(t, err)
				got, err := d.Decode(nil, out, n, backend)
				require.NoError(t, err)
				requireSame(t, src, got, "length")
			}
			if v, ok := e.Find(src, 1, backend); ok {
				e.Confirm(src, v.Plan.Clone(), 1, backend)
			}
		}
	}
}
