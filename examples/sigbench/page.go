package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sigmalang/sigma/examples/internal/layout"
)

//go:embed page.html
var pageSource string

// page is what page.html shows.
type page struct {
	Summary    string
	Conditions []string
	Charts     []chart
	Totals     []totalRow
	HasPeaks   bool
	Codecs     []heading
	Matrices   []matrix
}

// chart is the same plot twice: for a desk and for a phone.
type chart struct {
	Title, Unit string
	Wide        plot
	Narrow      plot
}

type heading struct{ Name, Family string }

// Setting is the name without the family's.
func (h heading) Setting() string {
	return strings.TrimPrefix(strings.TrimPrefix(h.Name, h.Family), "-")
}

type totalRow struct {
	heading
	Ratio, Geo, Compress, Decompress, Peak cell
	Bar                                    float64 // ratio, in percent of the best
}

// cell is a figure with the value that it is sorted by.
type cell struct {
	Value float64
	Text  string
	Best  bool
}

// matrix is a figure by class and codec.
type matrix struct {
	ID, Title string
	Rows      []matrixRow
}

type matrixRow struct {
	Class string
	Files int
	Cells []cell
}

func writePage(w io.Writer, r *report) error {
	t, err := layout.Parse(pageSource)
	if err != nil {
		return err
	}
	return t.Execute(w, newPage(r))
}

func newPage(r *report) page {
	p := page{Summary: r.summary(), Conditions: r.conditions, HasPeaks: r.peaks != nil}
	for _, c := range r.codecs {
		p.Codecs = append(p.Codecs, heading{c.name, c.family})
	}
	for _, c := range []struct {
		title string
		pick  func(figures) float64
	}{{"Compression", figures.compressSpeed}, {"Decompression", figures.decompressSpeed}} {
		p.Charts = append(p.Charts, chart{c.title, "MB/s",
			newPlot(r, 540, 420, c.pick), newPlot(r, 350, 400, c.pick)})
	}
	p.Totals = r.totalRows()
	for _, m := range []struct {
		id, title string
		pick      func(figures) float64
		format    func(float64) string
	}{
		{"ratio", "Ratio", figures.ratio, formatRatio},
		{"geo", "Geometric mean", figures.geomean, formatRatio},
		{"compress", "Compression, MB/s", figures.compressSpeed, formatSpeed},
		{"decompress", "Decompression, MB/s", figures.decompressSpeed, formatSpeed},
	} {
		p.Matrices = append(p.Matrices, matrix{m.id, m.title, r.matrix(m.pick, m.format)})
	}
	return p
}

// totalRows has a row for each codec.
func (r *report) totalRows() []totalRow {
	var rows []totalRow
	best := 0.0
	for i, c := range r.codecs {
		f := r.total(i, "")
		best = max(best, f.ratio())
		row := totalRow{heading: heading{c.name, c.family},
			Ratio: cell{f.ratio(), formatRatio(f.ratio()), false}, Geo: cell{f.geomean(), formatRatio(f.geomean()), false},
			Compress:   cell{f.compressSpeed(), formatSpeed(f.compressSpeed()), false},
			Decompress: cell{f.decompressSpeed(), formatSpeed(f.decompressSpeed()), false}}
		if r.peaks != nil {
			row.Peak = cell{float64(r.peaks[i].compress), r.peakCell(i), false}
		}
		rows = append(rows, row)
	}
	for i := range rows {
		if best > 0 {
			rows[i].Bar = 100 * rows[i].Ratio.Value / best
		}
	}
	return rows
}

func (r *report) matrix(pick func(figures) float64, format func(float64) string) []matrixRow {
	var rows []matrixRow
	for _, class := range r.classes() {
		row := matrixRow{Class: class}
		for i := range r.codecs {
			f := r.total(i, class)
			row.Files = max(row.Files, f.files)
			row.Cells = append(row.Cells, cell{pick(f), format(pick(f)), false})
		}
		markBest(row.Cells)
		rows = append(rows, row)
	}
	return rows
}

// markBest marks the cells that show the highest figure, unless all do.
func markBest(cells []cell) {
	byValue := func(a, b cell) int { return cmp.Compare(a.Value, b.Value) }
	best, worst := slices.MaxFunc(cells, byValue), slices.MinFunc(cells, byValue)
	for i, c := range cells {
		cells[i].Best = c.Text == best.Text && best.Text != worst.Text
	}
}

// summary says in a line what was measured.
func (r *report) summary() string {
	var f figures
	for i := range r.codecs {
		if t := r.total(i, ""); t.files > f.files {
			f = t
		}
	}
	classes := len(r.classes())
	return fmt.Sprintf("%s, %.1f MB, %s, %s", count(f.files, "file", "files"), float64(f.raw)/1e6,
		count(classes, "class", "classes"), count(len(r.codecs), "codec", "codecs"))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
