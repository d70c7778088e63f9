package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bigTree makes a tree of n files of 50 kB that do not compress.
func bigTree(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	for i := range n {
		write(t, filepath.Join(dir, "d"+string(rune('a'+i%7)), fmt.Sprint("file", i)), noise(uint64(i), 50_000))
	}
	time.Sleep(clockTick) // no file is too fresh
	return dir
}

// salvagedTree salvages an archive, whatever is lost.
func salvagedTree(t *testing.T, archive string) (result, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	r := backup(t, "salvage", "-C", dir, archive)
	return r, snapshot(t, dir)
}

// TestDamage: damage anywhere is found by verify; nothing wrong is ever
// restored; and salvage brings back every file that the damage is not in.
func TestDamage(t *testing.T) {
	dir := bigTree(t, 20)
	name := filepath.Join(t.TempDir(), "a")
	backup(t, "create", "-p", "2", name, dir).want(t, exitOK)
	write(t, filepath.Join(dir, "later"), "a second run")
	backup(t, "append", name, dir).want(t, exitOK)
	good := []byte(read(t, name))
	want := snapshot(t, dir)
	r, got := salvagedTree(t, name)
	r.want(t, exitOK)
	wantTree(t, got, want)

	rng := rand.New(rand.NewPCG(1, 2))
	places := []int{0, 20, 40, 600, len(good) - 1, len(good) - 30, len(good) - 300, len(good) - 700}
	for range 6 {
		places = append(places, rng.IntN(len(good)))
	}
	for i, at := range places {
		for _, width := range []int{1, 5000}[i%2:] {
			bad := slices.Clone(good)
			for j := at; j < min(at+width, len(bad)); j++ {
				bad[j] ^= 0x5a
			}
			checkDamaged(t, bad, want, at, 6)
		}
	}
	for range 3 { // a part is missing, or all behind it
		at := rng.IntN(len(good))
		checkDamaged(t, append(slices.Clone(good[:at]), good[min(at+20_000, len(good)):]...), want, at, 6)
		checkDamaged(t, good[:at], want, at, len(want))
	}
}

// TestDamagedSeal: with damage where a run ends, the state before it is not
// restored as if it were the latest.
func TestDamagedSeal(t *testing.T) {
	dir := bigTree(t, 3)
	name := filepath.Join(t.TempDir(), "a")
	backup(t, "create", name, dir).want(t, exitOK)
	seal := len(read(t, name))
	write(t, filepath.Join(dir, "later"), "a second run")
	backup(t, "append", name, dir).want(t, exitOK)
	good, want := read(t, name), snapshot(t, dir)
	for at := seal - 150; at < seal+50; at += 7 {
		bad := []byte(good)
		bad[at] ^= 4
		must(t, os.WriteFile(name, bad, 0o600))
		target := filepath.Join(t.TempDir(), "restored")
		if r := backup(t, "restore", "-C", target, name); r.code == exitOK {
			wantTree(t, snapshot(t, target), want)
			continue
		} else if r.code != exitVerdict {
			t.Fatalf("damage at %d: restore says %d: %s", at, r.code, r.stderr)
		}
		if r := backup(t, "append", name, dir); r.code != exitVerdict {
			t.Fatalf("damage at %d: append says %d: %s", at, r.code, r.stderr)
		}
		if read(t, name) != string(bad) {
			t.Fatalf("damage at %d: the archive was changed", at)
		}
	}
}

// checkDamaged checks what becomes of a damaged archive, of which salvage may
// lose at most a few files.
func checkDamaged(t *testing.T, bad []byte, want map[string]string, at, mayLose int) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bad")
	must(t, os.WriteFile(name, bad, 0o600))
	if r := backup(t, "verify", name); r.code != exitVerdict && !strings.Contains(r.stderr, "killed") {
		t.Errorf("damage at %d: verify says %d, %s", at, r.code, r.stderr)
	}
	target := t.TempDir()
	backup(t, "restore", "-C", target, name)
	noneWrong(t, snapshot(t, target), want, at)

	r, got := salvagedTree(t, name)
	noneWrong(t, got, want, at)
	if len(want)-len(got) > mayLose {
		t.Errorf("damage at %d: salvage restores %d of %d: %s", at, len(got), len(want), r.stderr)
	}
	if r.code == exitOK && len(got) < len(want) && !strings.Contains(r.stderr, "lost") {
		t.Errorf("damage at %d: salvage says that all is well with %d of %d", at, len(got), len(want))
	}
}

// noneWrong checks the contents of files. Without a catalogue times are less
// exact.
func noneWrong(t *testing.T, got, want map[string]string, at int) {
	t.Helper()
	for name, g := range got {
		if w, ok := want[name]; !ok || contentOf(g) != contentOf(w) {
			t.Errorf("damage at %d: %q was restored as something else", at, name)
		}
	}
}

// contentOf takes mode and time off what snapshot says.
func contentOf(s string) string {
	if fields := strings.SplitN(s, " ", 3); len(fields) == 3 {
		return fields[2]
	}
	return ""
}
