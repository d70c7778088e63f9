package sigio

import (
	"bytes"
	"io"
)

// SparseFile is what a SparseWriter needs of an *os.File, which must not be
// open for appending (os.O_APPEND).
type SparseFile interface {
	io.WriteSeeker
	Truncate(size int64) error
}

// SparseWriter writes to a file and leaves holes where zeros would stand, so
// that on a file system that can do so they take no space: for the restoring
// of disk images and databases, and for what Salvage fills. Between a Reader
// and a file it is one line:
//
//	w := sigio.NewSparseWriter(f)
//	_, err := io.Copy(w, r) // then w.Close()
//
// The file gets its length only with Close. A SparseWriter belongs to one
// goroutine at a time. The zero SparseWriter is closed; use NewSparseWriter.
type SparseWriter struct {
	f     SparseFile
	begun bool
	at    int64 // of the file's offset; all before is written or a hole
	hole  int64 // zeros behind it that are still to be left out
	err   error // kept: what follows would be written to the wrong place
}

// sparseBlock is the length of the shortest hole, in bytes, and what holes are
// aligned to: the block of most file systems.
const sparseBlock = 4 << 10

// NewSparseWriter returns a SparseWriter that writes to f from its offset on.
// What the file has behind that is cut off by the first Write or by Close. It
// does nothing yet.
func NewSparseWriter(f SparseFile) *SparseWriter { return &SparseWriter{f: f} }

// Write writes p, or makes room for it. An error of the file is returned
// unchanged, and again by every later call; n is then the number of bytes of p
// that are written or left out for sure.
func (w *SparseWriter) Write(p []byte) (n int, err error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	for n < len(p) {
		block, zero := nextBlock(p[n:], w.at+w.hole)
		if zero {
			w.hole += int64(block)
			n += block
			continue
		}
		size := block
		for n+size < len(p) {
			block, zero := nextBlock(p[n+size:], w.at+w.hole+int64(size))
			if zero {
				break
			}
			size += block
		}
		k, err := w.write(p[n : n+size])
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Close gives the file its length, and the file back; it does not close it.
// Called again it returns what it did before, and Write returns ErrClosed.
func (w *SparseWriter) Close() error {
	if err := w.begin(); err != nil {
		if err == ErrClosed {
			return nil
		}
		return err
	}
	if w.hole > 0 {
		end := w.at + w.hole
		if w.err = w.f.Truncate(end); w.err == nil {
			_, w.err = w.f.Seek(end, io.SeekStart)
		}
		if w.err != nil {
			return w.err
		}
	}
	w.f, w.err = nil, ErrClosed
	return nil
}

// begin cuts off what the file has behind its offset: it would show in holes.
func (w *SparseWriter) begin() error {
	switch {
	case w.err != nil:
		return w.err
	case w.f == nil:
		return ErrClosed
	case w.begun:
		return nil
	}
	if w.at, w.err = w.f.Seek(0, io.SeekCurrent); w.err == nil {
		w.err = w.f.Truncate(w.at)
	}
	w.begun = w.err == nil
	return w.err
}

// nextBlock returns the length of the part of p that is in the same block of the
// file as its first byte, which stands at an offset, and whether it is zero.
func nextBlock(p []byte, at int64) (n int, zero bool) {
	n = min(len(p), int(sparseBlock-at%sparseBlock))
	return n, bytes.Equal(p[:n], zeroBlock[:n])
}

var zeroBlock [sparseBlock]byte

// write writes p behind the hole.
func (w *SparseWriter) write(p []byte) (n int, err error) {
	if w.hole > 0 {
		if _, w.err = w.f.Seek(w.at+w.hole, io.SeekStart); w.err != nil {
			return 0, w.err
		}
		w.at, w.hole = w.at+w.hole, 0
	}
	n, err = w.f.Write(p)
	switch {
	case n < 0 || n > len(p):
		n, err = 0, errInvalidWrite
	case n < len(p) && err == nil:
		err = io.ErrShortWrite
	}
	w.at += int64(n)
	w.err = err
	return n, err
}
