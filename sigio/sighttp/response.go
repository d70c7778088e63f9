package sighttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/internal/freelist"
)

// maxHeld is how much of a body is held back before it is decided on: up to
// here it is compressed as a whole.
const maxHeld = 64 << 10

// errReturned is for handlers that write after they have returned.
var errReturned = errors.New("sighttp: the handler has returned")

// state is where a response stands. It only moves down this list.
type state uint8

const (
	open        state = iota // the handler has given neither status nor body
	holding                  // the header is frozen, the body held back; either way is possible
	passing                  // the header was sent, the body passes unchanged
	compressing              // the header was sent, the body is compressed
	hijacked                 // the connection is the handler's
	done
)

// scratch is the memory that a response works with until its header is sent.
type scratch struct{ held, encoded []byte }

type scratchList = freelist.List[*scratch]

// response is the ResponseWriter that the handler gets.
type response struct {
	http.ResponseWriter
	handler *handler
	request *cappedBody // where request bodies are decoded

	coding    Coding // negotiated; identity where nothing is to be compressed
	book      *glyph.Codebook
	forced    bool // identity is refused
	head      bool
	knownTags []string // see translateConditions

	state    state
	status   int         // 0 until WriteHeader
	frozen   http.Header // the header as of WriteHeader, while holding
	declared int64       // Content-Length, -1 if there is none
	scratch  *scratch    // while holding

	key         encoderKey
	encoder     encoder
	padding     []byte
	coded       bool // the body is sent compressed
	dirty       bool // the encoder has content that was not flushed
	err         error
	raw, length int64 // bytes that the handler wrote; bytes of body sent
}

// Unwrap serves http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader holds the header back where the body may yet be compressed.
// Changes to the header from here on don't count, as ever.
func (w *response) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		if w.state == open {
			w.ResponseWriter.WriteHeader(status)
		}
		return
	}
	if w.state != open {
		return // superfluous
	}
	if w.request != nil && w.request.exceeded.Load() && status >= 400 {
		status = http.StatusRequestEntityTooLarge
	}
	w.status = status
	w.declared = -1
	if n, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.declared = n
	}
	if !w.mayCompress() {
		w.pass()
		return
	}
	w.state = holding
	w.frozen = w.Header().Clone()
	if w.scratch, _ = w.handler.scratch.Get(func(*scratch) bool { return true }); w.scratch == nil {
		w.scratch = new(scratch)
	}
	w.scratch.held = w.scratch.held[:0]
}

// Write takes part of the body.
func (w *response) Write(p []byte) (int, error) {
	if w.state == open {
		w.WriteHeader(http.StatusOK)
	}
	switch w.state {
	case holding:
		return w.hold(p)
	case compressing:
		return w.compress(p)
	case hijacked:
		return 0, http.ErrHijacked
	case done:
		return 0, errReturned
	}
	n, err := w.ResponseWriter.Write(p)
	w.raw += int64(n)
	w.length += int64(n)
	return n, err
}

// hold keeps p, and decides when that is enough.
func (w *response) hold(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	s := w.scratch
	if len(p) < maxHeld-len(s.held) && w.declared < maxHeld {
		if err := w.checkDeclared(len(p)); err != nil {
			return 0, err
		}
		s.held = append(s.held, p...)
		w.raw += int64(len(p))
		return len(p), nil
	}
	// What is there must suffice to tell the content's type.
	seen := s.held
	if len(seen) == 0 {
		seen = p
	}
	if err := w.decide(seen, long); err != nil {
		return 0, err
	}
	return w.Write(p)
}

// decide sends the header for a body that begins with seen, and what is held.
func (w *response) decide(seen []byte, s shape) error {
	memory := w.release()
	defer w.handler.scratch.Put(memory)
	w.raw -= int64(len(memory.held))
	if w.worthwhile(seen) {
		w.start(seen, s)
	} else {
		w.pass()
	}
	if len(memory.held) == 0 {
		return w.err
	}
	_, err := w.Write(memory.held)
	return err
}

// release ends holding and returns the memory it took.
func (w *response) release() *scratch {
	s := w.scratch
	w.scratch = nil
	return s
}

func (w *response) compress(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if err := w.checkDeclared(len(p)); err != nil {
		return 0, err
	}
	n, err := w.encoder.Write(p)
	w.raw += int64(n)
	w.dirty = w.dirty || n > 0
	w.err = err
	return n, err
}

// checkDeclared refuses what goes beyond Content-Length, as net/http does.
func (w *response) checkDeclared(n int) error {
	if w.declared >= 0 && int64(n) > w.declared-w.raw {
		return http.ErrContentLength
	}
	return nil
}

// ReadFrom takes the body from r. What passes unchanged can so be sent by the
// operating system.
func (w *response) ReadFrom(r io.Reader) (n int64, err error) {
	if w.state == open {
		w.WriteHeader(http.StatusOK)
	}
	if w.state == passing {
		n, err = io.Copy(w.ResponseWriter, r)
		w.raw += n
		w.length += n
		return n, err
	}
	buf := make([]byte, 32<<10)
	for w.state != passing {
		k, readErr := r.Read(buf)
		if k > 0 {
			k, err = w.Write(buf[:k])
			n += int64(k)
		}
		if err != nil {
			return n, err
		}
		if readErr == io.EOF {
			return n, nil
		}
		if readErr != nil {
			return n, readErr
		}
	}
	k, err := w.ReadFrom(r)
	return n + k, err
}

// Flush is FlushError for those who don't want to know.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends all that was written so far.
func (w *response) FlushError() error {
	if w.state == open {
		w.WriteHeader(http.StatusOK)
	}
	if w.state == holding {
		s := live
		if len(w.scratch.held) >= defaultMinSize {
			s = long
		}
		if err := w.decide(w.scratch.held, s); err != nil {
			return err
		}
	}
	if w.state == compressing {
		if w.err == nil && w.dirty {
			w.err = w.encoder.Flush()
			w.dirty = false
		}
		if w.err != nil {
			return w.err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack hands the connection to the handler. What it wrote before is sent
// unchanged.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.state == holding {
		held := w.release().held
		w.pass()
		if _, err := w.ResponseWriter.Write(held); err != nil {
			return nil, nil, err
		}
	}
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.abandon()
		w.state = hijacked
	}
	return conn, rw, err
}
