package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/strategy"
)

// TestNoGoroutinesAtConcurrencyOne looks from within every call that leaves
// the package.
func TestNoGoroutinesAtConcurrencyOne(t *testing.T) {
	before := runtime.NumGoroutine()
	looks, most := 0, 0
	look := func() {
		looks++
		most = max(most, runtime.NumGoroutine())
	}
	out := &sink{on: func(_ int, p []byte) (int, error) { look(); return len(p), nil }}
	selector := selectFunc(func(in strategy.Input) strategy.Choice {
		look()
		return strategy.Adaptive().Select(in)
	})
	w := sigio.NewWriter(out, sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithSelector(selector), sigio.WithObserver(func(sigio.Decision) { look() }))
	s := lifeScript()
	require.NoError(t, s.play(w))
	require.NoError(t, w.Close())
	source := &spring{rest: out.Bytes(), on: func(_ int, p []byte) (int, error) { look(); return min(len(p), 999), nil }}
	r := sigio.NewReader(source, sigio.WithMeta(func(uint8, []byte) error { look(); return nil }))
	_, err := r.WriteTo(&sink{on: func(_ int, p []byte) (int, error) { look(); return len(p), nil }})
	require.NoError(t, err)
	require.Greater(t, looks, 100)
	require.LessOrEqual(t, most, before)
}

// TestAbandoned: Writers and Readers that are dropped in the middle leave no
// goroutine.
func TestAbandoned(t *testing.T) {
	stream := write(medley(1, 1<<20)).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, c := range []int{1, 8} {
		before := runtime.NumGoroutine()
		for i := range 20 {
			w := sigio.NewWriter(io.Discard, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
			require.NoError(t, write(medley(uint64(i), 600_000)).play(w))
			r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c))
			_, err := io.ReadFull(r, make([]byte, 1+i*50_000))
			require.NoError(t, err)
		}
		if c == 1 {
			require.LessOrEqual(t, runtime.NumGoroutine(), before, "they need not even end")
		}
		leaktest.Goroutines(t, before)
	}
}

// TestNeighboursShareNothing: what a closed Writer or Reader leaves behind may
// serve others, but never two at a time, however early it was closed.
func TestNeighboursShareNothing(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 8
	}
	t.Run("neighbour", func(t *testing.T) {
		for i := range uint64(8) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(i, 30))
				for range rounds {
					c := sigio.WithConcurrency(concurrencies[rng.IntN(2)])
					content := medley(i, 100_000+rng.IntN(300_000))
					var out sink
					w := sigio.NewWriter(&out, c, sigio.WithChunkSize(sigio.MinChunkSize))
					fails := rng.IntN(3) == 0
					if fails {
						out.on = func(call int, p []byte) (int, error) { return 0, errNoSpace }
					}
					err := write(content).play(w)
					if err == nil {
						err = w.Close()
					}
					if fails {
						require.ErrorIs(t, err, errNoSpace)
						requireIdentical(t, errNoSpace, w.Close())
						continue
					}
					require.NoError(t, err)
					r := sigio.NewReader(bytes.NewReader(out.Bytes()), c)
					got := make([]byte, rng.IntN(len(content)+1))
					_, err = io.ReadFull(r, got)
					require.NoError(t, err)
					requireSame(t, content[:len(got)], got)
					require.NoError(t, r.Close(), "with chunks on their way")
				}
			})
		}
	})
}

// TestWrappedStreamIsCalledOnTheCallersGoroutine, and so are the functions that
// options give, at any concurrency.
func TestWrappedStreamIsCalledOnTheCallersGoroutine(t *testing.T) {
	caller := goroutineID()
	here := func() { require.Equal(t, caller, goroutineID()) }
	out := &sink{on: func(_ int, p []byte) (int, error) { here(); return len(p), nil }}
	w := sigio.NewWriter(out, sigio.WithConcurrency(4), sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithObserver(func(sigio.Decision) { here() }))
	require.NoError(t, lifeScript().play(w))
	require.NoError(t, w.Close())
	source := &spring{rest: out.Bytes(), on: func(_ int, p []byte) (int, error) { here(); return len(p), nil }}
	r := sigio.NewReader(source, sigio.WithConcurrency(4), sigio.WithMeta(func(uint8, []byte) error { here(); return nil }))
	_, err := io.ReadAll(r)
	require.NoError(t, err)
}

// goroutineID is what the runtime calls the goroutine in its traces.
func goroutineID() string {
	var b [64]byte
	id, _, _ := bytes.Cut(b[:runtime.Stack(b[:], false)], []byte(" ["))
	return string(id)
}
