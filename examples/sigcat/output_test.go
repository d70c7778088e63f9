package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPublish covers both ways to give a file its name, and that neither
// destroys what appeared there in the meantime.
func TestPublish(t *testing.T) {
	for _, c := range []struct {
		name    string
		publish func(temp, name string) error
		taken   bool
		result  string
	}{
		{"link", func(a, b string) error { return publish(a, b, false) }, false, "new"},
		{"link, taken", func(a, b string) error { return publish(a, b, false) }, true, "old"},
		{"claim", claim, false, "new"},
		{"claim, taken", claim, true, "old"},
		{"force", func(a, b string) error { return publish(a, b, true) }, false, "new"},
		{"force, taken", func(a, b string) error { return publish(a, b, true) }, true, "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := contents{"temp": []byte("new")}
			if c.taken {
				before["x"] = []byte("old")
			}
			dir := files(t, before)
			err := c.publish(filepath.Join(dir, "temp"), filepath.Join(dir, "x"))
			if refused := errors.Is(err, fs.ErrExist); refused != (c.result == "old") || !refused && err != nil {
				t.Errorf("got error %v", err)
			}
			after := contents{"x": []byte(c.result)}
			if err != nil {
				after["temp"] = []byte("new")
			}
			wantFiles(t, dir, after)
		})
	}
}

// TestFileThatAppearsMeanwhile: the check before the work is not enough.
func TestFileThatAppearsMeanwhile(t *testing.T) {
	dir := t.TempDir()
	var s outputs
	o, err := s.create(filepath.Join(dir, "x"), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("another's"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := o.commit(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("commit returns %v", err)
	}
	o.discard()
	o.discard()
	wantFiles(t, dir, contents{"x": []byte("another's")})
}

// TestAbandonIsFinal: between the removal of the file and the end of the
// process, the goroutine that worked on it must not start another.
func TestAbandonIsFinal(t *testing.T) {
	dir := t.TempDir()
	var s outputs
	o, err := s.create(filepath.Join(dir, "x"), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.abandon()
	wantFiles(t, dir, nil)
	if s.mu.TryLock() {
		t.Error("the lock is free")
	}
	if _, err := o.Write([]byte("late")); err == nil {
		t.Error("the file is still open")
	}
}

// TestInterrupt stops the command while it waits for input, with an output
// begun.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("signals cannot be sent")
	}
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			if signal.Ignored(s) {
				t.Skip("ignored, and so inherited")
			}
			before := contents{"x": []byte("old")}
			dir := files(t, before)
			c := command(dir, "-f", "-o", "x")
			stdin, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer c.Process.Kill()
			if _, err := stdin.Write(sample(2_000_000)); err != nil {
				t.Fatal(err)
			}
			waitForTemp(t, dir)
			if err := c.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitSignal+int(s) {
				t.Errorf("ended with %v", err)
			}
			wantFiles(t, dir, before)
		})
	}
}

func waitForTemp(t *testing.T, dir string) {
	t.Helper()
	for range 1000 {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".sigcat-") {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(fmt.Sprint("no temporary file in ", dir))
}
