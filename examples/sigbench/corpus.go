package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// input is a file to be measured.
type input struct {
	path  string
	class string // name of its folder
	size  int64
}

// find lists the files given and those below the folders given, in order.
// What cannot be listed is in the error, each with its name; the rest is
// returned all the same. Below a folder only regular files count.
func find(paths []string) ([]input, error) {
	var found []input
	var failed []error
	for _, root := range paths {
		if info, err := os.Stat(root); err == nil && info.IsDir() {
			root = filepath.Clean(root) + string(filepath.Separator) // follows a link to a folder
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (path == root || d.Type().IsRegular()) {
				var in input
				if in, err = stat(path); err == nil {
					found = append(found, in)
				}
			}
			if err != nil {
				failed = append(failed, err)
			}
			return nil
		})
		if err != nil {
			failed = append(failed, err)
		}
	}
	return found, errors.Join(failed...)
}

// stat follows a link that was named on the command line.
func stat(path string) (input, error) {
	info, err := os.Stat(path)
	if err != nil {
		return input{}, err
	}
	if !info.Mode().IsRegular() {
		return input{}, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return input{}, err
	}
	return input{path, filepath.Base(filepath.Dir(abs)), info.Size()}, nil
}
