package main

import (
	"io"
	"os"
)

// holeReader reads a file from its start to size. Of a sparse one it reads
// only where there is data, and makes up the zeros between.
type holeReader struct {
	file       *os.File
	size       int64
	sparse     bool
	at         int64
	start, end int64 // the next data; known as far as end
}

// Read is that of io.Reader. Where the file is shorter than size it ends early.
func (h *holeReader) Read(p []byte) (int, error) {
	if h.at >= h.size {
		return 0, io.EOF
	}
	if h.at >= h.end {
		h.start, h.end = h.at, h.size
		if h.sparse {
			h.start, h.end = nextData(h.file, h.at, h.size)
		}
	}
	p = p[:min(int64(len(p)), h.size-h.at)]
	if h.at < h.start {
		n := int(min(int64(len(p)), h.start-h.at))
		clear(p[:n])
		h.at += int64(n)
		return n, nil
	}
	n, err := h.file.ReadAt(p[:min(int64(len(p)), h.end-h.at)], h.at)
	h.at += int64(n)
	if n > 0 {
		err = nil // comes again
	}
	return n, err
}

// Seek goes back to the start; nothing else is ever asked for.
func (h *holeReader) Seek(int64, int) (int64, error) {
	h.at, h.start, h.end = 0, 0, 0
	return 0, nil
}
