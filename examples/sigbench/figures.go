package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// result is what one codec made of one file.
type result struct {
	file, class          string
	codec                int // in report.codecs
	raw, encoded         int64
	compress, decompress time.Duration // medians; 0 for an empty file
}

// peak is what a codec had on the heap at most, in bytes over what lay there
// before.
type peak struct{ compress, decompress int64 }

// report is all that was measured.
type report struct {
	codecs     []codec
	results    []result
	peaks      []peak  // by codec; nil if not measured
	claims     *claims // nil if not checked
	conditions []string
}

// figures sums up results of one codec.
type figures struct {
	files                int
	raw, encoded         int64
	compress, decompress time.Duration

	// Of the files that have a ratio, which empty ones don't.
	logRatios float64
	rated     int
}

func (f *figures) add(r result) {
	f.files++
	f.raw += r.raw
	f.encoded += r.encoded
	f.compress += r.compress
	f.decompress += r.decompress
	if r.raw > 0 && r.encoded > 0 {
		f.logRatios += math.Log(float64(r.raw) / float64(r.encoded))
		f.rated++
	}
}

// ratio is that of the totals. This and the other figures are 0 where there
// is nothing to tell.
func (f figures) ratio() float64 {
	if f.encoded == 0 {
		return 0
	}
	return float64(f.raw) / float64(f.encoded)
}

// geomean is the geometric mean of the files' ratios.
func (f figures) geomean() float64 {
	if f.rated == 0 {
		return 0
	}
	return math.Exp(f.logRatios / float64(f.rated))
}

func (f figures) compressSpeed() float64   { return speed(f.raw, f.compress) }
func (f figures) decompressSpeed() float64 { return speed(f.raw, f.decompress) }

// speed is in MB/s of content.
func speed(raw int64, t time.Duration) float64 {
	if t <= 0 {
		return 0
	}
	return float64(raw) / 1e6 / t.Seconds()
}

// median returns the mean of the two in the middle of an even number.
func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// total sums up a codec's results in a class, "" being all classes.
func (r *report) total(codec int, class string) figures {
	var f figures
	for _, one := range r.results {
		if one.codec == codec && (class == "" || one.class == class) {
			f.add(one)
		}
	}
	return f
}

func (r *report) classes() []string {
	var all []string
	for _, one := range r.results {
		all = append(all, one.class)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// frontier returns the indexes of the points that no other beats in both
// figures, from the fastest to the slowest.
func frontier(speeds, ratios []float64) []int {
	order := make([]int, len(speeds))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if speeds[a] != speeds[b] {
			return cmp.Compare(speeds[b], speeds[a])
		}
		return cmp.Compare(ratios[b], ratios[a])
	})
	var front []int
	best := 0.0
	for _, i := range order {
		if ratios[i] > best {
			best = ratios[i]
			front = append(front, i)
		}
	}
	return front
}
