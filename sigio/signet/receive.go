package signet

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"

	"github.com/sigmalang/sigma/sigio"
)

// receiver is the reading half of a Conn.
type receiver struct {
	deadline deadline
	trusted  atomic.Bool
	ended    atomic.Bool // the end of the other side was read

	mu     sync.Mutex // guards what follows
	r      *sigio.Reader
	left   int64 // content that may still come, while not trusted
	passed error // that limit was
}

func (h *receiver) init(conn net.Conn, cfg *config) {
	h.r = cfg.newReader(&buffered{conn: conn})
	h.left = cfg.maxOutput
	h.trusted.Store(cfg.maxOutput == math.MaxInt64)
}

// Read returns what has arrived, at most one message, and waits only if that
// is nothing.
func (c *Conn) Read(p []byte) (int, error) {
	h := &c.in
	h.mu.Lock()
	n, err := c.read(p)
	h.mu.Unlock()
	if c.abandoned.Load() {
		h.release() // Close may have found it busy
	}
	return n, err
}

func (c *Conn) read(p []byte) (int, error) {
	h := &c.in
	if c.bad != nil {
		return 0, c.bad
	}
	if c.closed.Load() {
		return 0, c.closedError("read")
	}
	if err := h.deadline.err(); err != nil {
		return 0, c.opError("read", err)
	}
	if h.passed != nil {
		return 0, h.passed
	}
	n, err := h.r.Read(p)
	if err == io.EOF {
		h.ended.Store(true)
	}
	if h.trusted.Load() {
		return n, err
	}
	if int64(n) > h.left {
		n = int(h.left)
		h.passed = fmt.Errorf("signet: more than is allowed from a peer not trusted: %w", sigio.ErrTooLarge)
		err = h.passed
	}
	h.left -= int64(n)
	return n, err
}

// release lets all memory go, unless a Read is at work, which will.
func (h *receiver) release() {
	if h.mu.TryLock() {
		_ = h.r.Close() // always nil
		h.mu.Unlock()
	}
}

// buffered reads ahead, which a Reader of a single stream does not: whether
// anything stands behind the end of the stream cannot matter to a connection,
// nor can it wait to find out.
type buffered struct {
	conn net.Conn
	buf  []byte
	rest []byte // of buf
	err  error  // that came with it
}

const bufferLen = 2 << 10

func (b *buffered) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.err != nil {
			err := b.err
			b.err = nil
			return 0, err
		}
		if len(p) >= bufferLen {
			return b.conn.Read(p)
		}
		if b.buf == nil {
			b.buf = make([]byte, bufferLen)
		}
		n, err := b.conn.Read(b.buf)
		if n < 0 || n > len(b.buf) {
			return 0, errInvalidRead
		}
		if n == 0 {
			return 0, err
		}
		b.rest, b.err = b.buf[:n], err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

var errInvalidRead = errors.New("signet: connection returned an invalid count from Read")
