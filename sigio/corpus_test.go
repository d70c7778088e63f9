//go:build unix

package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// TestCorpusRoundTrip takes every file of the corpus through every level, at
// several chunk sizes and concurrencies, however the writes are cut.
func TestCorpusRoundTrip(t *testing.T) {
	for _, f := range corpus(t) {
		t.Run(f.name, func(t *testing.T) {
			for _, level := range levels {
				for _, chunkSize := range []int{64 << 10, 1 << 20, 4 << 20} {
					if chunkSize != 64<<10 && testing.Short() {
						continue
					}
					opts := []sigio.WriterOption{sigio.WithLevel(level.sigma), sigio.WithChunkSize(chunkSize)}
					name := fmt.Sprintf("%v, chunks of %d", level.sigma, chunkSize)
					whole := encodeSplit(t, f.data, len(f.data), opts...)
					split := encodeSplit(t, f.data, 3*chunkSize/2, append(opts, sigio.WithConcurrency(4))...)
					require.True(t, bytes.Equal(whole, split), "%s: output depends on concurrency or on how the writes are cut", name)
					for _, n := range []int{1, 4} {
						r := sigio.NewReader(bytes.NewReader(whole), sigio.WithConcurrency(n))
						back, err := io.ReadAll(r)
						require.NoError(t, err, name)
						require.True(t, bytes.Equal(f.data, back), "%s: content differs", name)
					}
				}
			}
		})
	}
}

// encodeSplit writes data in pieces of 1 to most bytes.
func encodeSplit(t *testing.T, data []byte, most int, opts ...sigio.WriterOption) []byte {
	var stream bytes.Buffer
	rng := rand.New(rand.NewPCG(uint64(len(data)), 1))
	w := sigio.NewWriter(&stream, opts...)
	for len(data) > 0 {
		n := min(len(data), most)
		if n < len(data) {
			n = 1 + rng.IntN(n)
		}
		k, err := w.Write(data[:n])
		require.NoError(t, err)
		require.Equal(t, n, k)
		data = data[n:]
	}
	require.NoError(t, w.Close())
	return stream.Bytes()
}
