package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
)

// TestResetMakesAFreshWriter resets in every state and compares what follows
// with a new Writer's stream.
func TestResetMakesAFreshWriter(t *testing.T) {
	s := lifeScript()
	want := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, v := range []struct {
		name string
		life func(t *testing.T, w *sigio.Writer, out *sink)
	}{
		{"never used", func(*testing.T, *sigio.Writer, *sink) {}},
		{"content buffered", func(t *testing.T, w *sigio.Writer, _ *sink) { require.NoError(t, write(prose(9, 10)).play(w)) }},
		{"metadata waits", func(t *testing.T, w *sigio.Writer, _ *sink) { require.NoError(t, w.WriteMeta(1, []byte("stale"))) }},
		{"blocks on their way", func(t *testing.T, w *sigio.Writer, _ *sink) { require.NoError(t, write(noise(9, 500_000)).play(w)) }},
		{"flushed", func(t *testing.T, w *sigio.Writer, _ *sink) {
			require.NoError(t, messages(prose(9, 1000), 100).play(w))
		}},
		{"closed", func(t *testing.T, w *sigio.Writer, _ *sink) {
			require.NoError(t, write(noise(9, 100_000)).play(w))
			require.NoError(t, w.Close())
		}},
		{"closed while empty", func(t *testing.T, w *sigio.Writer, _ *sink) { require.NoError(t, w.Close()) }},
		{"failed", func(t *testing.T, w *sigio.Writer, out *sink) {
			out.on = func(int, []byte) (int, error) { return 3, errNoSpace }
			require.ErrorIs(t, write(noise(9, 500_000)).play(w), errNoSpace)
		}},
		{"timed out", func(t *testing.T, w *sigio.Writer, out *sink) {
			out.on = func(int, []byte) (int, error) { return 3, os.ErrDeadlineExceeded }
			require.ErrorIs(t, write(noise(9, 500_000)).play(w), os.ErrDeadlineExceeded)
		}},
		{"timed out in Close", func(t *testing.T, w *sigio.Writer, out *sink) {
			out.on = func(int, []byte) (int, error) { return 3, os.ErrDeadlineExceeded }
			require.NoError(t, write(noise(9, 1000)).play(w))
			require.ErrorIs(t, w.Close(), os.ErrDeadlineExceeded)
		}},
	} {
		for _, c := range concurrencies {
			t.Run(fmt.Sprintf("%s/%d", v.name, c), func(t *testing.T) {
				before := runtime.NumGoroutine()
				var old, fresh sink
				w := sigio.NewWriter(&old, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
				v.life(t, w, &old)
				calls := old.calls
				w.Reset(&fresh)
				require.Zero(t, w.Stats().Raw)
				require.Zero(t, w.Stats().Encoded)
				require.Zero(t, w.Stats().Buffered)
				require.NoError(t, s.play(w))
				require.NoError(t, w.Close())
				requireSame(t, want, fresh.Bytes())
				require.Equal(t, calls, old.calls, "the old destination is left alone")
				leaktest.Goroutines(t, before)
			})
		}
	}
}

// TestResetMakesAFreshReader: likewise, also with content and errors pending.
func TestResetMakesAFreshReader(t *testing.T) {
	s := lifeScript()
	stream, content := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), s.content()
	for _, v := range []struct {
		name string
		src  []byte
		read int
	}{
		{"never read", stream, 0},
		{"within the first chunk", stream, 50},
		{"with chunks on their way", stream, 100_000},
		{"at the end", stream, len(content)},
		{"truncated", stream[:len(stream)/2], len(content)},
		{"corrupt", []byte("no stream at all"), 1},
	} {
		for _, c := range concurrencies {
			t.Run(fmt.Sprintf("%s/%d", v.name, c), func(t *testing.T) {
				before := runtime.NumGoroutine()
				old := &spring{rest: v.src}
				r := sigio.NewReader(old, sigio.WithConcurrency(c))
				n, _ := io.ReadFull(r, make([]byte, v.read))
				require.LessOrEqual(t, n, v.read)
				calls := old.calls
				for range 2 {
					r.Reset(bytes.NewReader(stream))
					require.Zero(t, r.Stats().Raw)
					require.Zero(t, r.Stats().Buffered)
					got, err := io.ReadAll(r)
					require.NoError(t, err)
					requireSame(t, content, got)
				}
				require.Equal(t, calls, old.calls, "the old source is left alone")
				leaktest.Goroutines(t, before)
			})
		}
	}
}
