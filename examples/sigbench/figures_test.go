package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		times []time.Duration
		want  time.Duration
	}{
		{nil, 0}, {[]time.Duration{7}, 7}, {[]time.Duration{9, 1, 5}, 5}, {[]time.Duration{100, 2, 4, 1}, 3},
	} {
		require.Equal(t, c.want, median(c.times))
	}
	unsorted := []time.Duration{3, 1, 2}
	median(unsorted)
	require.Equal(t, []time.Duration{3, 1, 2}, unsorted, "the argument was sorted")
}

func TestFigures(t *testing.T) {
	var f figures
	require.Zero(t, f.ratio()+f.geomean()+f.compressSpeed()+f.decompressSpeed())
	f.add(result{raw: 8_000_000, encoded: 1_000_000, compress: time.Second, decompress: 100 * time.Millisecond})
	f.add(result{raw: 2_000_000, encoded: 1_000_000, compress: time.Second, decompress: 100 * time.Millisecond})
	f.add(result{raw: 0, encoded: 21}) // has no ratio, but its bytes count
	require.Equal(t, 3, f.files)
	require.InDelta(t, 10_000_000/2_000_021.0, f.ratio(), 1e-9)
	require.InDelta(t, 4, f.geomean(), 1e-9, "of 8 and 2")
	require.InDelta(t, 5, f.compressSpeed(), 1e-9)
	require.InDelta(t, 50, f.decompressSpeed(), 1e-9)
}

func TestFrontier(t *testing.T) {
	for _, c := range []struct {
		name           string
		speeds, ratios []float64
		want           []int
	}{
		{"none", nil, nil, nil},
		{"one", []float64{1}, []float64{1}, []int{0}},
		{"all", []float64{1, 10, 100}, []float64{3, 2, 1}, []int{2, 1, 0}},
		{"beaten in both", []float64{1, 10, 5}, []float64{3, 2, 1}, []int{1, 0}},
		{"as fast, smaller", []float64{5, 5}, []float64{2, 3}, []int{1}},
		{"as small, slower", []float64{5, 4}, []float64{2, 2}, []int{0}},
		{"equal", []float64{5, 5}, []float64{2, 2}, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, frontier(c.speeds, c.ratios)) })
	}
}

func TestFormats(t *testing.T) {
	require.Equal(t, []string{"-", "0.05", "2.35", "150"}, []string{formatRatio(0), formatRatio(.05), formatRatio(2.346), formatRatio(150.4)})
	require.Equal(t, []string{"-", "9.9", "10", "1234"}, []string{formatSpeed(0), formatSpeed(9.94), formatSpeed(9.96), formatSpeed(1234.4)})
}
