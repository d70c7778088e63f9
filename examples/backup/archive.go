package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/sigmalang/sigma/sigio"
)

// archive is an archive that is open for reading.
type archive struct {
	id, root string
	content  *sigio.ReaderAt
	runs     []run
	killed   run   // what is listed behind the last whole one
	end      int64 // of the last catalogue
	torn     int64 // encoded bytes behind the last whole record
	room     int64 // left in memory for further catalogues
	refused  int64 // where the archive has to be cut before a run can go on, if that is up to the user
}

// run is what the catalogues of one run say, one after the other.
type run struct {
	time       int64 // of its start
	start, end int64
	entries    []*entry // deletions included
}

// openArchive reads the catalogues of f. Of an archive whose last run was
// killed it reads what is there, as if f had been repaired. f is not changed.
// The catalogues may take room bytes of memory.
func openArchive(f *os.File, room int64) (*archive, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	a := &archive{room: room}
	a.content, err = sigio.OpenReaderAt(f, info.Size())
	if errors.Is(err, sigio.ErrTruncated) || errors.Is(err, sigio.ErrCorrupt) {
		o := &overlay{base: f, size: info.Size()}
		var repairErr error
		a.torn, repairErr = sigio.Repair(o)
		var refused *sigio.StreamError
		if errors.Is(repairErr, sigio.ErrCorrupt) && errors.As(repairErr, &refused) && refused.Offset > 0 {
			// Where a file that was being stored is a stream itself, whole
			// records stand behind the tear. What is in front can be read.
			a.refused = refused.Offset
			a.torn = info.Size() - a.refused
			o = &overlay{base: f, size: a.refused}
			_, repairErr = sigio.Repair(o)
		}
		if repairErr != nil {
			return nil, fmt.Errorf("%w; salvage restores what is left", err)
		}
		a.content, err = sigio.OpenReaderAt(o, o.length())
	}
	if err != nil {
		return nil, err
	}
	if err := a.readOpening(); err != nil {
		return nil, err
	}
	return a, a.readRuns()
}

// readOpening reads the first member.
func (a *archive) readOpening() error {
	r := tar.NewReader(io.NewSectionReader(a.content, 0, a.content.Size()))
	h, err := r.Next()
	if err == nil && h.Name == opening {
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(r, maxLine)); err == nil {
			var ok bool
			if a.id, a.root, ok = parseOpening(text); ok {
				return nil
			}
		}
	}
	if isStream(err) {
		return err
	}
	return badCatalogue("it does not begin like one")
}

// isStream reports whether err is about the Sigma stream, or the file.
func isStream(err error) bool {
	var path *os.PathError
	return exitCode(err) == exitVerdict && !errors.Is(err, errCatalogue) || errors.As(err, &path)
}

// readRuns follows the footers from the end to the start.
func (a *archive) readRuns() error {
	f, end, err := a.lastFooter()
	if err != nil {
		return err
	}
	a.end = end
	var catalogues []catalogue
	for end > 0 {
		entries, err := readLines(io.NewSectionReader(a.content, f.lines, f.length), f, &a.room)
		if err != nil {
			return err
		}
		catalogues = append(catalogues, catalogue{f, end, entries})
		if end = f.start; end > 0 {
			if f, err = a.footerBefore(end); err != nil {
				return err
			}
		}
	}
	for _, c := range slices.Backward(catalogues) {
		if want := len(a.runs) + 1; c.run != want {
			return badCatalogue("a catalogue of run %d stands where one of run %d belongs", c.run, want)
		}
		a.killed.time, a.killed.end = c.time, c.end
		a.killed.entries = append(a.killed.entries, c.entries...)
		if c.final {
			a.runs = append(a.runs, a.killed)
			a.killed = run{start: c.end}
		}
	}
	return nil
}

// catalogue is one that was read.
type catalogue struct {
	footer
	end     int64
	entries []*entry
}

// footerBefore reads the footer that ends at end.
func (a *archive) footerBefore(end int64) (footer, error) {
	b := make([]byte, block)
	if end < block {
		return footer{}, badCatalogue("a catalogue is missing")
	}
	if err := readFull(a.content, b, end-block); err != nil {
		return footer{}, err
	}
	f, ok := parseFooter(b, end-block)
	if !ok || f.archive != a.id {
		return footer{}, badCatalogue("no catalogue ends at %d", end)
	}
	return f, nil
}

// lastFooter finds the last footer: at the end, or before what a run left that
// was killed. Without any, end is 0.
func (a *archive) lastFooter() (f footer, end int64, err error) {
	const step = 1 << 20 // 2048 blocks
	magic := []byte(footerMagic + a.id)
	b := make([]byte, step)
	for high := a.content.Size() / block * block; high > 0; high -= min(high, step) {
		low := max(0, high-step)
		b = b[:high-low]
		if err := readFull(a.content, b, low); err != nil {
			return f, 0, err
		}
		for i := len(b) - block; i >= 0; i -= block {
			if bytes.HasPrefix(b[i:], magic) {
				if f, ok := parseFooter(b[i:i+block], low+int64(i)); ok {
					return f, low + int64(i) + block, nil
				}
			}
		}
	}
	return f, 0, nil
}

func readFull(src io.ReaderAt, b []byte, off int64) error {
	n, err := src.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	return err // not nil, as io.ReaderAt has it
}

// state returns the tree as run n left it; 0 is the latest.
func (a *archive) state(n int) (map[string]*entry, error) {
	if len(a.runs) == 0 {
		return nil, badCatalogue("no run was completed")
	}
	if n == 0 {
		n = len(a.runs)
	}
	if n < 0 || n > len(a.runs) {
		return nil, fmt.Errorf("no run %d: there are %d", n, len(a.runs))
	}
	tree := make(map[string]*entry)
	for _, r := range a.runs[:n] {
		apply(tree, r.entries)
	}
	return tree, nil
}

// apply brings tree from one run to the next.
func apply(tree map[string]*entry, entries []*entry) {
	for _, e := range entries {
		if e.kind == kindDeleted {
			delete(tree, e.name)
		} else {
			tree[e.name] = e
		}
	}
}

// overlay is a file that can be repaired without a change to it: what is
// written behind the place where it was cut stays in memory.
type overlay struct {
	base   io.ReaderAt
	size   int64  // of base, as far as it was not cut off
	tail   []byte // stands behind it
	offset int64
}

func (o *overlay) length() int64 { return o.size + int64(len(o.tail)) }

// ReadAt is that of io.ReaderAt.
func (o *overlay) ReadAt(p []byte, off int64) (n int, err error) {
	if off < o.size {
		n, err = o.base.ReadAt(p[:min(int64(len(p)), o.size-off)], off)
		if off+int64(n) < o.size {
			return n, err
		}
	}
	if skip := off + int64(n) - o.size; skip < int64(len(o.tail)) {
		n += copy(p[n:], o.tail[skip:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Write writes at the end; nothing else is ever asked for.
func (o *overlay) Write(p []byte) (int, error) {
	if o.offset != o.length() {
		return 0, errors.ErrUnsupported
	}
	o.tail = append(o.tail, p...)
	o.offset += int64(len(p))
	return len(p), nil
}

// Seek is that of io.Seeker.
func (o *overlay) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.length()
	}
	if offset < 0 {
		return 0, os.ErrInvalid
	}
	o.offset = offset
	return offset, nil
}

// Truncate cuts the file off at size.
func (o *overlay) Truncate(size int64) error {
	switch {
	case size <= o.size:
		o.size, o.tail = size, nil
	case size <= o.length():
		o.tail = o.tail[:size-o.size]
	default:
		return errors.ErrUnsupported
	}
	return nil
}
