package signet

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// A Listener answers those who offer compression, and lets in those who don't as
// they are. Make one with NewListener.
type Listener struct {
	inner net.Listener
	cfg   config
	bad   error

	start  sync.Once
	ready  chan accepted
	ctx    context.Context // until Close
	cancel context.CancelFunc
	slots  chan struct{}
	ended  sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

// mostNegotiating is how many connections may be negotiated at a time, or wait
// to be accepted. Further ones wait in the listener beneath.
const mostNegotiating = 1024

// NewListener wraps a listener, which it owns and closes.
//
// It looks at what comes first over each connection. An offer of a Dialer it
// answers, and Accept returns a *Conn. Anything else belongs to a plain
// connection, which Accept returns with those bytes still to be read; it has
// the methods CloseWrite and NetConn, too.
//
// Protocols in which the server speaks first are a problem: who waits for the
// server sends nothing to look at. Such a client is taken for a plain one when
// the negotiation timeout ends, 2 s by default, and waits that long; choose
// a shorter one with WithNegotiationTimeout, but longer than an offer travels. Clients with
// a Dialer don't wait.
//
// From the first Accept to Close there is a goroutine that accepts, and one for
// each connection until it is decided, so that none waits for another.
func NewListener(l net.Listener, opts ...Option) *Listener {
	n := &Listener{
		inner: l, cfg: newConfig(opts),
		ready: make(chan accepted), slots: make(chan struct{}, mostNegotiating),
	}
	n.bad = n.cfg.validate()
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

// Addr returns that of the listener beneath.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Accept waits for the next connection, compressed or not: a *Conn is. It
// returns errors of the listener beneath.
func (l *Listener) Accept() (net.Conn, error) {
	if l.bad != nil {
		return nil, l.bad
	}
	l.start.Do(func() {
		l.ended.Add(1)
		go l.run()
	})
	// Once closed, always: the other case may be ready as well.
	if l.ctx.Err() == nil {
		select {
		case a := <-l.ready:
			return a.conn, a.err
		case <-l.ctx.Done():
		}
	}
	return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
}

// Close closes the listener beneath and all connections that Accept did not
// return, and waits for the goroutines.
func (l *Listener) Close() error {
	l.cancel()
	err := l.inner.Close()
	l.start.Do(func() {}) // no goroutine from now on
	l.ended.Wait()
	return err
}

// run accepts until Close.
func (l *Listener) run() {
	defer l.ended.Done()
	for l.ctx.Err() == nil {
		select {
		case l.slots <- struct{}{}:
		case <-l.ctx.Done():
			return
		}
		conn, err := l.inner.Accept()
		if err != nil {
			l.hand(accepted{err: err}) // and again when Accept is called again
			<-l.slots
			continue
		}
		l.ended.Add(1)
		go func() {
			defer l.ended.Done()
			defer func() { <-l.slots }()
			if conn, ok := l.answer(conn); ok {
				l.hand(accepted{conn: conn})
			}
		}()
	}
}

// hand gives a to Accept, or closes it with the listener.
func (l *Listener) hand(a accepted) {
	select {
	case l.ready <- a:
	case <-l.ctx.Done():
		if a.conn != nil {
			_ = a.conn.Close() // nobody knows of it
		}
	}
}

// answer decides what a connection is. It reports false if there is none any
// more.
func (l *Listener) answer(conn net.Conn) (net.Conn, bool) {
	cfg := l.cfg
	var seen []byte
	speaks := false
	err := within(l.ctx, cfg.patience, conn, func() (err error) {
		if seen, speaks, err = readHello(conn, offers); speaks && err == nil {
			err = writeHello(conn, cfg.hello(answers))
		}
		return err
	})
	switch {
	case l.ctx.Err() != nil || speaks && err != nil || !speaks && cfg.strict:
		_ = conn.Close() // nobody knows of it
		return nil, false
	case speaks:
		cfg.accepts(seen)
		return newConn(conn, cfg), true
	}
	p := &plain{Conn: conn, seen: seen}
	if err != nil && !isTimeout(err) {
		p.err = err // io.EOF, for example: it may not come a second time
	}
	return p, true
}

// plain is a connection of which some bytes were read already.
type plain struct {
	net.Conn
	mu   sync.Mutex
	seen []byte
	err  error // behind them

	deadline deadline
}

func (p *plain) Read(b []byte) (int, error) {
	p.mu.Lock()
	if len(p.seen) == 0 && p.err == nil {
		p.mu.Unlock()
		return p.Conn.Read(b)
	}
	defer p.mu.Unlock()
	if err := p.deadline.err(); err != nil {
		return 0, &net.OpError{Op: "read", Net: p.LocalAddr().Network(), Source: p.LocalAddr(), Addr: p.RemoteAddr(), Err: err}
	}
	if len(p.seen) > 0 {
		n := copy(b, p.seen)
		p.seen = p.seen[n:]
		return n, nil
	}
	err := p.err
	p.err = nil
	return 0, err
}

func (p *plain) SetDeadline(t time.Time) error {
	p.deadline.set(t)
	return p.Conn.SetDeadline(t)
}

func (p *plain) SetReadDeadline(t time.Time) error {
	p.deadline.set(t)
	return p.Conn.SetReadDeadline(t)
}

// NetConn returns the connection beneath, which lacks the bytes seen.
func (p *plain) NetConn() net.Conn { return p.Conn }

// CloseWrite half-closes the connection beneath, if it can be.
func (p *plain) CloseWrite() error {
	if half, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
