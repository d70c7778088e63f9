package sigio_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// An encoder that served another stream makes the same output as a new one.
func TestLentEncoderRemembersNothing(t *testing.T) {
	for _, level := range []sigio.Level{sigio.LevelFastest, sigio.LevelDefault, sigio.LevelBetter, sigio.LevelBest} {
		encode := func(kind string) []byte {
			var out bytes.Buffer
			w := sigio.NewWriter(&out, sigio.WithLevel(level), sigio.WithHistory(256<<10))
			for i := range 20 {
				for k := range 500 {
					_, err := fmt.Fprintf(w, "%s %d of %d, %x\n", kind, k*k%97, i, (i*7919+k)*104729)
					require.NoError(t, err)
				}
				require.NoError(t, w.Flush())
			}
			if kind == "abandoned" {
				w.Reset(nil)
				return nil
			}
			require.NoError(t, w.Close())
			return out.Bytes()
		}
		for range 3 { // collections, after which nothing is kept
			runtime.GC()
		}
		want := encode("request")
		encode("answer to the request")
		require.True(t, bytes.Equal(want, encode("request")), "level %v", level)
		encode("abandoned")
		require.True(t, bytes.Equal(want, encode("request")), "level %v", level)
	}
}
