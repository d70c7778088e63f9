package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/sigmalang/sigma/examples/internal/layout"
)

//go:embed page.html
var pageSource string

// page is what page.html shows.
type page struct {
	Title, Verdict string
	Conditions     []string
	Wide, Narrow   chart // the same, for a desk and for a phone
	Series         []pageSeries
}

// pageSeries is a direction.
type pageSeries struct {
	Name, Verb string
	Growth     string
	Facts      []fact
	Bars       []bar
	Rows       []pageRow
}

// fact is a figure with its name.
type fact struct{ Name, Value, Note string }

// bar is what the memory of a size is made of, in percent of the longest bar.
type bar struct {
	Size, Peak string
	Parts      []part
	Detail     string
}

type part struct {
	Stage string
	Share float64 // of the longest bar, in percent
}

type pageRow struct {
	Size, Peak, Range string
	Stages            []string
}

func writePage(w io.Writer, r *report) error {
	t, err := layout.Parse(pageSource)
	if err != nil {
		return err
	}
	return t.Execute(w, newPage(r))
}

// writeSVG writes the chart alone, with its colours in it.
func writeSVG(w io.Writer, r *report) error {
	t, err := layout.Parse(pageSource)
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "alone", newChart(r, 820, 440))
}

func newPage(r *report) page {
	p := page{Title: "Memory and length", Conditions: r.conditions, Wide: newChart(r, 1080, 440), Narrow: newChart(r, 350, 400)}
	var verdicts []string
	for i := range r.series {
		s := &r.series[i]
		if len(s.sizes) == 0 {
			continue
		}
		one := newPageSeries(s)
		p.Series = append(p.Series, one)
		verdicts = append(verdicts, fmt.Sprintf("%s: %s", one.Name, one.Growth))
	}
	p.Verdict = "From 2 MiB on. " + strings.Join(verdicts, ". ") + "."
	return p
}

func newPageSeries(s *series) pageSeries {
	p := pageSeries{Name: "Writer", Verb: "Compressing", Growth: string(s.long.growth())}
	if s.direction == reading {
		p.Name, p.Verb = "Reader", "Decompressing"
	}
	p.Facts = []fact{
		{"Highest peak", formatSize(s.highest()), fmt.Sprintf("at %d sizes", len(s.sizes))},
		{"Exponent from 2 MiB on", "–", "too few measurements"},
		{"Variation of repeats", percent(s.repeats), "coefficient, median over sizes"},
	}
	if s.long.growth() != unknown {
		p.Facts[1] = fact{"Exponent from 2 MiB on", fmt.Sprintf("%.4f", s.long.b), fmt.Sprintf("%.4f to %.4f with 95 %% confidence", s.long.low, s.long.high)}
		p.Facts = append(p.Facts, fact{"Fit from 2 MiB on", s.long.formula(), fmt.Sprintf("R² %.3f, variation %s", s.long.r2, percent(s.long.cv))})
	}
	if s.whole.growth() != unknown {
		p.Facts = append(p.Facts, fact{"Fit of all sizes", s.whole.formula(), fmt.Sprintf("R² %.3f, %s, %s", s.whole.r2, s.whole.interval(), s.whole.growth())})
	}
	longest := int64(1)
	for _, f := range s.sizes {
		longest = max(longest, f.peak, f.stages.sum())
	}
	for _, f := range s.sizes {
		b, sizes := bar{Size: formatSize(f.size), Peak: formatSize(f.peak)}, f.stages.format()
		for i, n := range f.stages {
			b.Parts = append(b.Parts, part{stageNames[i], 100 * float64(n) / float64(longest)})
			b.Detail += stageNames[i] + " " + sizes[i]
			if i < stageCount-1 {
				b.Detail += ", "
			}
		}
		p.Bars = append(p.Bars, b)
		p.Rows = append(p.Rows, pageRow{formatSize(f.size), formatSize(f.peak), formatSize(f.least) + " – " + formatSize(f.most), sizes})
	}
	return p
}

func (s stages) sum() (n int64) {
	for _, v := range s {
		n += v
	}
	return n
}
