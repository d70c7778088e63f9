package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// outputs makes the files of a run, one at a time. Its lock is held while a
// file appears or goes, so that abandon can stop the run from another
// goroutine at a moment when nothing is half done.
type outputs struct {
	mu   sync.Mutex
	temp *output // the file that has not got its name yet, or nil
}

// abandon removes what is unfinished. It keeps the lock for good: nothing
// appears from then on, and the process can exit.
func (s *outputs) abandon() {
	s.mu.Lock()
	s.removeTemp()
}

// pass returns unless the run was abandoned. Nobody wants to read what the
// loss of its file means to whoever was writing it.
func (s *outputs) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
}

// removeTemp is called with the lock held.
func (s *outputs) removeTemp() {
	if s.temp != nil {
		s.temp.file.Close()
		os.Remove(s.temp.file.Name())
		s.temp = nil
	}
}

// output is where one input's result goes: to a temporary file that commit
// gives its name, or straight to what has no content to lose (stdout, a
// device, a named pipe).
type output struct {
	file    *os.File
	written int64
	stdout  bool // not ours to close

	// Of a temporary file.
	owner *outputs
	name  string // that it is to have; "" for the others
	force bool
	like  fs.FileInfo
}

// create starts the file that is to be called name. Without force it fails if
// there is one, now and again in commit.
func (s *outputs) create(name string, force bool, like fs.FileInfo) (*output, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &output{file: f}, err
	}
	if _, err := os.Lstat(name); err == nil && !force {
		return nil, existing(name)
	}
	perm := fs.FileMode(0o666)
	if like != nil && like.Mode().IsRegular() {
		perm = like.Mode().Perm()
	} else {
		like = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := createTemp(filepath.Dir(name), perm)
	if err != nil {
		return nil, renamed(err, name)
	}
	s.temp = &output{file: f, owner: s, name: name, force: force, like: like}
	return s.temp, nil
}

// createTemp is os.CreateTemp for files that are not private: from its first
// moment on the file is as open to others as perm and the umask allow.
func createTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for {
		name := filepath.Join(dir, fmt.Sprintf(".sigcat-%016x", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// Write writes to the file.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	o.written += int64(n)
	return n, renamed(err, o.name)
}

// renamed tells an error of a temporary file by the name that the user knows.
func renamed(err error, name string) error {
	var p *fs.PathError
	if name != "" && errors.As(err, &p) {
		return &fs.PathError{Op: p.Op, Path: name, Err: p.Err}
	}
	return err
}

// commit makes the output lasting and gives it its name.
func (o *output) commit() error {
	switch {
	case o.stdout:
		return nil
	case o.name == "":
		return o.file.Close()
	}
	if err := o.file.Sync(); err != nil {
		return renamed(err, o.name)
	}
	if o.like != nil {
		_ = o.file.Chmod(o.like.Mode().Perm()) // some file systems have no modes
	}
	if err := o.file.Close(); err != nil {
		return renamed(err, o.name)
	}
	if o.like != nil {
		_ = os.Chtimes(o.file.Name(), time.Time{}, o.like.ModTime())
	}
	o.owner.mu.Lock()
	defer o.owner.mu.Unlock()
	if err := publish(o.file.Name(), o.name, o.force); err != nil {
		return err
	}
	o.owner.temp = nil
	return nil
}

// discard removes what was not committed, and does nothing after a commit.
func (o *output) discard() {
	switch {
	case o.stdout:
	case o.name == "":
		o.file.Close()
	default:
		o.owner.mu.Lock()
		defer o.owner.mu.Unlock()
		if o.owner.temp == o {
			o.owner.removeTemp()
		}
	}
}

// publish renames temp to name. A file of that name is replaced with force
// only, also if it appeared a moment ago.
func publish(temp, name string, force bool) error {
	if force {
		return os.Rename(temp, name)
	}
	// Unlike Rename, Link never replaces.
	switch err := os.Link(temp, name); {
	case err == nil:
		return os.Remove(temp)
	case errors.Is(err, fs.ErrExist):
		return existing(name)
	}
	return claim(temp, name)
}

// claim is publish where files cannot have two names: it takes the name with
// an empty file of its own, which Rename may then replace.
func claim(temp, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return existing(name)
	}
	if err != nil {
		return err
	}
	f.Close()
	if err := os.Rename(temp, name); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}

func existing(name string) error {
	return fmt.Errorf("%w; -f overwrites it", &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist})
}
