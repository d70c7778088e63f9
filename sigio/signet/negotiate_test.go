package signet_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/signet"
)

// serve has f called for each connection until the end of the test.
func serve(t *testing.T, l net.Listener, f func(net.Conn)) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f(c)
		}
	}()
}

func echo(c net.Conn) {
	io.Copy(c, c)
	c.Close()
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// requireEcho talks to a server that repeats all.
func requireEcho(t *testing.T, c net.Conn) {
	t.Helper()
	for _, s := range []string{"hello", strings.Repeat("long ", 100_000)} {
		go io.WriteString(c, s)
		p := make([]byte, len(s))
		_, err := io.ReadFull(c, p)
		require.NoError(t, err)
		require.Equal(t, s, string(p))
	}
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	_, err := c.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.NoError(t, c.Close())
}

func isCompressed(c net.Conn) bool {
	_, ok := c.(*signet.Conn)
	return ok
}

func TestNegotiation(t *testing.T) {
	l := signet.NewListener(listen(t), signet.WithMaxMessage(64<<10))
	serve(t, l, echo)
	var d signet.Dialer
	c, err := d.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.True(t, isCompressed(c))
	requireEcho(t, c) // though its writes are longer than the server accepts at a time
}

// TestNegotiatedChecks are left to the transport only if both ends are for it.
func TestNegotiatedChecks(t *testing.T) {
	sizes := map[int64]int{}
	for _, server := range []bool{false, true} {
		for _, client := range []bool{false, true} {
			var of [2][]signet.Option
			for i, on := range []bool{server, client} {
				if on {
					of[i] = append(of[i], signet.WithTransportChecks())
				}
			}
			l := signet.NewListener(listen(t), of[0]...)
			serve(t, l, echo)
			d := signet.Dialer{Options: of[1]}
			c, err := d.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			for range 10 {
				_, err = io.WriteString(c, "message")
				require.NoError(t, err)
				_, err = io.ReadFull(c, make([]byte, len("message")))
				require.NoError(t, err)
			}
			sent, _ := c.(*signet.Conn).Stats()
			sizes[sent.Encoded]++
			require.NoError(t, c.Close())
		}
	}
	require.Len(t, sizes, 2)
	require.Equal(t, 1, sizes[slices.Min(slices.Collect(maps.Keys(sizes)))])
}

func TestNegotiationInsideTLS(t *testing.T) {
	cfg := &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	l := signet.NewListener(tls.NewListener(listen(t), cfg))
	serve(t, l, echo)
	client := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	d := signet.Dialer{Connect: client.DialContext}
	c, err := d.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.True(t, isCompressed(c))
	requireEcho(t, c)
}

// TestPlainServers: whatever a server that knows nothing makes of the offer.
func TestPlainServers(t *testing.T) {
	greet := func(c net.Conn) { io.WriteString(c, "220 ready\r\n"); echo(c) }
	for name, server := range map[string]func(net.Conn){
		"echoes it":    echo,
		"speaks first": greet,
		"hangs up":     func(c net.Conn) { firstByte(c, 0xD3, func() { c.Close() }, echo) },
		"resets":       func(c net.Conn) { firstByte(c, 0xD3, func() { c.(*net.TCPConn).SetLinger(0); c.Close() }, echo) },
		"is at a loss": func(c net.Conn) { firstByte(c, 0xD3, func() { io.Copy(io.Discard, c); c.Close() }, echo) },
		"answers at length": func(c net.Conn) {
			firstByte(c, 0xD3, func() { io.WriteString(c, strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 50)); c.Close() }, echo)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			serve(t, l, server)
			d := signet.Dialer{Options: []signet.Option{signet.WithNegotiationTimeout(50 * time.Millisecond)}}
			c, err := d.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			require.False(t, isCompressed(c))
			if name == "speaks first" {
				greeting := make([]byte, len("220 ready\r\n"))
				_, err = io.ReadFull(c, greeting)
				require.NoError(t, err)
			}
			requireEcho(t, c)

			d.Options = append(d.Options, signet.WithoutFallback())
			_, err = d.Dial("tcp", l.Addr().String())
			require.ErrorIs(t, err, signet.ErrPlain)
		})
	}
}

// firstByte calls f if the connection begins with b, else the other.
func firstByte(c net.Conn, b byte, f func(), other func(net.Conn)) {
	r := bufio.NewReader(c)
	if first, err := r.Peek(1); err != nil || first[0] == b {
		f()
		return
	}
	io.Copy(c, r)
	c.Close()
}

// TestPlainClients: a Listener hands out what they sent, down to the byte.
func TestPlainClients(t *testing.T) {
	l := signet.NewListener(listen(t))
	compressed := make(chan bool, 10)
	serve(t, l, func(c net.Conn) {
		compressed <- isCompressed(c)
		echo(c)
	})
	for _, first := range []string{"G", "GET / HTTP/1.1\r\n\r\n", "\xD3", "\xD3sign", "\xD3signet!", "\xD3signet?\x00\xFF", strings.Repeat("x", 50_000), ""} {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(c, first)
		require.NoError(t, err)
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, first, string(got))
		require.False(t, <-compressed)
		c.Close()
	}
}

// pipes is a listener of net.Pipes.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) connect(context.Context, string, string) (net.Conn, error) {
	a, b := net.Pipe()
	p.conns <- b
	return a, nil
}

// TestServerSpeaksFirst: a client that waits is taken for a plain one, and holds
// up no other.
func TestServerSpeaksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := newPipes()
		l := signet.NewListener(inner)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					io.WriteString(c, "220 ready\r\n")
					c.Close()
				}()
			}
		}()
		waiting, err := inner.connect(t.Context(), "", "")
		require.NoError(t, err)
		began := time.Now()
		d := signet.Dialer{Connect: inner.connect}
		c, err := d.Dial("", "")
		require.NoError(t, err)
		require.True(t, isCompressed(c))
		greeting, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, "220 ready\r\n", string(greeting))
		require.Zero(t, time.Since(began))
		go c.Close()

		greeting, err = io.ReadAll(waiting)
		require.NoError(t, err)
		require.Equal(t, "220 ready\r\n", string(greeting))
		require.Equal(t, 2*time.Second, time.Since(began))
		require.NoError(t, l.Close())
	})
}

// TestOfferInPieces: an offer is one however it arrives, and so is what only
// begins like one.
func TestOfferInPieces(t *testing.T) {
	const offer = "\xD3signet?\x00\x14\x00\x00\r\n\r\n"
	for cut := range len(offer) + 1 {
		synctest.Test(t, func(t *testing.T) {
			inner := newPipes()
			l := signet.NewListener(inner)
			accepted := make(chan net.Conn)
			go func() {
				c, err := l.Accept()
				if err != nil {
					t.Error(err)
				}
				accepted <- c
			}()
			client, err := inner.connect(t.Context(), "", "")
			require.NoError(t, err)
			said := offer[:cut]
			if cut < len(offer) {
				said += "x"
			}
			answer := make([]byte, len(offer))
			go func() {
				for i := range said {
					client.Write([]byte{said[i]})
				}
				if cut == len(offer) {
					io.ReadFull(client, answer)
				}
			}()
			c := <-accepted
			require.Equal(t, cut == len(offer), isCompressed(c))
			synctest.Wait()
			if cut == len(offer) {
				require.Equal(t, offer[:7]+"!"+offer[8:], string(answer))
			} else {
				p := make([]byte, len(said))
				_, err := io.ReadFull(c, p)
				require.NoError(t, err)
				require.Equal(t, said, string(p))
			}
			client.Close()
			c.Close()
			require.NoError(t, l.Close())
		})
	}
}

// TestListenerClose ends all waiting: of Accept, of negotiations, and of
// connections that nobody accepts.
func TestListenerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := newPipes()
		l := signet.NewListener(inner, signet.WithNegotiationTimeout(time.Hour))
		accepting := make(chan error)
		go func() {
			c, err := l.Accept()
			if err == nil {
				c.Close()
			}
			_, err = l.Accept()
			accepting <- err
		}()
		silent, err := inner.connect(t.Context(), "", "")
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, l.Close())
		_, err = silent.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		require.ErrorIs(t, <-accepting, net.ErrClosed)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)

		inner = newPipes()
		l = signet.NewListener(inner)
		go l.Accept()
		var clients []net.Conn
		for range 2 { // one is accepted
			c, err := inner.connect(t.Context(), "", "")
			require.NoError(t, err)
			go io.WriteString(c, "plain")
			clients = append(clients, c)
		}
		synctest.Wait()
		require.NoError(t, l.Close())
		closed := 0
		for _, c := range clients {
			c.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := c.Read(make([]byte, 1)); err == io.EOF {
				closed++
			}
			c.Close()
		}
		require.Equal(t, 1, closed)
	})
}

// TestListenerErrors of the listener beneath come through, and Accept can go on.
func TestListenerErrors(t *testing.T) {
	inner := &flaky{Listener: listen(t)}
	l := signet.NewListener(inner)
	_, err := l.Accept()
	require.Equal(t, errCable, err)
	serve(t, l, echo)
	c, err := new(signet.Dialer).Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	requireEcho(t, c)

	bad := signet.NewListener(listen(t), signet.WithNegotiationTimeout(-1))
	_, err = bad.Accept()
	require.Error(t, err)
	require.NoError(t, bad.Close())
	_, err = (&signet.Dialer{Options: []signet.Option{signet.WithMaxMessage(0)}}).Dial("tcp", l.Addr().String())
	require.Error(t, err)
}

// flaky fails the first time.
type flaky struct {
	net.Listener
	accepted bool
}

func (f *flaky) Accept() (net.Conn, error) {
	if !f.accepted {
		f.accepted = true
		return nil, errCable
	}
	return f.Listener.Accept()
}

// TestStrictListener lets nobody in who does not compress.
func TestStrictListener(t *testing.T) {
	l := signet.NewListener(listen(t), signet.WithoutFallback())
	serve(t, l, echo)
	plain, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer plain.Close()
	_, err = io.WriteString(plain, "plain")
	require.NoError(t, err)
	got, err := io.ReadAll(plain)
	require.Empty(t, got, "%v", err)
	c, err := new(signet.Dialer).Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	requireEcho(t, c)
}

// TestDialGivesUp with its context.
func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := newPipes()
		go func() {
			for range 2 {
				inner.Accept()
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		d := signet.Dialer{Connect: inner.connect}
		_, err := d.DialContext(ctx, "", "")
		require.ErrorIs(t, err, context.Canceled)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		d.Options = []signet.Option{signet.WithNegotiationTimeout(time.Hour)}
		_, err = d.DialContext(ctx, "", "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}) // which also waits for all goroutines
}
