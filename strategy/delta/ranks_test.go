package delta

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// distinct makes n numbers of k different ones, each at least once.
func distinct(r *rand.Rand, n, k int) []uint64 {
	col := make([]uint64, n)
	for i := range col {
		col[i] = uint64(i%k) * 0x9E3779B97F4A7C15
	}
	r.Shuffle(n, func(i, j int) { col[i], col[j] = col[j], col[i] })
	return col
}

func TestRanks(t *testing.T) {
	r := seeded(1)
	for _, c := range []struct {
		name string
		col  []uint64
		ok   bool
	}{
		{"one number", []uint64{7}, true},
		{"two numbers", []uint64{9, 7}, true},
		{"one value", slices.Repeat([]uint64{1 << 40}, 100), true},
		{"zero is no value", make([]uint64, 10), true},
		{"limits", []uint64{0, 1<<64 - 1, 0, 1<<64 - 1, 0, 0}, true},
		{"last rank of one byte", distinct(r, 2000, 256), true},
		{"first rank of two bytes", distinct(r, 2000, 257), true},
		{"most for the length", distinct(r, 3000, 1000), true},
		{"too many for the length", distinct(r, 3000, 1001), false},
		{"three different of three", []uint64{1, 2, 3}, false},
		{"most distinct", distinct(r, 3*maxDistinct, maxDistinct), true},
		{"too many distinct", distinct(r, 3*maxDistinct+3, maxDistinct+1), false},
		{"equal hashes", collisions(3 * maxProbes), true},
		{"so many equal hashes that searches take long", collisions(3*maxProbes + 3), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e Encoder
			out, ok := e.appendRanks([]byte("prefix"), slices.Clone(c.col))
			require.Equal(t, c.ok, ok)
			if !ok {
				require.Equal(t, "prefix", string(out))
				return
			}
			got := make([]uint64, len(c.col))
			d := Decoder{src: out[len("prefix"):]}
			require.NoError(t, d.readRanks(got))
			require.Empty(t, d.src)
			require.Equal(t, c.col, got)
			for n := range min(len(out)-len("prefix"), 200) {
				d := Decoder{src: out[len("prefix"):][:n]}
				require.Error(t, d.readRanks(got), "cut to %d bytes", n)
			}
		})
	}
}

// collisions are numbers that the table puts into the same slot.
func collisions(n int) (col []uint64) {
	const inverse = 0xF1DE83E19937733D // of the multiplier, modulo 1<<64
	for i := range n {
		col = append(col, uint64(i/3)*inverse)
	}
	return col
}

func TestReadRanksRefuses(t *testing.T) {
	// buckets are symbols that are all the same, and open bits.
	buckets := func(symbol byte, open ...byte) []byte {
		return append([]byte{formConstant, symbol, byte(len(open))}, open...)
	}
	for _, c := range []struct {
		name string
		in   []byte
		n    int
		ok   bool
	}{
		{"a good one", slices.Concat([]byte{2}, buckets(5), buckets(1)), 6, true},
		{"empty dictionary", slices.Concat([]byte{0}, buckets(5), buckets(0)), 6, false},
		{"rank beyond the dictionary", slices.Concat([]byte{2}, buckets(5), buckets(2)), 6, false},
		{"more values than pay", slices.Concat([]byte{3}, buckets(5), buckets(1)), 6, false},
		{"more values than there may be", slices.Concat([]byte{0x81, 0x40}, buckets(5), buckets(1)), 1 << 16, false},
		{"open bits missing", slices.Concat([]byte{2}, buckets(9), buckets(1)), 6, false},
		{"open bits to spare", slices.Concat([]byte{2}, buckets(5, 0), buckets(1)), 6, false},
		{"open bits of the ranks missing", slices.Concat([]byte{2}, buckets(5), buckets(8)), 6, false},
		{"open bits of the ranks to spare", slices.Concat([]byte{2}, buckets(5), buckets(1, 0)), 6, false},
		{"no ranks", slices.Concat([]byte{2}, buckets(5)), 6, false},
		{"nothing", nil, 6, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decoder{src: c.in}
			err := d.readRanks(make([]uint64, c.n))
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, errMalformed)
		})
	}
}
