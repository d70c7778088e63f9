package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/signet"
)

func lines(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "2026-03-01 11:%02d:%02d INFO request id=%08x took %d ms\n", i/60%60, i%60, rng.Uint32(), rng.IntN(900))
	}
	return b.Bytes()
}

// startReceiver returns where the logs of a receiver are, and its address.
func startReceiver(t *testing.T) (dir, address string) {
	dir = t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := signet.NewListener(l)
	done := make(chan error)
	go func() { done <- (&receiver{dir: dir}).serve(listener) }()
	t.Cleanup(func() {
		listener.Close()
		require.NoError(t, <-done)
	})
	return dir, l.Addr().String()
}

func write(t *testing.T, content []byte) (path string) {
	path = filepath.Join(t.TempDir(), "a.log")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func requireLog(t *testing.T, dir string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, "a.log"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, got), "%d bytes, not %d", len(got), len(content))
}

// TestShip: a log, and later what was added to it.
func TestShip(t *testing.T) {
	dir, address := startReceiver(t)
	content := lines(1, 20_000)
	s := shipper{path: write(t, content[:500_000]), address: address}
	require.NoError(t, s.run(t.Context()))
	requireLog(t, dir, content[:500_000])
	require.NoError(t, os.WriteFile(s.path, content, 0o600))
	require.NoError(t, run(t.Context(), []string{"-at", address, s.path}))
	requireLog(t, dir, content)
	require.Error(t, run(t.Context(), []string{"-at", address, s.path + "missing"}))
	require.Error(t, run(t.Context(), []string{"-at", address}))
}

// failing is a connection that breaks after some bytes.
type failing struct {
	*net.TCPConn
	left int
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		f.TCPConn.SetLinger(0)
		f.TCPConn.Close()
	}
	return f.TCPConn.Write(p)
}

// TestShipOverABadNetwork: every connection breaks but the last.
func TestShipOverABadNetwork(t *testing.T) {
	dir, address := startReceiver(t)
	content := lines(2, 50_000)
	s := shipper{path: write(t, content), address: address, pause: time.Millisecond}
	attempts := 0
	s.dialer.Connect = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		attempts++
		return &failing{conn.(*net.TCPConn), 30_000 * attempts}, nil
	}
	require.NoError(t, s.run(t.Context()))
	require.Greater(t, attempts, 2)
	requireLog(t, dir, content)
}

// TestFollow: what is added arrives, and an interrupt loses nothing.
func TestFollow(t *testing.T) {
	dir, address := startReceiver(t)
	content := lines(3, 3000)
	s := shipper{path: write(t, content[:1000]), address: address, follow: true, pause: time.Millisecond}
	ctx, interrupt := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.run(ctx) }()
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	for from := 1000; from < len(content); from += 10_000 {
		_, err := f.Write(content[from:min(from+10_000, len(content))])
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	require.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(dir, "a.log"))
		return err == nil && info.Size() == int64(len(content))
	}, time.Minute, time.Millisecond)
	interrupt()
	require.NoError(t, <-done)
	requireLog(t, dir, content)
}

// TestSecondShipper takes over from one that hangs, plain as it may be.
func TestSecondShipper(t *testing.T) {
	dir, address := startReceiver(t)
	hung, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer hung.Close()
	_, err = io.WriteString(hung, "a.log\n")
	require.NoError(t, err)
	_, err = hung.Read(make([]byte, 1))
	require.NoError(t, err)
	content := lines(4, 100)
	s := shipper{path: write(t, content), address: address}
	require.NoError(t, s.run(t.Context()))
	requireLog(t, dir, content)
}

func TestNamesStayInTheirDirectory(t *testing.T) {
	dir, address := startReceiver(t)
	for _, name := range []string{"../a", "/a", ".", "..", "", "b/a"} {
		c, err := new(signet.Dialer).Dial("tcp", address)
		require.NoError(t, err)
		fmt.Fprintln(c, name)
		answer, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Empty(t, answer)
		c.Close()
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
