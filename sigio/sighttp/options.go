package sighttp

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio"
)

// A HandlerOption configures Handler.
type HandlerOption interface{ applyHandler(*config) }

// A TransportOption configures Transport.
type TransportOption interface{ applyTransport(*config) }

// An Option configures both ends.
type Option interface {
	HandlerOption
	TransportOption
}

// config is what options set, of either end.
type config struct {
	codings []Coding
	level   sigio.Level
	books   []*glyph.Codebook

	minSize     int
	sized       bool // WithMinSize was given
	worthwhile  func(contentType string) bool
	padding     int
	requestMax  int64 // 0: request bodies pass as they are
	observe     func(*http.Request, Sent)
	responseMax int64 // 0: no limit
	sending     Coding
	err         error
}

func defaults() config {
	return config{
		codings:    []Coding{Sigma, Zstd, Gzip},
		level:      sigio.LevelBetter,
		worthwhile: Compressible,
	}
}

type option func(*config)

func (o option) applyHandler(c *config)   { o(c) }
func (o option) applyTransport(c *config) { o(c) }

type handlerOption func(*config)

func (o handlerOption) applyHandler(c *config) { o(c) }

type transportOption func(*config)

func (o transportOption) applyTransport(c *config) { o(c) }

// WithCodings sets the codings that are spoken, those first that are liked
// best. The default is Sigma, Zstd, Gzip. Of those that a client weighs the
// same, a Handler picks the first.
func WithCodings(codings ...Coding) Option {
	return option(func(c *config) { c.codings = codings })
}

// WithLevel sets the level of whatever coding is sent. The default is
// sigio.LevelBetter, which suits connections of up to some 10 Mbit/s: faster
// ones, and busy servers, gain by a lower level, from 100 Mbit/s on by
// sigio.LevelFastest. A response of more than 64 KiB, or one that is flushed,
// keeps an encoder as long as it is being sent: of texts, and of zstd, 5 to 6
// MiB at LevelBetter, 35 at LevelBest and 2 to 3 at the lower levels; of
// streams, see the package documentation, less than 1 MiB.
func WithLevel(l sigio.Level) Option {
	return option(func(c *config) { c.level = l })
}

// WithCodebook has bodies of up to 8 KiB coded by a codebook that was made for
// such bodies, if both ends have it and speak Sigma; see glyph.Train. From
// sigio.LevelBetter on zstd is tried as well, which takes as long again; below,
// only where the codebook makes more than a quarter of a body remain. A
// Transport names the codebooks it was given, by the request header
// Sigma-Codebook, and a Handler uses the first of its own that is named there.
func WithCodebook(b *glyph.Codebook) Option {
	return option(func(c *config) {
		if b == nil {
			c.err = errors.New("sighttp: no codebook")
			return
		}
		c.books = append(c.books, b)
	})
}

// WithMinSize sets the length in bytes from which bodies are compressed. The
// default is 1024, of what Sigma codes 256, since it knows what is common in
// json, logs and code, and with a codebook 128.
func WithMinSize(n int) HandlerOption {
	return handlerOption(func(c *config) { c.minSize, c.sized = n, true })
}

// WithContentTypes sets what decides whether bodies of a media type are worth
// compressing. The default is Compressible. The type is what Content-Type says
// or, where that says nothing, what the body looks like.
func WithContentTypes(worthwhile func(contentType string) bool) HandlerOption {
	return handlerOption(func(c *config) { c.worthwhile = worthwhile })
}

// WithPadding adds 0 to most random bytes to every compressed body, in a place
// that decoders skip. Lengths then say less of secrets; see the package
// documentation. An attacker who may repeat a request averages it out: with n
// repetitions about sqrt(n) times as exact. most is at most 32 KiB.
func WithPadding(most int) HandlerOption {
	return handlerOption(func(c *config) { c.padding = most })
}

// WithRequestBodies has compressed request bodies decoded, up to most bytes
// each, also where up to four codings were applied one over the other. Beyond
// them the handler's read fails with *http.MaxBytesError, and whatever error
// status it answers with then becomes 413. A coding that is not spoken, or one
// too many, is answered by 415. Without this option request bodies pass as they
// are.
func WithRequestBodies(most int64) HandlerOption {
	return handlerOption(func(c *config) {
		c.requestMax = most
		if most <= 0 {
			c.err = fmt.Errorf("sighttp: request bodies of at most %d bytes", most)
		}
	})
}

// Sent is what became of a response.
type Sent struct {
	Coding  Coding // zero, "identity", where the body passed unchanged
	Raw     int64  // bytes that the handler wrote
	Encoded int64  // bytes of body given to the server
}

// WithObserver has f called when a handler has returned normally and all is
// written, on its goroutine. It is not called for upgrades and refusals.
func WithObserver(f func(*http.Request, Sent)) HandlerOption {
	return handlerOption(func(c *config) { c.observe = f })
}

// WithMaxResponse refuses what a decoded body has beyond most bytes: Read fails
// with *http.MaxBytesError. The default is no limit; a kilobyte of any coding
// can become megabytes.
func WithMaxResponse(most int64) TransportOption {
	return transportOption(func(c *config) {
		c.responseMax = most
		if most <= 0 {
			c.err = fmt.Errorf("sighttp: responses of at most %d bytes", most)
		}
	})
}

// WithRequestCoding has request bodies sent in a coding, if they have none and
// are not known to be shorter than 1024 bytes. The server has to understand
// it: requests are not negotiated. A body is sent as it is encoded, in pieces
// of 64 KiB and more: it is not for conversations within one request.
func WithRequestCoding(c Coding) TransportOption {
	return transportOption(func(cfg *config) { cfg.sending = c })
}

// speaks says whether a coding is among those that were set.
func (c *config) speaks(coding Coding) bool { return slices.Contains(c.codings, coding) }

// validate returns what is wrong with c.
func (c *config) validate() error {
	known := func(c Coding) bool { return c != identity && int(c) < numCoding }
	switch {
	case c.err != nil:
		return c.err
	case len(c.codings) == 0 || slices.ContainsFunc(c.codings, func(c Coding) bool { return !known(c) }):
		return errors.New("sighttp: unknown coding, or none")
	case c.sending != identity && !known(c.sending):
		return errors.New("sighttp: unknown request coding")
	case !c.level.Valid():
		return fmt.Errorf("sighttp: unknown level %d", c.level)
	case c.minSize < 0:
		return fmt.Errorf("sighttp: minimum size of %d bytes", c.minSize)
	case c.padding < 0 || c.padding > maxPadding:
		return fmt.Errorf("sighttp: padding of %d bytes; at most %d", c.padding, maxPadding)
	case c.worthwhile == nil:
		return errors.New("sighttp: no content type filter")
	}
	return nil
}

// maxPadding is what one metadata record and one gzip comment take.
const maxPadding = 32 << 10
