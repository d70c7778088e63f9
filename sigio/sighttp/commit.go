package sighttp

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The lengths from which bodies are worth coding unless WithMinSize says
// otherwise, in bytes: what Sigma has a codebook for, or the built-in one, is so
// sooner than what has to find its own phrases. maxWithCodebook is how far a
// codebook for such bodies reaches.
const (
	minWithCodebook = 128
	minSigma        = 256
	defaultMinSize  = 1024
	maxWithCodebook = 8 << 10
)

// aboutBytes are headers that describe the very bytes of a body.
var aboutBytes = []string{"Content-Encoding", "Content-Range", "Content-Digest", "Content-Md5", "Digest", "Repr-Digest"}

func (w *response) minSize() int {
	switch {
	case w.forced:
		return 0
	case w.handler.sized:
		return w.handler.minSize
	case w.book != nil:
		return minWithCodebook
	case w.coding == Sigma:
		return minSigma
	}
	return defaultMinSize
}

// mayCompress says whether status and header, which the handler has just
// given, allow the body to be compressed.
func (w *response) mayCompress() bool {
	h := w.Header()
	if w.coding == identity || w.head || !hasBody(w.status) || forbidsTransform(h) {
		return false
	}
	for _, name := range aboutBytes {
		if h.Get(name) != "" {
			return false
		}
	}
	if w.declared == 0 || w.declared > 0 && w.declared < int64(w.minSize()) {
		return false
	}
	contentType := h.Get("Content-Type")
	return w.forced || isOpaque(contentType) || w.handler.worthwhile(contentType)
}

// worthwhile says the same of the content, which begins with seen, where the
// header did not tell its type.
func (w *response) worthwhile(seen []byte) bool {
	if w.forced {
		return true
	}
	contentType := w.frozen.Get("Content-Type")
	if !isOpaque(contentType) {
		return true
	}
	return len(seen) > 0 && w.handler.worthwhile(sniff(seen))
}

// pass sends the header for a body that passes unchanged.
func (w *response) pass() {
	w.state = passing
	w.sendHeader(func(h http.Header) {
		if w.status == http.StatusNotModified {
			restoreTag(h, w.coding, w.knownTags)
		}
	})
}

// start sends the header for a compressed body, of unknown length, that begins
// with seen.
func (w *response) start(seen []byte, s shape) {
	w.state = compressing
	switch {
	case s != long:
	case isEventStream(w.frozen.Get("Content-Type")):
		s = live
	case w.coding == Sigma:
		s = w.handler.encoders.shapeOf(seen)
	}
	w.key = encoderKey{coding: w.coding, shape: s}
	if s == live {
		w.key.book = w.book
	}
	w.sendHeader(func(h http.Header) { w.describe(h, seen) })
	w.encoder, w.err = w.newEncoder(w.key, counted{w})
}

// describe changes a header for a body that is compressed.
func (w *response) describe(h http.Header, seen []byte) {
	w.coded = true
	h.Set("Content-Encoding", w.coding.String())
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	if tag := h.Get("Etag"); isStrong(tag) {
		h.Set("Etag", suffixed(tag, w.coding))
	}
	// The server does not look into what has a Content-Encoding. A handler
	// that wants no type sets it to nil.
	if _, given := h["Content-Type"]; !given && len(seen) > 0 {
		h.Set("Content-Type", http.DetectContentType(seen))
	}
}

// newEncoder returns an encoder that writes to dst.
func (w *response) newEncoder(key encoderKey, dst io.Writer) (encoder, error) {
	z, err := w.handler.encoders.get(key, dst)
	if err == nil {
		w.padding, err = randomPadding(w.handler.padding)
	}
	if err == nil {
		err = padHead(z, w.padding)
	}
	return z, err
}

// sendHeader sends the frozen header with a change, and leaves in place what
// the handler did to the header since: that may be trailers.
func (w *response) sendHeader(change func(http.Header)) {
	h := w.Header()
	var late http.Header
	if w.frozen != nil {
		late = rewind(h, w.frozen)
		w.frozen = nil
	}
	w.handler.vary(h)
	change(h)
	w.ResponseWriter.WriteHeader(w.status)
	for name, values := range late {
		h[name] = values
	}
}

// rewind makes h equal to frozen and returns what was added or changed.
func rewind(h, frozen http.Header) (late http.Header) {
	for name, values := range h {
		before, existed := frozen[name]
		if existed && slices.Equal(before, values) {
			continue
		}
		if late == nil {
			late = http.Header{}
		}
		late[name] = values
		delete(h, name)
	}
	for name, values := range frozen {
		h[name] = values
	}
	return late
}

// finish ends the response after the handler has returned.
func (w *response) finish() {
	if w.state == open {
		w.finishSilent()
	}
	switch w.state {
	case holding:
		w.finishHeld()
	case compressing:
		w.seal()
	}
	if w.state != hijacked {
		w.state = done
	}
}

// finishSilent is for handlers that gave no answer: the server makes it 200.
func (w *response) finishSilent() {
	if w.request != nil && w.request.exceeded.Load() {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.handler.vary(w.Header())
}

// finishHeld sends a body that was held as a whole.
func (w *response) finishHeld() {
	s := w.release()
	defer w.handler.scratch.Put(s)
	held := s.held
	complete := w.declared < 0 || w.declared == w.raw
	if !complete || len(held) == 0 || len(held) < w.minSize() || !w.worthwhile(held) {
		w.passHeld(held)
		return
	}
	encoded, err := w.encodeHeld(s.encoded[:0], held)
	s.encoded = encoded
	if err != nil || !w.forced && len(encoded)-len(w.padding) >= len(held) {
		w.passHeld(held)
		return
	}
	trailers := hasTrailers(w.frozen) || hasTrailers(w.Header())
	w.sendHeader(func(h http.Header) {
		w.describe(h, held)
		if !trailers {
			h.Set("Content-Length", strconv.Itoa(len(encoded)))
		}
	})
	w.state = compressing
	_, w.err = counted{w}.Write(encoded)
}

func (w *response) passHeld(held []byte) {
	w.pass()
	if len(held) > 0 {
		_, w.err = counted{w}.Write(held)
	}
}

// encodeHeld appends the encoded body to dst.
func (w *response) encodeHeld(dst, held []byte) ([]byte, error) {
	key := encoderKey{coding: w.coding, shape: whole}
	if len(held) <= maxWithCodebook {
		key.book = w.book
	}
	out := &appender{dst}
	z, err := w.newEncoder(key, out)
	if err != nil {
		return out.p, err
	}
	if _, err = z.Write(held); err == nil {
		err = z.Close()
	}
	if err != nil {
		return out.p, err // z is not to be trusted
	}
	w.handler.encoders.put(key, z)
	err = padTail(w.coding, out, w.padding)
	return out.p, err
}

// seal ends a compressed body. One that is shorter than it was said to be it
// aborts, as the server does without Handler: who looks at no more than HTTP,
// such as a cache, must see as well that it is cut.
func (w *response) seal() {
	if w.err != nil {
		w.abandon()
		return
	}
	if w.declared >= 0 && w.raw < w.declared {
		w.abandon()
		panic(http.ErrAbortHandler)
	}
	if w.err = w.encoder.Close(); w.err == nil {
		w.err = padTail(w.coding, counted{w}, w.padding)
		w.handler.encoders.put(w.key, w.encoder)
	}
	w.encoder = nil
}

// abandon lets go of everything and sends nothing more. The encoder is not
// reused: a panic may have come out of it.
func (w *response) abandon() {
	if w.encoder != nil {
		w.encoder.Reset(nil)
		w.encoder = nil
	}
	w.scratch = nil
	w.state = done
}

func (w *response) sent() Sent {
	s := Sent{Raw: w.raw, Encoded: w.length}
	if w.coded {
		s.Coding = w.coding
	}
	return s
}

// hasTrailers says whether a header announces trailers, or has some.
func hasTrailers(h http.Header) bool {
	for name := range h {
		if name == "Trailer" || strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// counted is the server's ResponseWriter, and counts the body.
type counted struct{ *response }

func (c counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.length += int64(n)
	return n, err
}

// appender appends what is written.
type appender struct{ p []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.p = append(a.p, p...)
	return len(p), nil
}
