package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

type receiver struct {
	dir string

	mu       sync.Mutex
	sessions map[string]session // by the name of the log
}

// session is a connection over which a log comes.
type session struct {
	conn net.Conn
	done chan struct{}
}

// introduction is how long a shipper may take to say a name.
const introduction = 10 * time.Second

// serve handles connections until the listener is closed.
func (r *receiver) serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := r.receive(conn); err != nil {
				fmt.Fprintf(os.Stderr, "logship: %v: %v\n", conn.RemoteAddr(), err)
			}
		}()
	}
}

// receive appends what comes to a file. Every byte that is read was verified, so
// what came before a failure is as good as the rest.
func (r *receiver) receive(conn net.Conn) error {
	conn.SetReadDeadline(time.Now().Add(introduction))
	in := bufio.NewReader(conn)
	line, err := in.ReadSlice('\n') // no longer than the buffer
	if err != nil {
		return err
	}
	conn.SetReadDeadline(time.Time{})
	name := strings.TrimSuffix(string(line), "\n")
	if name != filepath.Base(name) || !filepath.IsLocal(name) || name == "." {
		return fmt.Errorf("no name for a log: %q", name)
	}
	defer r.begin(name, conn)()

	f, err := os.OpenFile(filepath.Join(r.dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(conn, size); err != nil {
		return err
	}
	n, err := io.Copy(f, in)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(conn, size+n)
	return err
}

// begin makes a connection the only one for a log. One before it is ended: its
// shipper has given it up, and only this side does not know yet. The result ends
// the session.
func (r *receiver) begin(name string, conn net.Conn) (end func()) {
	s := session{conn, make(chan struct{})}
	r.mu.Lock()
	if r.sessions == nil {
		r.sessions = map[string]session{}
	}
	before, busy := r.sessions[name]
	r.sessions[name] = s
	r.mu.Unlock()
	if busy {
		before.conn.Close()
		<-before.done
	}
	return func() {
		r.mu.Lock()
		if r.sessions[name] == s {
			delete(r.sessions, name)
		}
		r.mu.Unlock()
		close(s.done)
	}
}
