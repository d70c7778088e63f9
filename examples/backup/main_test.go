package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
)

// small has archives of many chunks and parts without many bytes.
var small = sizes{chunk: 64 << 10, part: 256 << 10, room: maxCatalogue}

type result struct {
	code           int
	stdout, stderr string
}

// backup runs the program.
func backup(t *testing.T, args ...string) result { return backupWith(t, context.Background(), args...) }

func backupWith(t *testing.T, ctx context.Context, args ...string) result {
	t.Helper()
	var outputs [2]*os.File
	for i := range outputs {
		f, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		outputs[i] = f
	}
	p := &program{ctx: ctx, sizes: small, stdout: outputs[0], stderr: outputs[1]}
	r := result{code: p.run(args)}
	r.stdout, r.stderr = read(t, outputs[0].Name()), read(t, outputs[1].Name())
	return r
}

// want checks an exit code and that stderr says all of what is said.
func (r result) want(t *testing.T, code int, said ...string) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d instead of %d: %s", r.code, code, r.stderr)
	}
	for _, s := range said {
		if !strings.Contains(r.stderr, s) {
			t.Fatalf("%q is not said: %s", s, r.stderr)
		}
	}
	return r
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, []byte(content), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noise(seed uint64, n int) string {
	src := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, n)
	src.Read(b)
	return string(b)
}

// past is a time with nanoseconds, long ago.
var past = time.Unix(1_234_567_890, 123_456_789)

// sampleTree makes a tree of everything that is restored everywhere.
func sampleTree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	for i, size := range []int{0, 1, 511, 512, 513, 70_000, 300_000, 700_000} {
		write(t, filepath.Join(dir, "sizes", fmt.Sprint(size)), noise(uint64(i), size))
	}
	write(t, filepath.Join(dir, "text", "long.txt"), strings.Repeat("the same again and again\n", 30_000))
	write(t, filepath.Join(dir, "twins", "a.bin"), noise(99, 200_000))
	write(t, filepath.Join(dir, "twins", "b.bin"), noise(99, 200_000))
	write(t, filepath.Join(dir, "deep", strings.Repeat("0123456789/", 15), "file"), "far down")
	write(t, filepath.Join(dir, "names", "spaces and ünïcode"), "x")
	write(t, filepath.Join(dir, "modes", "private"), "for one")
	must(t, os.Chmod(filepath.Join(dir, "modes", "private"), 0o600))
	must(t, os.MkdirAll(filepath.Join(dir, "empty"), 0o755))
	if runtime.GOOS != "windows" {
		write(t, filepath.Join(dir, "names", "tab\tand\nnewline"), "y")
		write(t, filepath.Join(dir, "modes", "program"), "#!/bin/sh\n")
		must(t, os.Chmod(filepath.Join(dir, "modes", "program"), 0o755))
		must(t, os.MkdirAll(filepath.Join(dir, "closed"), 0o755))
		write(t, filepath.Join(dir, "closed", "inside"), "in a directory that cannot be written to")
		must(t, os.Chmod(filepath.Join(dir, "closed"), 0o555))
		t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o755) })
		for name, target := range map[string]string{"dangling": "nowhere", "absolute": "/nonexistent/x", "up": "../../..", "dir": "text", "file": "text/long.txt"} {
			must(t, os.Symlink(target, filepath.Join(dir, "link-"+name)))
		}
		must(t, os.Link(filepath.Join(dir, "sizes", "70000"), filepath.Join(dir, "hard link")))
	}
	must(t, os.Chtimes(filepath.Join(dir, "sizes", "513"), past, past))
	must(t, os.Chtimes(filepath.Join(dir, "sizes"), past, past))
	time.Sleep(clockTick) // no file is too fresh
	return dir
}

// snapshot describes a tree, but for its root and the times of links, and says
// which files are one.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := make(map[string]string)
	var infos []fs.FileInfo
	must(t, filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil || at == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, at)
		s := fmt.Sprint(info.Mode(), " ", info.ModTime().UnixNano())
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(at)
			if err != nil {
				return err
			}
			s = "-> " + target
		case info.Mode().IsRegular():
			b, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			s += " " + string(b)
			for i, other := range infos {
				if os.SameFile(info, other) {
					s += fmt.Sprint(" same as ", i)
				}
			}
			infos = append(infos, info)
		}
		tree[filepath.ToSlash(name)] = s
		return nil
	}))
	return tree
}

func wantTree(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if g, ok := got[name]; !ok {
			t.Errorf("%q is missing", name)
		} else if g != want[name] {
			t.Errorf("%q is %.80q instead of %.80q", name, g, want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q is too much", name)
		}
	}
}

// restored restores an archive somewhere and returns what is there.
func restored(t *testing.T, archive string, args ...string) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "restored")
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o755) })
	backup(t, append(append([]string{"restore", "-C", dir}, args...), archive)...).want(t, exitOK)
	return snapshot(t, dir)
}

// content decodes an archive as sigcat does.
func content(t *testing.T, archive string) []byte {
	t.Helper()
	b, err := io.ReadAll(sigio.NewReader(strings.NewReader(read(t, archive))))
	must(t, err)
	return b
}

// TestRoundTrip: what is restored is what was stored, with any number of
// workers and at any level, and the archive is a tar archive.
func TestRoundTrip(t *testing.T) {
	dir := sampleTree(t)
	want := snapshot(t, dir)
	for _, flags := range [][]string{{"-p", "1"}, {"-p", "3", "-level", "default"}, {"-dedup=false", "-level", "best"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "a")
			backup(t, append(append([]string{"create"}, flags...), archive, dir)...).want(t, exitOK, "run 1")
			wantTree(t, restored(t, archive), want)
			backup(t, "verify", archive).want(t, exitOK)
			backup(t, "verify", "-tree", dir, archive).want(t, exitOK)
			wantTar(t, archive, want)
		})
	}
}

// wantTar checks the newest members of the archive by package tar.
func wantTar(t *testing.T, archive string, want map[string]string) {
	t.Helper()
	got := make(map[string]string)
	for r := tar.NewReader(bytes.NewReader(content(t, archive))); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		switch h.Typeflag {
		case tar.TypeLink:
			b = []byte(got[h.Linkname])
		case tar.TypeSymlink:
			b = []byte("-> " + h.Linkname)
		}
		got[strings.TrimSuffix(h.Name, "/")] = string(b)
	}
	for name, w := range want {
		if g, ok := got[name]; !ok || !strings.Contains(w, g) {
			t.Errorf("in the tar archive %q is %.40q", name, g)
		}
	}
}

// TestSome: single files, directories and patterns are restored and listed.
func TestSome(t *testing.T) {
	dir := sampleTree(t)
	archive := filepath.Join(t.TempDir(), "a")
	backup(t, "create", archive, dir).want(t, exitOK)
	for _, c := range []struct {
		args, names []string
	}{
		{[]string{"sizes/513"}, []string{"sizes/513"}},
		{[]string{"twins/b.bin"}, []string{"twins/b.bin"}},
		{[]string{"twins"}, []string{"twins", "twins/a.bin", "twins/b.bin"}},
		{[]string{"./empty/"}, []string{"empty"}},
		{[]string{"twins/b.bin", "sizes/1"}, []string{"twins/b.bin", "sizes/1"}},
	} {
		target := t.TempDir()
		backup(t, append([]string{"restore", "-C", target, archive}, c.args...)...).want(t, exitOK)
		want, got, all := make(map[string]string), snapshot(t, target), snapshot(t, dir)
		listed := backup(t, append([]string{"list", archive}, c.args...)...).want(t, exitOK).stdout
		for _, name := range c.names {
			want[name] = all[name]
			if !strings.Contains(listed, " "+name+"\n") {
				t.Errorf("%q is not listed", name)
			}
			if up := filepath.Dir(name); want[up] == "" && up != "." {
				delete(got, up)
			}
		}
		wantTree(t, got, want)
	}
	backup(t, "restore", "-C", t.TempDir(), archive, "sizes/513", "nothing").want(t, exitIO, "nothing: not in the archive")
	backup(t, "list", "-run", "2", archive).want(t, exitIO, "no run 2: there are 1")
	backup(t, "list", "-run", "-1", archive).want(t, exitIO, "no run -1")

	// Nothing is replaced unasked.
	target := t.TempDir()
	write(t, filepath.Join(target, "sizes", "1"), "mine")
	backup(t, "restore", "-C", target, archive, "sizes/1").want(t, exitIO, "exists")
	if read(t, filepath.Join(target, "sizes", "1")) != "mine" {
		t.Error("it was replaced")
	}
	backup(t, "restore", "-f", "-C", target, archive, "sizes/1").want(t, exitOK)
	if read(t, filepath.Join(target, "sizes", "1")) == "mine" {
		t.Error("it was not replaced with -f")
	}
}

// TestRuns: each run can be restored, and stores no more than what changed.
func TestRuns(t *testing.T) {
	dir := sampleTree(t)
	archive := filepath.Join(t.TempDir(), "a")
	backup(t, "create", archive, dir).want(t, exitOK)
	states := []map[string]string{snapshot(t, dir)}
	next := func(stored string, change func()) {
		t.Helper()
		change()
		states = append(states, snapshot(t, dir))
		before := len(read(t, archive))
		backup(t, "append", archive, dir).want(t, exitOK, stored)
		if grown := len(read(t, archive)) - before; grown > 150_000 {
			t.Errorf("the archive grew by %d bytes", grown)
		}
	}
	next("run 2: 0 of", func() {})
	next("run 3:", func() {
		write(t, filepath.Join(dir, "sizes", "511"), "changed")
		write(t, filepath.Join(dir, "new", "file"), "new")
		must(t, os.Remove(filepath.Join(dir, "sizes", "700000")))
		must(t, os.Rename(filepath.Join(dir, "deep"), filepath.Join(dir, "depth")))
	})
	next("run 4:", func() {
		must(t, os.Remove(filepath.Join(dir, "sizes", "512"))) // a file becomes a directory
		write(t, filepath.Join(dir, "sizes", "512", "x"), "below what was a file")
		must(t, os.RemoveAll(filepath.Join(dir, "twins"))) // and the other way round
		write(t, filepath.Join(dir, "twins"), "no directory any more")
		must(t, os.Remove(filepath.Join(dir, "modes", "private")))
	})
	if runtime.GOOS != "windows" {
		next("run 5:", func() {
			must(t, os.Chmod(filepath.Join(dir, "sizes", "1"), 0o400))
			must(t, os.Remove(filepath.Join(dir, "link-up")))
			must(t, os.Symlink("elsewhere", filepath.Join(dir, "link-up")))
			must(t, os.Link(filepath.Join(dir, "hard link"), filepath.Join(dir, "harder link")))
			must(t, os.Remove(filepath.Join(dir, "sizes", "70000")))
		})
	}
	for i, state := range states {
		wantTree(t, restored(t, archive, "-run", fmt.Sprint(i+1)), state)
	}
	wantTree(t, restored(t, archive), states[len(states)-1])
	backup(t, "verify", "-tree", dir, archive).want(t, exitOK)
	if out := backup(t, "list", "-runs", archive).want(t, exitOK).stdout; strings.Count(out, "\n") != len(states) {
		t.Errorf("runs are listed as %s", out)
	}
	wantTar(t, archive, states[len(states)-1])
}

// TestVerifyTree: every kind of difference is reported.
func TestVerifyTree(t *testing.T) {
	dir := sampleTree(t)
	archive := filepath.Join(t.TempDir(), "a")
	backup(t, "create", archive, dir).want(t, exitOK)
	info, err := os.Stat(filepath.Join(dir, "sizes", "300000"))
	must(t, err)
	write(t, filepath.Join(dir, "sizes", "300000"), noise(1000, 300_000))
	must(t, os.Chtimes(filepath.Join(dir, "sizes", "300000"), past, info.ModTime()))
	write(t, filepath.Join(dir, "sizes", "1"), "12")
	must(t, os.Chtimes(filepath.Join(dir, "sizes", "513"), past, time.Unix(1, 0)))
	must(t, os.Remove(filepath.Join(dir, "sizes", "0")))
	write(t, filepath.Join(dir, "extra"), "")
	backup(t, "verify", "-tree", dir, archive).want(t, exitIncomplete, "sizes/300000: content", "sizes/1: size", "sizes/513: time", "sizes/0: not in the tree", "extra: not in the archive")
}

// TestUsage: what makes no sense is refused before anything is done.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(t.TempDir(), "a")
	for _, args := range [][]string{
		{}, {"frobnicate"}, {"create"}, {"create", archive}, {"create", archive, dir, dir}, {"-x"},
		{"create", "-level", "fast", archive, dir}, {"create", "-exclude", "[", archive, dir},
		{"create", "-p", "0", archive, dir}, {"verify", archive, "x"}, {"list"}, {"restore", "-nothing", archive},
	} {
		backup(t, args...).want(t, exitUsage)
	}
	for _, args := range [][]string{{"-h"}, {"create", "-h"}, {"restore", "-h"}} {
		backup(t, args...).want(t, exitOK, "usage: backup")
	}
	if _, err := os.Stat(archive); err == nil {
		t.Error("an archive was made")
	}
	backup(t, "create", archive, filepath.Join(dir, "missing")).want(t, exitIO, "missing")
	backup(t, "list", archive).want(t, exitIO)
	backup(t, "append", archive, dir).want(t, exitIO)
	backup(t, "create", archive, dir).want(t, exitOK)
	backup(t, "create", archive, dir).want(t, exitIO, "exists", "-f")
	backup(t, "create", "-f", archive, dir).want(t, exitOK)
	wantTree(t, restored(t, archive), map[string]string{})
}

func TestLine(t *testing.T) {
	for _, done := range []int64{0, 1, 1 << 20, 1 << 50} {
		if l := line("storing", done, 1<<20, time.Second); len(l) != terminal.Columns {
			t.Errorf("a line of %d characters: %q", len(l), l)
		}
	}
}
