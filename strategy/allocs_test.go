//go:build !race

package strategy

import (
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSteadyStateAllocatesNothing: with room in dst and a warm free list, no
// call allocates. (The race detector makes the libraries' pools forget, and a
// collection the lists what is idle.)
func TestSteadyStateAllocatesNothing(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for _, c := range codecs() {
		for _, level := range c.levels {
			for _, n := range []int{200, 200_000} {
				t.Run(fmt.Sprintf("%s/%v/%d", c.Name(), level, n), func(t *testing.T) {
					src := append(prose(n/2), patches(n/2)...)
					dst := make([]byte, 0, 2*n+1000)
					p := Params{Level: level, Limit: unlimited}
					payload, err := c.Encode(nil, src, p)
					require.NoError(t, err)
					require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = c.Encode(dst, src, p) }), "Encode")
					require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = c.Decode(dst, payload, n) }), "Decode")
				})
			}
		}
	}
}
