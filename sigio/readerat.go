package sigio

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// ReaderAt reads any part of streams in a file, one behind the other. Wrapped
// by io.NewSectionReader it serves whoever wants to seek: http.ServeContent,
// or a cursor for each goroutine; zip.NewReader takes it as it is.
//
// A read decodes the chunks that it touches and verifies them as a Reader
// does; what it does not touch it does not verify. It finds them by the
// streams' indexes (WithIndex), which it holds against the headers of the
// chunks. Where an index is missing or wrong it walks over the headers, which
// costs a read of 4 KiB for each chunk on the way, once; a walk ends at a
// header that is damaged or does not link to what stands before it, where an
// index leads past. Light chunks are
// decoded from the sync point before them on. Parts of a shared frame (a
// history of more than 64 KiB) are decoded from the start of the stream on, or
// from a sync point at which a frame begins; reading on from there is fast.
//
// It keeps up to 8 MiB of decoded chunks, or one chunk if that is larger, and
// 1 to 2 MiB of places; every call at work takes a chunk more in both forms.
// It starts no goroutines and needs no Close.
//
// All methods may be called from any number of goroutines. One that needs what
// another is just decoding waits for it.
type ReaderAt struct {
	cfg  config
	src  io.ReaderAt
	end  int64 // of the streams in src
	size int64

	mu      sync.Mutex
	spans   []span // in order; fixed, but for what is known of each
	cache   cache
	flights map[int64]chan struct{} // decoding from this place, closed when done
	idle    []*cursor

	reading   *cursor // the last one in a stream with a shared frame
	readingIn *span
}

// OpenReaderAt returns a ReaderAt of the streams that are the first size bytes
// of src. It finds them from the end backwards, by their end records; where
// that fails, by a walk over all headers. Errors of src are returned
// unchanged, here and by ReadAt, and don't stick. A file that does not end in
// an end record is refused as a Reader would refuse it: see Repair and
// Salvage.
//
// Of the options, WithSingleStream takes the first stream for all, and a
// content beyond WithMaxOutput is refused at once. WithConcurrency and
// WithMeta have no meaning here.
func OpenReaderAt(src io.ReaderAt, size int64, opts ...ReaderOption) (*ReaderAt, error) {
	r := &ReaderAt{cfg: defaults(), src: src, end: size, flights: map[int64]chan struct{}{}}
	for _, o := range opts {
		if o != nil {
			o.applyToReader(&r.cfg)
		}
	}
	r.cfg.meta = nil
	if err := r.cfg.validate(); err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, fmt.Errorf("sigio: negative size %d", size)
	}
	s := surveyor{cfg: &r.cfg, src: src, end: size}
	if err := s.survey(); err != nil {
		return nil, verdictIn(err)
	}
	r.spans, r.size = s.spans, s.size
	return r, nil
}

// Size returns the length of the content in bytes.
func (r *ReaderAt) Size() int64 { return r.size }

var errNegativeOffset = errors.New("sigio: negative offset")

// ReadAt reads len(p) bytes of content from off on, as io.ReaderAt has it.
// Where the content ends before, it returns what there is and io.EOF. Any
// other error concerns the byte behind those that it returns; elsewhere ReadAt
// goes on to work.
func (r *ReaderAt) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errNegativeOffset
	}
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		content, err := r.extent(off)
		if err != nil {
			return n, err
		}
		k := copy(p[n:], content)
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

// extent returns verified content from off on, at least one byte.
func (r *ReaderAt) extent(off int64) ([]byte, error) {
	for {
		r.mu.Lock()
		if content := r.cache.get(off); content != nil {
			r.mu.Unlock()
			return content, nil
		}
		s := r.spanOf(off)
		t := s.trip(off, false)
		key := t.key()
		landing, busy := r.flights[key]
		if !busy {
			r.flights[key] = make(chan struct{})
		}
		r.mu.Unlock()
		if busy {
			<-landing
			continue
		}
		content, err := r.fly(key, &t, off)
		if content != nil || err != nil {
			return content, verdictIn(err)
		}
	}
}

// fly makes the trip while others that would do the same wait. It returns
// nothing when it has found out where the content may be.
func (r *ReaderAt) fly(key int64, t *trip, off int64) (content []byte, err error) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		close(r.flights[key])
		delete(r.flights, key)
	}()
	switch {
	case t.known == nil:
		return nil, r.explore(t.span)
	case t.known.shared > 0:
		return r.readOn(t, off)
	}
	content, err = r.fetch(t, off)
	if _, ok := err.(final); !ok || !t.hinted {
		return content, err
	}
	// The index may be wrong, or the chunk. If the headers lead to the
	// content, it is the index.
	r.mu.Lock()
	past := t.span.trip(off, true)
	r.mu.Unlock()
	if past.known == nil { // forgotten meanwhile
		return nil, nil
	}
	if content, err = r.fetch(&past, off); err == nil {
		r.mu.Lock()
		past.known.index = nil
		r.mu.Unlock()
	}
	return content, err
}

// take returns a cursor for one call.
func (r *ReaderAt) take() *cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return c
	}
	return newCursor(&r.cfg, r.src, r.end)
}

// maxIdle is how many cursors, each with a buffer of a chunk, wait for a call.
const maxIdle = 4

func (r *ReaderAt) giveBack(c *cursor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.idle) < maxIdle {
		r.idle = append(r.idle, c)
	}
}
