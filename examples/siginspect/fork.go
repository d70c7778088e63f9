package main

import "io"

// fork lets two readers read the same source. It keeps what one of them has
// read and the other has not: little, if they keep in step. Both belong to one
// goroutine.
type fork struct {
	src   io.Reader
	ahead []byte // the bytes from the slower reader's place to the faster's
	total int64  // bytes read from src
	alone bool   // one of the readers has stopped for good
	tines [2]tine
}

// tine is one of the readers.
type tine struct {
	f  *fork
	at int64 // its place
}

// stop ends a tine, which is not read any more, so that nothing is kept for it.
func (t *tine) stop() {
	f := t.f
	f.alone = true
	if t.at < f.total {
		f.ahead = nil
	}
}

func newFork(src io.Reader) *fork {
	f := &fork{src: src}
	f.tines = [2]tine{{f: f}, {f: f}}
	return f
}

// Read reads what the other has read already, or else from the source.
func (t *tine) Read(p []byte) (n int, err error) {
	f := t.f
	if behind := f.total - t.at; behind > 0 {
		// Invariant: the slower reader's place is total-len(ahead), and the
		// faster's is total.
		n = copy(p, f.ahead)
		f.ahead = f.ahead[n:]
		t.at += int64(n)
		return n, nil
	}
	n, err = f.src.Read(p)
	f.total += int64(n)
	t.at += int64(n)
	if !f.alone {
		f.ahead = append(f.ahead, p[:n]...)
	}
	return n, err
}
