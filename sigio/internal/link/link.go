// Package link slows connections down for benchmarks: a Link is what stands
// between two programs that are not on one machine. It is for tests alone.
package link

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Link makes connections carry so many bits a second in each direction, and
// counts the bytes that come. What arrives is handed out when its last bit would
// have come through, however coarse the clock of the scheduler is.
type Link struct {
	BitsPerSecond float64
	Received      atomic.Int64
}

// DialContext is that of a net.Dialer, over the link.
func (l *Link) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return l.Wrap(conn), nil
}

// Wrap returns this end of conn, whose other end is beyond the link. It has to
// be closed.
func (l *Link) Wrap(conn net.Conn) net.Conn {
	c := &linkConn{Conn: conn, link: l}
	c.arrived.L = &c.mu
	go c.pump()
	return c
}

func (l *Link) duration(n int) time.Duration {
	return time.Duration(float64(n) * 8 / l.BitsPerSecond * 1e9)
}

// coarse is how late time.Sleep may be when the process is idle.
const coarse = 2 * time.Millisecond

type linkConn struct {
	net.Conn
	link *Link

	mu      sync.Mutex
	arrived sync.Cond
	queue   []packet
	err     error
}

type packet struct {
	content []byte
	due     time.Time
}

// pump takes what the other end sends, as the link would.
func (c *linkConn) pump() {
	const packetLen = 1460
	var free time.Time
	buf := make([]byte, 64<<10)
	for {
		// What comes while the link is busy need not be taken one by one.
		if busy := time.Until(free); busy > coarse {
			time.Sleep(busy - coarse)
		}
		n, err := c.Conn.Read(buf)
		now := time.Now()
		c.link.Received.Add(int64(n))
		c.mu.Lock()
		if free.Before(now) {
			free = now
		}
		for p := bytes.Clone(buf[:n]); len(p) > 0; {
			k := min(len(p), packetLen)
			free = free.Add(c.link.duration(k))
			c.queue = append(c.queue, packet{p[:k], free})
			p = p[k:]
		}
		c.err = err
		c.arrived.Signal()
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *linkConn) Read(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 && c.err == nil {
		c.arrived.Wait()
	}
	if len(c.queue) == 0 {
		return 0, c.err
	}
	for wait := time.Until(c.queue[0].due); wait > 0; wait = time.Until(c.queue[0].due) {
		c.mu.Unlock() // a signal may end the pause early
		pause(wait)
		c.mu.Lock()
	}
	for now := time.Now(); n < len(p) && len(c.queue) > 0 && !c.queue[0].due.After(now); {
		head := &c.queue[0]
		k := copy(p[n:], head.content)
		n += k
		if head.content = head.content[k:]; len(head.content) == 0 {
			c.queue = c.queue[1:]
		}
	}
	return n, nil
}

func (c *linkConn) Write(p []byte) (int, error) {
	pause(c.link.duration(len(p)))
	return c.Conn.Write(p)
}
