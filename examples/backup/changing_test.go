package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// TestFileChanges: what becomes of a file that changes between being opened
// and being read.
func TestFileChanges(t *testing.T) {
	for _, c := range []struct {
		name, said string
		change     func(name string) error
		content    func(old string) string
	}{
		{"shrinks", "shorter", func(name string) error { return os.Truncate(name, 300_000) },
			func(old string) string { return old[:300_000] + strings.Repeat("\x00", len(old)-300_000) }},
		{"grows", "changed", func(name string) error {
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("more")
				f.Close()
			}
			return err
		}, func(old string) string { return old }},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "file")
			old := noise(5, 500_000)
			write(t, name, old)
			info, err := os.Lstat(name)
			must(t, err)
			i, err := newItem("file", name, info)
			must(t, err)
			l := &loaded{item: i}
			l.load(make([]byte, batchSize))
			defer l.release()
			must(t, c.change(name))

			stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
			must(t, err)
			defer stderr.Close()
			var out bytes.Buffer
			p := &program{ctx: context.Background(), stderr: stderr, sizes: small}
			r := &recorder{p: p, z: sigio.NewWriter(&out), byContent: make(map[digest]*entry), byInode: make(map[inode]*entry), buffer: make([]byte, 64<<10)}
			r.tar = tar.NewWriter(r)
			must(t, r.storeFile(l))
			must(t, r.tar.Flush())
			must(t, r.z.Close())
			if said := read(t, stderr.Name()); p.reported != 1 || !strings.Contains(said, c.said) {
				t.Errorf("reported %d times: %s", p.reported, said)
			}
			if l.ctime != neverSame {
				t.Error("the next run would take it for unchanged")
			}
			got := tar.NewReader(sigio.NewReader(&out))
			_, err = got.Next()
			must(t, err)
			var b bytes.Buffer
			_, err = b.ReadFrom(got)
			must(t, err)
			if b.String() != c.content(old) {
				t.Error("the content is something else")
			}
		})
	}
}

// TestChurn: a tree that changes all the time yields a sound archive.
func TestChurn(t *testing.T) {
	dir := bigTree(t, 20)
	stop := make(chan struct{})
	var churning sync.WaitGroup
	churning.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := filepath.Join(dir, "churn", fmt.Sprint(i%10))
			os.MkdirAll(filepath.Dir(name), 0o755)
			os.WriteFile(name, []byte(noise(uint64(i), 1000*(i%700))), 0o644)
			os.Truncate(name, int64(i%5000))
			if i%3 == 0 {
				os.RemoveAll(name)
			}
			if i%50 == 0 {
				os.RemoveAll(filepath.Dir(name))
			}
		}
	})
	archive := filepath.Join(t.TempDir(), "a")
	for i, command := range []string{"create", "append", "append"} {
		if r := backup(t, command, archive, dir); r.code != exitOK && r.code != exitIncomplete {
			t.Errorf("run %d: exit code %d: %s", i+1, r.code, r.stderr)
		}
		backup(t, "verify", archive).want(t, exitOK)
	}
	close(stop)
	churning.Wait()
	backup(t, "append", archive, dir).want(t, exitOK)
	wantSound(t, archive, dir)
}

// TestUnreadable: what cannot be read is reported, and stays as it was stored.
func TestUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is closed to root")
	}
	dir := bigTree(t, 10)
	archive := filepath.Join(t.TempDir(), "a")
	backup(t, "create", archive, dir).want(t, exitOK)
	before := snapshot(t, dir)
	must(t, os.Chmod(filepath.Join(dir, "da"), 0))
	must(t, os.Chmod(filepath.Join(dir, "db", "file1"), 0))
	backup(t, "append", archive, dir).want(t, exitIncomplete, "permission denied")
	must(t, os.Chmod(filepath.Join(dir, "da"), 0o755))
	got := restored(t, archive, "-exclude", "da/")
	for name, s := range before {
		if !strings.HasPrefix(name, "da") && contentOf(got[name]) != contentOf(s) {
			t.Errorf("%s is not what it was", name)
		}
	}
	if out := backup(t, "list", archive).stdout; !strings.Contains(out, " da/file0\n") {
		t.Error("a file in a directory that could not be read is gone")
	}
}

// TestSpecial: what is no file is skipped and named.
func TestSpecial(t *testing.T) {
	dir := bigTree(t, 2)
	archive := filepath.Join(dir, "archive in its own tree")
	write(t, filepath.Join(dir, ownDir, "x"), "")
	makePipe(t, filepath.Join(dir, "pipe"))
	backup(t, "create", archive, dir).want(t, exitIncomplete, "archives have a directory of that name", "it is the archive")
	backup(t, "append", archive, dir).want(t, exitIncomplete, "it is the archive")
	if got := restored(t, archive); len(got) != 4 {
		t.Errorf("%d entries", len(got))
	}
}

// TestInside: an archive in the tree is no part of it, nor is the one that it
// replaces.
func TestInside(t *testing.T) {
	dir := bigTree(t, 2)
	archive := filepath.Join(dir, "a")
	for _, args := range [][]string{{"create"}, {"create", "-f"}, {"append"}} {
		backup(t, append(args, archive, dir)...).want(t, exitOK)
		if out := backup(t, "list", archive).stdout; strings.Count(out, "\n") != 4 {
			t.Errorf("%v stores %s", args, out)
		}
		backup(t, "verify", "-tree", dir, archive).want(t, exitOK)
	}
}

// TestFresh: a file is not taken for what was stored if its times are so young
// that they may not show a change.
func TestFresh(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		name  string
		ctime time.Duration // before now
		mtime time.Duration
		want  bool
	}{
		{"changed just now", time.Millisecond, time.Hour, true},
		{"some time ago", 100 * time.Millisecond, 100 * time.Millisecond, false},
		{"by a clock of full seconds", time.Second, time.Second, true},
		{"in full seconds, but long ago", time.Minute, time.Minute, false},
		{"in the future", -time.Minute, -time.Minute, false},
	} {
		a := attributes{ctime: now.Add(-c.ctime).UnixNano(), mtime: now.Add(-c.mtime).UnixNano()}
		if got := a.fresh(now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		a.mtime, a.ctime = a.ctime, 0 // where there is no ctime
		if got := a.fresh(now); got != c.want {
			t.Errorf("%s, without ctime: %v", c.name, got)
		}
	}
	e := entry{kind: kindFile, attributes: attributes{ctime: tooFresh}}
	if seen := (entry{kind: kindFile}); seen.same(&e) {
		t.Error("what was too fresh passes for the same")
	}
}

// TestNanoseconds: a time that does not fit becomes the nearest that does.
func TestNanoseconds(t *testing.T) {
	for _, c := range []struct {
		year int
		want int64
	}{{1000, math.MinInt64}, {1970, 0}, {3000, math.MaxInt64}} {
		if got := nanoseconds(time.Date(c.year, 1, 1, 0, 0, 0, 0, time.UTC)); got != c.want {
			t.Errorf("year %d: %d", c.year, got)
		}
	}
}

// TestBackslash: where a backslash is part of a name it can be asked for.
func TestBackslash(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it is none")
	}
	dir, archive := t.TempDir(), filepath.Join(t.TempDir(), "a")
	write(t, filepath.Join(dir, `a\b`), "x")
	backup(t, "create", archive, dir).want(t, exitOK)
	if out := backup(t, "list", archive, `a\b`).want(t, exitOK).stdout; out == "" {
		t.Error("it is not listed")
	}
}
