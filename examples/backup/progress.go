package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// progress is a bar on a terminal.
type progress struct {
	screen io.Writer // nil: nobody looks
	done   atomic.Int64
}

// add may be called from any goroutine.
func (p *progress) add(n int64) { p.done.Add(n) }

// start draws until stop is called. Sizes are in bytes; a total of 0 is
// unknown. A short task draws nothing.
func (p *progress) start(task string, total int64) (stop func()) {
	p.done.Store(0)
	began := time.Now()
	return terminal.Draw(p.screen, func() string { return line(task, p.done.Load(), total, time.Since(began)) })
}

// line is the progress in exactly terminal.Columns characters.
func line(task string, done, total int64, elapsed time.Duration) string {
	bar := ""
	if total > 0 {
		const cells = 30
		done := min(done, total) // headers come on top
		n := int(float64(done) / float64(total) * cells)
		bar = fmt.Sprintf("%3d%% [%s%s] ", int(float64(done)/float64(total)*100), strings.Repeat("#", n), strings.Repeat(".", cells-n))
	}
	rate := "-"
	if elapsed > 0 {
		rate = terminal.Size(int64(float64(done) / elapsed.Seconds()))
	}
	return fmt.Sprintf("%-*.*s", terminal.Columns, terminal.Columns, fmt.Sprintf("%s %s%s, %s/s", task, bar, terminal.Size(done), rate))
}
