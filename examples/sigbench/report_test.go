package main

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// hostileName attacks pages and terminals.
const hostileName = "</script><img src=x onerror=alert(1)>'\"&{{.}}\x1b[2J"

// made is a report of figures that nobody measured.
func made() *report {
	r := &report{codecs: allCodecs(), conditions: []string{"made up", "one round"}}
	for i := range r.codecs {
		for k, name := range []string{"text/a", "text/b", "numbers/c", hostileName + "/" + hostileName} {
			n := time.Duration(i*7%5 + k + 1)
			r.results = append(r.results, result{file: name, class: strings.SplitN(name, "/", 2)[0], codec: i,
				raw: int64(1_000_000 * k), encoded: int64(400_000*k - 20_000*i*k + 21), compress: 20 * time.Millisecond / n, decompress: time.Millisecond * n})
		}
		r.peaks = append(r.peaks, peak{int64(i) << 20, int64(i) << 18})
	}
	for i := range r.results {
		if r.results[i].raw == 0 {
			r.results[i].compress, r.results[i].decompress = 0, 0
		}
	}
	return r
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, writeText(&b, made(), true))
	path := filepath.Join("testdata", "made.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// TestCSV runs the command and holds what it writes against what a Writer
// makes of the same files.
func TestCSV(t *testing.T) {
	dir := folder(t)
	runIn(t, dir, "-q", "-n", "2", "-min", "0", "-codecs", "default", "-csv", "x.csv", "-html", "x.html", "text", "zeros").want(t, exitOK)
	f, err := os.Open(filepath.Join(dir, "x.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	const codecs = 3
	require.Len(t, rows, 1+codecs*(3+2+1))
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var compressed bytes.Buffer
	z := sigio.NewWriter(&compressed)
	_, err = z.Write(prose)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	seen := map[string]int{}
	for _, row := range rows[1:] {
		at := func(name string) string { return row[column[name]] }
		seen[at("scope")]++
		if at("codec") != "sigma-default" {
			continue
		}
		switch {
		case strings.HasSuffix(at("file"), "prose"):
			require.Equal(t, strconv.Itoa(len(prose)), at("raw_bytes"))
			require.Equal(t, strconv.Itoa(compressed.Len()), at("encoded_bytes"))
			require.Equal(t, "text", at("class"))
		case strings.HasSuffix(at("file"), "empty"):
			require.Equal(t, []string{"0", "21", "", ""}, []string{at("raw_bytes"), at("encoded_bytes"), at("ratio"), at("compress_ns")})
		case at("scope") == "total":
			require.Equal(t, "3", at("files"))
			require.NotEmpty(t, at("compress_peak_heap_bytes"))
		}
	}
	require.Equal(t, map[string]int{"file": 9, "class": 6, "total": 3}, seen)
}

var script = regexp.MustCompile(`(?s)<script>.*?</script>`)

// wellFormed fails the test unless all elements of a page are closed in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(script.ReplaceAllString(page, "")))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	require.Zero(t, depth)
}

func TestPage(t *testing.T) {
	one := made()
	one.codecs, one.peaks = one.codecs[:1], nil
	one.results = one.results[:3]
	empty := made()
	empty.results = empty.results[:1] // an empty file has neither ratio nor speed
	for name, r := range map[string]*report{"all": made(), "one codec": one, "an empty file": empty} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, writePage(&b, r))
			page := b.String()
			wellFormed(t, strings.ReplaceAll(page, "\x1b", ""))
			require.NotContains(t, page, "<img")
			require.Equal(t, 2, strings.Count(page, "</script>"), "its own, and that of the tips")
			require.NotContains(t, page, "NaN")
			require.NotContains(t, page, "ZgotmplZ")
			for _, load := range []string{"http:", "https:", "<link", "@import", "url(", " src=x>"} {
				require.NotContains(t, page, load)
			}
		})
	}
}

// TestLabels: names of neighbours are legible: none covers another, all are
// within the chart.
func TestLabels(t *testing.T) {
	for _, width := range []float64{540, 350} {
		p := newPlot(made(), width, 420, figures.compressSpeed)
		require.Len(t, p.Points, len(allCodecs()))
		for i, a := range p.Points {
			require.GreaterOrEqual(t, a.Label.X, p.Left, a.Name)
			require.LessOrEqual(t, a.Label.X+a.Label.W, p.Width, a.Name)
			for _, b := range p.Points[:i] {
				require.Zero(t, a.Label.overlap(b.Label), "%s and %s", a.Name, b.Name)
			}
		}
		require.GreaterOrEqual(t, len(p.XTicks), 2)
		require.GreaterOrEqual(t, len(p.YTicks), 3)
	}
}
