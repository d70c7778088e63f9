package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// verify decodes the whole archive, and holds the contents of all runs against
// their catalogues.
func (p *program) verify(f *os.File, a *archive) error {
	state, err := a.state(0)
	if err != nil {
		return err
	}
	var files []*entry
	total := int64(0)
	for _, r := range a.runs {
		for _, e := range r.entries {
			if e.regular() {
				files = append(files, e)
			}
		}
	}
	slices.SortStableFunc(files, func(a, b *entry) int { return cmp.Compare(a.offset, b.offset) })
	files = slices.CompactFunc(files, func(a, b *entry) bool {
		return a.offset == b.offset && a.size == b.size && a.sum == b.sum
	})
	for _, e := range files {
		total += e.size
	}
	all, err := p.stream(f)
	if err != nil {
		return err
	}
	r := &reader{p: p, source: all, rescue: seeking{a.content}, buffer: make([]byte, 256<<10)}
	stop := p.progress.start("verifying", total)
	for _, e := range files {
		err := r.read(e, func() (io.Writer, error) { return io.Discard, nil })
		if errors.Is(err, errInterrupted) {
			stop()
			return err
		}
		if err != nil {
			p.lose(e, err)
		}
	}
	stop()
	// What is no content of a file must be sound as well.
	if _, err := io.Copy(io.Discard, all); err != nil {
		return err
	}
	if p.lost > 0 {
		return errLost
	}
	if p.tree != "" {
		return p.compare(state)
	}
	return nil
}

// compare reports where the tree on disk is not as the archive has it.
func (p *program) compare(state map[string]*entry) error {
	t, err := p.scan(p.tree)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(t.items))
	var files []*item
	for _, i := range t.items {
		seen[i.name] = true
		e := state[i.name]
		if d := difference(i, e); d != "" {
			p.report(fmt.Errorf("differs: %s: %s", i.name, d))
		} else if i.regular() {
			files = append(files, i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if !seen[name] && p.selected(state[name]) {
			p.report(fmt.Errorf("differs: %s: not in the tree", name))
		}
	}
	buffer := make([]byte, 256<<10)
	for l := range ahead(files) {
		if p.ctx.Err() != nil {
			return errInterrupted
		}
		if l.err != nil {
			p.report(l.err)
			continue
		}
		sum := crc32.Checksum(l.data, castagnoli)
		if l.file != nil {
			h := crc32.New(castagnoli)
			if _, err := io.CopyBuffer(h, struct{ io.Reader }{&holeReader{file: l.file, size: l.size, sparse: l.kind == kindSparse}}, buffer); err != nil {
				p.report(err)
				continue
			}
			sum = h.Sum32()
		}
		if sum != state[l.name].sum {
			p.report(fmt.Errorf("differs: %s: content", l.name))
		}
	}
	return nil
}

// difference tells in what i is not as e, by what can be seen without reading.
// Whether a file has holes is up to its file system.
func difference(i *item, e *entry) string {
	switch {
	case e == nil:
		return "not in the archive"
	case i.kind != e.kind && !(i.regular() && e.regular()):
		return "kind"
	case i.target != e.target:
		return "target"
	case i.size != e.size:
		return "size"
	case i.kind == kindLink:
		return ""
	case i.mode != e.mode:
		return "mode"
	case i.mtime != e.mtime:
		return "time"
	}
	return ""
}

// list prints the tree of a run, or the runs.
func (p *program) list(a *archive) error {
	out := bufio.NewWriter(p.stdout)
	if p.runs {
		for n, r := range a.runs {
			gone := 0
			for _, e := range r.entries {
				if e.kind == kindDeleted {
					gone++
				}
			}
			fmt.Fprintf(out, "run %d  %s  %d stored, %d deleted, %s\n", n+1,
				clock(r.time).Format(time.DateTime), len(r.entries)-gone, gone, terminal.Size(r.end-r.start))
		}
		return out.Flush()
	}
	tree, err := a.state(p.number)
	if err != nil {
		return err
	}
	entries, _ := p.choose(tree)
	for _, e := range entries {
		fmt.Fprintf(out, "%s %12d %s %s\n", fileMode(e), e.size, clock(e.mtime).Format(time.DateTime), listName(e))
	}
	return out.Flush()
}

// fileMode is how a list shows kind and mode.
func fileMode(e *entry) fs.FileMode {
	m := fs.FileMode(e.mode & 0o777)
	for _, b := range specialBits {
		if e.mode&b.bit != 0 {
			m |= b.mode
		}
	}
	switch e.kind {
	case kindDir:
		m |= fs.ModeDir
	case kindLink:
		m |= fs.ModeSymlink
	}
	return m
}

func listName(e *entry) string {
	if e.kind == kindLink {
		return terminal.Printable(e.name) + " -> " + terminal.Printable(e.target)
	}
	return terminal.Printable(e.name)
}
