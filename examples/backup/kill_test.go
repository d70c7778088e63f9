package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killed starts the program as a process of its own and kills it when the
// file has the given size. It reports whether it came to that.
func killed(t *testing.T, file string, size int64, args ...string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BACKUP_TEST_CHILD=1")
	must(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case <-done:
			return false
		case <-time.After(200 * time.Microsecond):
		}
		if info, err := os.Stat(file); err == nil && info.Size() >= size {
			must(t, cmd.Process.Kill())
			<-done
			return cmd.ProcessState.ExitCode() != 0
		}
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// TestKill: whenever a run is killed, the archive is what it was, and the next
// run goes on from what was stored.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("what is open cannot be replaced")
	}
	dir := bigTree(t, 60)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	all := int64(3_000_000)
	for round := range 2 {
		size := rng.Int64N(all * 9 / 10)
		t.Logf("killing at %d", size)
		archive := filepath.Join(t.TempDir(), "a")
		partial := filepath.Join(filepath.Dir(archive), ".a.partial")
		kills := 0
		for _, at := range []int64{size, min(size+500_000, all*9/10)} {
			if killed(t, partial, at, "create", archive, dir) && !exists(archive) {
				kills++
			}
			if exists(archive) { // it was quicker, and what has its name is whole
				break
			}
		}
		if !exists(archive) {
			gone := filepath.Join(dir, "da", fmt.Sprint("file", round*7)) // was stored first
			must(t, os.Remove(gone))
			if r := backup(t, "create", archive, dir); r.code != exitOK {
				t.Fatalf("cannot go on: %s", r.stderr)
			}
		}
		wantSound(t, archive, dir)
		first := snapshot(t, dir)
		info, err := os.Stat(archive)
		must(t, err)
		t.Logf("killed %d times, %d bytes", kills, info.Size())
		if info.Size() > all*5/4 && kills < 2 {
			t.Errorf("%d bytes: what was stored was stored again", info.Size())
		}

		change := filepath.Join(dir, "change")
		must(t, os.RemoveAll(change))
		for i := range 40 {
			write(t, filepath.Join(change, string(rune('A'+i))), noise(uint64(rng.IntN(60000)), 50_000))
		}
		grown := info.Size() + rng.Int64N(1_800_000)
		if killed(t, archive, grown, "append", archive, dir) {
			want, got := first, restored(t, archive)
			if _, sealed := got["change/A"]; sealed { // before it was killed
				want = snapshot(t, dir)
			}
			wantTree(t, got, want)
			backup(t, "list", archive).want(t, exitOK)
			backup(t, "verify", archive)
		}
		backup(t, "append", archive, dir).want(t, exitOK)
		wantSound(t, archive, dir)
		wantTree(t, restored(t, archive, "-run", "1"), first)
		must(t, os.RemoveAll(change))
		backup(t, "append", archive, dir).want(t, exitOK)
		wantSound(t, archive, dir)
	}
}

// TestTornCopy: wherever a run was cut that stores a copy of an archive, the old
// state can be read, and the next run goes on, if need be after a cut by hand.
func TestTornCopy(t *testing.T) {
	dir := bigTree(t, 4)
	archive := filepath.Join(t.TempDir(), "a")
	backup(t, "create", archive, dir).want(t, exitOK)
	want, old := snapshot(t, dir), read(t, archive)
	write(t, filepath.Join(dir, "copy"), old)
	backup(t, "append", archive, dir).want(t, exitOK)
	grown := read(t, archive)
	refused := 0
	for cut := len(old) + 1; cut < len(grown); cut += 9973 {
		must(t, os.WriteFile(archive, []byte(grown[:cut]), 0o600))
		target := filepath.Join(t.TempDir(), "restored")
		r := backup(t, "restore", "-C", target, archive)
		if r.code != exitOK { // what is behind might as well be damaged runs
			r.want(t, exitVerdict, "torn at offset")
		}
		wantTree(t, snapshot(t, target), want)
		r = backup(t, "append", archive, dir)
		if r.code != exitOK {
			refused++
			_, after, _ := strings.Cut(r.stderr, "torn at offset ")
			at, err := strconv.ParseInt(after[:strings.IndexByte(after, ',')], 10, 64)
			must(t, err)
			must(t, os.Truncate(archive, at))
			backup(t, "append", archive, dir).want(t, exitOK)
		}
		wantSound(t, archive, dir)
	}
	t.Logf("refused %d times", refused)
}

// wantSound checks that the archive is whole, has the state of dir, and is a
// tar archive.
func wantSound(t *testing.T, archive, dir string) {
	t.Helper()
	backup(t, "verify", "-tree", dir, archive).want(t, exitOK)
	wantTree(t, restored(t, archive), snapshot(t, dir))
	wantTar(t, archive, snapshot(t, dir))
}

// cancelAt is done when a file has a certain size.
type cancelAt struct {
	context.Context
	file string
	size int64
}

func (c cancelAt) Err() error {
	if info, err := os.Stat(c.file); err == nil && info.Size() >= c.size {
		return context.Canceled
	}
	return nil
}

// TestInterrupt: an interrupted run leaves no trace.
func TestInterrupt(t *testing.T) {
	dir := bigTree(t, 20)
	archive := filepath.Join(t.TempDir(), "a")
	partial := filepath.Join(filepath.Dir(archive), ".a.partial")
	backupWith(t, cancelAt{context.Background(), partial, 300_000}, "create", archive, dir).want(t, exitIO, "interrupted")
	if left, err := os.ReadDir(filepath.Dir(archive)); err != nil || len(left) > 0 {
		t.Fatalf("there remains %v, %v", left, err)
	}
	backup(t, "create", archive, dir).want(t, exitOK)
	before := read(t, archive)
	write(t, filepath.Join(dir, "more"), noise(7777, 2_000_000))
	backupWith(t, cancelAt{context.Background(), archive, int64(len(before)) + 500_000}, "append", archive, dir).want(t, exitIO, "interrupted")
	if read(t, archive) != before {
		t.Fatal("the archive was changed")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	target := filepath.Join(t.TempDir(), "x")
	for _, args := range [][]string{{"append", archive, dir}, {"verify", archive}, {"restore", "-C", target, archive}, {"salvage", "-C", target, archive}} {
		backupWith(t, ctx, args...).want(t, exitIO, "interrupted")
	}
	backup(t, "append", archive, dir).want(t, exitOK)
	wantSound(t, archive, dir)
}

// TestTwoRuns: two runs at a time do not write to one archive.
func TestTwoRuns(t *testing.T) {
	dir := bigTree(t, 3)
	archive := filepath.Join(t.TempDir(), "a")
	backup(t, "create", archive, dir).want(t, exitOK)
	f, err := os.OpenFile(archive, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	must(t, lock(f))
	if r := backup(t, "append", archive, dir); r.code != exitIO && runtime.GOOS != "windows" {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
}

// TestTakenOver: a run whose file became an archive before it had the lock
// leaves it alone.
func TestTakenOver(t *testing.T) {
	name := filepath.Join(t.TempDir(), ".a.partial")
	f, err := os.Create(name)
	must(t, err)
	defer f.Close()
	must(t, isStill(f, name))
	write(t, name+"2", "another")
	if os.Rename(name+"2", name) != nil {
		t.Skip("what is open cannot be replaced")
	}
	if isStill(f, name) == nil {
		t.Error("another file of that name passes for it")
	}
	must(t, os.Remove(name))
	if isStill(f, name) == nil {
		t.Error("a file without a name passes for it")
	}
}

// TestSyncFails: what the disk refused while a run went on is not forgotten at
// its end.
func TestSyncFails(t *testing.T) {
	open, err := os.Create(filepath.Join(t.TempDir(), "a"))
	must(t, err)
	defer open.Close()
	closed, err := os.Open(open.Name())
	must(t, err)
	must(t, closed.Close())
	r := &recorder{file: closed}
	must(t, r.writeBack())
	r.file = open
	if r.sync() == nil {
		t.Error("the failure is forgotten")
	}
}
