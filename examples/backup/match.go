package main

import (
	"fmt"
	"path"
	"strings"
)

// filter says which paths are stored.
type filter struct{ include, exclude patterns }

type patterns []pattern

// pattern is what -include and -exclude take.
type pattern struct {
	elements []string
	dirOnly  bool
}

// add is a flag's function.
func (ps *patterns) add(s string) error {
	var p pattern
	trimmed := strings.TrimRight(s, "/")
	p.dirOnly = trimmed != s
	anchored := strings.Contains(trimmed, "/")
	p.elements = strings.Split(strings.TrimPrefix(trimmed, "/"), "/")
	if !anchored {
		p.elements = append([]string{"**"}, p.elements...)
	}
	for _, e := range p.elements {
		if _, err := path.Match(e, ""); err != nil || e == "" {
			return fmt.Errorf("malformed pattern %q", s)
		}
	}
	*ps = append(*ps, p)
	return nil
}

// takes reports whether a path is to be stored: it, or a directory above it,
// matches an include if there are any, and no exclude.
func (f *filter) takes(name string, dir bool) bool {
	if len(f.include) == 0 && len(f.exclude) == 0 {
		return true
	}
	return !f.exclude.cover(name, dir) && (len(f.include) == 0 || f.include.cover(name, dir))
}

// cover reports whether name or a directory above it matches any pattern.
func (ps patterns) cover(name string, dir bool) bool {
	elements := strings.Split(name, "/")
	for n := 1; n <= len(elements); n++ {
		for _, p := range ps {
			if (dir || n < len(elements) || !p.dirOnly) && matchElements(p.elements, elements[:n]) {
				return true
			}
		}
	}
	return false
}

// matchElements takes time in proportion to the product of the lengths, with
// any number of **, as it goes back to the last of them only.
func matchElements(pattern, name []string) bool {
	p, n := 0, 0
	backP, backN := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == "**" {
			backP, backN = p, n
			p++
			continue
		}
		if p < len(pattern) {
			if ok, _ := path.Match(pattern[p], name[n]); ok { // add has checked the pattern
				p++
				n++
				continue
			}
		}
		if backP < 0 {
			return false
		}
		backN++
		p, n = backP+1, backN
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}
