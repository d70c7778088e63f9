package sigio_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sigmalang/sigma/sigio"
)

// BenchmarkReadAt reads 4 KiB at random places of a file with chunks of
// 256 KiB, each time in another chunk, so that none is in the cache. The length
// of the content is SIGMA_READAT_SIZE, 64 MiB if that is not set. "open" is the
// first read of a file, from OpenReaderAt on.
func BenchmarkReadAt(b *testing.B) {
	const chunk, read = 256 << 10, 4 << 10
	size := 64 << 20
	if n, err := strconv.Atoi(os.Getenv("SIGMA_READAT_SIZE")); err == nil {
		size = n
	}
	for _, v := range []struct {
		name string
		fill func(uint64, int) []byte
		opts []sigio.WriterOption
		open bool
	}{
		{"prose, index", prose, []sigio.WriterOption{sigio.WithIndex()}, false},
		{"noise, index", noise, []sigio.WriterOption{sigio.WithIndex()}, false},
		{"measurements, index", measurements, []sigio.WriterOption{sigio.WithIndex()}, false},
		{"prose, no index", prose, nil, false},
		{"open, prose, index", prose, []sigio.WriterOption{sigio.WithIndex()}, true},
	} {
		b.Run(v.name, func(b *testing.B) {
			f := must(os.Create(filepath.Join(b.TempDir(), "file")))
			defer f.Close()
			w := sigio.NewWriter(f, append(v.opts, sigio.WithChunkSize(chunk))...)
			for n := 0; n < size; n += 4 << 20 {
				must(w.Write(v.fill(uint64(n), min(4<<20, size-n))))
			}
			check(w.Close())
			encoded := must(f.Seek(0, 1))
			r := must(sigio.OpenReaderAt(f, encoded))
			rng := rand.New(rand.NewPCG(1, 1))
			order := rng.Perm(size / chunk)
			p := make([]byte, read)
			i := 0
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if v.open {
					r = must(sigio.OpenReaderAt(f, encoded))
				}
				must(r.ReadAt(p, int64(order[i%len(order)]*chunk+rng.IntN(chunk-read))))
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}

// BenchmarkReadAtHit reads what was just decoded.
func BenchmarkReadAtHit(b *testing.B) {
	stream := write(prose(1, 1<<20)).seal(b, sigio.WithIndex())
	r := must(sigio.OpenReaderAt(bytes.NewReader(stream), int64(len(stream))))
	p := make([]byte, 4<<10)
	b.ReportAllocs()
	for b.Loop() {
		must(r.ReadAt(p, 500_000))
	}
}
