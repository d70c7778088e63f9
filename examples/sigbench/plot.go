package main

import (
	"fmt"
	"math"
	"strings"
)

// plot is a chart of ratio over speed, laid out: what the page only has to
// draw. Lengths are in the units of its view box, which are pixels at the size
// it is made for.
type plot struct {
	Width, Height            float64
	Left, Right, Top, Bottom float64 // edges of the area between the axes
	XTicks, YTicks           []tick
	Frontier                 string   // path
	Families                 []string // paths that join the codecs of a family
	Points                   []point
}

type tick struct {
	At   float64
	Text string
}

type point struct {
	X, Y         float64
	Family, Name string
	Marker       string // path around X, Y
	Label        box    // where the name stands
	Leader       bool   // a line leads to the name
	Speed, Ratio string
	OnFront      bool
}

// box is a rectangle by its left upper corner.
type box struct{ X, Y, W, H float64 }

func (b box) overlap(o box) float64 {
	w := min(b.X+b.W, o.X+o.W) - max(b.X, o.X)
	h := min(b.Y+b.H, o.Y+o.H) - max(b.Y, o.Y)
	return max(w, 0) * max(h, 0)
}

// Baseline, MidX and MidY are where the page puts the text and the line to it.
func (b box) Baseline() float64 { return b.Y + b.H - 4 }
func (b box) MidX() float64     { return b.X + b.W/2 }
func (b box) MidY() float64     { return b.Y + b.H/2 }

const (
	fontSize  = 12.0
	charWidth = 0.62 * fontSize // of a bold system font, on average
	markSize  = 5.5
)

// newPlot lays out a chart of the codecs by the speed that pick returns. It
// leaves out those that have none.
func newPlot(r *report, width, height float64, pick func(figures) float64) plot {
	p := plot{Width: width, Height: height, Left: 44, Right: width - 14, Top: 14, Bottom: height - 34}
	var speeds, ratios []float64
	for i, c := range r.codecs {
		f := r.total(i, "")
		if s := pick(f); s > 0 && f.ratio() > 0 {
			speeds, ratios = append(speeds, s), append(ratios, f.ratio())
			p.Points = append(p.Points, point{Family: c.family, Name: c.name, Speed: formatSpeed(s), Ratio: formatRatio(f.ratio())})
		}
	}
	if len(p.Points) == 0 {
		return p
	}
	x := p.logAxis(speeds)
	y := p.ratioAxis(ratios)
	for i := range p.Points {
		q := &p.Points[i]
		q.X, q.Y = x(speeds[i]), y(ratios[i])
		q.Marker = marker(q.Family, q.X, q.Y)
	}
	front := frontier(speeds, ratios)
	p.Frontier = p.frontierPath(front)
	for _, i := range front {
		p.Points[i].OnFront = true
	}
	p.joinFamilies()
	p.placeLabels()
	return p
}

// logAxis returns what maps a speed to its place, and marks 1, 2 and 5 of each
// power of ten, or more where these are few.
func (p *plot) logAxis(speeds []float64) func(float64) float64 {
	low, high := bounds(speeds)
	from, to := math.Log(low)-0.25, math.Log(high)+0.25
	x := func(v float64) float64 { return p.Left + (math.Log(v)-from)/(to-from)*(p.Right-p.Left) }
	for _, steps := range [][]float64{{1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 7}} {
		p.XTicks = nil
		last := math.Inf(-1)
		for power := math.Pow(10, math.Floor(from/math.Ln10)); power < math.Exp(to); power *= 10 {
			for _, step := range steps {
				at := x(step * power)
				if at >= p.Left && at <= p.Right && at-last > 32 {
					p.XTicks = append(p.XTicks, tick{at, fmt.Sprintf("%g", step*power)})
					last = at
				}
			}
		}
		if len(p.XTicks) >= 4 {
			break
		}
	}
	return x
}

// ratioAxis is linear and has some four to eight marks.
func (p *plot) ratioAxis(ratios []float64) func(float64) float64 {
	low, high := bounds(ratios)
	span := max(high-low, 0.05*high)
	low, high = low-0.1*span, high+0.12*span
	step := math.Pow(10, math.Floor(math.Log10(span)))
	for _, finer := range []float64{1, 2, 5, 10} {
		if span/(step/finer) >= 4 {
			step /= finer
			break
		}
	}
	y := func(v float64) float64 { return p.Bottom - (v-low)/(high-low)*(p.Bottom-p.Top) }
	digits := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	for k := math.Ceil(low / step); k*step <= high; k++ {
		p.YTicks = append(p.YTicks, tick{y(k * step), fmt.Sprintf("%.*f", digits, k*step)})
	}
	return y
}

func bounds(v []float64) (low, high float64) {
	low, high = v[0], v[0]
	for _, f := range v {
		low, high = min(low, f), max(high, f)
	}
	return low, high
}

// frontierPath steps along what is reached: to the left of a point its ratio
// is to be had, below it its speed.
func (p *plot) frontierPath(front []int) string {
	var path strings.Builder
	for i, f := range front {
		q := p.Points[f]
		if i == 0 {
			fmt.Fprintf(&path, "M%.1f %.1fV%.1f", q.X, p.Bottom, q.Y)
			continue
		}
		fmt.Fprintf(&path, "H%.1fV%.1f", q.X, q.Y)
	}
	fmt.Fprintf(&path, "H%.1f", p.Left)
	return path.String()
}

func (p *plot) joinFamilies() {
	paths := map[string]string{}
	var order []string
	for _, q := range p.Points {
		if _, known := paths[q.Family]; !known {
			order = append(order, q.Family)
			paths[q.Family] = fmt.Sprintf("M%.1f %.1f", q.X, q.Y)
			continue
		}
		paths[q.Family] += fmt.Sprintf("L%.1f %.1f", q.X, q.Y)
	}
	for _, family := range order {
		p.Families = append(p.Families, paths[family])
	}
}

// marker is a shape for each family, so that colour alone tells nothing.
func marker(family string, x, y float64) string {
	const s = markSize
	switch family {
	case "sigma": // disc
		return fmt.Sprintf("M%.1f %.1fa%g %g 0 1 0 %g 0a%g %g 0 1 0 %g 0z", x-s, y, s, s, 2*s, s, s, -2*s)
	case "zstd": // square
		return fmt.Sprintf("M%.1f %.1fh%gv%gh%gz", x-s+.5, y-s+.5, 2*s-1, 2*s-1, 1-2*s)
	case "s2": // triangle
		return fmt.Sprintf("M%.1f %.1fl%g %gh%gz", x, y-s-.5, s+.5, 2*s, -2*s-1)
	case "gzip": // triangle upside down
		return fmt.Sprintf("M%.1f %.1fl%g %gh%gz", x, y+s+.5, s+.5, -2*s, -2*s-1)
	}
	return fmt.Sprintf("M%.1f %.1fl%g %gl%g %gl%g %gz", x, y-s-1, s+1, s+1, -s-1, s+1, -s-1, -s-1) // diamond
}
