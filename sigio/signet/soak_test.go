package signet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/sigio/signet"
)

// TestManyConnections has many connections talk at once, with random deadlines,
// half-closes and aborts: nothing is lost, and nothing left behind. With
// SIGNET_SOAK set it is 1000 connections with 100 messages each way.
func TestManyConnections(t *testing.T) {
	conns, messages := 200, 50
	switch {
	case os.Getenv("SIGNET_SOAK") != "":
		conns, messages = 1000, 100
	case testing.Short():
		conns, messages = 70, 20
	}
	var c crowd
	leaktest.Soak(t, func() { new(crowd).talk(t, conns, messages) }, func() { c.talk(t, conns, messages) })
	t.Logf("%d connections, %d messages arrived, %d calls late, %d aborts", conns, c.arrived.Load(), c.late.Load(), c.aborts.Load())
	require.Positive(t, c.late.Load())
	require.Positive(t, c.aborts.Load())
	for range 500 {
		if c.collected.Load() == 2*int64(conns) {
			break
		}
		runtime.GC()
		time.Sleep(2 * time.Millisecond) // the runtime counts them on a goroutine of its own
	}
	require.EqualValues(t, 2*conns, c.collected.Load(), "something still refers to a Conn")
}

// crowd counts what happens on all connections.
type crowd struct{ arrived, late, aborts, collected atomic.Int64 }

// talk opens all connections, and then has them talk.
func (c *crowd) talk(t *testing.T, conns, messages int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var calls []*call
	for i := range conns {
		a, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		b, err := l.Accept()
		require.NoError(t, err)
		calls = append(calls, newCall(c, a, b, uint64(i), messages))
	}
	leaktest.Crowd(t, conns, func(i int) error { return calls[i].run() })
}

// call is one connection and what is to be said over it.
type call struct {
	*crowd
	seed    uint64
	ends    [2]*signet.Conn
	lines   [2][][]byte
	aborted atomic.Bool
	closed  atomic.Bool // by Close: if that was between two messages, it says that this was all
	abortAt int         // of the lines of one end; none if negative
}

func newCall(c *crowd, a, b net.Conn, seed uint64, messages int) *call {
	rng := rand.New(rand.NewPCG(seed, 1))
	var opts []signet.Option
	if rng.IntN(2) == 0 {
		opts = append(opts, signet.WithCoalescing(time.Duration(rng.IntN(500)+1)*time.Microsecond, 1+rng.IntN(2000)))
	}
	k := &call{crowd: c, seed: seed, abortAt: -1}
	k.ends = [2]*signet.Conn{signet.NewConn(a, opts...), signet.NewConn(b, opts...)}
	for _, end := range k.ends {
		runtime.AddCleanup(end, func(n *atomic.Int64) { n.Add(1) }, &c.collected)
	}
	for i := range k.lines {
		k.lines[i] = logLines(seed*2+uint64(i), messages)
		// Some are long.
		k.lines[i][rng.IntN(messages)] = bytes.Join(logLines(seed, rng.IntN(500)+1), nil)
	}
	if rng.IntN(8) == 0 {
		k.abortAt = rng.IntN(messages)
	}
	return k
}

// run lets both ends talk and listen.
func (k *call) run() error {
	var all sync.WaitGroup
	var errs [4]error
	for i := range k.ends {
		all.Go(func() { errs[2*i] = k.speak(i) })
		all.Go(func() { errs[2*i+1] = k.listen(i) })
	}
	all.Wait()
	for _, c := range k.ends {
		if err := c.Close(); err != nil && !k.aborted.Load() {
			errs[0] = errors.Join(errs[0], err)
		}
	}
	return errors.Join(errs[:]...)
}

// soon is a deadline that may have passed already, or none.
func soon(rng *rand.Rand) time.Time {
	if rng.IntN(4) > 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(rng.IntN(300)-50) * time.Microsecond)
}

// again reports whether err is a deadline that passed.
func (k *call) again(err error) bool {
	ne, ok := err.(net.Error)
	if ok && ne.Timeout() {
		k.late.Add(1)
	}
	return ok && ne.Timeout()
}

// speak sends one end's lines and half-closes, unless it aborts.
func (k *call) speak(end int) error {
	c, rng := k.ends[end], rand.New(rand.NewPCG(k.seed, uint64(end)+2))
	insist := func(call func() error) error {
		for {
			_ = c.SetWriteDeadline(soon(rng)) // fails with the connection, as the call will
			if err := call(); !k.again(err) {
				return err
			}
		}
	}
	for i, line := range k.lines[end] {
		if end == 0 && i == k.abortAt {
			k.abort(rng)
		}
		err := insist(func() error {
			n, err := c.Write(line)
			line = line[n:]
			return err
		})
		if err == nil && rng.IntN(10) == 0 {
			err = insist(c.Flush)
		}
		if err != nil {
			return k.unlessAborted("speak", err)
		}
	}
	return k.unlessAborted("half-close", insist(c.CloseWrite))
}

// abort breaks the connection in one of several ways.
func (k *call) abort(rng *rand.Rand) {
	k.aborts.Add(1)
	k.aborted.Store(true)
	switch c := k.ends[rng.IntN(2)]; rng.IntN(3) {
	case 0:
		c.NetConn().Close()
	case 1:
		c.NetConn().(*net.TCPConn).SetLinger(0) // a reset
		c.NetConn().Close()
	default:
		k.closed.Store(true)
		c.Close()
	}
}

func (k *call) unlessAborted(what string, err error) error {
	if err == nil || k.aborted.Load() {
		return nil
	}
	return fmt.Errorf("connection %d: %s: %w", k.seed, what, err)
}

// listen reads what the other end says and compares.
func (k *call) listen(end int) error {
	c, rng := k.ends[end], rand.New(rand.NewPCG(k.seed, uint64(end)+4))
	lines := k.lines[1-end]
	expected := bytes.Join(lines, nil)
	p := make([]byte, 5000)
	for rest := expected; ; {
		_ = c.SetReadDeadline(soon(rng)) // fails with the connection, as Read will
		n, err := c.Read(p[:1+rng.IntN(len(p))])
		if !bytes.HasPrefix(rest, p[:n]) {
			return fmt.Errorf("connection %d: wrong bytes", k.seed)
		}
		rest = rest[n:]
		switch {
		case err == nil || k.again(err):
			continue
		case err == io.EOF && len(rest) == 0:
			k.arrived.Add(int64(len(lines)))
			return nil
		case err == io.EOF && !k.closed.Load():
			return fmt.Errorf("connection %d: clean end, but %d bytes are missing", k.seed, len(rest))
		}
		return k.unlessAborted("listen", err)
	}
}
