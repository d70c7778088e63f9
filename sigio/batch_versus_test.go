//go:build unix

package sigio_test

import (
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/sigmalang/sigma/sigio"
)

// documents cuts the corpus into documents of 100 bytes to 8 KiB, 4 MB of them
// at most.
func documents(b *testing.B) (docs [][]byte, raw int) {
	for _, f := range corpus(b, "text", "json", "xml", "logs", "sql", "csv") {
		data := f.data[:min(len(f.data), 1<<20)]
		for n := 100; len(data) > 0 && raw < 4<<20; n = n*7/5%8192 + 100 {
			n := min(n, len(data))
			docs, raw = append(docs, data[:n:n]), raw+n
			data = data[n:]
		}
	}
	return docs, raw
}

// BenchmarkBatch compares many small documents, each a stream of its own: one
// Writer with Reset against a new zstd encoder for each, and a new Writer for
// each against the one with Reset.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Batch ./sigio
func BenchmarkBatch(b *testing.B) {
	docs, raw := documents(b)
	w := sigio.NewWriter(nil)
	reset := func() {
		for _, d := range docs {
			w.Reset(io.Discard)
			must(w.Write(d))
			check(w.Close())
		}
	}
	fresh := func() {
		for _, d := range docs {
			w := sigio.NewWriter(io.Discard)
			must(w.Write(d))
			check(w.Close())
		}
	}
	freshZstd := func() {
		for _, d := range docs {
			e := must(zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1)))
			must(e.Write(d))
			check(e.Close())
		}
	}
	b.Run("reset", func(b *testing.B) {
		q := quotient(b, processorTime, raw, reset, freshZstd)
		b.ReportMetric(1/q, "speed/zstd")
		b.ReportMetric(float64(raw)/float64(len(docs)), "B/document")
	})
	b.Run("new", func(b *testing.B) {
		b.ReportMetric(quotient(b, processorTime, raw, fresh, reset), "time/reset")
	})
}
