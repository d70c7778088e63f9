package delta

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStraight holds straight fields against the way of all others, in both
// directions, at all orders, byte orders and offsets.
func TestStraight(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct{ stride, offset, n int }{
		{2, 0, 700}, {3, 1, 1}, {4, 0, 2}, {4, 0, 600}, {5, 1, 513}, {7, 2, 8}, {24, 20, 1100}, {512, 508, 40},
	} {
		table := make([]byte, c.stride*c.n+rng.IntN(c.stride))
		for i := range table {
			table[i] = byte(rng.IntN(256) >> (rng.IntN(2) * rng.IntN(9)))
		}
		calm := c.stride > 4 // numbers that differ in their low bytes only
		for _, f := range []Field{{Width: 2}, {Width: 4}} {
			if calm && f.Width == 4 {
				for i := range c.n {
					copy(table[i*c.stride+c.offset:], []byte{byte(i), byte(i / 200), 7, 7})
				}
			}
			if c.offset+int(f.Width) > c.stride {
				continue
			}
			for k := range 2 * maxX {
				f.X, f.Big = uint8(k/2+1), k%2 > 0
				t.Run(fmt.Sprintf("%+v %+v", c, f), func(t *testing.T) {
					require.True(t, f.straight())
					var fast, slow Encoder
					got := fast.straight(nil, table[c.offset:], c.n, c.stride, &f)
					col := make([]uint64, c.n)
					slow.load(col, table, c.offset, c.stride, &f)
					require.Equal(t, slow.field(nil, col, 0, 0, &f), got)

					there, want := make([]byte, len(table)), make([]byte, len(table))
					d := Decoder{src: got, pool: fast.pool}
					require.NoError(t, d.straight(there[c.offset:], c.n, c.stride, &f))
					require.Empty(t, d.src)
					d = Decoder{src: got, pool: fast.pool, plan: Plan{Stride: c.stride}}
					require.NoError(t, d.field(want, 0, c.n, c.offset, &f))
					require.Equal(t, want, there)
					for i := range c.n {
						at := i*c.stride + c.offset
						require.Equal(t, table[at:at+int(f.Width)], there[at:at+int(f.Width)])
					}
					for cut := range got {
						d = Decoder{src: got[:cut]}
						require.Error(t, d.straight(there[c.offset:], c.n, c.stride, &f), "cut to %d", cut)
					}
				})
			}
		}
	}
}
