package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// progress is how far the work on a file has come. Sizes are in bytes.
type progress struct {
	name         string
	done, total  int64 // of the input; a total of 0 is unknown
	raw, encoded int64
	elapsed      time.Duration
}

// line is the progress as one line of exactly terminal.Columns characters, which
// overwrites the one before it.
func (p progress) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s ", elide(p.name, 16))
	known := p.total > 0
	done := min(p.done, p.total) // the file may have grown
	if known {
		const cells = 12
		n := int(float64(done) / float64(p.total) * cells)
		bar := strings.Repeat("#", n) + strings.Repeat(".", cells-n)
		fmt.Fprintf(&b, "%3d%% [%s] ", int(float64(done)/float64(p.total)*100), bar)
	}
	fmt.Fprintf(&b, "%8s %10s %6s:1", terminal.Size(p.raw), p.rate(), formatRatio(p.raw, p.encoded))
	if known && done > 0 {
		left := p.elapsed.Seconds() * float64(p.total-done) / float64(done)
		fmt.Fprintf(&b, " %8s left", formatTime(left))
	}
	return fmt.Sprintf("%-*.*s", terminal.Columns, terminal.Columns, b.String())
}

// summary is the line that stays when the work is done.
func (p progress) summary() string {
	return fmt.Sprintf("%s: %s raw, %s compressed, ratio %s, %s, %s", p.name,
		terminal.Size(p.raw), terminal.Size(p.encoded), formatRatio(p.raw, p.encoded), p.elapsed.Round(10*time.Millisecond), p.rate())
}

func (p progress) rate() string {
	if p.elapsed <= 0 {
		return "-"
	}
	return terminal.Size(int64(float64(p.raw)/p.elapsed.Seconds())) + "/s"
}

// elide shortens a name to n characters at its front, where it tells least,
// and replaces what would move the cursor.
func elide(name string, n int) string {
	r := []rune(terminal.Printable(name))
	if len(r) > n {
		r = append([]rune("..."), r[len(r)-n+3:]...)
	}
	return string(r)
}

// formatRatio gives raw/encoded with three significant digits, or more before
// the point.
func formatRatio(raw, encoded int64) string {
	if raw == 0 || encoded == 0 {
		return "-"
	}
	switch f := float64(raw) / float64(encoded); {
	case f < 9.995:
		return fmt.Sprintf("%.2f", f)
	case f < 99.95:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}

// formatTime gives seconds in at most 8 characters.
func formatTime(seconds float64) string {
	if seconds >= 100*3600-1 {
		return "-"
	}
	switch s := int(math.Round(seconds)); {
	case s >= 3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	default:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
}
