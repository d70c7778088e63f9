package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

var update = flag.Bool("update", false, "rewrite testdata/list.txt")

// fixed chooses by the first byte, so that the list does not depend on what
// the detector thinks.
type fixed struct{}

func (fixed) Select(in strategy.Input) strategy.Choice {
	if in.Chunk[0] == 0 {
		return strategy.Choice{ID: strategy.RunLength}
	}
	return strategy.Choice{ID: strategy.Store}
}

// listed is a stream of every kind of chunk, and a short one behind it.
func listed(t *testing.T) []byte {
	var b bytes.Buffer
	z := sigio.NewWriter(&b, sigio.WithChunkSize(64<<10), sigio.WithSelector(fixed{}))
	for _, part := range []struct {
		data  []byte
		flush bool
	}{
		{bytes.Repeat([]byte{1}, 64<<10), false},
		{make([]byte, 64<<10), false},
		{[]byte("a message"), true},
		{[]byte("another message"), true},
		{bytes.Repeat([]byte{2}, 10_000), true},
		{make([]byte, 100_000), false},
	} {
		if _, err := z.Write(part.data); err != nil {
			t.Fatal(err)
		}
		if part.flush {
			if err := z.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), stream(t, []byte{42})...)
}

func TestList(t *testing.T) {
	const golden = "testdata/list.txt"
	data := listed(t)
	empty := stream(t, nil)
	dir := files(t, contents{"a.sigma": data, "empty": empty})
	r := runIn(t, dir, nil, "-l", "a.sigma", "empty")
	r.want(t, exitOK)
	if *update {
		if err := os.WriteFile(golden, []byte(r.stdout), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(golden))
	if err != nil {
		t.Fatal(err)
	}
	if r.stdout != string(want) {
		t.Errorf("the list is not that of %s:\n%s", golden, r.stdout)
	}

	// Of a single input no title is printed, and stdin lists the same.
	one := runIn(t, dir, nil, "-l", "a.sigma")
	one.want(t, exitOK)
	if piped := runIn(t, dir, data, "-l"); piped != one {
		t.Errorf("stdin lists as %+v", piped)
	}
	if !strings.HasPrefix(r.stdout, "a.sigma:\n"+one.stdout) {
		t.Errorf("a single file lists as\n%s", one.stdout)
	}
}

// TestListOfDamage: what was seen before the damage is listed, and no total.
func TestListOfDamage(t *testing.T) {
	data := listed(t)
	whole := runIn(t, "", data, "-l")
	cut := runIn(t, "", data[:len(data)-1], "-l")
	cut.want(t, exitVerdict, "stdin: ", "truncated", "offset")
	if strings.Count(cut.stdout, "\n") != 9 || !strings.HasPrefix(whole.stdout, cut.stdout) {
		t.Errorf("the list is\n%s", cut.stdout)
	}
}
