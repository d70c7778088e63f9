package main

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/sigmalang/sigma/sigio"
)

// source gives the content of an archive from an offset on. A reader that it
// gave is not used after the next call.
type source interface {
	from(offset int64) (io.Reader, error)
}

// seeking reads what it is asked for, and no more than the chunks around it.
type seeking struct{ content *sigio.ReaderAt }

func (s seeking) from(offset int64) (io.Reader, error) {
	const header = 2 << 10 // with what a long name takes
	return bufio.NewReaderSize(io.NewSectionReader(s.content, offset, s.content.Size()-offset), header), nil
}

// streaming reads all, on several processors, and cannot go back.
type streaming struct {
	r  io.Reader
	at int64
}

func (s *streaming) from(offset int64) (io.Reader, error) {
	if offset < s.at {
		return nil, errors.New("it stands before what was read last")
	}
	_, err := io.CopyN(io.Discard, s, offset-s.at)
	return s, err
}

// Read is that of io.Reader.
func (s *streaming) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.at += int64(n)
	return n, err
}

// stream reads f from its start.
func (p *program) stream(f *os.File) (*streaming, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &streaming{r: bufio.NewReaderSize(sigio.NewReader(f, p.readerOptions()...), 64<<10)}, nil
}

// reader reads the contents of entries.
type reader struct {
	p      *program
	source source
	rescue source // takes over from the first error of source on, if there is one
	buffer []byte
}

// damageError says that the content of an entry is not in the archive as the
// catalogue says.
type damageError struct{ err error }

func (d *damageError) Error() string { return d.err.Error() }
func (d *damageError) Unwrap() error { return d.err }

// read hands the content of e to sink, which gets the first bytes again if
// the archive had to be read in another way. What is no damageError is sink's.
func (r *reader) read(e *entry, sink func() (io.Writer, error)) error {
	for {
		w, err := sink()
		if err != nil {
			return err
		}
		err = r.copyOut(w, e)
		var damage *damageError
		if r.rescue == nil || !errors.As(err, &damage) {
			return err
		}
		r.source, r.rescue = r.rescue, nil
	}
}

func (r *reader) copyOut(w io.Writer, e *entry) error {
	src, err := r.source.from(e.offset)
	if err != nil {
		return &damageError{err}
	}
	member := tar.NewReader(src)
	switch h, err := member.Next(); {
	case err != nil:
		return &damageError{err}
	case h.Typeflag != tar.TypeReg || h.Size != e.size:
		return &damageError{badCatalogue("another file stands in its place")}
	}
	sum := uint32(0)
	for left := e.size; left > 0; {
		if r.p.ctx.Err() != nil {
			return errInterrupted
		}
		b := r.buffer[:min(int64(len(r.buffer)), left)]
		if _, err := io.ReadFull(member, b); err != nil {
			return &damageError{err}
		}
		sum = crc32.Update(sum, castagnoli, b)
		if _, err := w.Write(b); err != nil {
			return err
		}
		left -= int64(len(b))
		r.p.progress.add(int64(len(b)))
	}
	if sum != e.sum {
		return &damageError{badCatalogue("its sum is %08x instead of %08x", sum, e.sum)}
	}
	return nil
}

// lost tells that the content of e cannot be had.
func (p *program) lose(e *entry, err error) {
	p.say(fmt.Sprintf("lost: %s: %v", e.name, err))
	p.lost++
}
