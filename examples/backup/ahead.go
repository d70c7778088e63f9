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
	// Small files are read while those before them are stored: where there are
	// many, it is the waiting for each that takes the time. Up to batchFiles of
	// batchSize bytes in all are read one after the other, several such batches at
	// the same time.
	batchFiles = 16
	batchSize  = 256 << 10
	readsAhead = 16
)

// batch is of files that are neighbours.
type batch struct {
	files  []*loaded
	buffer *[batchSize]byte // for the small ones
	done   chan struct{}
}

var batchBuffers = sync.Pool{New: func() any { return new([batchSize]byte) }}

// loaded is a file that was opened, and if there was room for it, read and
// closed.
type loaded struct {
	*item
	file    *os.File // nil if it was read
	data    []byte
	changed bool
	err     error
}

var errReplaced = errors.New("it was replaced by something else meanwhile")

// load opens the file, and reads one that is shorter than room. The item is
// brought up to date, as the file may have changed since it was seen.
func (l *loaded) load(room []byte) {
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
	if l.kind == kindSparse || l.size >= int64(len(room)) {
		l.file = f
		return
	}
	defer f.Close()
	// What says to be empty may be made up as it is read, as in /proc.
	n, err := io.ReadFull(f, room[:max(l.size, 1)])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		l.err = err
		return
	}
	l.data = room[:min(int64(n), l.size)]
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

// release closes what was not read.
func (l *loaded) release() {
	if l.file != nil {
		l.file.Close()
	}
}

// cut takes the next batch off items.
func cut(items []*item) (b *batch, rest []*item) {
	b = &batch{buffer: batchBuffers.Get().(*[batchSize]byte), done: make(chan struct{})}
	for left := int64(batchSize); len(items) > 0 && len(b.files) < batchFiles; {
		if left -= items[0].size; left <= 0 && len(b.files) > 0 {
			break
		}
		b.files = append(b.files, &loaded{item: items[0]})
		items = items[1:]
	}
	return b, items
}

func (b *batch) load() {
	defer close(b.done)
	room := b.buffer[:]
	for _, l := range b.files {
		l.load(room)
		room = room[len(l.data):]
	}
}

// ahead yields the files in order, each loaded, and reads on meanwhile.
func ahead(items []*item) iter.Seq[*loaded] {
	return func(yield func(*loaded) bool) {
		queue := make(chan *batch, readsAhead)
		stop := make(chan struct{})
		go func() {
			defer close(queue)
			for rest := items; len(rest) > 0; {
				var b *batch
				b, rest = cut(rest)
				select {
				case queue <- b:
					go b.load()
				case <-stop:
					return
				}
			}
		}()
		wanted := true
		for b := range queue {
			<-b.done
			for _, l := range b.files {
				if wanted && !yield(l) {
					wanted = false
					close(stop)
				}
				l.release()
			}
			batchBuffers.Put(b.buffer)
		}
	}
}
