package main

import (
	"fmt"
	"math"
	"strings"
)

// chart is memory over size, both logarithmic, laid out: what the page only has
// to draw. Lengths are in the units of its view box, which are pixels at the
// size it is made for.
type chart struct {
	Width, Height            float64
	Left, Right, Top, Bottom float64 // edges of the area between the axes
	XTicks, YTicks           []tick
	LongAt                   float64 // where the long streams begin
	HasLong                  bool
	Lines                    []line
}

type tick struct {
	At   float64
	Text string
}

// line is a direction: its points, and the fit of its long streams.
type line struct {
	Kind, Name     string
	Path           string // through the medians
	Band           string // between the lowest and the highest
	Fit            string // "" for none
	Points         []point
	LabelX, LabelY float64
	lowest         float64 // of the last points
}

type point struct {
	X, Y      float64
	Size, Tip string
}

func newChart(r *report, width, height float64) chart {
	c := chart{Width: width, Height: height, Left: 58, Right: width - 14, Top: 14, Bottom: height - 34}
	var sizes, peaks []float64
	for _, s := range r.series {
		for _, f := range s.sizes {
			sizes = append(sizes, float64(f.size))
			peaks = append(peaks, float64(max(f.least, 1)), float64(max(f.most, 1)))
		}
	}
	if len(sizes) == 0 {
		return c
	}
	x, xFrom, xTo := scale(sizes, c.Left, c.Right, 0.1)
	y, yFrom, yTo := scale(peaks, c.Bottom, c.Top, 0.3)
	c.XTicks = powers(x, xFrom, xTo, 58)
	c.YTicks = powers(y, yFrom, yTo, 24)
	c.HasLong = xTo > longFrom && xFrom < longFrom
	c.LongAt = x(longFrom)
	for i := range r.series {
		if len(r.series[i].sizes) > 0 {
			c.Lines = append(c.Lines, newLine(&r.series[i], x, y))
		}
	}
	c.spread()
	return c
}

// spread keeps the names of the lines apart: the upper stands above its line, the
// lower below.
func (c *chart) spread() {
	if len(c.Lines) == 2 {
		upper, lower := &c.Lines[0], &c.Lines[1]
		if upper.LabelY > lower.LabelY {
			upper, lower = lower, upper
		}
		lower.LabelY = lower.lowest + 22
	}
}

func newLine(s *series, x, y func(float64) float64) line {
	l := line{Kind: s.direction.String(), Name: "Writer"}
	if s.direction == reading {
		l.Name = "Reader"
	}
	var path, upper, lower strings.Builder
	for i, f := range s.sizes {
		px, py := x(float64(f.size)), y(float64(max(f.peak, 1)))
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, px, py)
		fmt.Fprintf(&upper, "%s%.1f %.1f", command, px, y(float64(max(f.most, 1))))
		l.Points = append(l.Points, point{px, py, formatSize(f.size),
			fmt.Sprintf("%s, %s\npeak %s\n%s to %s", l.Name, formatSize(f.size), formatSize(f.peak), formatSize(f.least), formatSize(f.most))})
	}
	for i := len(s.sizes) - 1; i >= 0; i-- {
		f := s.sizes[i]
		fmt.Fprintf(&lower, "L%.1f %.1f", x(float64(f.size)), y(float64(max(f.least, 1))))
	}
	l.Path, l.Band = path.String(), upper.String()+lower.String()+"z"
	last := s.sizes[len(s.sizes)-1]
	if s.long.growth() != unknown {
		from, to := float64(longFrom), float64(last.size)
		l.Fit = fmt.Sprintf("M%.1f %.1fL%.1f %.1f", x(from), y(s.long.at(from)), x(to), y(s.long.at(to)))
	}
	l.LabelX, l.LabelY = x(float64(last.size)), y(float64(max(last.most, 1)))-10
	for _, f := range s.sizes[max(0, len(s.sizes)-4):] {
		l.lowest = max(l.lowest, y(float64(max(f.least, 1))))
	}
	return l
}

// scale returns what maps values to places between two edges on a logarithmic
// axis, and what the axis spans: the values and some decades around.
func scale(values []float64, from, to, margin float64) (place func(float64) float64, low, high float64) {
	low, high = values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	low, high = low*math.Pow(10, -margin), high*math.Pow(10, margin)
	a, b := math.Log(low), math.Log(high)
	return func(v float64) float64 { return from + (math.Log(v)-a)/(b-a)*(to-from) }, low, high
}

// powers marks powers of ten, at least apart from each other.
func powers(place func(float64) float64, low, high, apart float64) []tick {
	var ticks []tick
	for power := math.Ceil(math.Log10(low)); power <= math.Log10(high); power++ {
		at := place(math.Pow(10, power))
		if n := len(ticks); n > 0 && math.Abs(at-ticks[n-1].At) < apart {
			continue
		}
		text := formatSize(int64(math.Round(math.Pow(10, power))))
		ticks = append(ticks, tick{at, strings.Replace(strings.Replace(text, ".00", "", 1), ".0", "", 1)})
	}
	return ticks
}
