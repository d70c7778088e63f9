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
	"sync"
)

// item is something in the tree as it was seen.
type item struct {
	entry
	path   string // for the system
	info   fs.FileInfo
	links  uint64
	beside string // the first name in the tree whose last element is the same
}

// tree is what a scan found.
type tree struct {
	items  []*item  // in the order of storing
	unread []string // directories and files of which nothing, or not all, is known
}

// scanner walks a tree, several directories at a time.
type scanner struct {
	p     *program
	own   []fs.FileInfo // the archive, which may be in the tree
	slots chan struct{}
	walks sync.WaitGroup

	mu sync.Mutex
	tree
}

// scan walks the tree. What cannot be read is reported and left out.
func (p *program) scan(root string) (*tree, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	s := &scanner{p: p, slots: make(chan struct{}, p.concurrency)}
	for _, name := range []string{p.archive, p.partial()} {
		if info, err := os.Stat(name); err == nil {
			s.own = append(s.own, info)
		}
	}
	err = s.walk(root, "")
	s.walks.Wait()
	switch {
	case p.ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, err
	}
	if len(p.filter.include) > 0 {
		s.dropBarren()
	}
	s.sort()
	return &s.tree, nil
}

// walk sees all in the directory at at. prefix stands before the names there.
func (s *scanner) walk(at, prefix string) error {
	entries, err := os.ReadDir(at)
	for _, d := range entries {
		if s.p.ctx.Err() != nil {
			return nil
		}
		name := prefix + d.Name()
		at := filepath.Join(at, d.Name())
		if !s.see(name, at, d) || !d.IsDir() {
			continue
		}
		below := func() {
			if err := s.walk(at, name+"/"); err != nil {
				s.miss(name, err)
			}
		}
		select {
		case s.slots <- struct{}{}:
			s.walks.Go(func() {
				below()
				<-s.slots
			})
		default:
			below()
		}
	}
	return err
}

// miss reports what cannot be read.
func (s *scanner) miss(name string, err error) {
	s.p.report(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = append(s.unread, name)
}

// see adds one path to the tree. It reports whether what is below it, if it is
// a directory, belongs there, too.
func (s *scanner) see(name, at string, d fs.DirEntry) bool {
	if name == ownDir {
		s.p.report(fmt.Errorf("%s: skipped: archives have a directory of that name", at))
		return false
	}
	if s.p.filter.exclude.cover(name, d.IsDir()) {
		return false
	}
	if !d.IsDir() && !s.p.filter.takes(name, false) {
		return false
	}
	info, err := d.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.p.report(err)
		return false
	case err != nil:
		s.miss(name, err)
		return true
	}
	if slices.ContainsFunc(s.own, func(o fs.FileInfo) bool { return os.SameFile(o, info) }) {
		s.p.notice(at + ": skipped: it is the archive")
		return false
	}
	i, err := newItem(name, at, info)
	switch {
	case err != nil:
		s.miss(name, err)
		return false
	case i == nil:
		s.p.notice(at + ": skipped: " + info.Mode().Type().String() + " is no file, directory or symbolic link")
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, i)
	return true
}

// dropBarren drops the directories that no pattern asks for, unless they are
// above something that one does ask for.
func (s *scanner) dropBarren() {
	needed := make(map[string]bool)
	for _, i := range s.items {
		if i.kind == kindDir && !s.p.filter.takes(i.name, true) {
			continue
		}
		for up := i.name; up != "." && !needed[up]; up = path.Dir(up) {
			needed[up] = true
		}
	}
	s.items = slices.DeleteFunc(s.items, func(i *item) bool { return !needed[i.name] })
}

// newItem returns nil for what is not stored.
func newItem(name, at string, info fs.FileInfo) (*item, error) {
	i := &item{path: at, info: info}
	i.name = name
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

// sort brings files of the same name together, where the first of them stands
// in the tree. They are versions or relatives more often than not; all others
// have most in common with their neighbours. Copies have the same size besides.
func (t *tree) sort() {
	first := make(map[string]string, len(t.items))
	for _, i := range t.items {
		base := path.Base(i.name)
		if name, ok := first[base]; !ok || i.name < name {
			first[base] = i.name
		}
	}
	for _, i := range t.items {
		i.beside = first[path.Base(i.name)]
	}
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
		switch {
		case rank(a) != rank(b):
			return rank(a) - rank(b)
		case a.kind == kindDir:
			return strings.Compare(b.name, a.name) // children before parents
		}
		return cmp.Or(strings.Compare(a.beside, b.beside), cmp.Compare(a.size, b.size), strings.Compare(a.name, b.name))
	})
}
