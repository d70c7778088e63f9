package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// writeText writes a table for each direction and what the fits say.
func writeText(dst io.Writer, r *report) error {
	for i := range r.series {
		s := &r.series[i]
		if len(s.sizes) == 0 {
			continue
		}
		w := tabwriter.NewWriter(dst, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(w, "%s\tpeak heap\tlowest\thighest\t%s\t\n", s.direction, strings.Join(stageNames[:], "\t"))
		for _, f := range s.sizes {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", formatSize(f.size), formatSize(f.peak), formatSize(f.least), formatSize(f.most),
				strings.Join(f.stages.format(), "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(dst, "\n  all sizes:     %s\n  from 2 MiB on: %s\n  repeats vary by %s\n\n", s.whole, s.long, percent(s.repeats))
		if err != nil {
			return err
		}
	}
	return nil
}

func (f fit) String() string {
	if f.growth() == unknown {
		return fmt.Sprintf("%d measurements are too few", f.n)
	}
	return fmt.Sprintf("%s: %s, %s, R² %.3f, variation %s, %d measurements", f.growth(), f.formula(), f.interval(), f.r2, percent(f.cv), f.n)
}

func (f fit) formula() string {
	return fmt.Sprintf("memory = %s · size^%.4f", formatSize(int64(math.Round(f.a))), f.b)
}

func (f fit) interval() string { return fmt.Sprintf("exponent %.4f to %.4f", f.low, f.high) }

func percent(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// writeCSV writes a row for each measurement.
func writeCSV(dst io.Writer, r *report) error {
	w := csv.NewWriter(dst)
	w.Write(append([]string{"direction", "size", "round", "peak"}, stageNames[:]...))
	for _, m := range r.all {
		row := []string{m.direction.String()}
		for _, v := range append([]int64{m.size, int64(m.round), m.peak}, m.stages[:]...) {
			row = append(row, strconv.FormatInt(v, 10))
		}
		w.Write(row)
	}
	w.Flush()
	return w.Error()
}

// format has the stages in their order.
func (s *stages) format() (all []string) {
	for _, n := range s {
		all = append(all, formatSize(n))
	}
	return all
}

// formatSize has three digits and a decimal unit, as limits of memory do.
func formatSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB"} {
		f /= 1000
		switch {
		case f < 9.995:
			return fmt.Sprintf("%.2f %s", f, unit)
		case f < 99.95:
			return fmt.Sprintf("%.1f %s", f, unit)
		case f < 999.5:
			return fmt.Sprintf("%.0f %s", f, unit)
		}
	}
	return fmt.Sprintf("%.0f TB", f)
}
