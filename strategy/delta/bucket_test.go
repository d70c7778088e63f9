package delta

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBucketOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		x      uint64
		symbol byte
		open   uint
	}{
		{"zero has no leading bit", 0, 0, 0},
		{"one", 1, 1, 0},
		{"last that leaves no bit open", 7, 7, 0},
		{"first that leaves a bit open", 8, 8, 1},
		{"open bit counted into the symbol", 9, 8, 1},
		{"last that leaves one bit open", 15, 11, 1},
		{"first that leaves two bits open", 16, 12, 2},
		{"one byte", 255, 27, 5},
		{"33 bits", 1 << 32, 124, 30},
		{"last that one load holds at any place", 1<<60 - 1, 235, 57},
		{"first that one load may not hold", 1 << 60, 236, 58},
		{"sign bit", 1 << 63, 248, 61},
		{"largest", 1<<64 - 1, 251, 61},
	} {
		t.Run(c.name, func(t *testing.T) {
			symbol, open := bucketOf(c.x)
			require.Equal(t, c.symbol, symbol)
			require.Equal(t, c.open, open)
			require.Equal(t, c.open, uint(bucketOpen[symbol]))
			require.Equal(t, c.x, bucketBase[symbol]+c.x&bucketMask[symbol])
		})
	}
}

// TestBucketsCoverAllNumbers: each symbol that has numbers begins where the
// one before it ends, and the last one ends with the largest number.
func TestBucketsCoverAllNumbers(t *testing.T) {
	next := uint64(0)
	for s := range 252 {
		require.Equal(t, next, bucketBase[s], "symbol %d", s)
		for _, x := range []uint64{bucketBase[s], bucketBase[s] + bucketMask[s]} {
			symbol, open := bucketOf(x)
			require.Equal(t, byte(s), symbol, "%#x", x)
			require.Equal(t, bits.Len64(bucketMask[s]), int(open), "%#x", x)
		}
		next = bucketBase[s] + bucketMask[s] + 1
	}
	require.Zero(t, next, "the numbers end with 64 bits")
}

// columns of numbers that buckets must carry.
func bucketColumns() map[string][]uint64 {
	r := seeded(1)
	borders := []uint64{0, 1, 7, 8, 15, 16, 1<<57 - 1, 1 << 57, 1 << 60, 1<<63 - 1, 1 << 63, 1<<64 - 2, 1<<64 - 1}
	all := map[string][]uint64{
		"empty": nil, "one zero": {0}, "one largest": {1<<64 - 1}, "borders": borders,
		"no bit open":    slices.Repeat([]uint64{7}, 1000),
		"61 bits open":   slices.Repeat([]uint64{1<<64 - 1}, 1000),
		"crosses a word": {1 << 62, 8, 1<<62 + 1, 9, 1<<64 - 1, 15, 31, 1 << 63},
	}
	for width := 1; width <= 64; width++ {
		col := make([]uint64, 300)
		for i := range col {
			col[i] = r.Uint64() >> (64 - width)
		}
		all[fmt.Sprintf("%d bits", width)] = col
	}
	for name, col := range all {
		mixed := slices.Clone(col)
		for i := range mixed {
			mixed[i] >>= r.IntN(64)
		}
		all[name+", shifted"] = mixed
	}
	return all
}

// split returns the symbols and the packed bits of col, which it splits in
// two steps.
func split(col []uint64) (symbols, packed []byte) {
	symbols = make([]byte, len(col))
	w := splitter{packed: make([]byte, 8*len(col)+bitSlack)}
	cut := len(col) / 3
	w.split(symbols, col[:cut])
	w.split(symbols[cut:], col[cut:])
	return symbols, w.finish()
}

func slack(packed []byte) []byte { return append(slices.Clone(packed), make([]byte, bitSlack)...) }

func TestSplitJoin(t *testing.T) {
	for name, col := range bucketColumns() {
		t.Run(name, func(t *testing.T) {
			symbols, packed := split(col)
			open := 0
			for _, x := range col {
				open += max(bits.Len64(x)-3, 0)
			}
			require.Len(t, packed, (open+7)/8, "more bytes than the open bits take")

			joins := map[string]func(*joiner, []uint64, []byte) bool{"wide": (*joiner).joinWide}
			if len(col) == 0 || slices.Max(col) < 1<<60 {
				joins["narrow"] = (*joiner).join
			}
			for name, join := range joins {
				r := joiner{packed: slack(packed), beyond: symbolsBeyond(8)}
				got := make([]uint64, len(col))
				cut := len(col) / 2
				require.True(t, join(&r, got[:cut], symbols[:cut]), name)
				require.True(t, join(&r, got[cut:], symbols[cut:]), name)
				require.True(t, r.finished(), name)
				require.Equal(t, append([]uint64{}, col...), got, name)
			}
		})
	}
}

func TestJoinRefusesOtherLengths(t *testing.T) {
	symbols, packed := split([]uint64{1 << 20, 5, 1 << 56, 1 << 17})
	for name, join := range map[string]func(*joiner, []uint64, []byte) bool{
		"wide": (*joiner).joinWide, "narrow": (*joiner).join,
	} {
		for n := range len(packed) + 20 {
			r := joiner{packed: slack(append(packed[:min(n, len(packed))], make([]byte, max(n-len(packed), 0))...)), beyond: symbolsBeyond(8)}
			ok := join(&r, make([]uint64, len(symbols)), symbols) && r.finished()
			require.Equal(t, n == len(packed), ok, "%s: %d bytes of %d", name, n, len(packed))
		}
	}
}

// TestJoinSurvivesAnySymbols: symbols that no number has, and more of them
// than there are bits.
func TestJoinSurvivesAnySymbols(t *testing.T) {
	for s := range 256 {
		symbols := make([]byte, 600)
		paint(symbols, byte(s))
		for n := range 40 {
			packed := make([]byte, n+bitSlack)
			paint(packed, 0xFF)
			for _, join := range []func(*joiner, []uint64, []byte) bool{(*joiner).join, (*joiner).joinWide} {
				r := joiner{packed: packed, beyond: symbolsBeyond(8)}
				ok := join(&r, make([]uint64, len(symbols)), symbols)
				require.False(t, ok && r.finished() && (n > 0) != (bucketOpen[s] > 0))
			}
		}
	}
}
