package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// recorder writes one run.
type recorder struct {
	p   *program
	z   *sigio.Writer
	tar *tar.Writer
	at  int64 // in the content of the archive

	archive string // id
	run     int
	time    int64
	start   int64 // of the run in the content
	footed  int64 // where the last catalogue ends
	written int64 // what the disk was last told to work on

	before map[string]*entry // the tree as the archive has it, with what a killed run stored

	room    int64    // that the catalogues of the archive leave in memory
	entries []*entry // since the last catalogue
	listed  int      // how many stand in those of this run
	unread  []string // what could not be read

	byContent map[digest]*entry
	byInode   map[inode]*entry
	sizes     map[int64]int // how many files to store have that size
	buffer    []byte
	stored    int64 // bytes of contents

	file    *os.File
	syncing chan error // gets what the Sync that is going on comes to; nil if none is
}

type inode struct{ dev, ino uint64 }

// digest stands for a content.
type digest struct {
	size   int64
	sha256 [sha256.Size]byte
	crc    uint32
}

const (
	// Contents of fewer than minCopy bytes are not looked for elsewhere:
	// compression finds them, as files of the same name are neighbours.
	minCopy = 64 << 10

	// As a ctime these have the next run store a file again.
	neverSame = -1 // it changed while it was read
	tooFresh  = -2 // it may change without a trace
)

// Write writes content.
func (r *recorder) Write(b []byte) (int, error) {
	if r.p.ctx.Err() != nil {
		return 0, errInterrupted
	}
	n, err := r.z.Write(b)
	r.at += int64(n)
	r.p.progress.add(int64(n))
	return n, err
}

// store writes all that changed, and the catalogue.
func (r *recorder) store(t *tree) error {
	toLoad, links := r.sift(t)
	total := int64(0)
	for _, i := range toLoad {
		total += i.size
		r.sizes[i.size]++
	}
	defer r.p.progress.start("storing", total)()
	for l := range ahead(toLoad) {
		if err := r.storeFile(l); err != nil {
			return err
		}
		if err := r.partDone(); err != nil {
			return err
		}
	}
	for _, i := range links {
		if err := r.storeLink(i); err != nil {
			return err
		}
	}
	for _, i := range t.items {
		if i.kind == kindLink || i.kind == kindDir {
			if err := r.storeOther(i); err != nil {
				return err
			}
		}
	}
	r.recordDeletions(t)
	return r.catalogue(true)
}

// sift returns the files to read, and those that are further names of theirs.
func (r *recorder) sift(t *tree) (toLoad, links []*item) {
	forced := r.brokenLinks(t)
	first := make(map[inode]bool)
	for _, i := range t.items {
		id := inode{i.dev, i.ino}
		switch {
		case !i.regular():
		case !forced[id] && i.same(r.before[i.name]):
		case i.links > 1 && i.ino != 0 && first[id]:
			links = append(links, i)
		default:
			first[id] = true
			toLoad = append(toLoad, i)
		}
	}
	return toLoad, links
}

// brokenLinks returns the files with several names that are to be stored,
// though some of their names did not change: a content is stored with all its
// names or not at all.
func (r *recorder) brokenLinks(t *tree) map[inode]bool {
	offsets := make(map[inode]int64)
	broken := make(map[inode]bool)
	for _, i := range t.items {
		if !i.regular() || i.links < 2 || i.ino == 0 {
			continue
		}
		id, offset := inode{i.dev, i.ino}, int64(-1)
		if old := r.before[i.name]; i.same(old) {
			offset = old.offset
		}
		if other, seen := offsets[id]; offset < 0 || seen && other != offset {
			broken[id] = true
		}
		offsets[id] = offset
	}
	return broken
}

// storeFile stores a file that was loaded. Only what cannot be written is an
// error.
func (r *recorder) storeFile(l *loaded) error {
	if l.err != nil {
		r.p.report(l.err)
		r.lose(l.item, l.err)
		return nil
	}
	var src io.Reader = bytes.NewReader(l.data)
	if l.file != nil {
		src = &holeReader{file: l.file, size: l.size, sparse: l.kind == kindSparse}
	}
	var d digest
	if r.p.dedup && l.size >= minCopy && r.sizes[l.size] > 1 {
		var err error
		if d, err = r.digest(src, l.size); err == nil && r.byContent[d] != nil {
			return r.storeCopy(l, r.byContent[d])
		}
		if _, err := src.(io.Seeker).Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	if err := r.header(&l.entry, tar.TypeReg, ""); err != nil {
		return err
	}
	readErr, err := r.content(&l.entry, src)
	if err != nil {
		return err
	}
	if l.file != nil {
		l.changed = l.changed || touched(l.file, l.info)
	}
	switch {
	case readErr != nil:
		r.p.report(fmt.Errorf("%w; the rest of it is stored as zeros", readErr))
		l.ctime = neverSame
	case l.changed:
		r.p.report(fmt.Errorf("%s: changed while it was read", l.path))
		l.ctime = neverSame
	case d.size > 0 && d.crc == l.sum: // otherwise it changed between the readings
		r.byContent[d] = &l.entry
	}
	r.record(&l.entry)
	return nil
}

// content stores what src gives, and no more or less than e.size bytes.
func (r *recorder) content(e *entry, src io.Reader) (readErr, err error) {
	e.sum = 0
	r.stored += e.size
	for left := e.size; left > 0; {
		b := r.buffer[:min(int64(len(r.buffer)), left)]
		n := 0
		if readErr == nil {
			n, readErr = io.ReadFull(src, b)
		}
		if readErr != nil {
			clear(b[n:]) // and all that follows
		}
		e.sum = crc32.Update(e.sum, castagnoli, b)
		if _, err := r.tar.Write(b); err != nil {
			return nil, err
		}
		left -= int64(len(b))
	}
	if errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF) {
		readErr = &fs.PathError{Op: "read", Path: e.name, Err: errors.New("it became shorter while it was read")}
	}
	return readErr, nil
}

// digest reads size bytes to learn whether there is another such file.
func (r *recorder) digest(src io.Reader, size int64) (digest, error) {
	sum, crc := sha256.New(), crc32.New(castagnoli)
	n, err := io.CopyBuffer(io.MultiWriter(sum, crc), struct{ io.Reader }{src}, r.buffer)
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	return digest{n, [sha256.Size]byte(sum.Sum(nil)), crc.Sum32()}, err
}

// storeCopy stores l as another place of a content that is stored already.
func (r *recorder) storeCopy(l *loaded, first *entry) error {
	if l.file != nil && touched(l.file, l.info) {
		l.ctime = neverSame // the next run looks again
		r.p.report(fmt.Errorf("%s: changed while it was read", l.path))
	}
	r.p.progress.add(l.size)
	return r.link(&l.entry, first)
}

// storeLink stores a further name of a file.
func (r *recorder) storeLink(i *item) error {
	if first := r.byInode[inode{i.dev, i.ino}]; first != nil {
		i.mtime, i.ctime = first.mtime, first.ctime
		return r.link(&i.entry, first)
	}
	l := &loaded{item: i}
	l.load(nil)
	defer l.release()
	return r.storeFile(l)
}

func (r *recorder) link(e, first *entry) error {
	if err := r.header(e, tar.TypeLink, first.name); err != nil {
		return err
	}
	e.size, e.sum, e.offset = first.size, first.sum, first.offset
	r.record(e)
	return nil
}

// storeOther stores a directory or symbolic link.
func (r *recorder) storeOther(i *item) error {
	if i.same(r.before[i.name]) {
		return nil
	}
	flag := byte(tar.TypeDir)
	if i.kind == kindLink {
		flag = tar.TypeSymlink
	}
	if err := r.header(&i.entry, flag, i.target); err != nil {
		return err
	}
	r.entries = append(r.entries, &i.entry)
	return nil
}

// header starts the member of e.
func (r *recorder) header(e *entry, flag byte, target string) error {
	if err := r.tar.Flush(); err != nil {
		return err
	}
	e.offset = r.at
	h := &tar.Header{
		Typeflag: flag, Name: e.name, Linkname: target,
		Mode: int64(e.mode), Uid: int(e.uid), Gid: int(e.gid),
		// The catalogue has the exact time; here it would take 1 KiB a member.
		ModTime: time.Unix(clock(e.mtime).Unix(), 0),
	}
	switch flag {
	case tar.TypeReg:
		h.Size = e.size
	case tar.TypeDir:
		h.Name += "/"
	}
	return r.tar.WriteHeader(h)
}

func (r *recorder) record(e *entry) {
	r.entries = append(r.entries, e)
	if e.ino != 0 && e.ctime != neverSame {
		r.byInode[inode{e.dev, e.ino}] = e
	}
}

// lose notes that i could not be read. What is gone is deleted; of all else
// what an earlier run stored stays.
func (r *recorder) lose(i *item, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		i.kind = kindDeleted
	} else {
		r.unread = append(r.unread, i.name)
	}
}

// recordDeletions records what is no longer in the tree, unless nothing is
// known of it.
func (r *recorder) recordDeletions(t *tree) {
	there := make(map[string]bool, len(t.items))
	for _, i := range t.items {
		there[i.name] = i.kind != kindDeleted
	}
	for _, name := range slices.Sorted(maps.Keys(r.before)) {
		if !there[name] && !within(name, t.unread) && !within(name, r.unread) {
			r.entries = append(r.entries, &entry{name: name, kind: kindDeleted})
		}
	}
}
