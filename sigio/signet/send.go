package signet

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// sender is the writing half of a Conn.
type sender struct {
	deadline deadline
	writers  atomic.Int64 // calls at work or waiting for their turn
	stalled  atomic.Bool  // what coalescing held back waits for another deadline

	delay time.Duration // of coalescing, 0 for none
	size  int
	chunk int

	mu      sync.Mutex // guards what follows
	w       *sigio.Writer
	pending int    // bytes accepted since the last flush that went well
	kept    []byte // the last of them, which the Writer has not
	due     bool   // and they wait for no more
	ended   bool   // CloseWrite was called
	sealed  bool   // and has finished
	failed  bool   // with an error that stays
	fatal   error  // a timeout that stays, which the Writer would not believe
	timer   *time.Timer
}

func (h *sender) init(c *Conn, cfg *config) {
	h.w = cfg.newWriter(outlet{c})
	h.chunk = cfg.chunk
	if cfg.coalesce {
		h.delay, h.size = cfg.delay, cfg.size
	}
}

// outlet is the connection beneath, until Close.
type outlet struct{ c *Conn }

func (o outlet) Write(p []byte) (int, error) {
	if o.c.abandoned.Load() {
		return 0, o.c.closedError("write")
	}
	return o.c.conn.Write(p)
}

// Write sends p as a message. It returns the number of bytes accepted, which
// can be len(p) together with a timeout: they are then sent by the next call.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.enter("write"); err != nil {
		return 0, err
	}
	defer c.leave()
	if err := c.out.deadline.err(); err != nil {
		return 0, c.opError("write", err)
	}
	return c.send(p)
}

// ReadFrom sends what each Read of r returns as a message, until io.EOF. It
// returns the number of bytes taken from r, all of which are accepted, also
// when it stops at a timeout; called again, it goes on.
func (c *Conn) ReadFrom(r io.Reader) (n int64, err error) {
	buf := make([]byte, min(firstRead, c.out.chunk))
	for {
		// What is due goes first; who is late takes nothing.
		if _, err := c.Write(nil); err != nil {
			return n, err
		}
		k, rerr := r.Read(buf)
		if k > 0 {
			n += int64(k)
			if err := c.sendTaken(buf[:k]); err != nil {
				return n, err
			}
		}
		switch {
		case rerr == io.EOF:
			return n, nil
		case rerr != nil:
			return n, rerr
		case k == len(buf) && k < c.out.chunk:
			buf = make([]byte, min(2*k, c.out.chunk)) // a file rather than a talk
		}
	}
}

// firstRead is what ReadFrom asks for at first, in bytes.
const firstRead = 32 << 10

// sendTaken is send for what nobody else has: after a timeout it keeps what was
// not accepted.
func (c *Conn) sendTaken(p []byte) error {
	if err := c.enter("write"); err != nil {
		return err
	}
	defer c.leave()
	h := &c.out
	n, err := c.send(p)
	if err != nil && !h.failed && n < len(p) {
		h.kept = append(h.kept, p[n:]...)
		h.pending += len(p) - n
		h.due = true
	}
	return err
}

// Flush sends what coalescing held back, or an earlier timeout.
func (c *Conn) Flush() error {
	if err := c.enter("write"); err != nil {
		return err
	}
	defer c.leave()
	if err := c.out.deadline.err(); err != nil {
		return c.opError("write", err)
	}
	if c.out.pending == 0 {
		return nil
	}
	return c.flush()
}

// CloseWrite sends what is pending and the end, and half-closes the connection
// beneath where that is possible. The other end then reads io.EOF and can still
// answer. After a timeout it may be called again to go on; Write returns
// sigio.ErrClosed in any case.
func (c *Conn) CloseWrite() error {
	if err := c.enter("close"); err != nil {
		return err
	}
	defer c.leave()
	h := &c.out
	if h.sealed {
		return nil
	}
	if err := h.deadline.err(); err != nil {
		return c.opError("close", err)
	}
	h.ended = true
	if err := c.finish(); err != nil {
		return err
	}
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	h.sealed = true
	return nil
}

// enter takes a turn, if c can be written to. It ends with leave.
func (c *Conn) enter(op string) (err error) {
	h := &c.out
	h.writers.Add(1)
	h.mu.Lock()
	switch {
	case c.bad != nil:
		err = c.bad
	case c.closed.Load():
		err = c.closedError(op)
	case h.fatal != nil:
		err = h.fatal
	case h.ended && op != "close":
		err = c.opError(op, sigio.ErrClosed)
	}
	if err != nil {
		c.leave()
	}
	return err
}

func (c *Conn) leave() {
	c.yield()
	c.out.writers.Add(-1)
}

// yield lets others have their turn.
func (c *Conn) yield() {
	c.out.mu.Unlock()
	if c.abandoned.Load() {
		c.out.release() // Close may have found it busy
	}
}

// send accepts p and sends it, unless it may wait.
func (c *Conn) send(p []byte) (int, error) {
	h := &c.out
	if h.due { // a message of its own
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	n, err := h.w.Write(p)
	h.pending += n
	if err = c.verdict(err); err != nil {
		h.due = h.pending > 0 // and the rest of p is another message
		return n, err
	}
	if h.pending == 0 || h.delay > 0 && h.pending < h.size {
		c.startTimer()
		return n, nil
	}
	return n, c.flush()
}

// flush sends what is pending.
func (c *Conn) flush() error {
	h := &c.out
	h.due = true
	if err := c.acceptKept(); err != nil {
		return err
	}
	if err := c.verdict(h.w.Flush()); err != nil {
		return err
	}
	h.pending, h.due = 0, false
	return nil
}

// finish sends what is pending and the end.
func (c *Conn) finish() error {
	h := &c.out
	h.stopTimer()
	if err := c.acceptKept(); err != nil {
		return err
	}
	if err := c.verdict(h.w.Close()); err != nil {
		return err
	}
	h.pending, h.due = 0, false
	return nil
}

func (c *Conn) acceptKept() error {
	h := &c.out
	for len(h.kept) > 0 {
		n, err := h.w.Write(h.kept)
		h.kept = h.kept[n:]
		if err != nil {
			return c.verdict(err)
		}
	}
	h.kept = nil
	return nil
}

// verdict tells of an error of the Writer whether there is an after.
func (c *Conn) verdict(err error) error {
	if err == nil {
		return nil
	}
	h := &c.out
	var t interface{ Timeout() bool } // on the heap, which a message that went out shall not cost
	switch {
	case !errors.As(err, &t) || !t.Timeout(): // as the Writer sees it
		h.failed = true
	case !resumable(c.conn, t):
		h.failed = true
		h.fatal = c.opError("write", &finalTimeout{err})
		return h.fatal
	}
	return err
}

// release lets all memory go, unless somebody is writing, who will. The
// connection was abandoned.
func (h *sender) release() {
	if h.mu.TryLock() {
		h.stopTimer()
		_ = h.w.Close() // sent, or failed just now
		h.kept = nil
		h.mu.Unlock()
	}
}
