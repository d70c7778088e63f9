package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSparse: holes are stored as nothing and restored as holes.
func TestSparse(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "image")
	const size = 32 << 20
	f, err := os.Create(name)
	must(t, err)
	for _, at := range []int64{5 << 20, 9<<20 + 12345, size - 70_000} {
		_, err := f.WriteAt([]byte(noise(uint64(at), 50_000)), at)
		must(t, err)
	}
	must(t, f.Truncate(size))
	must(t, f.Close())
	must(t, os.WriteFile(filepath.Join(dir, "only a hole"), nil, 0o600))
	must(t, os.Truncate(filepath.Join(dir, "only a hole"), 3_000_001))
	taken := blocks(t, name)
	if taken*512 >= size {
		t.Skip("the file system has no holes")
	}
	time.Sleep(clockTick) // no file is too fresh
	archive := filepath.Join(t.TempDir(), "a")
	began := time.Now()
	backup(t, "create", archive, dir).want(t, exitOK)
	t.Log(time.Since(began))
	if n := len(read(t, archive)); n > 400_000 {
		t.Errorf("the archive takes %d bytes", n)
	}
	target := t.TempDir()
	backup(t, "restore", "-C", target, archive).want(t, exitOK)
	wantTree(t, snapshot(t, target), snapshot(t, dir))
	if got := blocks(t, filepath.Join(target, "image")); got > 2*taken {
		t.Errorf("restored it takes %d blocks instead of %d", got, taken)
	}
	if got := blocks(t, filepath.Join(target, "only a hole")); got > 8 {
		t.Errorf("the hole takes %d blocks", got)
	}
	backup(t, "verify", "-tree", dir, archive).want(t, exitOK)
	backup(t, "append", archive, dir).want(t, exitOK, "run 2: 0 of")
}
