package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

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
	if !p.quiet && isTerminal(p.stderr.Stat()) {
		m.screen = p.stderr
	}
	return m
}

// redraw is how long a line stands.
const redraw = 100 * time.Millisecond

// watch draws what stats tells, until stop is called, which returns when the
// line is cleared and sets last. A task shorter than redraw draws nothing.
func (m *meter) watch(stats func() sigio.Stats) (stop func()) {
	if m.screen == nil {
		return func() {}
	}
	began := time.Now()
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for drawn := false; ; drawn = true {
			select {
			case <-tick.C:
				fmt.Fprint(m.screen, "\r"+m.progress(stats(), began).line())
			case <-quit:
				if drawn {
					fmt.Fprintf(m.screen, "\r%*s\r", columns, "")
				}
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
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
