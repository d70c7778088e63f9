package signet

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// Conn is a net.Conn whose bytes travel compressed. Its methods may be called
// by several goroutines at once.
type Conn struct {
	conn net.Conn
	bad  error // an option's

	in  receiver
	out sender

	closing   sync.Mutex
	closed    atomic.Bool // Close was called
	abandoned atomic.Bool // and has done with the connection
	closeErr  error       // its result
}

// NewConn wraps a connection whose other end is a Conn, too. It sends nothing
// yet and does not fail: a bad option is the error of the first call. The Conn
// owns c and closes it.
func NewConn(c net.Conn, opts ...Option) *Conn {
	return newConn(c, newConfig(opts))
}

func newConn(conn net.Conn, cfg config) *Conn {
	c := &Conn{conn: conn, bad: cfg.validate()}
	c.in.init(conn, &cfg)
	c.out.init(c, &cfg)
	return c
}

// NetConn returns the connection beneath. To read from it or write to it
// garbles the stream.
func (c *Conn) NetConn() net.Conn { return c.conn }

// LocalAddr returns that of the connection beneath.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr returns that of the connection beneath.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// Stats returns the figures of both directions.
func (c *Conn) Stats() (sent, received sigio.Stats) { return c.out.w.Stats(), c.in.r.Stats() }

// Trust lifts the limit of WithMaxOutput, once the other end has proved who it
// is, for example.
func (c *Conn) Trust() { c.in.trusted.Store(true) }

// SetDeadline sets those of reading and writing.
func (c *Conn) SetDeadline(t time.Time) error {
	c.in.deadline.set(t)
	c.out.deadline.set(t)
	err := c.conn.SetDeadline(t)
	c.resume()
	return err
}

// SetReadDeadline sets the time after which Read fails, also one that is
// blocked. Nothing is lost: the next Read goes on.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.deadline.set(t)
	return c.conn.SetReadDeadline(t)
}

// SetWriteDeadline sets the time after which Write, Flush and CloseWrite fail,
// also one that is blocked. Nothing is lost: the next one goes on. Over TLS
// none can.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.deadline.set(t)
	err := c.conn.SetWriteDeadline(t)
	c.resume()
	return err
}

// Close sends what is pending and the end, for which it takes 5 s at most, and
// closes the connection. While another goroutine is in Write, Flush or
// CloseWrite, or ReadFrom is sending, it sends nothing and interrupts that; the
// other end then finds the end missing. A ReadFrom that waits for its source has
// sent all that it took, so that this counts as all there was. Whatever happens,
// all is released. The error is that of sending, if there is one that was not
// returned before, or of closing. Further calls return the same.
func (c *Conn) Close() error {
	c.closing.Lock()
	defer c.closing.Unlock()
	if c.closed.Swap(true) {
		return c.closeErr
	}
	var sealing error
	if c.bad == nil && c.out.writers.Load() == 0 {
		sealing = c.seal()
	}
	c.abandoned.Store(true)
	c.closeErr = c.conn.Close()
	if sealing != nil {
		c.closeErr = sealing
	}
	c.out.release()
	c.in.release()
	return c.closeErr
}

// seal sends what is pending and the end. What failed before was said then.
func (c *Conn) seal() error {
	// What the end of a delay may be sending keeps to it, too.
	if err := c.conn.SetWriteDeadline(time.Now().Add(closePatience)); err != nil {
		return nil // the connection is closed: what matters comes from its Close
	}
	h := &c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed {
		return nil
	}
	nothing := h.pending == 0
	err := c.finish()
	if nothing && c.in.ended.Load() {
		return nil // who has ended may be gone, and misses nothing
	}
	return err
}

// opError is an error of c's own, in the form of package net.
func (c *Conn) opError(op string, err error) error {
	e := &net.OpError{Op: op, Source: c.conn.LocalAddr(), Addr: c.conn.RemoteAddr(), Err: err}
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	return e
}

// closedError is what calls after Close return.
func (c *Conn) closedError(op string) error { return c.opError(op, net.ErrClosed) }

var (
	_ net.Conn      = (*Conn)(nil)
	_ io.ReaderFrom = (*Conn)(nil)
)
