package main

import (
	"context"
	"io"
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
	f, err := os.CreateTemp(filepath.Dir(name), ".sigbench-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
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
