// Package grpc compresses the messages of grpc-go:
//
//	encoding.RegisterCompressor(grpc.NewCompressor(4 << 20))
//
// in both programs, and grpc.UseCompressor(Name) in the client's call options.
// Its module is its own, so that Sigma does not depend on gRPC.
//
// Each message is a stream of its own. Where messages are shorter than some
// KiB, a codebook trained on such messages gains most: see sigio.WithCodebook.
package grpc

import (
	"io"
	"sync"

	"github.com/sigmalang/sigma/sigio"
	"google.golang.org/grpc/encoding"
)

// Name is the coding's name in grpc-encoding.
const Name = "sigma"

type compressor struct {
	writers, readers sync.Pool
}

// NewCompressor returns a Compressor for messages of up to most bytes: reading
// a longer one fails with sigio.ErrTooLarge before it takes memory, whatever
// the limit of the server or client is. It is safe for concurrent use.
func NewCompressor(most int64, opts ...sigio.Option) encoding.Compressor {
	writing := []sigio.WriterOption{}
	reading := []sigio.ReaderOption{sigio.WithMaxOutput(most)}
	for _, o := range opts {
		writing = append(writing, o)
		reading = append(reading, o)
	}
	c := new(compressor)
	c.writers.New = func() any { return sigio.NewWriter(nil, writing...) }
	c.readers.New = func() any { return sigio.NewReader(nil, reading...) }
	return c
}

func (c *compressor) Name() string { return Name }

// Compress implements encoding.Compressor.
func (c *compressor) Compress(w io.Writer) (io.WriteCloser, error) {
	z := c.writers.Get().(*sigio.Writer)
	z.Reset(w)
	return &writer{z: z, pool: &c.writers}, nil
}

// Decompress implements encoding.Compressor.
func (c *compressor) Decompress(r io.Reader) (io.Reader, error) {
	z := c.readers.Get().(*sigio.Reader)
	z.Reset(r)
	return &reader{z: z, pool: &c.readers}, nil
}

// writer gives its Writer back when it is closed. A writer that is not closed
// is left to the garbage collector.
type writer struct {
	z    *sigio.Writer // nil once closed
	pool *sync.Pool
}

func (w *writer) Close() error {
	if w.z == nil {
		return nil
	}
	err := w.z.Close()
	w.z.Reset(nil)
	w.pool.Put(w.z)
	w.z = nil
	return err
}

func (w *writer) Write(p []byte) (int, error) {
	if w.z == nil {
		return 0, sigio.ErrClosed
	}
	return w.z.Write(p)
}

// reader gives its Reader back at the end of the message, or at an error.
type reader struct {
	z    *sigio.Reader
	pool *sync.Pool
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.z.Read(p)
	if err != nil {
		r.z.Reset(nil)
		r.pool.Put(r.z)
		r.z, r.err = nil, err
	}
	return n, err
}
