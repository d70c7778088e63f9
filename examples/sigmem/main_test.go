package main

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// TestMain makes the test binary the command itself when a test starts it
// again, so that the tests see real exit codes.
func TestMain(m *testing.M) {
	if os.Getenv("SIGMEM_RUN") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// run is one run of the command in dir.
func run(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "SIGMEM_RUN=1", "GORACE=atexit_sleep_ms=0")
	var out, diag bytes.Buffer
	c.Stdout, c.Stderr = &out, &diag
	if err := c.Run(); c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), diag.String()
}

// TestOutputs: a short run writes a row for each measurement, a page and a
// chart that are whole and fetch nothing.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := run(t, dir, "-max", "10kB", "-steps", "1", "-n", "2", "-csv", "all.csv", "-html", "page.html", "-svg", "chart.svg")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "write  peak heap")
	require.Contains(t, stdout, "read  peak heap")
	require.Contains(t, stdout, "0 measurements are too few", "none is from 2 MiB on")

	rows, err := csv.NewReader(bytes.NewReader(must(os.ReadFile(filepath.Join(dir, "all.csv"))))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+4*2*2)
	for _, row := range rows[1:] {
		for _, v := range row[1:] {
			n, err := strconv.Atoi(v)
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, 0)
		}
	}
	for _, name := range []string{"page.html", "chart.svg"} {
		text := string(must(os.ReadFile(filepath.Join(dir, name))))
		require.NotContains(t, strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "//www", name)
		require.NotContains(t, text, "src=", name)
		require.NotContains(t, text, "NaN", name)
		require.NotContains(t, text, "ZgotmplZ", name)
		require.Contains(t, text, "Writer", name)
	}
	requireXML(t, must(os.ReadFile(filepath.Join(dir, "chart.svg"))))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "something was left behind")
}

func requireXML(t *testing.T, text []byte) {
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else {
			require.NoError(t, err)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args string
		said string
	}{
		{"-min 0", "-min is less than 1"},
		{"-min 5 -max 4", "-max is less than -min"},
		{"-steps 0", "-steps is not within"},
		{"-n 0", "-n is less than 1"},
		{"-content sand", `there is no content "sand"`},
		{"-max 5XB", `"5XB" is no size`},
		{"-max MB", `"MB" is no size`},
		{"-csv a -html a", "name the same file"},
		{"file", `"file" is no flag`},
		{"-unknown", "not defined"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			dir := t.TempDir()
			code, stdout, stderr := run(t, dir, strings.Fields(tt.args)...)
			require.Equal(t, exitUsage, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tt.said)
		})
	}
	code, _, stderr := run(t, t.TempDir(), "-max", "10", "-csv", "missing/all.csv")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "missing/all.csv")
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"10": 10, "7B": 7, "64MiB": 64 << 20, "1GB": 1e9, "3kB": 3000, "2TiB": 2 << 40} {
		got, err := parseSize(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
}

func TestSizes(t *testing.T) {
	o := options{least: 10, most: 1e9, steps: 3}
	sizes := o.sizes()
	require.Len(t, sizes, 25)
	require.EqualValues(t, 10, sizes[0])
	require.EqualValues(t, 1e9, sizes[24])
	require.EqualValues(t, 10_000, sizes[9])
	o = options{least: 5, most: 5, steps: 3}
	require.Equal(t, []int64{5}, o.sizes())
	o = options{least: 1, most: 3, steps: 50}
	require.Equal(t, []int64{1, 2, 3}, o.sizes(), "a size twice")
}

// TestContent: every kind is as long as asked for and the same each time.
func TestContent(t *testing.T) {
	for k := range kindCount {
		for _, n := range []int64{0, 1, 5_000, 3_000_000} {
			a := must(io.ReadAll(newGenerator(k, 1, n)))
			require.Len(t, a, int(n), k)
			require.True(t, bytes.Equal(a, must(io.ReadAll(newGenerator(k, 1, n)))), k)
		}
	}
}

// made is a report of figures that nobody measured: memory that is constant from
// 2 MiB on in one direction, and grows like the root in the other.
func made() *report {
	var all []measurement
	for round := range 3 {
		for size := int64(100); size <= 1e9; size *= 10 {
			for d := range directions {
				peak := min(size*3, 6_000_000) + int64(round)*10_000
				if d == reading {
					peak = int64(fit{a: 3000, b: 0.5}.at(float64(size))) + int64(round)*100
				}
				all = append(all, measurement{d, size, round, peak, stages{peak / 2, peak / 100, peak / 10, peak / 4, peak / 8}})
			}
		}
	}
	return newReport(all, []string{"made up"})
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, writeText(&b, made()))
	path := filepath.Join("testdata", "made.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	require.Equal(t, string(must(os.ReadFile(path))), b.String())
}

func TestVerdict(t *testing.T) {
	r := made()
	require.Equal(t, constant, r.series[writing].long.growth())
	require.Equal(t, sublinear, r.series[reading].long.growth())
	require.True(t, r.grows())
	r.series[reading] = r.series[writing]
	require.False(t, r.grows())
	r.series[reading].long = fit{}
	require.False(t, r.grows(), "unknown is no growth")
}

// TestChartKeepsWithinItsEdges: every point, and both names.
func TestChartKeepsWithinItsEdges(t *testing.T) {
	for _, width := range []float64{350, 1080} {
		c := newChart(made(), width, 400)
		require.Len(t, c.Lines, int(directions))
		for _, l := range c.Lines {
			for _, p := range l.Points {
				require.True(t, p.X >= c.Left && p.X <= c.Right && p.Y >= c.Top && p.Y <= c.Bottom, "%v", p)
			}
			require.True(t, l.LabelY >= c.Top-14 && l.LabelY <= c.Bottom, l.Name)
			require.NotEmpty(t, l.Fit)
		}
		require.True(t, c.HasLong)
		for _, ticks := range [][]tick{c.XTicks, c.YTicks} {
			require.GreaterOrEqual(t, len(ticks), 3)
		}
	}
	require.Empty(t, newChart(newReport(nil, nil), 100, 100).Lines)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
