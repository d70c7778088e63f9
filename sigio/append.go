package sigio

import (
	"io"
	"math"

	"github.com/sigmalang/sigma/strategy"
)

// File is what OpenAppend needs of an *os.File, which must be open for reading
// and writing. Nobody else may write to it, or move its offset, as long as the
// Writer is in use.
type File interface {
	io.ReaderAt
	io.Writer
	io.Seeker
}

// OpenAppend returns a Writer that adds a further stream behind those in f;
// what is there is not touched, so that it stays readable whatever happens. An
// empty file is the start of its first stream. The new stream is complete when
// Close has returned, which does not close f. A crash before that leaves a
// torn tail, behind which nothing can be appended until Repair has cut it.
//
// It verifies the tail of f: that the file is streams from its start to its end,
// by their end records and headers, and the last chunk. If the file does not
// end in a stream's end, that is ErrTruncated or ErrCorrupt; if the options lack
// the plug-in or codebook of the last chunk, ErrUnsupported. Errors of f are
// returned unchanged. It reads some 100 bytes of each stream, 1 KiB of short
// ones, and the last chunk, unless its stream has no index: then also 4 KiB for
// each of that stream's chunks, and all of it if it has a shared frame (a
// history of more than 64 KiB).
//
// StreamError.Offset of the Writer counts from the start of its own stream.
func OpenAppend(f File, opts ...WriterOption) (*Writer, error) {
	w := NewWriter(f, opts...)
	if w.err != nil {
		return nil, w.err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if size > 0 {
		if err := verifyTail(f, size, tailConfig(&w.cfg)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// tailConfig is how a file is read whose strategies and codebooks are those of
// c, if they are not built in.
func tailConfig(c *config) config {
	t := defaults()
	for s := range c.set.All() {
		if s.ID() >= strategy.FirstPrivate {
			t.set = t.set.With(s)
		}
	}
	t.codebooks = c.codebooks
	t.transport = true
	t.maxOutput = math.MaxInt64
	return t
}

// verifyTail verifies that a file that is not empty consists of streams, the
// last of which is not torn. What looks like one at the end is not enough: it
// may be the content of a chunk that ends there because its own stream is torn.
func verifyTail(src io.ReaderAt, size int64, cfg config) error {
	r := &ReaderAt{cfg: cfg, src: src, end: size, flights: map[int64]chan struct{}{}}
	s := surveyor{cfg: &r.cfg, src: src, end: size}
	if err := s.survey(); err != nil {
		return verdictIn(err)
	}
	if r.spans, r.size = s.spans, s.size; r.size == 0 {
		return nil
	}
	_, err := r.extent(r.size - 1)
	return err
}

// verdictIn is the verdict in an error that ends a walk.
func verdictIn(err error) error {
	if f, ok := err.(final); ok {
		return f.error
	}
	return err
}
