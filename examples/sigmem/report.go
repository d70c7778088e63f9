package main

import (
	"cmp"
	"slices"
)

// report is what the outputs show.
type report struct {
	conditions []string
	all        []measurement
	series     [directions]series
}

// series is one direction.
type series struct {
	direction direction
	sizes     []sizeFigures // by size
	whole     fit           // of all sizes
	long      fit           // of those from longFrom on
	repeats   float64       // median of the coefficients of variation of the repeats
}

// sizeFigures are those of all rounds of a size.
type sizeFigures struct {
	size              int64
	least, peak, most int64 // peak is the median
	stages            stages
}

// longFrom is the size from which on memory must be constant, in bytes: what is
// shorter than a few chunks needs less.
const longFrom = 2 << 20

func newReport(all []measurement, conditions []string) *report {
	r := &report{conditions: conditions, all: all}
	for d := range directions {
		r.series[d] = newSeries(d, all)
	}
	return r
}

func newSeries(d direction, all []measurement) series {
	s := series{direction: d}
	bySize := map[int64][]measurement{}
	var x, y, longX, longY []float64
	for _, m := range all {
		if m.direction != d {
			continue
		}
		bySize[m.size] = append(bySize[m.size], m)
		x, y = append(x, float64(m.size)), append(y, float64(m.peak))
		if m.size >= longFrom {
			longX, longY = append(longX, float64(m.size)), append(longY, float64(m.peak))
		}
	}
	s.whole, s.long = fitPower(x, y), fitPower(longX, longY)
	var spreads []float64
	for size, rounds := range bySize {
		s.sizes = append(s.sizes, figuresOf(size, rounds))
		if len(rounds) > 1 {
			var peaks []float64
			for _, m := range rounds {
				peaks = append(peaks, float64(m.peak))
			}
			spreads = append(spreads, variation(peaks))
		}
	}
	slices.SortFunc(s.sizes, func(a, b sizeFigures) int { return cmp.Compare(a.size, b.size) })
	s.repeats = median(spreads)
	return s
}

func figuresOf(size int64, rounds []measurement) sizeFigures {
	pick := func(f func(m measurement) int64) []int64 {
		v := make([]int64, len(rounds))
		for i, m := range rounds {
			v[i] = f(m)
		}
		return v
	}
	peaks := pick(func(m measurement) int64 { return m.peak })
	f := sizeFigures{size: size, least: slices.Min(peaks), peak: median(peaks), most: slices.Max(peaks)}
	for i := range f.stages {
		f.stages[i] = median(pick(func(m measurement) int64 { return m.stages[i] }))
	}
	return f
}

// median is the middle of v, 0 for none.
func median[T cmp.Ordered](v []T) (m T) {
	if len(v) == 0 {
		return m
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// highest is the most memory that was taken at any size.
func (s *series) highest() (most int64) {
	for _, f := range s.sizes {
		most = max(most, f.most)
	}
	return most
}

// grows reports whether memory follows long streams in one of the directions.
func (r *report) grows() bool {
	for _, s := range r.series {
		if g := s.long.growth(); g == sublinear || g == linear {
			return true
		}
	}
	return false
}
