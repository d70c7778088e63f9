package signet_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/signet"
)

// TestCoalescing: small writes become one message, at the latest when the delay
// or the size is reached.
func TestCoalescing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &tap{}
		c := signet.NewConn(wire, signet.WithCoalescing(time.Second, 10))
		say := func(words ...string) {
			for _, w := range words {
				_, err := io.WriteString(c, w)
				require.NoError(t, err)
			}
		}
		passes := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		say("a", "b", "c")
		passes(999 * time.Millisecond)
		require.Zero(t, wire.count())
		passes(time.Millisecond)
		require.Equal(t, 1, wire.count())

		say("1234", "567890", "d") // size, and a rest
		require.Equal(t, 2, wire.count())
		passes(time.Minute)
		require.Equal(t, 3, wire.count())

		say("e", "f")
		require.NoError(t, c.Flush())
		require.Equal(t, 4, wire.count())
		say("g")
		passes(time.Second / 2) // the timer of "e" may still run
		say("h")
		passes(time.Minute)
		say("i", "j")
		require.NoError(t, c.Close())
		require.Equal(t, "abc|1234567890|d|ef|gh|ij", strings.Join(wire.messages(t), "|"))
		passes(time.Minute)
	})
}

// TestCoalescingUnderDeadlines: what cannot be sent in the background waits for
// the next deadline, not for the next call.
func TestCoalescingUnderDeadlines(t *testing.T) {
	for name, late := range map[string]time.Duration{"before": time.Second / 2, "in the middle": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				here, there := signet.NewConn(a, signet.WithCoalescing(time.Second, 1000)), signet.NewConn(b)
				require.NoError(t, here.SetWriteDeadline(time.Now().Add(late)))
				_, err := io.WriteString(here, "message")
				require.NoError(t, err)
				time.Sleep(time.Minute)
				require.NoError(t, here.SetWriteDeadline(time.Time{}))
				p := make([]byte, 100)
				n, err := there.Read(p)
				require.NoError(t, err)
				require.Equal(t, "message", string(p[:n]))
				go there.Read(p)
				require.NoError(t, here.Close())
				require.NoError(t, there.Close())
			})
		})
	}
}

// TestCoalescingError of the background is that of the next call.
func TestCoalescingError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := net.Pipe()
		c := signet.NewConn(&broken{Conn: a}, signet.WithCoalescing(time.Second, 1000))
		_, err := io.WriteString(c, "message")
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, errCable, c.Flush())
		_, err = c.Write(nil)
		require.Equal(t, errCable, err)
		require.NoError(t, c.Close())
	})
}
