package sighttp

import (
	"io"
	"net/http"
	"strings"
)

// transport is what Transport returns. It is not changed once made.
type transport struct {
	config
	base     http.RoundTripper
	accept   string // value of Accept-Encoding
	bookIDs  string // value of codebookHeader
	encoders *encoders
	decoders *decoders
}

// Transport asks for compressed responses and decodes them; base, or
// http.DefaultTransport if that is nil, does the rest. It is safe for
// concurrent use, as far as base is.
//
// A request that has an Accept-Encoding or a Range of its own, or is a HEAD,
// passes as it is, and so does its response. Else a response in one of the
// codings, or in several of them one over the other, is decoded as it is read:
// its Content-Encoding and Content-Length are removed, its ContentLength is -1
// and Uncompressed is set. Where a coding beneath is not spoken, that and those
// beneath it stay in Content-Encoding, and Uncompressed is not set; of more than
// four over each other all stay. A response that was cut fails with an error
// that is io.ErrUnexpectedEOF to errors.Is, also when the connection's end looks
// like the response's. Its Body may be closed unread, and while a Read is under
// way.
//
// A bad option is the error of every request.
func Transport(base http.RoundTripper, opts ...TransportOption) http.RoundTripper {
	t := &transport{config: defaults(), base: base}
	for _, o := range opts {
		o.applyTransport(&t.config)
	}
	if t.base == nil {
		t.base = http.DefaultTransport
	}
	t.err = t.validate()
	t.accept = acceptValue(t.codings)
	ids := make([]string, len(t.books))
	for i, b := range t.books {
		ids[i] = b.ID().String()
	}
	t.bookIDs = strings.Join(ids, ", ")
	t.encoders = newEncoders(t.level, []Coding{Sigma, Zstd, Gzip}, nil)
	t.decoders = &decoders{books: t.books}
	return t
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, t.err
	}
	asks := t.asks(r)
	sends := t.sends(r)
	if r.Header == nil || !asks && !sends {
		return t.base.RoundTrip(r) // which knows what to say of no header at all
	}
	out := new(http.Request)
	*out = *r // with its Trailer, whose values may be set while the body is read
	out.Header = r.Header.Clone()
	if asks {
		out.Header.Set("Accept-Encoding", t.accept)
		if t.bookIDs != "" {
			out.Header.Set(codebookHeader, t.bookIDs)
		}
	}
	if sends {
		t.encodeRequest(out)
	}
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return resp, err
	}
	if resp.Request == out {
		resp.Request = r
	}
	if asks {
		t.decodeResponse(resp)
	}
	return resp, nil
}

// CloseIdleConnections has base close its idle connections, if it can. It is
// what http.Client.CloseIdleConnections calls.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// asks says whether to ask for a coding on the caller's behalf.
func (t *transport) asks(r *http.Request) bool {
	_, chosen := r.Header["Accept-Encoding"]
	return !chosen && r.Header.Get("Range") == "" && r.Method != http.MethodHead && r.Method != http.MethodConnect
}

// decodeResponse undoes the codings of a response, from the last one applied to
// the first, as far as they are ours.
func (t *transport) decodeResponse(resp *http.Response) {
	if resp.ContentLength == 0 || resp.Body == nil || resp.Body == http.NoBody || !hasBody(resp.StatusCode) {
		return
	}
	left, undone := t.peel(resp.Header["Content-Encoding"])
	if len(undone) == 0 {
		return
	}
	resp.Body = t.decoders.decode(resp.Body, undone, t.responseMax)
	if t.responseMax > 0 {
		resp.Body = http.MaxBytesReader(nil, resp.Body, t.responseMax)
	}
	resp.Header.Del("Content-Encoding")
	if len(left) > 0 {
		resp.Header.Set("Content-Encoding", strings.Join(left, ", "))
	}
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	resp.Uncompressed = len(left) == 0
}

// minRequest is the length in bytes from which request bodies are compressed.
const minRequest = 1024

// sends says whether to compress the body of a request.
func (t *transport) sends(r *http.Request) bool {
	return t.sending != identity && r.Body != nil && r.Body != http.NoBody &&
		(r.ContentLength <= 0 || r.ContentLength >= minRequest) &&
		len(r.Header["Content-Encoding"]) == 0 && r.Header.Get("Content-Range") == ""
}

// encodeRequest replaces the body of a request, which is ours to change.
func (t *transport) encodeRequest(r *http.Request) {
	r.Body = t.newEncodedBody(r.Body)
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			if err != nil {
				return nil, err
			}
			return t.newEncodedBody(body), nil
		}
	}
	r.Header.Set("Content-Encoding", t.sending.String())
	r.Header.Del("Content-Length")
	r.ContentLength = -1
}

func (t *transport) newEncodedBody(src io.ReadCloser) *encodedBody {
	return &encodedBody{encoders: t.encoders, key: encoderKey{coding: t.sending}, src: src}
}

// encodedBody is a body that is encoded as it is read.
type encodedBody struct {
	turn
	encoders *encoders
	key      encoderKey
	src      io.ReadCloser
	encoder  encoder // nil until the first Read
	pending  appender
	read     int // bytes of pending that were read
	buf      []byte
	err      error // follows pending; sticks
}

// encodeSlice is how many bytes are read from a body at a time.
const encodeSlice = 32 << 10

func (b *encodedBody) Read(p []byte) (int, error) {
	defer b.end()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	for b.read == len(b.pending.p) && b.err == nil {
		b.pending.p, b.read = b.pending.p[:0], 0
		b.err = b.encode()
	}
	if b.read == len(b.pending.p) {
		return 0, b.err
	}
	n := copy(p, b.pending.p[b.read:])
	b.read += n
	return n, nil
}

// encode encodes the next slice. It returns io.EOF when the stream is sealed,
// which it is only where the body ended well.
func (b *encodedBody) encode() error {
	if b.buf == nil {
		b.buf = make([]byte, encodeSlice)
	}
	n, readErr := b.src.Read(b.buf)
	if b.encoder == nil {
		if n == len(b.buf) {
			b.key.shape = b.encoders.shapeOf(b.buf)
		}
		z, err := b.encoders.get(b.key, &b.pending)
		if err != nil {
			return err
		}
		b.encoder = z
		b.release = func() { b.encoders.put(b.key, z) }
	}
	if n > 0 {
		if _, err := b.encoder.Write(b.buf[:n]); err != nil {
			return err
		}
	}
	if readErr != io.EOF {
		return readErr
	}
	if err := b.encoder.Close(); err != nil {
		return err
	}
	b.releaseNow()
	return io.EOF
}

// Close closes the body, which ends a Read that waits for it.
func (b *encodedBody) Close() error {
	b.closed.Store(true)
	defer b.end()
	return b.src.Close()
}
