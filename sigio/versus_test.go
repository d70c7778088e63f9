//go:build unix

package sigio_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/sigio"
)

// The benchmarks in this file hold Sigma against a peer in the same run: both
// in turn, several times, and what is reported is the median of the quotients.
// With SIGMA_CORPUS set to a folder whose sub-folders are classes of files
// they use that; else data of their own.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Versus ./sigio

// processorTime is what the process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func wallTime() time.Duration { return time.Since(epoch) }

var epoch = time.Now()

// quotient returns the median over b.N rounds of ours' time divided by the
// peer's. It reports ours' speed for n bytes.
func quotient(b *testing.B, clock func() time.Duration, n int, ours, peer func()) float64 {
	var quotients []float64
	var total time.Duration
	ours()
	peer()
	for b.Loop() {
		t0 := clock()
		ours()
		t1 := clock()
		peer()
		t2 := clock()
		quotients = append(quotients, float64(t1-t0)/float64(t2-t1))
		total += t1 - t0
	}
	b.ReportMetric(float64(n)*float64(len(quotients))/1e6/total.Seconds(), "MB/s")
	b.ReportMetric(0, "ns/op")
	slices.Sort(quotients)
	return quotients[len(quotients)/2]
}

type file struct {
	name string
	data []byte
}

// corpus returns the files of the given classes, all if none is given.
func corpus(b testing.TB, classes ...string) []file {
	root := os.Getenv("SIGMA_CORPUS")
	if root == "" {
		return madeCorpus()
	}
	var files []file
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		class := filepath.Base(filepath.Dir(path))
		if err != nil || d.IsDir() || filepath.Dir(path) == filepath.Clean(root) ||
			len(classes) > 0 && !slices.Contains(classes, class) {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, file{class + "/" + d.Name(), data})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files
}

// madeCorpus is text of random words and records of a noisy counter.
func madeCorpus() []file {
	rng := rand.New(rand.NewPCG(7, 7))
	var text, records bytes.Buffer
	for text.Len() < 3<<20 {
		fmt.Fprintf(&text, "%x ", rng.Uint32()>>(8+rng.IntN(16)))
	}
	for i := range 100_000 {
		fmt.Fprintf(&records, `{"id":%d,"name":"user%d","on":%t}`+"\n", i, rng.IntN(5000), rng.IntN(3) == 0)
	}
	return []file{{"text/made", text.Bytes()}, {"json/made", records.Bytes()}}
}

var levels = []struct {
	sigma sigio.Level
	zstd  zstd.EncoderLevel
}{
	{sigio.LevelFastest, zstd.SpeedFastest},
	{sigio.LevelDefault, zstd.SpeedDefault},
	{sigio.LevelBetter, zstd.SpeedBetterCompression},
	{sigio.LevelBest, zstd.SpeedBestCompression},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// BenchmarkVersusZstd compares size and processor time with klauspost's zstd
// that reads each file as one stream, on what zstd is good at. Both sides
// keep their encoder over the files.
func BenchmarkVersusZstd(b *testing.B) {
	files := corpus(b, "text", "code", "json", "xml", "exec")
	raw := 0
	for _, f := range files {
		raw += len(f.data)
	}
	for _, level := range levels {
		zw := must(zstd.NewWriter(nil, zstd.WithEncoderLevel(level.zstd), zstd.WithEncoderConcurrency(1)))
		zr := must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)))
		sw := sigio.NewWriter(nil, sigio.WithLevel(level.sigma))
		sr := sigio.NewReader(nil)
		ours, theirs := make([]bytes.Buffer, len(files)), make([]bytes.Buffer, len(files))
		encodeOurs := func() {
			for i, f := range files {
				ours[i].Reset()
				sw.Reset(&ours[i])
				must(sw.Write(f.data))
				check(sw.Close())
			}
		}
		encodeTheirs := func() {
			for i, f := range files {
				theirs[i].Reset()
				zw.Reset(&theirs[i])
				must(zw.Write(f.data))
				check(zw.Close())
			}
		}
		b.Run(fmt.Sprintf("compress/%v", level.sigma), func(b *testing.B) {
			q := quotient(b, processorTime, raw, encodeOurs, encodeTheirs)
			a, z := 0, 0
			for i := range files {
				a, z = a+ours[i].Len(), z+theirs[i].Len()
			}
			b.ReportMetric(q, "time/zstd")
			b.ReportMetric(float64(a)/float64(z), "size/zstd")
			b.ReportMetric(float64(raw)/float64(a), "ratio")
		})
		b.Run(fmt.Sprintf("decompress/%v", level.sigma), func(b *testing.B) {
			encodeOurs()
			encodeTheirs()
			q := quotient(b, processorTime, raw, func() {
				for i := range ours {
					sr.Reset(bytes.NewReader(ours[i].Bytes()))
					must(io.Copy(io.Discard, sr))
				}
			}, func() {
				for i := range theirs {
					check(zr.Reset(bytes.NewReader(theirs[i].Bytes())))
					must(io.Copy(io.Discard, zr))
				}
			})
			b.ReportMetric(q, "time/zstd")
		})
	}
}

// BenchmarkVersusCopy compares incompressible data and runs with a copy of
// the same bytes: with its CRC for the former, without for the latter.
func BenchmarkVersusCopy(b *testing.B) {
	const n = 64 << 20
	random := make([]byte, n)
	must(rand.NewChaCha8([32]byte{1}).Read(random))
	zeros := bytes.Repeat([]byte{0}, n)
	pattern := bytes.Repeat([]byte{1, 2, 3}, n/3+1)[:n]
	table := crc32.IEEETable
	sink := make([]byte, n)
	for _, kind := range []struct {
		name string
		data []byte
		crc  bool
	}{{"random", random, true}, {"zeros", zeros, false}, {"pattern", pattern, false}} {
		baseline := func() {
			const block = 1 << 20
			for i := 0; i < n; i += block {
				copy(sink[i:i+block], kind.data[i:])
				if kind.crc {
					sum = crc32.Update(sum, table, sink[i:i+block])
				}
			}
		}
		var stream bytes.Buffer
		stream.Grow(n + n/100)
		w := sigio.NewWriter(nil)
		encode := func(to io.Writer) {
			w.Reset(to)
			must(w.Write(kind.data))
			check(w.Close())
		}
		encode(&stream)
		b.Run("write/"+kind.name, func(b *testing.B) {
			q := quotient(b, processorTime, n, func() { encode(io.Discard) }, baseline)
			b.ReportMetric(q, "time/copy")
			b.ReportMetric(float64(stream.Len()-n), "growth")
		})
		r := sigio.NewReader(nil)
		b.Run("read/"+kind.name, func(b *testing.B) {
			q := quotient(b, processorTime, n, func() {
				r.Reset(bytes.NewReader(stream.Bytes()))
				must(io.Copy(io.Discard, r))
			}, baseline)
			b.ReportMetric(q, "time/copy")
		})
	}
}

var sum uint32

// BenchmarkVersusOneWorker compares two workers with one, in elapsed time.
func BenchmarkVersusOneWorker(b *testing.B) {
	var data []byte
	for _, f := range corpus(b, "text", "code", "json", "xml", "exec") {
		data = append(data, f.data...)
	}
	encode := func(c int, to io.Writer) {
		w := sigio.NewWriter(to, sigio.WithConcurrency(c))
		must(w.Write(data))
		check(w.Close())
	}
	var stream bytes.Buffer
	encode(1, &stream)
	b.Run("compress", func(b *testing.B) {
		q := quotient(b, wallTime, len(data), func() { encode(2, io.Discard) }, func() { encode(1, io.Discard) })
		b.ReportMetric(1/q, "speedup")
	})
	decode := func(c int) {
		must(io.Copy(io.Discard, sigio.NewReader(bytes.NewReader(stream.Bytes()), sigio.WithConcurrency(c))))
	}
	b.Run("decompress", func(b *testing.B) {
		q := quotient(b, wallTime, len(data), func() { decode(2) }, func() { decode(1) })
		b.ReportMetric(1/q, "speedup")
	})
}
