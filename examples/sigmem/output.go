package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile lets write fill the file of the given name, which appears once it
// is complete, and not at all after an error or when ctx was cancelled. A
// device or pipe is written in place.
func writeFile(ctx context.Context, name string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return write(f)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".sigmem-*")
	if err != nil {
		return renamed(err, name)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = renamed(err, name)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	_ = f.Chmod(0o644) // CreateTemp makes private files; some file systems have no modes
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// renamed tells an error of a temporary file by the name that the user knows.
func renamed(err error, name string) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return &fs.PathError{Op: p.Op, Path: name, Err: p.Err}
	}
	return err
}
