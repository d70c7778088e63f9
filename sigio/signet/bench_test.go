package signet_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/link"
	"github.com/sigmalang/sigma/sigio/signet"
)

// BenchmarkLogStream sends a log line by line, each to be readable at once, over
// a connection of 1, 10 and 100 Mbit/s, and reports of every codec the bytes on
// the wire and the time until the last line has arrived: the medians over rounds
// in which all take turns. With SIGMA_CORPUS set to a folder with a sub-folder
// logs the lines are from there, an equal share of each file one behind the
// other; else they are made.
//
//	go test -run '^$' -bench LogStream -benchtime 3x ./sigio/signet
func BenchmarkLogStream(b *testing.B) {
	for _, l := range []struct {
		mbit float64
		size int // of the log: what plain takes some seconds for, in bytes
	}{{1, 500_000}, {10, 4_000_000}, {100, 15_000_000}} {
		b.Run(fmt.Sprintf("%vMbit", l.mbit), func(b *testing.B) {
			lines := logStream(b, l.size)
			times := make([][]float64, len(streamCodecs)) // in ms
			wire := make([]int64, len(streamCodecs))
			for b.Loop() {
				for i, codec := range streamCodecs {
					began := time.Now()
					wire[i] = sendOver(b, l.mbit*1e6, codec, lines)
					times[i] = append(times[i], float64(time.Since(began).Microseconds())/1e3)
				}
			}
			for i, codec := range streamCodecs {
				slices.Sort(times[i])
				b.ReportMetric(times[i][len(times[i])/2], codec.name+"-ms")
				b.ReportMetric(float64(wire[i]), codec.name+"-B")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// logStream is about size bytes of log lines.
func logStream(b *testing.B, size int) (lines [][]byte) {
	root := os.Getenv("SIGMA_CORPUS")
	if root == "" {
		for _, l := range logLines(1, size/100) { // longer than that
			lines = append(lines, l)
			if size -= len(l); size <= 0 {
				break
			}
		}
		return lines
	}
	names, err := filepath.Glob(filepath.Join(root, "logs", "*"))
	require.NoError(b, err)
	require.NotEmpty(b, names)
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(b, err)
		left := size / len(names)
		for line := range bytes.Lines(data) {
			lines = append(lines, line)
			if left -= len(line); left <= 0 {
				break
			}
		}
	}
	return lines
}

// streamCodec makes the two ends of a connection into a stream of messages.
type streamCodec struct {
	name    string
	sender  func(net.Conn) messageWriter
	receive func(net.Conn) (int64, error) // until the end
}

type messageWriter interface {
	io.WriteCloser
	Flush() error
}

type unbuffered struct{ io.Writer }

func (unbuffered) Flush() error { return nil }
func (unbuffered) Close() error { return nil }

var streamCodecs = []streamCodec{
	{"plain", func(c net.Conn) messageWriter { return unbuffered{c} },
		func(c net.Conn) (int64, error) { return io.Copy(io.Discard, c) }},
	{"gzip", func(c net.Conn) messageWriter { return gzip.NewWriter(c) },
		func(c net.Conn) (int64, error) {
			r, err := gzip.NewReader(c)
			if err != nil {
				return 0, err
			}
			return io.Copy(io.Discard, r)
		}},
	zstdCodec("zstd-fastest", zstd.SpeedFastest),
	zstdCodec("zstd-default", zstd.SpeedDefault),
	sigmaCodec("sigma"),
	sigmaCodec("sigma-fastest", signet.WithWriterOptions(sigio.WithLevel(sigio.LevelFastest))),
	// As without checks as the others, and with as long a window as gzip, or longer.
	sigmaCodec("sigma-unchecked", signet.WithTransportChecks(), signet.WithWriterOptions(sigio.WithHistory(64<<10))),
	// Not the same task: a line may wait for a millisecond.
	sigmaCodec("sigma-coalesced", signet.WithCoalescing(time.Millisecond, 2<<10)),
}

func zstdCodec(name string, level zstd.EncoderLevel) streamCodec {
	return streamCodec{name,
		func(c net.Conn) messageWriter {
			w, err := zstd.NewWriter(c, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
			if err != nil {
				panic(err) // constants
			}
			return w
		},
		func(c net.Conn) (int64, error) {
			r, err := zstd.NewReader(c, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return 0, err
			}
			defer r.Close()
			return io.Copy(io.Discard, r)
		},
	}
}

func sigmaCodec(name string, opts ...signet.Option) streamCodec {
	return streamCodec{name,
		func(c net.Conn) messageWriter { return halfClosing{signet.NewConn(c, opts...)} },
		func(c net.Conn) (int64, error) { return io.Copy(io.Discard, signet.NewConn(c, opts...)) },
	}
}

// halfClosing is a Conn of which Close ends the stream alone, as with codecs,
// and which decides itself when to flush.
type halfClosing struct{ *signet.Conn }

func (h halfClosing) Close() error { return h.CloseWrite() }
func (h halfClosing) Flush() error { return nil }

// sendOver sends lines over a link and returns how many bytes that took.
func sendOver(b *testing.B, bitsPerSecond float64, codec streamCodec, lines [][]byte) int64 {
	src, end := tcpPair(b)
	defer src.Close()
	l := link.Link{BitsPerSecond: bitsPerSecond}
	dst := l.Wrap(end)
	defer dst.Close()
	go func() {
		w := codec.sender(src)
		for _, l := range lines {
			if _, err := w.Write(l); err != nil {
				b.Error(err)
			}
			if err := w.Flush(); err != nil {
				b.Error(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Error(err)
		}
		src.CloseWrite()
	}()
	want := 0
	for _, l := range lines {
		want += len(l)
	}
	got, err := codec.receive(dst)
	require.NoError(b, err)
	require.EqualValues(b, want, got)
	_, err = dst.Read(make([]byte, 1)) // a codec may know the end before the connection does
	require.Equal(b, io.EOF, err)
	return l.Received.Load()
}
