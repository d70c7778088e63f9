package main

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
)

// meter shows the progress of one file.
type meter struct {
	screen io.Writer // nil: nobody looks
	name   string
	total  int64 // bytes of input, 0 if unknown
	decode bool  // the input is the encoded side
	last   progress
}

func (p *program) meter(name string, in *os.File) *meter {
	m := &meter{name: filepath.Base(spoken(name)), decode: p.mode != modeCompress}
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		m.total = info.Size()
	}
	if !p.quiet && terminal.Is(p.stderr.Stat()) {
		m.screen = p.stderr
	}
	return m
}

// watch draws what stats tells, until stop is called, which returns when the
// line is cleared and sets last. A short task draws nothing.
func (m *meter) watch(stats func() sigio.Stats) (stop func()) {
	if m.screen == nil {
		return func() {}
	}
	began := time.Now()
	clear := terminal.Draw(m.screen, func() string { return m.progress(stats(), began).line() })
	return func() {
		clear()
		m.last = m.progress(stats(), began)
	}
}

func (m *meter) progress(s sigio.Stats, began time.Time) progress {
	p := progress{name: m.name, total: m.total, done: s.Raw, raw: s.Raw, encoded: s.Encoded, elapsed: time.Since(began)}
	if m.decode {
		p.done = s.Encoded
	}
	return p
}
