package sighttp

import (
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/internal/freelist"
	"github.com/sigmalang/sigma/sigio"
)

// maxZstdWindow is what RFC 9659 lets a sender of zstd expect of everyone.
const maxZstdWindow = 8 << 20

// maxSigmaChunk bounds what a sigma stream makes its reader allocate: twice
// that, and a history. It is the longest chunk that a sigio.Writer makes unless
// it is told otherwise.
const maxSigmaChunk = 4 << 20

// decoders lends decoders and builds those that are missing.
type decoders struct {
	books []*glyph.Codebook
	sigma freelist.List[*sigio.Reader]
	zstd  freelist.List[*zstd.Decoder]
	gzip  freelist.List[*gzip.Reader]
}

// get returns a decoder of src and what gives it back. Of gzip it reads the
// header.
func (d *decoders) get(c Coding, src io.Reader) (r io.Reader, put func(), err error) {
	switch c {
	case Sigma:
		z, ok := d.sigma.Get(func(*sigio.Reader) bool { return true })
		if !ok {
			opts := []sigio.ReaderOption{sigio.WithMaxChunk(maxSigmaChunk)}
			for _, b := range d.books {
				opts = append(opts, sigio.WithCodebook(b))
			}
			z = sigio.NewReader(nil, opts...)
		}
		z.Reset(src)
		return z, func() { z.Reset(nil); d.sigma.Put(z) }, nil
	case Zstd:
		z, ok := d.zstd.Get(func(*zstd.Decoder) bool { return true })
		if !ok {
			z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
			if err != nil {
				return nil, nil, err
			}
		}
		return z, func() { _ = z.Reset(nil); d.zstd.Put(z) }, z.Reset(src)
	}
	z, ok := d.gzip.Get(func(*gzip.Reader) bool { return true })
	if !ok {
		z = new(gzip.Reader)
	}
	return z, func() { _ = z.Reset(strings.NewReader("")); d.gzip.Put(z) }, z.Reset(src)
}

// decode returns body without codings, the last one of which is undone first. With
// a limit, no coding but the first may yield more than a body of that length
// becomes by the codings beneath, if it was not flushed all the time: otherwise
// few bytes are much work, although they become few in the end.
func (d *decoders) decode(body io.ReadCloser, codings []Coding, limit int64) io.ReadCloser {
	for i, c := range slices.Backward(codings) {
		body = newDecodedBody(body, d, c)
		if i > 0 && limit > 0 && limit < math.MaxInt64/2 {
			body = http.MaxBytesReader(nil, body, limit+limit/16+4<<10)
		}
	}
	return body
}

// turn lets Close be called while a Read is on its way, as bodies allow, and
// has release called once, by whoever is there last.
type turn struct {
	mu      sync.Mutex // held while reading
	closed  atomic.Bool
	release func() // nil when there is nothing to release; mu is held
}

// end ends a Read or Close; mu is not held.
func (t *turn) end() {
	if t.closed.Load() && t.mu.TryLock() {
		t.releaseNow()
		t.mu.Unlock()
	}
}

func (t *turn) releaseNow() {
	if t.release != nil {
		t.release()
		t.release = nil
	}
}

// decodedBody is a body without its coding.
type decodedBody struct {
	turn
	decoders *decoders
	coding   Coding
	src      counter
	decoder  io.Reader // nil until the first Read
	err      error     // sticks
}

func newDecodedBody(src io.ReadCloser, d *decoders, c Coding) *decodedBody {
	return &decodedBody{decoders: d, coding: c, src: counter{ReadCloser: src}}
}

// Read decodes. A stream that was cut is io.ErrUnexpectedEOF to errors.Is, and
// so is one of no bytes at all.
func (b *decodedBody) Read(p []byte) (int, error) {
	defer b.end()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.decode(p)
	if err != nil {
		switch {
		case b.src.err != nil: // some decoders say that the stream was cut
			err = b.src.err
		case err == io.EOF && b.src.n == 0:
			err = io.ErrUnexpectedEOF
		}
		b.err = err
		b.releaseNow()
	}
	return n, err
}

func (b *decodedBody) decode(p []byte) (n int, err error) {
	if b.decoder == nil {
		b.decoder, b.release, err = b.decoders.get(b.coding, &b.src)
		if err != nil {
			return 0, err
		}
	}
	return b.decoder.Read(p)
}

// Close closes the body, which ends a Read that waits for it.
func (b *decodedBody) Close() error {
	b.closed.Store(true)
	defer b.end()
	return b.src.Close()
}

// maxRead is the length in bytes of a read from the connection. The reader of
// chunked bodies fills what it is given, so that long reads would wait for more
// than the decoder needs to go on.
const maxRead = 8 << 10

// counter counts what was read, and keeps why that was not all.
type counter struct {
	io.ReadCloser
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p[:min(len(p), maxRead)])
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// cappedBody is a decoded request body behind http.MaxBytesReader and remembers
// whether that refused.
type cappedBody struct {
	io.ReadCloser
	served   *servedBody
	exceeded atomic.Bool
}

// release lets go of the decoders, and leaves the server its body.
func (b *cappedBody) release() {
	b.served.kept.Store(true)
	b.Close()
}

// servedBody is a request body as the server gave it. To close that can read
// what is left of it: from the connection, which after a hijack is another's,
// and before the response is sent, for which the client may wait.
type servedBody struct {
	io.ReadCloser
	kept atomic.Bool // the server closes it
}

func (b *servedBody) Close() error {
	if b.kept.Load() {
		return nil
	}
	return b.ReadCloser.Close()
}

func (b *cappedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var tooLarge *http.MaxBytesError
	if err != nil && err != io.EOF && errors.As(err, &tooLarge) {
		b.exceeded.Store(true)
	}
	return n, err
}
