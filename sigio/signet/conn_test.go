package signet_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/signet"
)

// tcpPair returns the two ends of a loopback connection.
func tcpPair(t testing.TB) (here, there *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	return dialed.(*net.TCPConn), accepted.(*net.TCPConn)
}

// pair returns the two ends of a compressed loopback connection.
func pair(t testing.TB, opts ...signet.Option) (here, there *signet.Conn) {
	t.Helper()
	a, b := tcpPair(t)
	return signet.NewConn(a, opts...), signet.NewConn(b, opts...)
}

// tap is a connection that remembers its writes.
type tap struct {
	net.Conn
	mu     sync.Mutex
	writes [][]byte
	closed bool
}

func (c *tap) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, bytes.Clone(p))
	return len(p), nil
}

func (c *tap) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.writes)
}

func (c *tap) Close() error {
	c.closed = true
	return nil
}

func (c *tap) SetWriteDeadline(time.Time) error { return nil }
func (c *tap) LocalAddr() net.Addr              { return nil }
func (c *tap) RemoteAddr() net.Addr             { return nil }

// messages are what the writes so far say, one by one.
func (c *tap) messages(t *testing.T) (m []string) {
	for i := range c.writes {
		r := sigio.NewReader(bytes.NewReader(bytes.Join(c.writes[:i+1], nil)))
		all, err := io.ReadAll(r)
		if i+1 < len(c.writes) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
		m = append(m, string(all[len(strings.Join(m, "")):]))
	}
	return m
}

func TestEachWriteIsAMessage(t *testing.T) {
	wire := &tap{}
	c := signet.NewConn(wire)
	require.Empty(t, wire.writes, "nothing is sent yet")
	for _, s := range []string{"one", "two"} {
		n, err := io.WriteString(c, s)
		require.NoError(t, err)
		require.Equal(t, len(s), n)
	}
	buffers := net.Buffers{[]byte("three"), []byte("four")}
	n, err := buffers.WriteTo(c)
	require.NoError(t, err)
	require.EqualValues(t, 9, n)
	require.Empty(t, buffers)

	n, err = io.Copy(c, iotest.OneByteReader(strings.NewReader("56")))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.NoError(t, c.Flush(), "nothing is pending")
	_, err = c.Write(nil)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, []string{"one", "two", "three", "four", "5", "6", ""}, wire.messages(t), "and the end")
	require.True(t, wire.closed)
}

// TestNothingBypassesCompression: where a connection has short cuts, net.Buffers
// and io.Copy must not find them.
func TestNothingBypassesCompression(t *testing.T) {
	here, there := pair(t)
	line := strings.Repeat("the same again and again ", 4000)
	go func() {
		buffers := net.Buffers{[]byte(line), []byte(line)}
		_, err := buffers.WriteTo(here)
		if err == nil {
			_, err = io.Copy(here, strings.NewReader(line))
		}
		if err == nil {
			_, err = here.ReadFrom(io.LimitReader(strings.NewReader(line), 1<<20))
		}
		if err != nil {
			t.Error(err)
		}
		here.CloseWrite()
	}()
	got, err := io.ReadAll(there)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat(line, 4), string(got))
	_, received := there.Stats()
	require.Less(t, received.Encoded, int64(len(line)/20))
}

func TestReadReturnsWhatIsThere(t *testing.T) {
	here, there := pair(t)
	for _, s := range []string{"a", "few", "messages"} {
		_, err := io.WriteString(here, s)
		require.NoError(t, err)
		p := make([]byte, 1000)
		n, err := there.Read(p)
		require.NoError(t, err)
		require.Equal(t, s, string(p[:n]))
	}
	_, err := io.WriteString(here, "in parts")
	require.NoError(t, err)
	p := make([]byte, 4)
	n, err := there.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	for _, want := range []string{"in p", "arts"} {
		n, err := there.Read(p)
		require.NoError(t, err)
		require.Equal(t, want, string(p[:n]))
	}
}

// TestHalfClose: who has ended can still be answered.
func TestHalfClose(t *testing.T) {
	here, there := pair(t)
	_, err := io.WriteString(here, "question")
	require.NoError(t, err)
	require.NoError(t, here.CloseWrite())
	require.NoError(t, here.CloseWrite(), "a second time changes nothing")
	n, err := here.Write([]byte("more"))
	require.ErrorIs(t, err, sigio.ErrClosed)
	require.Zero(t, n)

	got, err := io.ReadAll(there)
	require.NoError(t, err)
	require.Equal(t, "question", string(got))
	_, err = there.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err, "it stays")
	_, err = io.WriteString(there, "answer")
	require.NoError(t, err)
	require.NoError(t, there.Close())
	got, err = io.ReadAll(here)
	require.NoError(t, err)
	require.Equal(t, "answer", string(got))
	require.NoError(t, here.Close())
}

// TestHalfCloseOfWhatHasNoHalves: the end record ends one direction.
func TestHalfCloseOfWhatHasNoHalves(t *testing.T) {
	a, b := net.Pipe()
	here, there := signet.NewConn(a), signet.NewConn(b)
	go func() {
		io.WriteString(here, "question")
		here.CloseWrite()
	}()
	got, err := io.ReadAll(there)
	require.NoError(t, err, "though the connection is open")
	require.Equal(t, "question", string(got))
	go func() {
		io.WriteString(there, "answer")
		there.Close()
	}()
	got, err = io.ReadAll(here)
	require.NoError(t, err)
	require.Equal(t, "answer", string(got))
	require.NoError(t, here.Close())
}

// TestMissingEnd: a connection that breaks does not read as complete, wherever
// it does.
func TestMissingEnd(t *testing.T) {
	wire := &tap{}
	c := signet.NewConn(wire)
	for range 5 {
		_, err := io.WriteString(c, "some message, ")
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	stream := bytes.Join(wire.writes, nil)
	for cut := range stream {
		here, there := net.Pipe()
		go func() {
			here.Write(stream[:cut])
			here.Close()
		}()
		got, err := io.ReadAll(signet.NewConn(there))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut at %d", cut)
		require.True(t, strings.HasPrefix(strings.Repeat("some message, ", 5), string(got)))
	}
}

// TestBadOptions are the error of the first call.
func TestBadOptions(t *testing.T) {
	for _, o := range []signet.Option{
		signet.WithCoalescing(0, 1), signet.WithCoalescing(time.Second, 0),
		signet.WithMaxMessage(1000), signet.WithMaxOutput(-1), signet.WithNegotiationTimeout(0),
		signet.WithChunkSize(1), signet.WithWriterOptions(sigio.WithHistory(1)), signet.WithReaderOptions(sigio.WithMaxOutput(-1)),
	} {
		wire := &tap{}
		c := signet.NewConn(wire, nil, o)
		_, werr := io.WriteString(c, "x")
		if werr == nil {
			_, werr = c.Read(make([]byte, 1))
		}
		require.Error(t, werr)
		c.Close()
		require.True(t, wire.closed)
	}
}

// TestConcurrentUse is for the race detector: every method at once.
func TestConcurrentUse(t *testing.T) {
	here, there := pair(t, signet.WithCoalescing(time.Microsecond, 100))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 200 {
				if _, err := here.Write([]byte("message")); err != nil {
					t.Error(err)
				}
				if err := here.Flush(); err != nil {
					t.Error(err)
				}
				here.Stats()
				here.Trust()
				if err := here.SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	total := 0
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			p := make([]byte, 5)
			for {
				n, err := there.Read(p)
				mu.Lock()
				total += n
				mu.Unlock()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, here.Close())
	readers.Wait()
	require.Equal(t, 3*200*len("message"), total)
	_, err := there.Write([]byte("x"))
	if err == nil {
		require.NoError(t, there.Close())
	}
}

func TestCloseWithoutAWord(t *testing.T) {
	here, there := pair(t)
	require.NoError(t, here.Close())
	_, err := there.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.NoError(t, there.Close())
	for _, c := range []*signet.Conn{here, there} {
		require.NoError(t, c.Close(), "as the first time")
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Write(nil)
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, c.Flush(), net.ErrClosed)
		require.ErrorIs(t, c.CloseWrite(), net.ErrClosed)
		require.True(t, errors.Is(c.SetDeadline(time.Time{}), net.ErrClosed))
		var op *net.OpError
		require.ErrorAs(t, err, &op)
	}
}
