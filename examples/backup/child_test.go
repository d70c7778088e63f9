package main

import (
	"context"
	"os"
	"runtime/pprof"
	"testing"
)

// TestMain makes the test binary the program for tests that kill it.
func TestMain(m *testing.M) {
	if as := os.Getenv("BACKUP_TEST_CHILD"); as != "" {
		p := &program{ctx: context.Background(), sizes: small, stdout: os.Stdout, stderr: os.Stderr}
		if as == "usual" {
			p.sizes = usual
		}
		os.Exit(profiled(func() int { return p.run(os.Args[1:]) }))
	}
	os.Exit(m.Run())
}

// profiled runs f. It writes a profile to the file that BACKUP_PROFILE names:
// default.pgo is made of such, of trees of sources, of programs and of
// documents, by go tool pprof -proto.
func profiled(f func() int) int {
	name := os.Getenv("BACKUP_PROFILE")
	if name == "" {
		return f()
	}
	file, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		panic(err)
	}
	defer file.Close()
	defer pprof.StopCPUProfile()
	return f()
}
