package main

import (
	"io"

	"github.com/sigmalang/sigma/sigio"
)

// compress writes src to dst as one stream.
func compress(dst io.Writer, src io.Reader, opts []sigio.WriterOption, m *meter) error {
	z := sigio.NewWriter(dst, opts...)
	defer m.watch(z.Stats)()
	if _, err := z.ReadFrom(src); err != nil {
		// Not Close, nor a deferred one: that would seal the stream, and half
		// a file would read as a whole one.
		z.Reset(nil)
		return err
	}
	return z.Close()
}

// decompress writes the content of the streams in src to dst. What it writes
// is verified, also when it ends with an error.
func decompress(dst io.Writer, src io.Reader, opts []sigio.ReaderOption, m *meter) error {
	z := sigio.NewReader(src, opts...)
	defer m.watch(z.Stats)()
	_, err := z.WriteTo(dst)
	return err
}
