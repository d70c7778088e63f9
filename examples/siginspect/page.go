package main

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/sigmalang/sigma/examples/internal/layout"
	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

//go:embed page.html
var pageSource string

//go:embed page.js
var pageScript string

// page is what page.html shows. Package html/template escapes all of it: names
// of files and strategies come from outside.
type page struct {
	Title, Alarm, Damage string
	Level                sigio.Level
	Figures              []figure
	Strategies           []row
	Classes              []row
	Reasons              []row
	Agreed, Seen         string
	Form                 []figure
	Each                 int
	Cells                int
	Data                 pageData
	Script               template.JS
}

// figure is a number with its name.
type figure struct{ Name, Value, Note string }

// row is a line of a table of usages.
type row struct {
	Kind, Letter, Name, Reason  string
	Chunks, Raw, Encoded, Ratio string
	Share                       float64 // of the content, in percent
}

// pageData is what the script works with.
type pageData struct {
	Cells      []pageCell `json:"cells"`
	Strategies []label    `json:"strategies"`
	Classes    []label    `json:"classes"`
	Reasons    []string   `json:"reasons"`
}

// label is how a strategy or class is told: name, letter, style.
type label struct {
	Name   string `json:"name"`
	Letter string `json:"letter"`
	Kind   string `json:"kind"`
}

// pageCell is a cell of the map, by short names: there are thousands.
type pageCell struct {
	Stream     int      `json:"t"`
	First      uint64   `json:"f"`
	Chunks     int      `json:"n"`
	Offset     int64    `json:"o"`
	RawAt      int64    `json:"a"`
	Raw        int64    `json:"r"`
	Encoded    int64    `json:"e"`
	Strategy   int      `json:"s"`
	Class      int      `json:"c"` // -1: not looked at
	Reason     int      `json:"w"` // -1: none
	Confidence uint8    `json:"q"`
	Light      int      `json:"l"`
	Flushed    int      `json:"u"`
	Damaged    bool     `json:"d"`
	Mix        []string `json:"m"` // shares of the strategies, if several
}

func writePage(w io.Writer, title string, level sigio.Level, s *survey) error {
	t, err := layout.Parse(pageSource)
	if err != nil {
		return err
	}
	return t.Execute(w, newPage(title, level, s))
}

func newPage(title string, level sigio.Level, s *survey) page {
	p := page{Title: title, Level: level, Agreed: grouped(int64(s.agreed)), Seen: grouped(int64(s.seen)), Each: max(s.cells.each, 1),
		Cells: len(s.cells.list), Data: s.pageData(), Script: template.JS(pageScript)}
	if s.err != nil {
		p.Alarm, p.Damage = "The stream could not be read to its end", s.err.Error()
		if errors.Is(s.err, sigio.ErrUnsupported) {
			p.Alarm = "Not all of the stream could be looked at"
		}
	}
	p.Figures = []figure{
		{"Ratio", formatRatio(s.raw, s.input), "all in all"},
		{"Content", terminal.Size(s.raw), grouped(s.raw) + " bytes"},
		{"Stream", terminal.Size(s.input), grouped(s.input) + " bytes"},
		{"Chunks", grouped(int64(s.chunks)), "in " + count(s.streams, "stream")},
	}
	if s.chunks == 0 { // Chunks does not tell of streams without any
		p.Figures[3].Note = ""
	}
	p.Form = []figure{
		{"Positioned chunks", grouped(int64(s.chunks - s.light)), "each can be trusted alone"},
		{"Light chunks", grouped(int64(s.light)), "short messages, checked together with their neighbours"},
		{"Flush marks", grouped(int64(s.flushed)), "where the writer flushed or closed"},
		{"Framing", grouped(s.framing()) + " B", fmt.Sprintf("%.3f %% of the stream; chunk headers %s B", percent(s.framing(), s.input), grouped(s.headers))},
	}
	if s.metaCount > 0 {
		p.Form = append(p.Form, figure{"Metadata", grouped(s.metaBytes) + " B", fmt.Sprintf("in %s records", grouped(int64(s.metaCount)))})
	}
	for _, u := range largest(s.strategies) {
		k := kindOf(u.id)
		p.Strategies = append(p.Strategies, newRow(u, s.raw, k.class, k.letter))
	}
	for _, u := range s.classList() {
		c := s.classOf(u)
		p.Classes = append(p.Classes, newRow(u, s.raw, classKind(c), classLetter(c)))
	}
	for _, u := range largest(s.reasons) {
		k := kindOf(u.id)
		p.Reasons = append(p.Reasons, newRow(u, s.raw, k.class, k.letter))
	}
	return p
}

func newRow(u *usage, raw int64, kind, letter string) row {
	return row{Kind: kind, Letter: letter, Name: u.name, Reason: u.reason, Chunks: grouped(int64(u.chunks)), Raw: grouped(u.raw),
		Encoded: grouped(u.encoded), Ratio: formatRatio(u.raw, u.encoded), Share: percent(u.raw, raw)}
}

// classOf is the class that a usage in s.classes counts.
func (s *survey) classOf(u *usage) strategy.Class {
	for i := range s.classes {
		if u == &s.classes[i] {
			return strategy.Class(i)
		}
	}
	return strategy.ClassUnknown
}

func classKind(c strategy.Class) string { return fmt.Sprintf("class%d", c) }

// pageData lays the cells out for the script. Reasons are told by number.
func (s *survey) pageData() pageData {
	d := pageData{Cells: make([]pageCell, 0, len(s.cells.list))}
	for _, u := range s.strategies {
		k := kindOf(u.id)
		d.Strategies = append(d.Strategies, label{u.name, k.letter, k.class})
	}
	for i := range s.classes {
		c := strategy.Class(i)
		d.Classes = append(d.Classes, label{c.String(), classLetter(c), classKind(c)})
	}
	numbers := map[string]int{}
	for i := range s.cells.list {
		c := &s.cells.list[i]
		one := pageCell{Stream: c.stream, First: c.first, Chunks: c.chunks, Offset: c.offset, RawAt: c.rawAt, Raw: c.raw,
			Encoded: c.encoded, Confidence: c.confidence, Light: c.light, Flushed: c.flushed, Damaged: c.damaged, Class: -1, Reason: -1}
		one.Strategy, _ = c.strategies.top()
		if class, ok := c.classes.top(); ok {
			one.Class = int(class)
		}
		if v, ok := c.reasons.top(); ok {
			reason := reasonText(s.strategies[one.Strategy].id, v)
			if _, known := numbers[reason]; !known {
				numbers[reason] = len(d.Reasons)
				d.Reasons = append(d.Reasons, reason)
			}
			one.Reason = numbers[reason]
		}
		if len(c.strategies) > 1 {
			for _, share := range c.strategies {
				one.Mix = append(one.Mix, fmt.Sprintf("%s %.0f %%", s.strategies[share.key].name, percent(share.raw, c.raw)))
			}
		}
		d.Cells = append(d.Cells, one)
	}
	return d
}

// grouped writes a number with thin spaces between thousands.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}
