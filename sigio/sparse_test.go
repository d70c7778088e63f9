package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// TestSparseWriter: the file is what was written, however that was cut, and
// blocks of zeros were never written.
func TestSparseWriter(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	old := noise(9, 50_000) // what is in the file
	for _, v := range []struct {
		name    string
		from    int // where writing begins
		content []byte
		written int // at most
	}{
		{"nothing", 0, nil, 0},
		{"zeros", 0, zeros(30_000), 0},
		{"zeros from within a block", 4095, zeros(4098), 0},
		{"nothing in the middle of the file", 10_000, nil, 0},
		{"no zeros", 5, noise(1, 30_000), 30_000},
		{"hole in the middle", 0, slices.Concat(noise(1, 4096), zeros(8192), noise(2, 10)), 4106},
		{"hole that is not aligned", 0, slices.Concat(noise(1, 5000), zeros(8192), noise(2, 10)), 8192 + 4096},
		{"hole at the end", 100, slices.Concat(noise(1, 5000), zeros(20_001)), 8192},
		{"hole at the start", 100, slices.Concat(zeros(20_001), noise(1, 5000)), 9100},
		{"short runs of zeros", 0, bytes.Repeat(slices.Concat(noise(1, 10), zeros(4000)), 10), 41_000},
	} {
		t.Run(v.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 1))
			for _, most := range []int{1 << 20, 5000, 700} {
				d := &disk{b: bytes.Clone(old), off: int64(v.from)}
				written := 0
				d.on = func(p []byte) (int, error) { written += len(p); return len(p), nil }
				w := sigio.NewSparseWriter(d)
				for rest := v.content; len(rest) > 0; {
					n := min(len(rest), 1+rng.IntN(most))
					k, err := w.Write(rest[:n])
					require.NoError(t, err)
					require.Equal(t, n, k)
					rest = rest[n:]
				}
				require.NoError(t, w.Close())
				require.NoError(t, w.Close())
				_, err := w.Write([]byte("x"))
				require.ErrorIs(t, err, sigio.ErrClosed)
				requireSame(t, slices.Concat(old[:v.from], v.content), d.b)
				require.EqualValues(t, len(d.b), d.off, "the file's offset is behind it all")
				if most > len(v.content) {
					require.LessOrEqual(t, written, v.written)
				}
			}
		})
	}
}

// TestSparseWriterErrors are those of the file, and stick.
func TestSparseWriterErrors(t *testing.T) {
	own := errors.New("own")
	content := slices.Concat(noise(1, 4096), make([]byte, 4096), noise(1, 4096))
	for _, v := range []struct {
		n         int
		err, want error
	}{{10, own, own}, {10, nil, io.ErrShortWrite}} {
		d := &disk{}
		calls := 0
		d.on = func(p []byte) (int, error) {
			if calls++; calls == 2 {
				return v.n, v.err
			}
			return len(p), nil
		}
		w := sigio.NewSparseWriter(d)
		n, err := w.Write(content)
		requireIdentical(t, v.want, err)
		require.Equal(t, 8192+10, n)
		_, err = w.Write(content)
		requireIdentical(t, v.want, err)
		requireIdentical(t, v.want, w.Close())
	}
	_, err := new(sigio.SparseWriter).Write([]byte("x"))
	require.ErrorIs(t, err, sigio.ErrClosed)
}

// TestSparseRestore: what a Reader and Salvage write to a file by way of it.
func TestSparseRestore(t *testing.T) {
	content := slices.Concat(noise(1, 100_000), make([]byte, 3<<20), prose(2, 70_000), make([]byte, 9999))
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, v := range []struct {
		name    string
		restore func(w io.Writer) error
	}{
		{"reader", func(w io.Writer) error {
			_, err := io.Copy(w, sigio.NewReader(bytes.NewReader(stream)))
			return err
		}},
		{"salvage", func(w io.Writer) error {
			_, err := sigio.Salvage(w, bytes.NewReader(stream), nil)
			return err
		}},
	} {
		f, err := os.Create(filepath.Join(t.TempDir(), "image"))
		require.NoError(t, err)
		w := sigio.NewSparseWriter(f)
		require.NoError(t, v.restore(w), v.name)
		require.NoError(t, w.Close())
		require.NoError(t, f.Close())
		got, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		requireSame(t, content, got, v.name)
	}
}
