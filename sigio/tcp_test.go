package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// TestTCP sends both ways over one connection with deadlines so short that
// thousands of calls time out.
func TestTCP(t *testing.T) {
	const enough = 1000
	for _, c := range concurrencies {
		var late atomic.Int64
		began := time.Now()
		for round := uint64(0); round < 100 && (round == 0 || late.Load() < enough); round++ {
			here, there := connect(t)
			results := make(chan error, 4)
			for i, conn := range []*net.TCPConn{here, there} {
				sent, expected := medley(10*round+uint64(i), 2<<20), medley(10*round+uint64(1-i), 2<<20)
				go func() { results <- sendLate(conn, sent, c, &late) }()
				go func() { results <- receiveLate(conn, expected, c, &late) }()
			}
			for range cap(results) {
				require.NoError(t, <-results)
			}
		}
		require.GreaterOrEqual(t, late.Load(), int64(enough))
		t.Logf("concurrency %d: %d calls timed out in %v", c, late.Load(), time.Since(began))
	}
}

// connect returns the two ends of a loopback connection with small buffers.
func connect(t *testing.T) (here, there *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback:", err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	here, there = dialed.(*net.TCPConn), accepted.(*net.TCPConn)
	for _, conn := range []*net.TCPConn{here, there} {
		require.NoError(t, conn.SetReadBuffer(64<<10))
		require.NoError(t, conn.SetWriteBuffer(8<<10))
		t.Cleanup(func() { conn.Close() })
	}
	return here, there
}

// soon is a deadline that may have passed already.
func soon(rng *rand.Rand) time.Time {
	return time.Now().Add(time.Duration(rng.IntN(300)-50) * time.Microsecond)
}

// count counts a timeout and returns any other error.
func count(err error, late *atomic.Int64) error {
	if err == nil {
		return nil
	}
	// Programs assert on the type, so errors.As would be too lenient here.
	if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
		return err
	}
	if _, ok := err.(*net.OpError); !ok {
		return fmt.Errorf("not the connection's own error: %w", err)
	}
	late.Add(1)
	return nil
}

// sendLate writes content in pieces, flushes at some of them, and half-closes
// the connection.
func sendLate(conn *net.TCPConn, content []byte, concurrency int, late *atomic.Int64) error {
	rng := rand.New(rand.NewPCG(uint64(len(content)), uint64(concurrency)))
	w := sigio.NewWriter(conn, sigio.WithConcurrency(concurrency), sigio.WithChunkSize(sigio.MinChunkSize))
	insist := func(call func() error) error {
		for {
			if err := conn.SetWriteDeadline(soon(rng)); err != nil {
				return err
			}
			err := call()
			if err == nil {
				return nil
			}
			if err = count(err, late); err != nil {
				return err
			}
		}
	}
	for len(content) > 0 {
		piece := content[:min(len(content), 1+rng.IntN(100_000))]
		content = content[len(piece):]
		if err := insist(func() error {
			n, err := w.Write(piece)
			piece = piece[n:]
			return err
		}); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if rng.IntN(4) == 0 {
			if err := insist(w.Flush); err != nil {
				return fmt.Errorf("flush: %w", err)
			}
		}
	}
	if err := insist(w.Close); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return conn.CloseWrite()
}

// receiveLate reads until the end and compares.
func receiveLate(conn *net.TCPConn, content []byte, concurrency int, late *atomic.Int64) error {
	rng := rand.New(rand.NewPCG(uint64(len(content)), uint64(concurrency)+1))
	r := sigio.NewReader(conn, sigio.WithConcurrency(concurrency))
	p := make([]byte, 10_000)
	for {
		if err := conn.SetReadDeadline(soon(rng)); err != nil {
			return err
		}
		n, err := r.Read(p[:1+rng.IntN(len(p))])
		if !bytes.HasPrefix(content, p[:n]) {
			return fmt.Errorf("wrong bytes, %d before the end", len(content))
		}
		content = content[n:]
		if err == io.EOF {
			if len(content) > 0 {
				return fmt.Errorf("end of the stream %d bytes early", len(content))
			}
			return nil
		}
		if err = count(err, late); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
}
