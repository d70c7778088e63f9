package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// progress is a bar on a terminal.
type progress struct {
	screen io.Writer // nil: nobody looks
	done   atomic.Int64
}

// columns is one less than the narrowest terminal has, so that no line wraps.
const columns = 79

// redraw is how long a line stands.
const redraw = 100 * time.Millisecond

// add may be called from any goroutine.
func (p *progress) add(n int64) { p.done.Add(n) }

// start draws until stop is called. Sizes are in bytes; a total of 0 is
// unknown. A task shorter than redraw draws nothing.
func (p *progress) start(task string, total int64) (stop func()) {
	p.done.Store(0)
	if p.screen == nil {
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
				fmt.Fprint(p.screen, "\r"+line(task, p.done.Load(), total, time.Since(began)))
			case <-quit:
				if drawn {
					fmt.Fprintf(p.screen, "\r%*s\r", columns, "")
				}
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// line is the progress in exactly columns characters.
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
		rate = formatSize(int64(float64(done) / elapsed.Seconds()))
	}
	return fmt.Sprintf("%-*.*s", columns, columns, fmt.Sprintf("%s %s%s, %s/s", task, bar, formatSize(done), rate))
}

// formatSize gives a size in at most 8 characters.
func formatSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		f /= 1024
		switch {
		case f < 9.995:
			return fmt.Sprintf("%.2f %s", f, unit)
		case f < 999.5:
			return fmt.Sprintf("%.0f %s", f, unit)
		}
	}
	return "-"
}

// isTerminal reports whether f is a character device other than the null
// device, which is as near as the standard library comes.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
