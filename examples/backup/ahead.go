package main

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"
	"time"
)

const (
	// Files up to smallFile bytes are read while those before them are stored:
	// where there are many, it is the waiting for each that takes the time.
	smallFile  = 256 << 10
	readsAhead = 16
)

var smallBuffers = sync.Pool{New: func() any { return new([smallFile]byte) }}

// loaded is a file that was opened, and if it is small, read and closed.
type loaded struct {
	*item
	file    *os.File // nil of a small one
	buffer  *[smallFile]byte
	data    []byte
	changed bool
	err     error
	done    chan struct{}
}

var errReplaced = errors.New("it was replaced by something else meanwhile")

// load opens the file, and reads a small one. The item is brought up to date,
// as the file may have changed since it was seen.
func (l *loaded) load() {
	defer close(l.done)
	f, err := os.OpenFile(l.path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		l.err = err
		return
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(info, l.info) {
		err = &fs.PathError{Op: "read", Path: l.path, Err: errReplaced}
	}
	if err != nil {
		f.Close()
		l.err = err
		return
	}
	l.set(info)
	l.info, l.size = info, info.Size()
	if l.fresh(time.Now()) {
		l.ctime = tooFresh
	}
	if l.kind == kindSparse || l.size > smallFile {
		l.file = f
		return
	}
	defer f.Close()
	l.buffer = smallBuffers.Get().(*[smallFile]byte)
	// What says to be empty may be made up as it is read, as in /proc.
	n, err := io.ReadFull(f, l.buffer[:max(l.size, 1)])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		l.err = err
		return
	}
	l.data = l.buffer[:min(int64(n), l.size)]
	l.changed = int64(n) != l.size || touched(f, info)
}

// fresh reports whether a change from now on may leave the times as they are,
// since the clock of the file system, which may be as coarse as that of FAT,
// has not moved on.
func (a *attributes) fresh(now time.Time) bool {
	changed := a.ctime
	if changed == 0 {
		changed = a.mtime
	}
	tick := clockTick
	if changed%int64(time.Second) == 0 {
		tick = 2 * time.Second
	}
	return now.Sub(clock(changed)).Abs() < tick
}

// clockTick is more than the 10 ms of the slowest kernels.
const clockTick = 20 * time.Millisecond

// touched reports whether f was written to since info was taken.
func touched(f *os.File, info fs.FileInfo) bool {
	now, err := f.Stat()
	return err != nil || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime())
}

// release gives back what l holds.
func (l *loaded) release() {
	if l.file != nil {
		l.file.Close()
	}
	if l.buffer != nil {
		smallBuffers.Put(l.buffer)
	}
	l.file, l.buffer, l.data = nil, nil, nil
}

// ahead yields the files in order, each loaded, and reads on meanwhile.
func ahead(items []*item) iter.Seq[*loaded] {
	return func(yield func(*loaded) bool) {
		queue := make(chan *loaded, readsAhead)
		stop := make(chan struct{})
		go func() {
			defer close(queue)
			for _, i := range items {
				l := &loaded{item: i, done: make(chan struct{})}
				select {
				case queue <- l:
					go l.load()
				case <-stop:
					return
				}
			}
		}()
		wanted := true
		for l := range queue {
			<-l.done
			if wanted && !yield(l) {
				wanted = false
				close(stop)
			}
			l.release()
		}
	}
}
