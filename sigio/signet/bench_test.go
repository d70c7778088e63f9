package signet_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/signet"
)

// BenchmarkLogStream sends a log line by line, each to be readable at once, over
// a connection of 1, 10 and 100 Mbit/s, and reports the bytes on the wire and
// the time until the last line has arrived. With SIGMA_CORPUS set to a folder
// with a sub-folder logs the lines are from there, an equal share of each file
// one behind the other; else they are made.
//
//	go test -run '^$' -bench LogStream -benchtime 3x ./sigio/signet
func BenchmarkLogStream(b *testing.B) {
	for _, link := range []struct {
		mbit int
		size int // of the log: what plain takes some seconds for, in bytes
	}{{1, 500_000}, {10, 4_000_000}, {100, 15_000_000}} {
		lines := logStream(b, link.size)
		for _, codec := range streamCodecs {
			b.Run(fmt.Sprintf("%dMbit/%s", link.mbit, codec.name), func(b *testing.B) {
				raw, wire := 0, int64(0)
				for _, l := range lines {
					raw += len(l)
				}
				for b.Loop() {
					wire = sendOver(b, link.mbit, codec, lines)
				}
				b.ReportMetric(float64(wire), "wire-B")
				b.ReportMetric(float64(raw)/float64(wire), "ratio")
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/stream")
				b.ReportMetric(0, "ns/op")
			})
		}
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
func sendOver(b *testing.B, mbit int, codec streamCodec, lines [][]byte) int64 {
	src, in := tcpPair(b)
	out, dst := tcpPair(b)
	wire := make(chan int64, 1)
	go func() { wire <- relay(b, out, in, mbit) }()
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
	n := <-wire // a codec may know the end before the connection does
	for _, c := range []*net.TCPConn{src, in, out, dst} {
		c.Close()
	}
	return n
}

const oversleep = 5 * time.Millisecond

// relay passes on what it reads at a limited rate, and counts it. The overhead
// of packets is not part of it.
func relay(b *testing.B, out, in *net.TCPConn, mbit int) (n int64) {
	defer out.CloseWrite()
	packet := make([]byte, 16<<10)
	if mbit < 100 {
		packet = packet[:1500]
	}
	free := time.Now() // when the link is
	for {
		k, err := in.Read(packet)
		if k > 0 {
			n += int64(k)
			// A sleep takes longer than it should: that is made good.
			if least := time.Now().Add(-oversleep); free.Before(least) {
				free = least
			}
			free = free.Add(time.Duration(k) * 8 * time.Microsecond / time.Duration(mbit))
			time.Sleep(time.Until(free))
			if _, err := out.Write(packet[:k]); err != nil {
				b.Error(err)
				return n
			}
		}
		if err == io.EOF {
			return n
		}
		if err != nil {
			b.Error(err)
			return n
		}
	}
}
