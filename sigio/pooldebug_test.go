//go:build pooldebug

package sigio_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/pool"
	"github.com/sigmalang/sigma/sigio"
)

// keeper keeps what it must not: the slices that it was given to write.
type keeper struct{ kept [][]byte }

func (k *keeper) Write(p []byte) (int, error) {
	k.kept = append(k.kept, p)
	return len(p), nil
}

// TestBuffersAreGivenBackAndPoisoned: all that goes through a Writer or a Reader
// lies in buffers of the pool, which has them back after Close. So the other
// tests under this tag would see a buffer that was used by two.
func TestBuffersAreGivenBackAndPoisoned(t *testing.T) {
	const poison = 0xDB
	poisoned := func(k *keeper) {
		require.NotEmpty(t, k.kept)
		for _, p := range k.kept {
			require.Equal(t, len(p), bytes.Count(p, []byte{poison}), "of %d bytes", len(p))
		}
	}
	for _, content := range [][]byte{prose(1, 2_000), noise(1, 300_000), medley(1, 3<<20)} {
		for _, c := range concurrencies {
			var p pool.Pool
			var stream bytes.Buffer
			var written, read keeper
			w := sigio.NewWriter(io.MultiWriter(&stream, &written), sigio.WithConcurrency(c), sigio.WithPool(&p))
			must(w.ReadFrom(bytes.NewReader(content)))
			check(w.Close())
			poisoned(&written)
			r := sigio.NewReader(&stream, sigio.WithConcurrency(c), sigio.WithPool(&p))
			must(r.WriteTo(&read))
			check(r.Close())
			poisoned(&read)
			s := p.Stats()
			require.NotZero(t, s.Gets)
			require.Equal(t, s, w.Stats().Pool)
			require.NotZero(t, s.Held)
		}
	}
}
