package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// restore writes what was asked for of a run.
func (p *program) restore(f *os.File, a *archive) error {
	tree, err := a.state(p.number)
	if err != nil {
		return err
	}
	entries, total := p.choose(tree)
	r := &reader{p: p, source: seeking{a.content}}
	if total > a.content.Size()/2 { // then to decode all in parallel is faster
		r.rescue = r.source
		if r.source, err = p.stream(f); err != nil {
			return err
		}
	}
	return p.restoreTo(p.dir, entries, r, total)
}

// choose returns the entries that were asked for, by name, and the sum of
// their sizes. It reports what is not there.
func (p *program) choose(tree map[string]*entry) (entries []*entry, total int64) {
	found := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		e := tree[name]
		for _, asked := range p.paths {
			if within(name, []string{asked}) {
				found[asked] = true
			}
		}
		if p.selected(e) {
			entries = append(entries, e)
			total += e.size
		}
	}
	for _, asked := range p.paths {
		if !found[asked] {
			p.fail(fmt.Errorf("%s: not in the archive", asked))
		}
	}
	return entries, total
}

// restorer writes to a directory, and nowhere else: os.Root refuses every name
// that leads out of it, by itself or through a link.
type restorer struct {
	p      *program
	root   *os.Root
	reader *reader
	asRoot bool
	made   map[string]bool // directories that are there
	first  map[int64]*entry
}

// restoreTo restores entries, which are sorted by name.
func (p *program) restoreTo(dir string, entries []*entry, r *reader, total int64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	r.buffer = make([]byte, 256<<10)
	defer p.progress.start("restoring", total)()
	w := &restorer{p: p, root: root, reader: r, asRoot: os.Geteuid() == 0, made: map[string]bool{".": true}, first: make(map[int64]*entry)}
	if err := w.all(entries); err != nil {
		return err
	}
	if p.lost > 0 {
		return errLost
	}
	return nil
}

// all makes the directories first, and gives them their modes and times last:
// children before parents, as a directory may forbid what is done in it. No
// file is written after the first symbolic link was made.
func (w *restorer) all(entries []*entry) error {
	var files, links, dirs []*entry
	for _, e := range entries {
		switch {
		case !filepath.IsLocal(filepath.FromSlash(e.name)):
			w.p.fail(fmt.Errorf("%s: refused: the name leads out of the directory", e.name))
		case e.kind == kindDir:
			dirs = append(dirs, e)
		case e.kind == kindLink:
			links = append(links, e)
		default:
			files = append(files, e)
		}
	}
	slices.SortStableFunc(files, func(a, b *entry) int { return cmp.Compare(a.offset, b.offset) })
	slices.Reverse(dirs)
	for _, step := range []struct {
		entries []*entry
		do      func(*entry) error
	}{{dirs, func(e *entry) error { return w.mkdir(e.name) }}, {files, w.file}, {links, w.symlink}, {dirs, w.finishDir}} {
		for _, e := range step.entries {
			if w.p.ctx.Err() != nil {
				return errInterrupted
			}
			err := step.do(e)
			var damage *damageError
			switch {
			case errors.Is(err, errInterrupted):
				return err
			case errors.As(err, &damage):
				w.p.lose(e, err)
			case err != nil:
				w.p.fail(fmt.Errorf("%s: %w", e.name, err))
			}
		}
	}
	return nil
}

// mkdir makes a directory and those above it.
func (w *restorer) mkdir(name string) error {
	if w.made[name] {
		return nil
	}
	if err := w.root.MkdirAll(name, 0o700); err != nil {
		return err
	}
	info, err := w.root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() { // a link to a directory is not made for us
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
	}
	w.made[name] = true
	return nil
}

// clear makes way for e.
func (w *restorer) clear(e *entry) error {
	if err := w.mkdir(path.Dir(e.name)); err != nil {
		return err
	}
	if !w.p.force {
		return nil // who makes it says that it exists
	}
	info, err := w.root.Lstat(e.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return nil
	}
	if err != nil {
		return err
	}
	return w.root.Remove(e.name)
}

// file restores a file: from the archive, or as a link to or a copy of one
// that was restored.
func (w *restorer) file(e *entry) error {
	if err := w.clear(e); err != nil {
		return err
	}
	first := w.first[e.offset]
	if first != nil && (first.size != e.size || first.sum != e.sum) {
		first = nil // one of them is a lie
	}
	if first != nil && e.linked(first) && w.root.Link(first.name, e.name) == nil {
		w.p.progress.add(e.size)
		return nil
	}
	f, err := w.root.OpenFile(e.name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = w.fill(f, e, first)
	if err == nil {
		err = w.own(f.Chown, f.Chmod, e)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = w.root.Chtimes(e.name, time.Time{}, clock(e.mtime))
	}
	if err != nil {
		return errors.Join(err, w.root.Remove(e.name))
	}
	if first == nil {
		w.first[e.offset] = e
	}
	return nil
}

// fill writes the content of e to f: from the archive, or from the file that
// has it and was just restored.
func (w *restorer) fill(f *os.File, e, first *entry) error {
	var sparse *sigio.SparseWriter
	sink := func() (io.Writer, error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		if e.kind != kindSparse {
			return f, f.Truncate(0)
		}
		sparse = sigio.NewSparseWriter(f)
		return sparse, nil
	}
	err := w.copyFrom(first, e, sink)
	if err == nil && sparse != nil {
		err = sparse.Close()
	}
	return err
}

func (w *restorer) copyFrom(first, e *entry, sink func() (io.Writer, error)) error {
	if first == nil {
		return w.reader.read(e, sink)
	}
	src, err := w.root.Open(first.name)
	if err != nil {
		return err
	}
	defer src.Close()
	to, err := sink()
	if err == nil {
		_, err = io.Copy(to, src)
	}
	w.p.progress.add(e.size)
	return err
}

// own gives e its owner and its mode, in this order: a change of owner takes
// the set-user-ID bit away.
func (w *restorer) own(chown func(uid, gid int) error, chmod func(fs.FileMode) error, e *entry) error {
	mode := fs.FileMode(e.mode & 0o777)
	for _, b := range specialBits {
		if e.mode&b.bit != 0 && (w.asRoot || b.mode == fs.ModeSticky) {
			mode |= b.mode
		}
	}
	if w.asRoot {
		if err := chown(int(e.uid), int(e.gid)); err != nil {
			return err
		}
	}
	return chmod(mode)
}

// finishDir is for a directory that could be made.
func (w *restorer) finishDir(e *entry) error {
	if !w.made[e.name] {
		return nil
	}
	chown := func(uid, gid int) error { return w.root.Lchown(e.name, uid, gid) }
	chmod := func(mode fs.FileMode) error { return w.root.Chmod(e.name, mode) }
	if err := w.own(chown, chmod, e); err != nil {
		return err
	}
	return w.root.Chtimes(e.name, time.Time{}, clock(e.mtime))
}

// symlink restores a symbolic link. Its time stays that of the restoring.
func (w *restorer) symlink(e *entry) error {
	if w.p.safeLinks && !staysInside(e) {
		return fmt.Errorf("refused: the link leads out of the directory, to %s", e.target)
	}
	if err := w.clear(e); err != nil {
		return err
	}
	if err := w.root.Symlink(filepath.FromSlash(e.target), e.name); err != nil {
		return err
	}
	if w.asRoot {
		return w.root.Lchown(e.name, int(e.uid), int(e.gid))
	}
	return nil
}

// staysInside reports whether a link's target is below the root by its text.
func staysInside(e *entry) bool {
	if path.IsAbs(e.target) || filepath.IsAbs(e.target) || strings.Contains(e.target, "\\") && filepath.Separator == '\\' {
		return false
	}
	return filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(e.name), e.target)))
}
