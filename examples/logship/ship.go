package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sigmalang/sigma/sigio/signet"
)

// A conversation: the shipper says the log's name, the receiver how many bytes
// it has; the shipper sends what is behind them and half-closes; the receiver
// says how many it has now.

type shipper struct {
	path    string
	address string
	follow  bool
	pause   time.Duration // before another attempt, and another look at the log
	dialer  signet.Dialer
}

// farewell is how long the last words may take after an interrupt.
const farewell = 5 * time.Second

// run ships the log, with as many connections as it takes.
func (s *shipper) run(ctx context.Context) error {
	log, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer log.Close()
	for {
		err := s.ship(ctx, log)
		var local *fs.PathError
		if err == nil || ctx.Err() != nil || errors.As(err, &local) {
			return err
		}
		fmt.Fprintln(os.Stderr, "logship: trying again:", err)
		s.wait(ctx)
	}
}

// ship uses one connection. It returns nil when the receiver has all.
func (s *shipper) ship(ctx context.Context, log *os.File) error {
	conn, err := s.dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now().Add(farewell)) })()

	if _, err := fmt.Fprintln(conn, filepath.Base(s.path)); err != nil {
		return err
	}
	answers := bufio.NewReader(conn)
	offset, err := readCount(answers)
	if err != nil {
		return err
	}
	if _, err := log.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	for more := true; more; more = s.follow && s.wait(ctx) {
		n, err := io.Copy(conn, log) // compressed, and sent without waiting for more
		if offset += n; err != nil {
			return err
		}
	}
	// Only CloseWrite says that this was all; a connection that breaks does not.
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return err
	}
	received, err := readCount(answers)
	if err == nil && received != offset {
		err = fmt.Errorf("receiver has %d bytes, not %d", received, offset)
	}
	return err
}

// wait reports whether a pause ended before the context.
func (s *shipper) wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(s.pause):
		return true
	}
}

func readCount(r *bufio.Reader) (int64, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("receiver said no count: %w", err)
	}
	return strconv.ParseInt(strings.TrimSpace(line), 10, 64)
}
