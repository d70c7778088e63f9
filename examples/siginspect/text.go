package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// text writes what was found for terminals. Errors of w are left to whoever
// flushes it.
type text struct {
	w       io.Writer
	colours bool
	title   string
	level   sigio.Level
}

func (t *text) listHead() {
	fmt.Fprintln(t.w, "     chunk        offset       raw   payload   ratio  strategy   class              marks    reason")
}

func (t *text) listLine(c *chunk) {
	class, reason := "-", ""
	switch c.state {
	case seen:
		class = fmt.Sprintf("%v %d", c.class, c.confidence)
		reason = reasonText(c.Strategy, verdict{c.chosen, c.reason})
	case damaged:
		reason = "damaged"
	}
	line := fmt.Sprintf("%10s %13d %9d %9d %7s  %-9s  %-18s %-8s %s", fmt.Sprintf("%d:%d", c.Stream, c.Chunk),
		c.Offset, c.RawLen, c.EncodedLen, formatRatio(int64(c.RawLen), int64(c.EncodedLen)), c.Name, class, marks(c.Light, c.Flushed), reason)
	fmt.Fprintln(t.w, strings.TrimRight(line, " "))
}

// reasonText says why a strategy was chosen, or what was the first choice.
func reasonText(has strategy.ID, v verdict) string {
	if v.chosen == has {
		return v.reason
	}
	return fmt.Sprintf("first choice %v: %s", v.chosen, v.reason)
}

func marks(light, flushed bool) string {
	switch {
	case light: // always flushed
		return "light"
	case flushed:
		return "flushed"
	}
	return ""
}

// summary writes the map and the totals.
func (t *text) summary(s *survey) {
	size := fmt.Sprintf("%d bytes in %d, ratio %s", s.raw, s.input, formatRatio(s.raw, s.input))
	if s.chunks == 0 { // Chunks does not tell of streams without any
		fmt.Fprintf(t.w, "%s: no chunks, %s\n", terminal.Printable(t.title), size)
		if s.err == nil {
			fmt.Fprintln(t.w, "the stream is whole, and has no content")
		}
	} else {
		fmt.Fprintf(t.w, "%s: %s, %s, %s\n", terminal.Printable(t.title), count(s.streams, "stream"), count(s.chunks, "chunk"), size)
	}
	if len(s.cells.list) > 0 {
		t.chunkMap(s)
		t.table("strategy", "share", largest(s.strategies), s.raw)
		t.table("class", "share", s.classList(), s.raw)
		t.reasons(s)
	}
	t.form(s)
}

// The map has lines of mapColumns cells, at most mapLines of them.
const (
	mapColumns = 64
	mapLines   = 12
)

func (t *text) chunkMap(s *survey) {
	list, each := s.cells.list, max(s.cells.each, 1)
	for len(list) > mapColumns*mapLines {
		list = halved(copied(list))
		each *= 2
	}
	unit := "chunk"
	if each > 1 {
		unit = fmt.Sprintf("%d chunks", each)
	}
	fmt.Fprintf(t.w, "\nmap, a letter for each %s; small letters are light chunks\n", unit)
	for row := range slices.Chunk(list, mapColumns) {
		fmt.Fprintf(t.w, "%14d  ", row[0].rawAt)
		t.row(s, row)
	}
}

// row paints neighbours that look the same in one go.
func (t *text) row(s *survey, row []cell) {
	letters, look := "", kind{}
	for i := range row {
		letter, k := face(s, &row[i])
		if k != look {
			t.paint(letters, look)
			letters, look = "", k
		}
		letters += letter
	}
	t.paint(letters, look)
	fmt.Fprintln(t.w)
}

// copied makes cells that can be joined without changing those of list.
func copied(list []cell) []cell {
	c := append([]cell(nil), list...)
	for i := range c {
		c[i].strategies = append(tally[int](nil), c[i].strategies...)
		c[i].classes, c[i].reasons = nil, nil
	}
	return c
}

// face is the letter of a cell and how it looks.
func face(s *survey, c *cell) (string, kind) {
	if c.damaged {
		return damage.letter, damage
	}
	index, _ := c.strategies.top()
	k := kindOf(s.strategies[index].id)
	if c.light == c.chunks {
		return strings.ToLower(k.letter), k
	}
	return k.letter, k
}

func (t *text) paint(letters string, k kind) {
	if t.colours && letters != "" {
		letters = "\x1b[48;5;" + k.colour + ";38;5;" + k.ink + "m" + letters + "\x1b[0m"
	}
	fmt.Fprint(t.w, letters)
}

func (t *text) table(head, share string, rows []*usage, raw int64) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(t.w, "\n%-26s %9s %13s %13s %7s %7s\n", head, "chunks", "raw", "encoded", "ratio", share)
	for _, u := range rows {
		if head == "strategy" {
			k := kindOf(u.id)
			t.paint(k.letter, k)
			fmt.Fprintf(t.w, " %-24s", elide(u.name, 24))
		} else {
			fmt.Fprintf(t.w, "%-26s", u.name)
		}
		fmt.Fprintf(t.w, " %9d %13d %13d %7s %6.1f%%\n", u.chunks, u.raw, u.encoded, formatRatio(u.raw, u.encoded), percent(u.raw, raw))
	}
}

func (t *text) reasons(s *survey) {
	if s.seen == 0 {
		return
	}
	fmt.Fprintf(t.w, "\nselector at level %-8v %9s %13s  reason\n", t.level, "chunks", "raw")
	for _, u := range largest(s.reasons) {
		fmt.Fprintf(t.w, "%-26s %9d %13d  %s\n", u.name, u.chunks, u.raw, u.reason)
	}
	fmt.Fprintf(t.w, "it is the strategy in the stream for %d of %s\n", s.agreed, count(s.seen, "chunk"))
}

// form tells of all that is not payload.
func (t *text) form(s *survey) {
	fmt.Fprintf(t.w, "\npositioned chunks %8d\nlight chunks      %8d\nflush marks       %8d\n", s.chunks-s.light, s.light, s.flushed)
	if s.metaCount > 0 {
		fmt.Fprintf(t.w, "metadata          %8d  %d bytes\n", s.metaCount, s.metaBytes)
	}
	fmt.Fprintf(t.w, "framing           %8d  bytes, %.3f%% of the input, chunk headers %d of them\n", s.framing(), percent(s.framing(), s.input), s.headers)
}

// elide shortens the name of a strategy, which is ASCII.
func elide(name string, n int) string {
	if len(name) > n {
		return name[:n-3] + "..."
	}
	return name
}

func count(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
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
