package signet_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/signet"
)

var errCable = errors.New("cable cut")

// broken is a connection that cannot send.
type broken struct {
	net.Conn
	closed int
}

func (b *broken) Write([]byte) (int, error) { return 0, errCable }

func (b *broken) Close() error {
	b.closed++
	return b.Conn.Close()
}

// TestCloseThatCannotSend releases all the same.
func TestCloseThatCannotSend(t *testing.T) {
	a, _ := net.Pipe()
	conn := &broken{Conn: a}
	c := signet.NewConn(conn)
	require.Equal(t, errCable, c.Close(), "nobody else would say so")
	require.Equal(t, 1, conn.closed)
	require.Equal(t, errCable, c.Close())
	require.Equal(t, 1, conn.closed)

	a, _ = net.Pipe()
	conn = &broken{Conn: a}
	c = signet.NewConn(conn)
	_, err := c.Write([]byte("x"))
	require.Equal(t, errCable, err)
	_, err = c.Write([]byte("x"))
	require.Equal(t, errCable, err, "it stays")
	require.NoError(t, c.Close(), "it was said before")
	sent, _ := c.Stats()
	require.Zero(t, sent.Memory)
}

// TestCloseIsPatient for so long: nobody reads at the other end.
func TestCloseIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := net.Pipe()
		c := signet.NewConn(a)
		require.NoError(t, c.SetWriteDeadline(time.Unix(1, 0)), "does not concern Close")
		began := time.Now()
		err := c.Close()
		ne, ok := err.(net.Error)
		require.True(t, ok && ne.Timeout(), "%v", err)
		require.Equal(t, 5*time.Second, time.Since(began))
		sent, _ := c.Stats()
		require.Zero(t, sent.Memory)
	})
}

// TestCloseInterrupts a Write, a ReadFrom, a CloseWrite and a Read.
func TestCloseInterrupts(t *testing.T) {
	for name, call := range map[string]func(*signet.Conn) error{
		"Write":      func(c *signet.Conn) error { _, err := c.Write([]byte("x")); return err },
		"ReadFrom":   func(c *signet.Conn) error { _, err := c.ReadFrom(neverEnding{}); return err },
		"CloseWrite": (*signet.Conn).CloseWrite,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, _ := net.Pipe()
				c := signet.NewConn(a)
				results := make(chan error, 2)
				go func() { results <- call(c) }()
				go func() {
					_, err := c.Read(make([]byte, 1))
					results <- err
				}()
				synctest.Wait() // both are blocked
				began := time.Now()
				require.NoError(t, c.Close())
				require.Zero(t, time.Since(began), "without patience")
				for range 2 {
					require.Error(t, <-results)
				}
				sent, received := c.Stats()
				require.Zero(t, sent.Memory+received.Memory)
			})
		})
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

// TestCloseWaitsForADelayedMessage: what coalescing sends in the background is
// not interrupted, and what it holds back is sent.
func TestCloseWaitsForADelayedMessage(t *testing.T) {
	for _, blocked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			here, there := signet.NewConn(a, signet.WithCoalescing(time.Second, 1000)), signet.NewConn(b)
			_, err := io.WriteString(here, "message")
			require.NoError(t, err)
			if blocked {
				time.Sleep(2 * time.Second)
			}
			go func() {
				if !blocked { // else time would stand still, for Close waits for a lock
					time.Sleep(time.Second / 2)
				}
				got, err := io.ReadAll(there)
				if string(got) != "message" || err != nil {
					t.Errorf("%q %v", got, err)
				}
			}()
			require.NoError(t, here.Close())
			synctest.Wait()
			require.NoError(t, there.Close())
		})
	}
}

// TestCloseDuringReadFrom that waits for its source: all that was taken was
// sent, and is all there was.
func TestCloseDuringReadFrom(t *testing.T) {
	here, there := pair(t)
	source := &talker{waits: make(chan struct{}), goOn: make(chan struct{})}
	result := make(chan error, 1)
	go func() {
		_, err := here.ReadFrom(source)
		result <- err
	}()
	<-source.waits
	require.NoError(t, here.Close())
	got, err := io.ReadAll(there)
	require.NoError(t, err)
	require.Equal(t, "message", string(got))
	close(source.goOn)
	require.ErrorIs(t, <-result, net.ErrClosed)
}

// talker is a source that says something and, when it was told to go on, more.
type talker struct {
	spoken      bool
	waits, goOn chan struct{}
}

func (r *talker) Read(p []byte) (int, error) {
	if r.spoken {
		close(r.waits)
		<-r.goOn
	}
	r.spoken = true
	return copy(p, "message"), nil
}
