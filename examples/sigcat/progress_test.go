package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
)

func TestProgressLine(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name string
		p    progress
		want string
	}{
		{"begin", progress{name: "a", total: mib, elapsed: time.Second},
			"a                  0% [............]      0 B      0 B/s      -:1"},
		{"half way", progress{name: "access.log", done: 50 * mib, total: 100 * mib, raw: 50 * mib, encoded: 10 * mib, elapsed: 10 * time.Second},
			"access.log        50% [######......] 50.0 MiB 5.00 MiB/s   5.00:1     0:10 left"},
		{"almost", progress{name: "a", done: 999, total: 1000, raw: 999, encoded: 9, elapsed: time.Minute},
			"a                 99% [###########.]    999 B     16 B/s    111:1     0:00 left"},
		{"grown beyond its size", progress{name: "a", done: 2000, total: 1000, raw: 2000, encoded: 1000, elapsed: time.Second},
			"a                100% [############] 1.95 KiB 1.95 KiB/s   2.00:1     0:00 left"},
		{"size unknown", progress{name: "stdin", done: mib, raw: mib, encoded: mib, elapsed: time.Second},
			"stdin            1.00 MiB 1.00 MiB/s   1.00:1"},
		{"no time yet", progress{name: "stdin", raw: 1}, "stdin                 1 B          -      -:1"},
		{"hours", progress{name: "a", done: 1, total: 36_001, raw: 1, encoded: 1, elapsed: time.Second},
			"a                  0% [............]      1 B      1 B/s   1.00:1 10:00:00 left"},
		{"years", progress{name: "a", done: 1, total: math.MaxInt64, raw: 1, encoded: 1, elapsed: time.Hour},
			"a                  0% [............]      1 B      0 B/s   1.00:1        - left"},
		{"long name", progress{name: "backup-of-everything-2024.tar", raw: 1}, "...hing-2024.tar      1 B          -      -:1"},
		{"hostile name", progress{name: "a\x1b[2J\nb", raw: 1}, "a?[2J?b               1 B          -      -:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.p.line()
			if strings.TrimRight(got, " ") != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if n := utf8.RuneCountInString(got); n != terminal.Columns {
				t.Errorf("the line has %d columns", n)
			}
		})
	}
}

func TestProgressSummary(t *testing.T) {
	p := progress{name: "a", raw: 3 << 20, encoded: 1 << 20, elapsed: 1_503 * time.Millisecond}
	if got, want := p.summary(), "a: 3.00 MiB raw, 1.00 MiB compressed, ratio 3.00, 1.5s, 2.00 MiB/s"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFormats(t *testing.T) {
	for raw, want := range map[int64]string{0: "-", 1: "0.01", 234: "2.34", 999: "9.99", 1234: "12.3", 9996: "100", 123_456: "1235"} {
		if got := formatRatio(raw, 100); got != want {
			t.Errorf("ratio %d/100: got %q, want %q", raw, got, want)
		}
	}
	if got := formatRatio(1, 0); got != "-" {
		t.Errorf("ratio 1/0: got %q", got)
	}
}

// TestMeter lets a line be drawn and cleared, and sees that the goroutine is
// gone: the buffer has no lock.
func TestMeter(t *testing.T) {
	var screen bytes.Buffer
	m := &meter{screen: &screen, name: "a", total: 200}
	stats := func() sigio.Stats { return sigio.Stats{Raw: 100, Encoded: 50} }
	began := time.Now()
	stop := m.watch(stats)
	time.Sleep(5 * terminal.Redraw / 2)
	stop()
	lines := strings.Split(screen.String(), "\r") // "", a line or more, blanks, ""
	most := 3 + int(time.Since(began)/terminal.Redraw)
	if n := len(lines); n < 4 || n > most || lines[0] != "" || !strings.Contains(lines[1], " 50% ") {
		t.Errorf("drawn: %q", lines)
	}
	if clear := strings.Repeat(" ", terminal.Columns); len(lines) > 2 && (lines[len(lines)-2] != clear || lines[len(lines)-1] != "") {
		t.Errorf("not cleared: %q", lines)
	}
	if m.last.raw != 100 || m.last.encoded != 50 || m.last.done != 100 {
		t.Errorf("last is %+v", m.last)
	}

	screen.Reset()
	m.decode = true
	m.watch(stats)()
	if screen.Len() != 0 {
		t.Errorf("a short task draws %q", screen.String())
	}
	if m.last.done != 50 {
		t.Errorf("a decoder's input is its encoded side: %+v", m.last)
	}
	(&meter{}).watch(nil)() // nobody looks: stats is not even called
}
