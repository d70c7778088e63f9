package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio"
)

type contents = map[string][]byte

func TestPipe(t *testing.T) {
	for _, n := range []int{0, 1, 100, 70_000, 3_000_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			data := sample(n)
			packed := runIn(t, "", data)
			packed.want(t, exitOK)
			if packed.stdout != string(stream(t, data)) {
				t.Error("the output is not what a Writer makes")
			}
			got := runIn(t, "", []byte(packed.stdout), "-d")
			got.want(t, exitOK)
			if got.stdout != string(data) {
				t.Error("the content comes back changed")
			}
		})
	}
}

// TestWriterFlags holds every flag that shapes the stream against the option
// that it stands for.
func TestWriterFlags(t *testing.T) {
	data := sample(900_000)
	for _, c := range []struct {
		args []string
		opts []sigio.WriterOption
	}{
		{nil, nil},
		{[]string{"-1"}, []sigio.WriterOption{sigio.WithLevel(sigio.LevelFastest)}},
		{[]string{"-2"}, nil},
		{[]string{"-3"}, []sigio.WriterOption{sigio.WithLevel(sigio.LevelBetter)}},
		{[]string{"-4"}, []sigio.WriterOption{sigio.WithLevel(sigio.LevelBest)}},
		{[]string{"--level", "fastest"}, []sigio.WriterOption{sigio.WithLevel(sigio.LevelFastest)}},
		{[]string{"--level=best"}, []sigio.WriterOption{sigio.WithLevel(sigio.LevelBest)}},
		{[]string{"-4", "-1"}, []sigio.WriterOption{sigio.WithLevel(sigio.LevelFastest)}},
		{[]string{"-chunk", "128K"}, []sigio.WriterOption{sigio.WithChunkSize(128 << 10)}},
		{[]string{"-chunk", "65536"}, []sigio.WriterOption{sigio.WithChunkSize(64 << 10)}},
		{[]string{"-chunk", "2M", "-p", "0"}, []sigio.WriterOption{sigio.WithChunkSize(2 << 20)}},
		{[]string{"-p", "1", "-chunk", "64K"}, []sigio.WriterOption{sigio.WithChunkSize(64 << 10)}},
		{[]string{"-p", "4", "-chunk", "64K", "-q"}, []sigio.WriterOption{sigio.WithChunkSize(64 << 10)}},
	} {
		t.Run(fmt.Sprint(c.args), func(t *testing.T) {
			r := runIn(t, "", data, c.args...)
			r.want(t, exitOK)
			if r.stdout != string(stream(t, data, c.opts...)) {
				t.Error("the output is not what a Writer with that option makes")
			}
		})
	}
}

// TestFiles runs the command beside files and looks at what is there then.
func TestFiles(t *testing.T) {
	a, b := sample(200_000), sample(50)
	za, zb := stream(t, a), stream(t, b)
	cat := append(append([]byte(nil), za...), zb...)
	for _, c := range []struct {
		name   string
		before contents
		args   []string
		stdin  []byte
		stdout []byte
		made   contents
	}{
		{"compress beside", contents{"a": a, "b": b}, []string{"a", "b"}, nil, nil, contents{"a.sigma": za, "b.sigma": zb}},
		{"decompress beside", contents{"a.sigma": za, "b.sigma": zb}, []string{"-d", "a.sigma", "b.sigma"}, nil, nil, contents{"a": a, "b": b}},
		{"decompress in parallel", contents{"a.sigma": za}, []string{"-p", "3", "-d", "a.sigma"}, nil, nil, contents{"a": a}},
		{"compress to name", contents{"a": a}, []string{"-o", "x", "a"}, nil, nil, contents{"x": za}},
		{"decompress any name to name", contents{"a": za}, []string{"-d", "-o", "x", "a"}, nil, nil, contents{"x": a}},
		{"stdin to name", nil, []string{"-o", "x"}, a, nil, contents{"x": za}},
		{"name to stdout by dash", contents{"a": a}, []string{"-o", "-", "a"}, nil, za, nil},
		{"compress to stdout", contents{"a": a, "b": b}, []string{"-c", "a", "b"}, nil, cat, nil},
		{"decompress to stdout", contents{"a": za, "b": zb}, []string{"-d", "-c", "a", "b"}, nil, append(a[:len(a):len(a)], b...), nil},
		{"stdin among files", contents{"a": a}, []string{"-c", "a", "-"}, b, cat, nil},
		{"decompress joined streams", contents{"a.sigma": cat}, []string{"-d", "a.sigma"}, nil, nil, contents{"a": append(a[:len(a):len(a)], b...)}},
		{"test", contents{"a": za, "b": cat}, []string{"-t", "a", "b"}, nil, nil, nil},
		{"test stdin", nil, []string{"-t"}, za, nil, nil},
		{"overwrite", contents{"a": a, "a.sigma": b}, []string{"-f", "a"}, nil, nil, contents{"a.sigma": za}},
		{"replace the input itself", contents{"a": a}, []string{"-f", "-o", "a", "a"}, nil, nil, contents{"a": za}},
		{"name like a flag", contents{"-x": a}, []string{"--", "-x"}, nil, nil, contents{"-x.sigma": za}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := files(t, c.before)
			r := runIn(t, dir, c.stdin, c.args...)
			r.want(t, exitOK)
			if r.stdout != string(c.stdout) {
				t.Errorf("stdout has %d bytes that are not the %d expected", len(r.stdout), len(c.stdout))
			}
			after := contents{}
			for _, m := range []contents{c.before, c.made} {
				for name, content := range m {
					after[name] = content
				}
			}
			wantFiles(t, dir, after)
		})
	}
}

func TestModeAndTimeArePreserved(t *testing.T) {
	dir := files(t, contents{"a": sample(1000)})
	a, then := filepath.Join(dir, "a"), time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chmod(a, 0o460); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(a, then, then); err != nil {
		t.Fatal(err)
	}
	runIn(t, dir, nil, "a").want(t, exitOK)
	runIn(t, dir, nil, "-d", "-o", "b", "a.sigma").want(t, exitOK)
	for _, name := range []string{"a.sigma", "b"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !info.ModTime().Equal(then) {
			t.Errorf("%s is of %v", name, info.ModTime())
		}
		if runtime.GOOS != "windows" && info.Mode() != 0o460 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

// TestDeviceIsWrittenInPlace: a temporary file that is renamed would put a
// file where the device was.
func TestDeviceIsWrittenInPlace(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "null")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Skip(err)
	}
	runIn(t, dir, sample(1000), "-o", "null").want(t, exitOK)
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link to the device was replaced: %v %v", info, err)
	}
}
