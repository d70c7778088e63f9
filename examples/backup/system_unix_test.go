//go:build linux || darwin

package main

import (
	"syscall"
	"testing"
)

func makePipe(t *testing.T, name string) { must(t, syscall.Mkfifo(name, 0o600)) }

// blocks is how much space a file takes, in units of 512 bytes.
func blocks(t *testing.T, name string) int64 {
	t.Helper()
	var s syscall.Stat_t
	must(t, syscall.Stat(name, &s))
	return s.Blocks
}
