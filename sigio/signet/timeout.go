package signet

import (
	"net"
	"os"
	"sync/atomic"
	"time"
)

// deadline remembers when, so that what is there already is kept from a call
// that is late, as it is on a plain connection.
type deadline struct{ at atomic.Pointer[time.Time] }

func (d *deadline) set(t time.Time) {
	if t.IsZero() {
		d.at.Store(nil)
		return
	}
	d.at.Store(&t)
}

func (d *deadline) err() error {
	if at := d.at.Load(); at != nil && !time.Now().Before(*at) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// resumable reports whether conn can be written to after a timeout. A TLS
// connection cannot; it knows how to shake hands, and its errors are not
// temporary.
func resumable(conn net.Conn, timeout any) bool {
	_, handshakes := conn.(interface{ Handshake() error })
	temporary, ok := timeout.(interface{ Temporary() bool })
	return !handshakes && (!ok || temporary.Temporary())
}

// finalTimeout is a timeout that nothing can follow.
type finalTimeout struct{ err error }

func (f *finalTimeout) Error() string {
	return f.err.Error() + "; in the middle of a record: nothing more can be written"
}
func (f *finalTimeout) Unwrap() error   { return f.err }
func (f *finalTimeout) Timeout() bool   { return true }
func (f *finalTimeout) Temporary() bool { return false }
