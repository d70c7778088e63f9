package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// TestBatchAllocatesNothing: one Writer for many small documents, each a stream
// of its own.
func TestBatchAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector's own allocations are counted")
	}
	for _, size := range []int{20, 200, 2_000, 20_000, 200_000} {
		for name, content := range map[string][]byte{
			"prose": prose(1, size), "measurements": measurements(1, size), "runs": runs(1, size), "noise": noise(1, size),
		} {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				w := sigio.NewWriter(nil)
				document := func() {
					w.Reset(io.Discard)
					must(w.Write(content))
					check(w.Close())
				}
				document()
				// A collection in between empties free lists.
				allocs := testing.AllocsPerRun(10, document)
				for range 4 {
					allocs = min(allocs, testing.AllocsPerRun(10, document))
				}
				most := 0.0
				if name == "measurements" && size >= 8<<10 {
					most = 10 // the plan for the table
				}
				require.LessOrEqual(t, allocs, most)
			})
		}
	}
}

// TestIdleStreamHoldsLittle: what a Writer or Reader has after everything was
// flushed through it.
func TestIdleStreamHoldsLittle(t *testing.T) {
	const most = 64 << 10
	for _, n := range []int{1, 1_000, 100_000, 3 << 20} {
		for _, c := range concurrencies {
			var stream bytes.Buffer
			w := sigio.NewWriter(&stream, sigio.WithConcurrency(c))
			r := sigio.NewReader(readerFunc(func(p []byte) (int, error) {
				if stream.Len() == 0 {
					return 0, os.ErrDeadlineExceeded
				}
				return stream.Read(p)
			}), sigio.WithConcurrency(c))
			content := medley(1, n)
			for range 3 {
				must(w.Write(content))
				check(w.Flush())
				require.LessOrEqual(t, w.Stats().Memory, int64(most), "Writer of %d", n)
				got := make([]byte, n)
				must(io.ReadFull(r, got))
				requireSame(t, content, got)
				_, err := r.Read(make([]byte, 1))
				require.Equal(t, os.ErrDeadlineExceeded, err)
				require.LessOrEqual(t, r.Stats().Memory, int64(most), "Reader of %d", n)
			}
		}
	}
}
