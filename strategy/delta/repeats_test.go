package delta

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFarRepeats: repeats count from some distance on, wherever they are, by
// what they save.
func TestFarRepeats(t *testing.T) {
	const n = 300 << 10
	half := walk32(n / 8)
	rng := rand.New(rand.NewPCG(7, 7))
	noise := make([]byte, n)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	near := bytes.Repeat(noise[:1000], n/1000)
	drawn := make([]byte, 0, n)
	for len(drawn) < n {
		at := rng.IntN(2000) * 24
		drawn = append(drawn, noise[at:at+24]...)
	}
	for _, c := range []struct {
		name        string
		src         []byte
		stride      int
		rival       int // percent
		least, most int // percent
	}{
		{"nothing repeats", noise, 8, 100, 0, 0},
		{"all repeats near by", near, 4, 100, 0, 0},
		{"a half repeats the other", append(half[:n/2:n/2], half[:n/2]...), 4, 60, 35, 50},
		{"at a distance of no record", append(append(half[:n/2-4:n/2-4], noise[:12]...), half[:n/2]...), 24, 60, 0, 50},
		{"records of a pool", drawn, 24, 100, 60, 95},
		{"records of a pool, the length not known", drawn, 4, 100, 60, 110},
		{"what the matches cost is what they save", drawn, 24, 8, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := new(Encoder).FarRepeats(c.src, &Plan{Stride: c.stride}, len(c.src)*c.rival/100)
			require.GreaterOrEqual(t, got*100, len(c.src)*c.least)
			require.LessOrEqual(t, got*100, len(c.src)*c.most)
		})
	}
}

// TestAlike compares with counting bit by bit.
func TestAlike(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, longest := range []int{shortestRow, 63, 64, 65, 200, 1000} {
		rising := make([]uint64, (longest+signLen+1)/64+2)
		for i := range rising {
			rising[i] = rng.Uint64() & rng.Uint64()
		}
		bit := func(i int) uint64 { return rising[i/64] >> (i % 64) & 1 }
		got := new(Encoder).alike(rising, longest)
		require.Len(t, got, longest+1)
		for row, n := range got {
			want := 0
			for i := longest; i < longest+signLen; i++ {
				want += int(bit(i) ^ bit(i-row) ^ 1)
			}
			require.EqualValues(t, want, n, "%d of %d", row, longest)
		}
	}
}
