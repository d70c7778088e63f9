package sigio

import (
	"io"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// section reads what stands in a file from off to end. Like the file's, its
// errors don't stick.
type section struct {
	src      io.ReaderAt
	off, end int64
}

func (s *section) Read(p []byte) (int, error) {
	if s.off >= s.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.end-s.off)]
	n, err := s.src.ReadAt(p, s.off)
	if n > 0 && n <= len(p) {
		s.off += int64(n)
		if err == io.EOF {
			err = nil
		}
	}
	return n, err
}

// readFull fills p with what stands at off. It returns io.EOF where the file
// ends before.
func readFull(src io.ReaderAt, p []byte, off int64) error {
	n, err := src.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case n < 0 || n > len(p):
		return errInvalidRead
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}

// skip consumes n bytes and reads none of them, of a source that is a section.
// It returns io.EOF where that ends before.
func (s *source) skip(n int) error {
	have := min(n, s.hi-s.lo)
	s.consume(have)
	if n == have {
		return nil
	}
	in := s.r.(*section)
	s.lo, s.hi, s.err = 0, 0, nil
	in.off += int64(n - have)
	s.off += int64(n - have)
	if in.off > in.end {
		return io.EOF
	}
	return nil
}

// seek continues the source at an offset of its section.
func (s *source) seek(in *section, off int64) {
	in.off = off
	s.restart(in)
	s.off = off
}

// take reads a chunk whose header is n bytes long.
func (w *walker) take(p *piece, n int) error {
	tail := w.header.TailLen(&p.Record)
	if !p.Light && !p.Flushed { // then its writer goes on
		w.src.follows = frame.EndLen
	}
	err := w.fill(n + p.EncLen + tail)
	w.src.follows = 0
	if err != nil {
		return err
	}
	b := w.src.unread()
	p.head, p.payload = b[:n], b[n:n+p.EncLen]
	p.check = le(b[n+p.EncLen:][:tail])
	w.src.consume(n + p.EncLen + tail)
	return nil
}

// pass reads no more of a chunk than its check. After an error of the source
// the walker is of no use.
func (w *walker) pass(p *piece, n int) error {
	tail := w.header.TailLen(&p.Record)
	err := w.src.skip(n + p.EncLen)
	if err == nil {
		err = w.src.fill(tail)
	}
	if err == io.EOF {
		w.src.off = p.offset
		return w.verdict(ErrTruncated, "input ends within the stream")
	}
	if err == nil {
		p.check = le(w.src.unread()[:tail])
		w.src.consume(tail)
	}
	return err
}
