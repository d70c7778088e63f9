package main

import (
	"path/filepath"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		dir, want     bool
	}{
		{"*.go", "a.go", false, true},
		{"*.go", "x/y/a.go", false, true},
		{"*.go", "a.goo", false, false},
		{"x", "a/x/b", false, true}, // below what matches
		{"x/", "a/x", false, false},
		{"x/", "a/x", true, true},
		{"x/", "a/x/b", false, true},
		{"/x", "x", false, true},
		{"/x", "a/x", false, false},
		{"a/*", "a/b", false, true},
		{"a/*", "b/a/b", false, false},
		{"a/**", "a", true, true},
		{"a/**/b", "a/b", false, true},
		{"a/**/b", "a/x/y/b", false, true},
		{"a/**/b", "a/x/y/c", false, false},
		{"**/b/**/c", "a/b/x/b/c", false, true},
		{"**", "anything/at/all", false, true},
		{"[ab]?", "b1", false, true},
		{`\*`, "*", false, true},
		{`\*`, "x", false, false},
		{"a/**/**/**/**/**/**/**/b", "a/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/c", false, false}, // in no time
	} {
		var ps patterns
		must(t, ps.add(c.pattern))
		if got := ps.cover(c.name, c.dir); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
	}
	for _, bad := range []string{"", "/", "[", "a//b"} {
		if err := new(patterns).add(bad); err == nil {
			t.Errorf("%q is a pattern", bad)
		}
	}
}

// TestFilters: what is stored, and what becomes of it when the filters change.
func TestFilters(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.go", "a.txt", "sub/b.go", "sub/deep/c.txt", "vendor/d.go", "empty/x.md"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), name)
	}
	archive := filepath.Join(t.TempDir(), "a")
	for i, c := range []struct{ args, want []string }{
		{[]string{"-include", "*.go", "-exclude", "vendor/"}, []string{"a.go", "sub", "sub/b.go"}},
		{[]string{"-exclude", "*.go"}, []string{"a.txt", "sub", "sub/deep", "sub/deep/c.txt", "vendor", "empty", "empty/x.md"}},
		{[]string{"-include", "sub", "-include", "empty/*"}, []string{"sub", "sub/b.go", "sub/deep", "sub/deep/c.txt", "empty", "empty/x.md"}},
		{[]string{"-exclude", "*"}, nil},
	} {
		command := "append"
		if i == 0 {
			command = "create"
		}
		backup(t, append(append([]string{command}, c.args...), archive, dir)...).want(t, exitOK)
		all, want := snapshot(t, dir), make(map[string]string)
		for _, name := range c.want {
			want[name] = all[name]
		}
		wantTree(t, restored(t, archive), want)
	}
}
