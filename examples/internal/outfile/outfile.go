// Package outfile writes the files of a program that can be stopped at any
// time.
package outfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Files are those of one run. The zero value is ready.
type Files struct {
	unfinished sync.Mutex // held while there is one
}

// Write lets write fill the file of the given name, which appears once it is
// complete, and not at all after an error or when ctx was cancelled. A device
// or pipe is written in place.
func (f *Files) Write(ctx context.Context, name string, write func(io.Writer) error) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		out, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(out), out.Close())
	}
	f.unfinished.Lock()
	defer f.unfinished.Unlock()
	return renamed(replace(ctx, name, write), name)
}

// Abandon is for a program that exits while Write is at work, once its context
// is cancelled. It returns when what was unfinished is removed; no file appears
// from then on.
func (f *Files) Abandon() { f.unfinished.Lock() }

func replace(ctx context.Context, name string, write func(io.Writer) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(name), ".sigma-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if err := write(temp); err != nil {
		return err
	}
	_ = temp.Chmod(0o644) // CreateTemp makes private files; some file systems have no modes
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

// renamed tells an error of a temporary file by the name that the user knows.
func renamed(err error, name string) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return &fs.PathError{Op: p.Op, Path: name, Err: p.Err}
	}
	return err
}
