package main

import (
	"archive/tar"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
)

// create makes a fresh archive. It grows under another name, from which a run
// that was killed is gone on with.
func (p *program) create() error {
	if err := p.mayReplace(); err != nil {
		return err
	}
	temp := p.partial()
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|openFlags, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(f); err != nil {
		return err
	}
	// Before the lock was had, another run may have made an archive of f.
	if err := isStill(f, temp); err != nil {
		return err
	}
	err = p.fill(f)
	if err == nil {
		err = p.mayReplace()
	}
	if !moveLocked { // then there is no lock to lose, either
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = os.Rename(temp, p.archive)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	syncDir(filepath.Dir(p.archive))
	return nil
}

// partial is the name of a fresh archive until it is sealed.
func (p *program) partial() string {
	return filepath.Join(filepath.Dir(p.archive), "."+filepath.Base(p.archive)+".partial")
}

// isStill returns an error if name is no longer that of f.
func isStill(f *os.File, name string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	now, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !os.SameFile(info, now) {
		return &fs.PathError{Op: "create", Path: name, Err: errReplaced}
	}
	return nil
}

func (p *program) mayReplace() error {
	if _, err := os.Lstat(p.archive); err == nil && !p.force {
		return fmt.Errorf("%w; -f replaces it, append adds to it", &fs.PathError{Op: "create", Path: p.archive, Err: fs.ErrExist})
	}
	return nil
}

// fill writes a fresh archive to f, or goes on with the one that is there.
func (p *program) fill(f *os.File) error {
	root, err := filepath.Abs(p.dir)
	if err != nil {
		return err
	}
	if a, err := p.resume(f); err == nil && a.root == root && len(a.runs) == 0 && len(a.killed.entries) > 0 {
		return p.record(f, a)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	id := make([]byte, idLen/2)
	if _, err := rand.Read(id); err != nil {
		return err
	}
	return p.record(f, &archive{id: hex.EncodeToString(id), root: root, room: p.sizes.room})
}

// append adds a run to an archive. If it fails, f is as long as it was, and
// nothing in it was touched.
func (p *program) append() error {
	f, err := os.OpenFile(p.archive, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(f); err != nil {
		return err
	}
	a, err := p.resume(f)
	if err != nil {
		return err
	}
	size, err := f.Seek(0, 2)
	if err != nil {
		return err
	}
	if err := p.record(f, a); err != nil {
		return errors.Join(err, f.Truncate(size), f.Sync())
	}
	return f.Close()
}

// resume opens the archive in f, from which it cuts what a killed run left of
// its last record. It looks before it cuts.
func (p *program) resume(f *os.File) (*archive, error) {
	a, err := openArchive(f, p.sizes.room)
	if err != nil {
		return nil, err
	}
	if a.refused > 0 {
		return nil, badCatalogue("torn at offset %d, with whole records behind: "+
			"if they are of a file that was being stored, cut the archive there and append again", a.refused)
	}
	if _, err := sigio.Repair(f); err != nil {
		return nil, err
	}
	return openArchive(f, p.sizes.room)
}

// record writes a run behind a, which is what f holds.
func (p *program) record(f *os.File, a *archive) error {
	// Reading and writing must not wait for a time slice behind the encoders,
	// which would then wait for them.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(p.concurrency + 2))
	// Most of the memory is buffers, which are used again.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	r := &recorder{
		p: p, archive: a.id, run: len(a.runs) + 1, time: time.Now().UnixNano(),
		start: a.killed.start, footed: a.end, written: a.end, room: a.room, before: make(map[string]*entry),
		byContent: make(map[digest]*entry), byInode: make(map[inode]*entry), sizes: make(map[int64]int),
		buffer: make([]byte, 1<<20), file: f,
	}
	for _, before := range append(a.runs, a.killed) {
		apply(r.before, before.entries)
	}
	t, err := p.scan(p.dir)
	if err != nil {
		return err
	}
	if r.z, err = sigio.OpenAppend(f, p.writerOptions()...); err != nil {
		return err
	}
	defer r.z.Reset(nil) // discards, unless Close has sealed the stream
	r.tar = tar.NewWriter(r)
	if err := r.begin(a); err != nil {
		return err
	}
	if err := r.store(t); err != nil {
		return err
	}
	if err := r.z.Close(); err != nil {
		return err
	}
	if err := r.sync(); err != nil {
		return err
	}
	s := r.z.Stats()
	p.notice(fmt.Sprintf("run %d: %d of %d entries, %s stored as %s", r.run, r.listed, len(t.items), terminal.Size(r.stored), terminal.Size(s.Encoded)))
	return nil
}

// begin writes the first member, or completes the last one of a killed run.
func (r *recorder) begin(a *archive) error {
	if a.content == nil {
		text := openingText(a.id, a.root)
		if err := r.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: opening, Mode: 0o600, Size: int64(len(text))}); err != nil {
			return err
		}
		_, err := r.tar.Write(text)
		return err
	}
	r.at = a.content.Size()
	if r.at == a.end {
		return nil
	}
	return r.heal(a)
}

// syncDir makes a rename lasting, on systems where that is a thing to ask for.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
