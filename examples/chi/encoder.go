// Package chi adds the content coding "sigma" to the compression middleware of
// the chi router, for programs that have it already. Its module is its own, so
// that Sigma does not depend on chi.
//
// Programs that have a choice are better served by sighttp.Handler around the
// router. Chi's middleware seals a response also when the handler panics, and
// does not look at weights in Accept-Encoding.
package chi

import (
	"io"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/sigmalang/sigma/sigio"
)

// SetEncoder makes c answer in Sigma where the client accepts it, in preference
// to what was set before. Levels as chi counts them are ignored; pass
// sigio.WithLevel.
//
// Chi reuses encoders, because they have a Reset method, and flushes them,
// because they have Flush.
func SetEncoder(c *middleware.Compressor, opts ...sigio.WriterOption) {
	c.SetEncoder("sigma", func(w io.Writer, _ int) io.Writer {
		return sigio.NewWriter(w, opts...)
	})
}
