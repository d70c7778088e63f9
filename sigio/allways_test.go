package sigio_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// requireAllWays holds every way there is to read sound streams to their
// content: in sequence, in parallel, at random places, in full at once, and as
// if they were damaged. Repair leaves them alone.
func requireAllWays(t *testing.T, s store) {
	t.Helper()
	for _, c := range concurrencies {
		requireSame(t, s.content, unseal(t, s.stream, append(s.reading, sigio.WithConcurrency(c))...), "concurrency ", c)
	}
	r := s.open(t)
	rng := rand.New(rand.NewPCG(1, uint64(len(s.stream))))
	for range 20 {
		requireReadAt(t, r, s.content, rng.IntN(len(s.content)+1), rng.IntN(10_000))
	}
	requireReadAt(t, r, s.content, 0, len(s.content))
	bothSources(s.stream, func(src io.Reader, seeks string) {
		var out bytes.Buffer
		_, err := sigio.Salvage(&out, src, func(g sigio.Gap) sigio.Fill {
			require.Fail(t, "gap", "%+v", g)
			return sigio.FillStop
		}, s.reading...)
		require.NoError(t, err)
		requireSame(t, s.content, out.Bytes(), seeks)
	})
	d := &disk{b: bytes.Clone(s.stream)}
	cut, err := sigio.Repair(d, s.reading...)
	require.NoError(t, err)
	require.Zero(t, cut)
	requireSame(t, s.stream, d.b)
}

// TestAllWays: all ways give the same bytes.
func TestAllWays(t *testing.T) {
	for _, s := range stores(t) {
		t.Run(s.name, func(t *testing.T) { requireAllWays(t, s) })
	}
}
