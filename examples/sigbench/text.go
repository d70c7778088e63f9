package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// writeText writes the tables: files if asked for, classes, and last the
// totals, which the eye finds first.
func writeText(dst io.Writer, r *report, files bool) error {
	if files {
		if err := r.fileTable(dst); err != nil {
			return err
		}
	}
	if classes := r.classes(); len(classes) > 1 {
		if err := r.classTable(dst, classes); err != nil {
			return err
		}
	}
	if r.claims != nil {
		if err := r.claimTable(dst); err != nil {
			return err
		}
	}
	return r.totalTable(dst)
}

// columns returns a writer that aligns cells to the right.
func columns(dst io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(dst, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// left pads the cells of a first column, which columns would align right.
func left(cells []string) []string {
	width := 0
	for _, c := range cells {
		width = max(width, len([]rune(c)))
	}
	padded := make([]string, len(cells))
	for i, c := range cells {
		padded[i] = c + strings.Repeat(" ", width-len([]rune(c)))
	}
	return padded
}

func (r *report) fileTable(dst io.Writer) error {
	cells := []string{"file, codec"}
	for _, one := range r.results {
		cells = append(cells, terminal.Printable(one.file)+", "+r.codecs[one.codec].name)
	}
	cells = left(cells)
	w := columns(dst)
	fmt.Fprintf(w, "%s\tbytes\tencoded\tratio\tcomp MB/s\tdecomp MB/s\t\n", cells[0])
	for i, one := range r.results {
		var f figures
		f.add(one)
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t\n", cells[i+1], f.raw, f.encoded,
			formatRatio(f.ratio()), formatSpeed(f.compressSpeed()), formatSpeed(f.decompressSpeed()))
	}
	fmt.Fprintln(w)
	return w.Flush()
}

func (r *report) classTable(dst io.Writer, classes []string) error {
	cells := []string{"class, codec"}
	for _, class := range classes {
		for _, c := range r.codecs {
			cells = append(cells, terminal.Printable(class)+", "+c.name)
		}
	}
	cells = left(cells)
	w := columns(dst)
	fmt.Fprintf(w, "%s\tfiles\tratio\tgeo\tcomp MB/s\tdecomp MB/s\t\n", cells[0])
	for i, class := range classes {
		for j := range r.codecs {
			f := r.total(j, class)
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t\n", cells[1+i*len(r.codecs)+j], f.files,
				formatRatio(f.ratio()), formatRatio(f.geomean()), formatSpeed(f.compressSpeed()), formatSpeed(f.decompressSpeed()))
		}
	}
	fmt.Fprintln(w)
	return w.Flush()
}

func (r *report) totalTable(dst io.Writer) error {
	cells := []string{"total"}
	for _, c := range r.codecs {
		cells = append(cells, c.name)
	}
	cells = left(cells)
	w := columns(dst)
	fmt.Fprintf(w, "%s\tfiles\tMB\tratio\tgeo\tcomp MB/s\tdecomp MB/s\tpeak MiB\t\n", cells[0])
	for i := range r.codecs {
		f := r.total(i, "")
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%s\t%s\t%s\t%s\t%s\t\n", cells[i+1], f.files, float64(f.raw)/1e6, formatRatio(f.ratio()),
			formatRatio(f.geomean()), formatSpeed(f.compressSpeed()), formatSpeed(f.decompressSpeed()), r.peakCell(i))
	}
	return w.Flush()
}

// peakCell is compression/decompression, in MiB.
func (r *report) peakCell(codec int) string {
	if r.peaks == nil {
		return "-"
	}
	p := r.peaks[codec]
	return formatMiB(p.compress) + "/" + formatMiB(p.decompress)
}

func formatMiB(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

// formatRatio gives 0, which stands for none, as a dash.
func formatRatio(f float64) string {
	switch {
	case f == 0:
		return "-"
	case f < 99.995:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

func formatSpeed(f float64) string {
	switch {
	case f == 0:
		return "-"
	case f < 9.95:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

// writeCSV writes a row for each file and codec, then for each class, then for
// the whole, which scope tells apart. What is not known is an empty field.
func writeCSV(dst io.Writer, r *report) error {
	w := csv.NewWriter(dst)
	row := func(scope, class, file string, codec int, f figures, p *peak) {
		cells := []string{scope, class, file, r.codecs[codec].name, strconv.Itoa(f.files),
			strconv.FormatInt(f.raw, 10), strconv.FormatInt(f.encoded, 10), exact(f.ratio()), exact(f.geomean()),
			nanoseconds(f.compress), nanoseconds(f.decompress), exact(f.compressSpeed()), exact(f.decompressSpeed()), "", ""}
		if p != nil {
			cells[13], cells[14] = strconv.FormatInt(p.compress, 10), strconv.FormatInt(p.decompress, 10)
		}
		_ = w.Write(cells) // Flush keeps the error
	}
	_ = w.Write([]string{"scope", "class", "file", "codec", "files", "raw_bytes", "encoded_bytes", "ratio", "geomean_ratio",
		"compress_ns", "decompress_ns", "compress_mb_s", "decompress_mb_s", "compress_peak_heap_bytes", "decompress_peak_heap_bytes"})
	for _, one := range r.results {
		var f figures
		f.add(one)
		row("file", one.class, one.file, one.codec, f, nil)
	}
	for _, class := range r.classes() {
		for i := range r.codecs {
			row("class", class, "", i, r.total(i, class), nil)
		}
	}
	for i := range r.codecs {
		var p *peak
		if r.peaks != nil {
			p = &r.peaks[i]
		}
		row("total", "", "", i, r.total(i, ""), p)
	}
	w.Flush()
	return w.Error()
}

func exact(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

func nanoseconds(t time.Duration) string {
	if t == 0 {
		return ""
	}
	return strconv.FormatInt(int64(t), 10)
}
