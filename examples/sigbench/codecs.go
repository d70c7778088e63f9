package main

import (
	"compress/gzip"
	"io"
	"strings"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/sigmalang/sigma/sigio"
)

// codec is a compressor at one of its settings. Those of a family stand one
// behind the other in the order of their effort.
type codec struct {
	name, family string
	newEncoder   func() (encode, error)
	newDecoder   func() (decode, error)
}

// encode writes src to dst as a complete stream; decode does the opposite.
// Both are called for one file after another. A bytes.Reader hands its content
// to an encoder in one piece.
type (
	encode func(dst io.Writer, src io.Reader) error
	decode func(dst io.Writer, src io.Reader) error
)

// allCodecs are the codecs in the order in which they are reported.
func allCodecs() []codec {
	var all []codec
	for l := sigio.LevelFastest; l.Valid(); l++ {
		all = append(all, codec{"sigma-" + l.String(), "sigma",
			func() (encode, error) { return encoder(sigio.NewWriter(nil, sigio.WithLevel(l))), nil },
			func() (decode, error) { return plainDecoder(sigio.NewReader(nil)), nil }})
	}
	for l := zstd.SpeedFastest; l <= zstd.SpeedBestCompression; l++ {
		all = append(all, codec{"zstd-" + l.String(), "zstd",
			func() (encode, error) {
				z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(l), zstd.WithEncoderConcurrency(1))
				return encoder(z), err
			},
			func() (decode, error) {
				z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
				return decoder(z), err
			}})
	}
	for _, s := range []struct {
		name string
		opts []s2.WriterOption
	}{{"default", nil}, {"better", []s2.WriterOption{s2.WriterBetterCompression()}}} {
		all = append(all, codec{"s2-" + s.name, "s2",
			func() (encode, error) {
				return encoder(s2.NewWriter(nil, append(s.opts, s2.WriterConcurrency(1))...)), nil
			},
			func() (decode, error) { return plainDecoder(s2.NewReader(nil)), nil }})
	}
	return append(all,
		codec{"gzip-6", "gzip",
			func() (encode, error) {
				z, err := gzip.NewWriterLevel(nil, 6)
				return encoder(z), err
			},
			func() (decode, error) { return decoder(new(gzip.Reader)), nil }},
		codec{"lz4", "lz4",
			func() (encode, error) { return encoder(lz4.NewWriter(nil)), nil },
			func() (decode, error) { return plainDecoder(lz4.NewReader(nil)), nil }})
}

func names(codecs []codec) string {
	var all []string
	for _, c := range codecs {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

// encoder keeps z for all files.
func encoder(z interface {
	io.WriteCloser
	Reset(io.Writer)
}) encode {
	return func(dst io.Writer, src io.Reader) error {
		z.Reset(dst)
		if _, err := io.Copy(z, src); err != nil {
			return err
		}
		return z.Close()
	}
}

// decoder keeps z for all files.
func decoder(z interface {
	io.Reader
	Reset(io.Reader) error
}) decode {
	return func(dst io.Writer, src io.Reader) error {
		if err := z.Reset(src); err != nil {
			return err
		}
		_, err := io.Copy(dst, z)
		return err
	}
}

// plainDecoder is decoder for those whose Reset cannot fail.
func plainDecoder(z interface {
	io.Reader
	Reset(io.Reader)
}) decode {
	return func(dst io.Writer, src io.Reader) error {
		z.Reset(src)
		_, err := io.Copy(dst, z)
		return err
	}
}

// sink takes what a codec writes, in memory that is reused.
type sink struct{ b []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

// ReadFrom spares decoders that cannot write to a Writer themselves a copy.
func (s *sink) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		if len(s.b) == cap(s.b) {
			s.b = append(s.b, 0)[:len(s.b)]
		}
		m, err := r.Read(s.b[len(s.b):cap(s.b)])
		s.b = s.b[:len(s.b)+m]
		n += int64(m)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// empty makes s ready for about n bytes.
func (s *sink) empty(n int) {
	if cap(s.b) < n {
		s.b = make([]byte, 0, n)
	}
	s.b = s.b[:0]
}
