package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

// forgery makes archives that no run would make.
type forgery struct {
	content bytes.Buffer
	lines   []string
	id      string
}

func newForgery() *forgery {
	f := &forgery{id: strings.Repeat("0", idLen)}
	f.member(tar.Header{Typeflag: tar.TypeReg, Name: opening}, string(openingText(f.id, "/")))
	return f
}

// member adds a tar member and returns its offset.
func (f *forgery) member(h tar.Header, data string) int64 {
	at := int64(f.content.Len())
	w := tar.NewWriter(&f.content)
	h.Size = int64(len(data))
	h.Mode = 0o644
	if err := w.WriteHeader(&h); err != nil {
		panic(err)
	}
	w.Write([]byte(data))
	w.Flush()
	return at
}

// file adds a file and its line.
func (f *forgery) file(name, data string) {
	at := f.member(tar.Header{Typeflag: tar.TypeReg, Name: name}, data)
	f.line('f', len(data), at, data, name)
}

func (f *forgery) line(k kind, size int, at int64, data, name string) {
	f.lines = append(f.lines, fmt.Sprintf("%c 644 0 0 0 0 0 0 %d %d %x %q\n", k, size, at, crc32.Checksum([]byte(data), castagnoli), name))
}

func (f *forgery) symlink(name, target string) {
	f.member(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}, "")
	f.lines = append(f.lines, fmt.Sprintf("l 777 0 0 0 0 0 0 0 0 0 %q %q\n", name, target))
}

// save seals the archive; change, if any, may have its way with the footer.
func (f *forgery) save(t *testing.T, change func(*footer)) string {
	t.Helper()
	text := strings.Join(f.lines, "")
	e := footer{archive: f.id, final: true, run: 1, length: int64(len(text)), sum: crc32.Checksum([]byte(text), castagnoli)}
	text += strings.Repeat("\x00", int(padded(e.length)-e.length))
	e.lines = f.member(tar.Header{Typeflag: tar.TypeReg, Name: ownDir + "/run-000001"}, text+strings.Repeat(" ", block)) + block
	f.content.Truncate(f.content.Len() - block)
	if change != nil {
		change(&e)
	}
	f.content.Write(e.appendBlock(nil))
	return f.seal(t)
}

func (f *forgery) seal(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "forged")
	out, err := os.Create(name)
	must(t, err)
	defer out.Close()
	z := sigio.NewWriter(out, sigio.WithIndex())
	_, err = z.Write(f.content.Bytes())
	must(t, err)
	must(t, z.Close())
	return name
}

// TestEscapes: no archive writes anything outside the directory that it is
// restored to, by its catalogue or, when salvaged, by its headers.
func TestEscapes(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(f *forgery, outside string)
	}{
		{"name leads up", func(f *forgery, _ string) { f.file("../outside/x", "evil") }},
		{"name leads up from within", func(f *forgery, _ string) { f.file("a/../../outside/x", "evil") }},
		{"absolute name", func(f *forgery, outside string) { f.file(outside+"/x", "evil") }},
		{"file through a link", func(f *forgery, outside string) { f.symlink("l", outside); f.file("l/x", "evil") }},
		{"file through a relative link", func(f *forgery, _ string) { f.symlink("l", "../outside"); f.file("l/x", "evil") }},
		{"file through two links", func(f *forgery, _ string) {
			f.symlink("a", "..")
			f.symlink("b", "a/outside")
			f.file("b/x", "evil")
		}},
		{"file in place of a link", func(f *forgery, outside string) { f.symlink("l", outside+"/mine"); f.file("l", "evil") }},
		{"directory in place of a link", func(f *forgery, outside string) { f.symlink("l", outside); f.line('d', 0, 0, "", "l") }},
		{"hard link to the outside", func(f *forgery, _ string) {
			f.member(tar.Header{Typeflag: tar.TypeLink, Name: "h", Linkname: "../outside/mine"}, "")
			f.line('f', 0, 512, "", "h")
		}},
		{"link that was there", func(f *forgery, _ string) { f.file("there/x", "evil"); f.file("there/mine", "evil") }},
		{"file over a link that was there", func(f *forgery, _ string) { f.file("pointer", "evil") }},
		{"directory over a link that was there", func(f *forgery, _ string) { f.line('d', 0, 0, "", "there") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := t.TempDir()
			outside, target := filepath.Join(base, "outside"), filepath.Join(base, "target")
			write(t, filepath.Join(outside, "mine"), "mine")
			must(t, os.MkdirAll(target, 0o755))
			if err := os.Symlink(outside, filepath.Join(target, "there")); err != nil {
				t.Skip(err) // Windows asks for a privilege
			}
			must(t, os.Symlink(filepath.Join(outside, "mine"), filepath.Join(target, "pointer")))
			want := snapshot(t, outside)
			f := newForgery()
			c.make(f, filepath.ToSlash(outside))
			archive := f.save(t, nil)
			for _, args := range [][]string{{"restore"}, {"restore", "-f"}, {"restore", "-safe-links"}, {"salvage"}, {"salvage", "-f"}} {
				r := backup(t, append(args, "-C", target, archive)...)
				wantTree(t, snapshot(t, outside), want)
				if len(snapshot(t, base)) > 20 {
					t.Fatal("too much was written")
				}
				if r.code == exitOK && args[len(args)-1] != "-f" && args[0] == "restore" && !strings.Contains(c.name, "link") {
					t.Errorf("%v says that all is well", args)
				}
			}
		})
	}
}

// TestLies: catalogues that are not what a run writes are told as such.
func TestLies(t *testing.T) {
	for _, c := range []struct {
		name, said string
		make       func(f *forgery)
		change     func(*footer)
	}{
		{"wrong sum of lines", "sum of the catalogue", func(f *forgery) { f.file("x", "y") }, func(e *footer) { e.sum++ }},
		{"too long", "no run was completed", nil, func(e *footer) { e.length += 1 << 40 }},
		{"longer than allowed", "no run was completed", nil, func(e *footer) { e.length = maxCatalogue + 1; e.lines = 0 }},
		{"before the start", "no run was completed", nil, func(e *footer) { e.start = e.lines }},
		{"not the first", "no catalogue ends", nil, func(e *footer) { e.start, e.run = block, 2 }},
		{"run 2 alone", "a catalogue of run 2 stands where one of run 1 belongs", nil, func(e *footer) { e.run = 2 }},
		{"another archive's", "no run was completed", nil, func(e *footer) { e.archive = strings.Repeat("1", idLen) }},
		{"offset behind the end", "where nothing can be", func(f *forgery) { f.line('f', 1, 1<<40, "", "x") }, nil},
		{"offset overflows", "where nothing can be", func(f *forgery) {
			f.lines = append(f.lines, "f 644 0 0 0 0 0 0 4611686018427387904 4611686018427387904 0 \"x\"\n")
		}, nil},
		{"negative offset", "where nothing can be", func(f *forgery) { f.line('f', 1, -512, "", "x") }, nil},
		{"offset within a block", "where nothing can be", func(f *forgery) { f.line('f', 1, 1, "", "x") }, nil},
		{"name with a zero", "unsafe name", func(f *forgery) { f.line('f', 0, 0, "", "a\x00b") }, nil},
		{"empty name", "unsafe name", func(f *forgery) { f.line('f', 0, 0, "", "") }, nil},
		{"root", "unsafe name", func(f *forgery) { f.line('d', 0, 0, "", ".") }, nil},
		{"unknown kind", "of kind", func(f *forgery) { f.line('z', 0, 0, "", "x") }, nil},
		{"half a line", "malformed", func(f *forgery) { f.lines = append(f.lines, "f 644 0\n") }, nil},
		{"no name", "malformed", func(f *forgery) { f.lines = append(f.lines, "f 644 0 0 0 0 0 0 0 0 0 x\n") }, nil},
		{"endless line", "more than", func(f *forgery) { f.lines = append(f.lines, strings.Repeat("f", 200_000)) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForgery()
			if c.make != nil {
				c.make(f)
			}
			archive := f.save(t, c.change)
			for _, command := range []string{"list", "verify", "restore"} {
				args := []string{command, archive}
				if command == "restore" {
					args = []string{command, "-C", t.TempDir(), archive}
				}
				backup(t, args...).want(t, exitVerdict, c.said)
			}
		})
	}
	for name, content := range map[string]string{"empty": "", "no tar": strings.Repeat("x", 2000), "some tar": string(newForgery().content.Bytes()[:block])} {
		f := &forgery{}
		f.content.WriteString(content)
		if r := backup(t, "list", f.seal(t)); r.code != exitVerdict {
			t.Errorf("%s: exit code %d: %s", name, r.code, r.stderr)
		}
	}
	if r := backup(t, "list", "hostile_test.go"); r.code != exitVerdict {
		t.Errorf("no stream: exit code %d: %s", r.code, r.stderr)
	}
}

// TestWrongContent: a content that is not the catalogue's is not restored.
func TestWrongContent(t *testing.T) {
	f := newForgery()
	f.file("good", "good")
	f.file("bad", "bad")
	f.lines[1] = strings.Replace(f.lines[1], fmt.Sprintf("%x", crc32.Checksum([]byte("bad"), castagnoli)), "1", 1)
	at := f.member(tar.Header{Typeflag: tar.TypeReg, Name: "short"}, "short")
	f.line('f', 6, at, "shorter", "short")
	f.line('f', 4, at+block, "none", "nowhere")
	archive, dir := f.save(t, nil), t.TempDir()
	backup(t, "restore", "-C", dir, archive).want(t, exitVerdict, "lost: bad", "lost: short", "lost: nowhere")
	if got := snapshot(t, dir); len(got) != 1 || !strings.HasSuffix(got["good"], " good") {
		t.Errorf("restored is %q", got)
	}
	backup(t, "verify", archive).want(t, exitVerdict, "lost: bad", "lost: short", "lost: nowhere")
}

// TestOneContentTwoSums: a file is no copy of another because it is said to
// stand in the same place.
func TestOneContentTwoSums(t *testing.T) {
	f := newForgery()
	f.file("a", "true")
	f.line('f', 4, int64(f.content.Len())-2*block, "else", "b")
	archive, dir := f.save(t, nil), t.TempDir()
	backup(t, "restore", "-C", dir, archive).want(t, exitVerdict, "lost: b")
	if got := snapshot(t, dir); len(got) != 1 || !strings.HasSuffix(got["a"], " true") {
		t.Errorf("restored is %q", got)
	}
}

// TestEndless: a header that promises more than there is room for does not
// keep salvage busy.
func TestEndless(t *testing.T) {
	f := newForgery()
	f.file("good", "good")
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=x", "GNU.sparse.realsize=4611686018427387904"} {
		records += fmt.Sprintf("%d %s\n", len(r)+4, r)
	}
	f.member(tar.Header{Typeflag: tar.TypeReg, Name: "extended"}, records)
	header := f.content.Bytes()[f.content.Len()-2*block:][:block]
	header[156] = tar.TypeXHeader
	sum := int64(0)
	copy(header[148:], "        ")
	for _, c := range header {
		sum += int64(c)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	f.member(tar.Header{Typeflag: tar.TypeReg, Name: "x"}, "0\n"+strings.Repeat("\x00", block-2))
	archive, dir := f.save(t, nil), t.TempDir()
	backup(t, "salvage", "-C", dir, archive)
	if got := snapshot(t, dir); !strings.HasSuffix(got["good"], " good") {
		t.Errorf("restored is %q", got)
	}
}

// TestRoom: an archive is not made larger than what can be read, and one that
// says so little of each entry that it would take all memory is refused.
func TestRoom(t *testing.T) {
	archive, dir := filepath.Join(t.TempDir(), "a"), bigTree(t, 20)
	run := func(command string) int {
		p := &program{ctx: t.Context(), sizes: small, stdout: os.Stdout, stderr: os.Stderr}
		p.sizes.room = 20_000
		return p.run([]string{command, "-q", archive, dir})
	}
	if code := run("create"); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	for n := 1; ; n++ {
		before := read(t, archive)
		for name := range snapshot(t, dir) {
			must(t, os.Chtimes(filepath.Join(dir, name), past, past.Add(time.Duration(n))))
		}
		if code := run("append"); code == exitIO {
			if read(t, archive) != before {
				t.Error("the archive was changed")
			}
			break
		} else if code != exitOK {
			t.Fatalf("exit code %d: what was written cannot be read", code)
		}
	}
	f := newForgery()
	for range 200 {
		f.lines = append(f.lines, "- \"a\"\n")
	}
	archive = f.save(t, nil)
	if code := run("append"); code != exitVerdict {
		t.Errorf("exit code %d", code)
	}
}

// TestSafeLinks: links that lead out are left out if asked for, and no others.
func TestSafeLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	f := newForgery()
	for name, target := range map[string]string{"in": "file", "d/in": "../file", "out": "../file", "d/out": "../../file", "abs": "/file"} {
		f.symlink(name, target)
	}
	archive, dir := f.save(t, nil), t.TempDir()
	backup(t, "restore", "-safe-links", "-C", dir, archive).want(t, exitIO, "refused")
	if got := snapshot(t, dir); len(got) != 3 || got["in"] == "" || got["d/in"] == "" {
		t.Errorf("restored is %q", got)
	}
}

// FuzzLines: whatever stands in a catalogue is an entry that is written back
// as it was read, or an error.
func FuzzLines(f *testing.F) {
	for _, e := range []entry{
		{kind: kindFile, name: "a/b", size: 1, offset: 512, sum: 7, attributes: attributes{mode: 0o4755, uid: 1<<32 - 1, mtime: -1, ino: 1<<64 - 1}},
		{kind: kindLink, name: "x\xff\n\"", target: "../y z"}, {kind: kindDeleted, name: "gone"}, {kind: kindDir, name: "d"},
	} {
		f.Add(strings.TrimSuffix(string(e.appendLine(nil)), "\n"))
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := parseLine(s, 1<<40)
		if err != nil {
			if !errors.Is(err, errCatalogue) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		again, err := parseLine(strings.TrimSuffix(string(e.appendLine(nil)), "\n"), 1<<40)
		if err != nil || *again != *e {
			t.Fatalf("%+v became %+v, %v", e, again, err)
		}
	})
}
