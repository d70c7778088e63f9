package signet_test

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/sigio/signet"
)

func TestMaxMessage(t *testing.T) {
	a, b := tcpPair(t)
	here := signet.NewConn(a, signet.WithChunkSize(128<<10))
	there := signet.NewConn(b, signet.WithMaxMessage(64<<10))
	go func() {
		here.Write(make([]byte, 64<<10))
		here.Write(make([]byte, 64<<10+1))
	}()
	n, err := io.Copy(io.Discard, there)
	require.ErrorIs(t, err, sigio.ErrTooLarge)
	require.EqualValues(t, 64<<10, n)
	_, err = there.Read(make([]byte, 1))
	require.ErrorIs(t, err, sigio.ErrTooLarge, "it stays")
}

// TestMaxHistory: what the other end may have this one remember is limited, too.
func TestMaxHistory(t *testing.T) {
	for _, n := range []int{64 << 10, 1 << 20, 2 << 20} {
		a, b := tcpPair(t)
		here := signet.NewConn(a, signet.WithWriterOptions(sigio.WithHistory(n)))
		there := signet.NewConn(b)
		_, err := here.Write([]byte("message"))
		require.NoError(t, err)
		_, err = there.Read(make([]byte, 10))
		if n <= 1<<20 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, sigio.ErrTooLarge)
		}
	}
}

func TestMaxOutput(t *testing.T) {
	here, there := pair(t, signet.WithMaxOutput(1000))
	go func() {
		for range 11 {
			here.Write(make([]byte, 100))
		}
		here.Close()
	}()
	n, err := io.Copy(io.Discard, there)
	require.ErrorIs(t, err, sigio.ErrTooLarge)
	require.EqualValues(t, 1000, n)
	_, err = there.Read(make([]byte, 1))
	require.ErrorIs(t, err, sigio.ErrTooLarge, "it stays")

	trusting(t)
}

// trusting reaches the limit, and goes on.
func trusting(t *testing.T) {
	here, there := pair(t, signet.WithMaxOutput(1000))
	go func() {
		here.Write(make([]byte, 1000))
		here.Write(make([]byte, 500_000))
		here.Close()
	}()
	_, err := io.ReadFull(there, make([]byte, 1000))
	require.NoError(t, err)
	there.Trust()
	n, err := io.Copy(io.Discard, there)
	require.NoError(t, err)
	require.EqualValues(t, 500_000, n)
}

// TestIdleMemory: connections that have said much, and long things among it,
// keep two histories and 16 KiB with each.
func TestIdleMemory(t *testing.T) {
	pairs := 200
	if testing.Short() {
		pairs = 100
	}
	const allowed = 2 * (16<<10 + 16<<10)
	said := logLines(1, 300)
	long := make([]byte, 300_000)
	talk := func(c, other net.Conn) {
		go func() {
			for _, m := range said {
				c.Write(m)
			}
			c.Write(long)
			c.Write(said[0])
		}()
		n := len(long) + len(said[0])
		for _, m := range said {
			n += len(m)
		}
		_, err := io.CopyN(io.Discard, other, int64(n))
		require.NoError(t, err)
	}
	conns := make([]net.Conn, 0, 2*pairs)
	open := func() {
		a, b := net.Pipe()
		here, there := signet.NewConn(a), signet.NewConn(b)
		talk(here, there)
		talk(there, here)
		for _, c := range []net.Conn{here, there} {
			go c.Read(make([]byte, 1)) // idle as connections are
		}
		conns = append(conns, here, there)
	}
	// Those that work need more, but only so many at a time: let them have it.
	for range 40 {
		open()
	}
	before, had := leaktest.Heap(), len(conns)
	for range pairs {
		open()
	}
	each := (leaktest.Heap() - before) / int64(len(conns)-had)
	t.Logf("%d bytes for each idle Conn", each)
	require.Less(t, each, int64(allowed))
	for _, c := range conns {
		a, ok := c.(*signet.Conn)
		require.True(t, ok)
		a.NetConn().Close()
		c.Close()
	}
}
