//go:build unix

package glyph

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// BenchmarkCorpus compares streams of the lines of files below SIGMA_CORPUS
// with zstd streams that are flushed after each, with 5 bytes for the framing
// of ours. It reports how much smaller they are, and processor time by zstd's.
func BenchmarkCorpus(b *testing.B) {
	root := os.Getenv("SIGMA_CORPUS")
	if root == "" {
		b.Skip("SIGMA_CORPUS is not set")
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		var lines [][]byte
		for _, l := range bytes.SplitAfter(data, []byte("\n")) {
			if len(l) >= 20 && len(l) <= 2048 {
				lines = append(lines, l)
			}
		}
		if len(lines) < 200 {
			continue
		}
		b.Run(filepath.Base(name), func(b *testing.B) {
			w, err := zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(MaxHistory),
				zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
			if err != nil {
				b.Fatal(err)
			}
			e := NewEncoder(Builtin(), MaxHistory)
			out := make([]byte, 0, 4096)
			var theirTime, ourTime time.Duration
			var theirs counter
			ours := 0
			for range b.N {
				start := processorTime()
				theirs.n = 0
				w.Reset(&theirs)
				for _, l := range lines {
					if _, err := w.Write(l); err != nil {
						b.Fatal(err)
					}
					if err := w.Flush(); err != nil {
						b.Fatal(err)
					}
				}
				theirTime += processorTime() - start
				start = processorTime()
				ours = 0
				for i, l := range lines {
					if i%255 == 0 {
						e.Restart()
					}
					p, ok := e.Append(out, l, len(l)-1, 0)
					if !ok {
						p = l
					}
					ours += len(p) + 5
				}
				ourTime += processorTime() - start
			}
			b.ReportMetric(float64(theirs.n)/float64(ours), "gain")
			b.ReportMetric(ourTime.Seconds()/theirTime.Seconds(), "cpu/zstd")
		})
	}
}
