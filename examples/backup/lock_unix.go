//go:build linux || darwin

package main

import (
	"errors"
	"os"
	"syscall"
)

// moveLocked says whether a file can be renamed and removed while it is open.
const moveLocked = true

// lock keeps a second run from writing to the same archive. It goes with f.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return &os.PathError{Op: "lock", Path: f.Name(), Err: errors.New("another run is writing to it")}
	}
	return nil // file systems without locks have none
}
