//go:build !pooldebug

package sigio_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/pool"
	"github.com/sigmalang/sigma/sigio"
)

// TestIdleStreamsKeepNoBuffers: what Writers and Readers have given back to
// their pool they do not keep from the garbage collector, whichever way they
// came to be idle. Under the tag pooldebug the pool keeps it.
func TestIdleStreamsKeepNoBuffers(t *testing.T) {
	alone(t)
	const most = 256 << 10
	content := medley(1, 3<<20+1000)
	stream := write(content).seal(t)
	for _, v := range []struct {
		name string
		idle func(opts ...sigio.Option) any
	}{
		{"Writer, flushed", func(opts ...sigio.Option) any {
			w := sigio.NewWriter(io.Discard, writerOptions(opts)...)
			must(w.Write(content))
			check(w.Flush())
			return w
		}},
		{"Writer, discarded", func(opts ...sigio.Option) any {
			w := sigio.NewWriter(io.Discard, writerOptions(opts)...)
			must(w.Write(content))
			w.Reset(nil)
			return w
		}},
		{"Writer, discarded for the next stream", func(opts ...sigio.Option) any {
			w := sigio.NewWriter(io.Discard, writerOptions(opts)...)
			must(w.Write(content))
			w.Reset(io.Discard)
			return w
		}},
		{"Writer, closed", func(opts ...sigio.Option) any {
			w := sigio.NewWriter(io.Discard, writerOptions(opts)...)
			must(w.Write(content))
			check(w.Close())
			return w
		}},
		{"Reader, at the end", func(opts ...sigio.Option) any {
			r := sigio.NewReader(bytes.NewReader(stream), readerOptions(opts)...)
			must(io.Copy(io.Discard, r))
			return r
		}},
		{"Reader, half way and discarded", func(opts ...sigio.Option) any {
			r := sigio.NewReader(bytes.NewReader(stream), readerOptions(opts)...)
			must(io.ReadFull(r, make([]byte, len(content)/2)))
			r.Reset(nil)
			return r
		}},
		{"Reader, half way and closed", func(opts ...sigio.Option) any {
			r := sigio.NewReader(bytes.NewReader(stream), readerOptions(opts)...)
			must(io.ReadFull(r, make([]byte, len(content)/2)))
			check(r.Close())
			return r
		}},
		{"Reader, waiting behind what was flushed", func(opts ...sigio.Option) any {
			var flushed bytes.Buffer
			w := sigio.NewWriter(&flushed)
			must(w.Write(content))
			check(w.Flush())
			r := sigio.NewReader(readerFunc(func(p []byte) (int, error) {
				if flushed.Len() == 0 {
					flushed = bytes.Buffer{} // let go of it
					return 0, os.ErrDeadlineExceeded
				}
				return flushed.Read(p)
			}), readerOptions(opts)...)
			must(io.ReadFull(r, make([]byte, len(content))))
			_, err := r.Read(make([]byte, 1))
			require.Equal(t, os.ErrDeadlineExceeded, err)
			return r
		}},
	} {
		t.Run(v.name, func(t *testing.T) {
			for _, c := range concurrencies {
				lent := new(pool.Pool)
				v.idle(sigio.WithConcurrency(c)) // what all share is there
				var idle any
				held := heldBy(func() error {
					idle = v.idle(sigio.WithConcurrency(c), sigio.WithPool(lent))
					return nil
				})
				require.LessOrEqual(t, held, int64(most), "%d workers", c)
				switch idle := idle.(type) {
				case *sigio.Writer:
					require.LessOrEqual(t, idle.Stats().Memory, int64(64<<10))
				case *sigio.Reader:
					require.LessOrEqual(t, idle.Stats().Memory, int64(64<<10))
				}
			}
		})
	}
}

func writerOptions(opts []sigio.Option) (all []sigio.WriterOption) {
	for _, o := range opts {
		all = append(all, o)
	}
	return all
}

func readerOptions(opts []sigio.Option) (all []sigio.ReaderOption) {
	for _, o := range opts {
		all = append(all, o)
	}
	return all
}
