package nettest

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/sigmalang/sigma/sigio/signet"
)

var coalescing = signet.WithCoalescing(time.Millisecond, 4<<10)

func TestPipe(t *testing.T) {
	nettest.TestConn(t, wrapped(pipe))
}

func TestTCP(t *testing.T) {
	nettest.TestConn(t, wrapped(tcp))
}

func TestCoalescing(t *testing.T) {
	nettest.TestConn(t, wrapped(tcp, coalescing))
}

// TestNegotiated goes through a Listener and a Dialer.
func TestNegotiated(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		return meet(func(l net.Listener) net.Listener { return signet.NewListener(l) }, new(signet.Dialer).Dial)
	})
}

// TestFallback holds what a Listener returns for plain peers to the same.
func TestFallback(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		short := signet.WithNegotiationTimeout(time.Millisecond)
		return meet(func(l net.Listener) net.Listener { return signet.NewListener(l, short) }, net.Dial)
	})
}

func wrapped(open nettest.MakePipe, opts ...signet.Option) nettest.MakePipe {
	return func() (c1, c2 net.Conn, stop func(), err error) {
		a, b, _, err := open()
		if err != nil {
			return nil, nil, nil, err
		}
		c1, c2 = signet.NewConn(a, opts...), signet.NewConn(b, opts...)
		return c1, c2, func() { c1.Close(); c2.Close() }, nil
	}
}

func pipe() (c1, c2 net.Conn, stop func(), err error) {
	c1, c2 = net.Pipe()
	return c1, c2, nil, nil
}

func tcp() (c1, c2 net.Conn, stop func(), err error) {
	return meet(func(l net.Listener) net.Listener { return l }, net.Dial)
}

func meet(wrap func(net.Listener) net.Listener, dial func(network, address string) (net.Conn, error)) (c1, c2 net.Conn, stop func(), err error) {
	l, err := nettest.NewLocalListener("tcp")
	if err != nil {
		return nil, nil, nil, err
	}
	l = wrap(l)
	dialed := make(chan error, 1)
	go func() {
		var err error
		c1, err = dial("tcp", l.Addr().String())
		dialed <- err
	}()
	c2, err = l.Accept()
	if err := <-dialed; err != nil {
		return nil, nil, nil, err
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return c1, c2, func() { c1.Close(); c2.Close(); l.Close() }, nil
}
