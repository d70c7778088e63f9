package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// item is something in the tree as it was seen.
type item struct {
	entry
	path  string // for the system
	info  fs.FileInfo
	links uint64

	base, suffix string // of the name, for the order
}

// tree is what a scan found.
type tree struct {
	items  []*item  // in the order of storing
	unread []string // directories and files of which nothing, or not all, is known
}

// scan walks the tree. What cannot be read is reported and left out.
func (p *program) scan(root string) (*tree, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	var own []fs.FileInfo // the archive may be in the tree
	for _, name := range []string{p.archive, p.partial()} {
		if info, err := os.Stat(name); err == nil {
			own = append(own, info)
		}
	}
	t := &tree{}
	needed := make(map[string]bool) // directories above what is stored
	err = filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if p.ctx.Err() != nil {
			return errInterrupted
		}
		if at == root {
			if err == nil && !d.IsDir() {
				err = &fs.PathError{Op: "backup", Path: root, Err: errors.New("not a directory")}
			}
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(at[len(root):]), "/")
		if err != nil {
			p.report(err)
			t.unread = append(t.unread, name)
			return nil
		}
		return p.see(t, needed, name, at, d, own)
	})
	if err != nil {
		return nil, err
	}
	t.items = slices.DeleteFunc(t.items, func(i *item) bool {
		return i.kind == kindDir && !needed[i.name] && !p.filter.takes(i.name, true)
	})
	t.sort()
	return t, nil
}

// see adds one path to t.
func (p *program) see(t *tree, needed map[string]bool, name, at string, d fs.DirEntry, own []fs.FileInfo) error {
	if name == ownDir {
		p.report(fmt.Errorf("%s: skipped: archives have a directory of that name", at))
		return skip(d)
	}
	if p.filter.exclude.cover(name, d.IsDir()) {
		return skip(d)
	}
	taken := p.filter.takes(name, d.IsDir())
	if !taken && !d.IsDir() {
		return nil
	}
	info, err := d.Info()
	if err != nil {
		p.report(err)
		if !errors.Is(err, fs.ErrNotExist) {
			t.unread = append(t.unread, name)
		}
		return nil
	}
	if slices.ContainsFunc(own, func(o fs.FileInfo) bool { return os.SameFile(o, info) }) {
		p.notice(at + ": skipped: it is the archive")
		return nil
	}
	i, err := newItem(name, at, info)
	switch {
	case err != nil:
		p.report(err)
		t.unread = append(t.unread, name)
		return nil
	case i == nil:
		p.notice(at + ": skipped: " + info.Mode().Type().String() + " is no file, directory or symbolic link")
		return nil
	}
	t.items = append(t.items, i)
	for up := path.Dir(name); taken && up != "." && !needed[up]; up = path.Dir(up) {
		needed[up] = true
	}
	return nil
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// newItem returns nil for what is not stored.
func newItem(name, at string, info fs.FileInfo) (*item, error) {
	i := &item{path: at, info: info}
	i.name = name
	i.base, i.suffix = path.Base(name), path.Ext(name)
	holes := i.set(info)
	switch mode := info.Mode(); {
	case mode.IsRegular():
		i.kind, i.size = kindFile, info.Size()
		if holes {
			i.kind = kindSparse
		}
	case mode.IsDir():
		i.kind = kindDir
	case mode&fs.ModeSymlink != 0:
		i.kind = kindLink
		target, err := os.Readlink(at)
		if err != nil {
			return nil, err
		}
		i.target = filepath.ToSlash(target)
	default:
		return nil, nil
	}
	return i, nil
}

// set takes over the attributes of a file. It reports whether it has holes.
func (i *item) set(info fs.FileInfo) (holes bool) {
	i.mtime = nanoseconds(info.ModTime())
	i.mode = uint32(info.Mode().Perm())
	for _, b := range specialBits {
		if info.Mode()&b.mode != 0 {
			i.mode |= b.bit
		}
	}
	i.links, holes = systemAttributes(&i.attributes, info)
	return holes
}

// specialBits are the bits above the permissions, here and in tar.
var specialBits = []struct {
	mode fs.FileMode
	bit  uint32
}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}}

// sort brings files of the same suffix and name together, whose contents are
// alike more often than those of neighbours in the tree: other versions of
// them, above all.
func (t *tree) sort() {
	rank := func(i *item) int {
		switch i.kind {
		case kindDir:
			return 2
		case kindLink:
			return 1
		}
		return 0
	}
	slices.SortFunc(t.items, func(a, b *item) int {
		if c := cmp.Compare(rank(a), rank(b)); c != 0 {
			return c
		}
		if a.kind == kindDir {
			return strings.Compare(b.name, a.name) // children before parents
		}
		if c := strings.Compare(a.suffix, b.suffix); c != 0 {
			return c
		}
		if c := strings.Compare(a.base, b.base); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
}
