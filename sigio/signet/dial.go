package signet

import (
	"context"
	"errors"
	"net"
)

// ErrPlain says that the other end did not answer an offer of compression, or
// made none.
var ErrPlain = errors.New("signet: other end does not compress")

// A Dialer opens connections that are compressed if the other end is behind a
// Listener. It offers compression and waits for the answer, one round trip.
// If there is none, the other end takes the offer for something else: so that
// connection is dropped, and another opened that stays plain. A server that
// knows nothing of it thus sees a connection with 16 bytes that mean nothing, which
// end in two empty lines so that it need not wait for more.
//
// The offer is not protected. Who can change what is sent can strike it out,
// and the connection is plain: no secret is lost by that, for compression
// keeps none, but a plain connection that is cut reads as complete. Inside TLS,
// with Connect that of a tls.Dialer, nobody can; else WithoutFallback fails
// instead.
type Dialer struct {
	// Connect opens the connection beneath; nil is that of a net.Dialer.
	Connect func(ctx context.Context, network, address string) (net.Conn, error)

	Options []Option
}

// Dial is DialContext without a context.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext opens a connection. It is a *Conn if it is compressed.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	cfg := newConfig(d.Options)
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	connect := d.Connect
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	conn, err := connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	err = within(ctx, cfg.patience, conn, func() error { return cfg.offer(conn) })
	if err == nil {
		return newConn(conn, cfg), nil
	}
	_ = conn.Close() // the offer is what went wrong
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	if cfg.strict {
		return nil, errors.Join(ErrPlain, err)
	}
	return connect(ctx, network, address)
}

// offer sends a hello and waits for one.
func (c *config) offer(conn net.Conn) error {
	if err := writeHello(conn, c.hello(offers)); err != nil {
		return err
	}
	hello, ok, err := readHello(conn, answers)
	if err != nil {
		return err
	}
	if !ok {
		return ErrPlain
	}
	c.accepts(hello)
	return nil
}
