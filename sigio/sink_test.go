package sigio_test

import (
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// lengths is a sink that keeps the length of every Write.
type lengths []int

func (l *lengths) Write(p []byte) (int, error) {
	*l = append(*l, len(p))
	return len(p), nil
}

// TestWritesAreLarge: nobody pays for a small Write who did not flush, however
// well the content compresses.
func TestWritesAreLarge(t *testing.T) {
	for name, content := range map[string][]byte{
		"noise": noise(1, 3<<20), "prose": prose(2, 3<<20), "runs": make([]byte, 8<<20), "medley": medley(3, 3<<20),
	} {
		for _, c := range concurrencies {
			var got lengths
			w := sigio.NewWriter(&got, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
			for rest := content; len(rest) > 0; {
				n, err := w.Write(rest[:min(len(rest), 10_000)])
				require.NoError(t, err)
				rest = rest[n:]
			}
			require.NoError(t, w.Close())
			for _, n := range got[:len(got)-1] {
				require.GreaterOrEqual(t, n, 64<<10, "%s at concurrency %d", name, c)
			}
		}
	}
}
