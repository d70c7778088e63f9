package signet

import (
	"context"
	"fmt"
	"io"
	"math/bits"
	"net"
	"os"
	"time"
)

// Who dials says hello first, and nothing else until it is answered. Either
// hello has 16 bytes:
//
//	0   D3 's' 'i' 'g' 'n' 'e' 't'   no text, and no TLS
//	7   '?' from who dials, '!' in answer
//	8   the highest version of the stream format that the sender reads
//	9   log2 of the longest message that it accepts, in bytes; at least 16
//	10  bit 0: the sender would leave checks to the transport; the other bits
//	    are zero and not looked at
//	11  reserved, zero and not looked at
//	12  CR LF CR LF                  for servers that wait for the end of a line
//
// Then both directions are streams of package sigio, whose version is the
// lower of the two.
const (
	helloLen  = 16
	helloName = "\xD3signet"
	helloTail = "\r\n\r\n"

	offers  = '?'
	answers = '!'

	formatVersion = 0 // that package sigio reads and writes
	leavesChecks  = 1
)

func (c *config) hello(kind byte) []byte {
	log := byte(bits.Len(uint(c.maxMessage)) - 1)
	b := append(make([]byte, 0, helloLen), helloName...)
	var flags byte
	if c.transport {
		flags |= leavesChecks
	}
	b = append(b, kind, formatVersion, log, flags, 0)
	return append(b, helloTail...)
}

// isHello reports whether b, of up to helloLen bytes, is the beginning of a
// hello.
func isHello(b []byte, kind byte) bool {
	for i, c := range b {
		at := i - len(helloName)
		switch {
		case at < 0 && c != helloName[i],
			at == 0 && c != kind,
			at == 2 && (c < 16 || c > 62),
			at > 4 && c != helloTail[at-5]:
			return false
		}
	}
	return true
}

// accepts takes note of what the sender of a hello accepts.
func (c *config) accepts(hello []byte) {
	c.peerMax = 1 << min(hello[len(helloName)+2], 30)
	c.transport = c.transport && hello[len(helloName)+3]&leavesChecks != 0
}

// readHello reads a hello or as much as shows that it is none. It returns what
// was read, and whether that is a hello. Its error is the connection's.
func readHello(conn net.Conn, kind byte) ([]byte, bool, error) {
	b := make([]byte, 0, helloLen)
	for len(b) < helloLen {
		n, err := conn.Read(b[len(b):helloLen])
		if n < 0 || n > helloLen-len(b) {
			return b, false, errInvalidRead
		}
		b = b[:len(b)+n]
		if !isHello(b, kind) {
			return b, false, nil
		}
		if err != nil && len(b) < helloLen {
			return b, false, err
		}
	}
	return b, true, nil
}

func writeHello(conn net.Conn, hello []byte) error {
	n, err := conn.Write(hello)
	if err == nil && n < len(hello) {
		err = io.ErrShortWrite
	}
	return err
}

// within runs f, in which conn is used under a deadline: that of the context, or
// the end of patience. Afterwards it has none, unless the context has ended: then
// the error is the context's.
func within(ctx context.Context, patience time.Duration, conn net.Conn, f func() error) error {
	until := time.Now().Add(patience)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	if err := conn.SetDeadline(until); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = conn.SetDeadline(time.Unix(1, 0)) // what it interrupts will tell
	})
	err := f()
	if !stop() {
		<-interrupted
		if err == nil {
			err = ctx.Err()
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("signet: negotiation: %w", ctx.Err())
	}
	if d, ok := ctx.Deadline(); ok && err != nil && !time.Now().Before(d) { // which the context is about to notice
		return fmt.Errorf("signet: negotiation: %w", context.DeadlineExceeded)
	}
	if clearing := conn.SetDeadline(time.Time{}); err == nil {
		err = clearing
	}
	return err
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error)
	return ok && t.Timeout() || os.IsTimeout(err)
}
