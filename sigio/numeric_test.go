//go:build unix

package sigio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// The benchmarks in this file say what the strategy for numeric arrays and
// records, strategy.Delta, is worth: what it gains where it is meant to, that
// it harms nothing elsewhere, and what it costs to choose it. Each prints a
// table. With SIGMA_CORPUS set to a folder whose sub-folders are classes of
// files they use that; else data of their own.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Numeric -benchtime 5x ./sigio

// numericClasses are the classes of data that Delta is meant for.
var numericClasses = []string{"numeric", "records", "sorted"}

// numericLevels are default and best: how fast, and how small.
var numericLevels = append(levels[1:2:2], levels[3])

func (f file) class() string { return path.Dir(f.name) }

func (f file) numeric() bool { return slices.Contains(numericClasses, f.class()) }

func numericCorpus(b *testing.B) []file {
	if os.Getenv("SIGMA_CORPUS") == "" {
		return madeNumbers()
	}
	return corpus(b)
}

// madeNumbers is a sound of int16, records of 24 bytes in six fields, time
// stamps in order, and text.
func madeNumbers() []file {
	rng := rand.New(rand.NewPCG(8, 8))
	le := binary.LittleEndian
	var sound, records, stamps []byte
	for i := range 1 << 19 {
		v := 9000*math.Sin(float64(i)/37) + 2500*math.Sin(float64(i)/5.3) + 60*rng.NormFloat64()
		sound = le.AppendUint16(sound, uint16(int16(v)))
	}
	at := int64(1_700_000_000_000)
	for i := range 40_000 {
		at += 900 + rng.Int64N(200)
		records = must(binary.Append(records, le, struct {
			id            uint32
			at            int64
			warmth        float32
			kind, version uint16
			user          uint32
		}{uint32(i), at, 20 + 5*float32(math.Sin(float64(i)/400)), uint16(rng.IntN(3)), 0x8001, rng.Uint32N(5000)}))
	}
	for range 1 << 17 {
		at += rng.Int64N(2000)
		stamps = le.AppendUint64(stamps, uint64(at))
	}
	return append(madeCorpus()[:1],
		file{"numeric/sound.s16", sound}, file{"records/made", records}, file{"sorted/stamps.i64", stamps})
}

// withoutDelta is the default Set as it was before Delta.
func withoutDelta() strategy.Set {
	var ids []strategy.ID
	for s := range strategy.Default().All() {
		if s.ID() != strategy.Delta {
			ids = append(ids, s.ID())
		}
	}
	return strategy.Default().Only(ids...)
}

// newTable returns a table whose last column, which names the row, is not
// aligned.
func newTable(title, header string) *tabwriter.Writer {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n%s\n\n%s\n", title, header)
	return table
}

// outcome is what became of a file, or of several taken together.
type outcome struct {
	name                     string
	raw, zstd, ours, without int    // bytes; without Delta
	delta                    int    // bytes of raw in chunks that Delta encoded
	compress, decompress     []pair // one for each round
}

// pair is the processor time of ours and of its peer.
type pair [2]time.Duration

func (o *outcome) add(p outcome) {
	o.raw, o.zstd, o.ours, o.without = o.raw+p.raw, o.zstd+p.zstd, o.ours+p.ours, o.without+p.without
	o.delta += p.delta
	o.compress, o.decompress = sum2(o.compress, p.compress), sum2(o.decompress, p.decompress)
}

// sum2 adds q to p, which may be nil, element by element.
func sum2(p, q []pair) []pair {
	if p == nil {
		return slices.Clone(q)
	}
	for i := range p {
		p[i] = pair{p[i][0] + q[i][0], p[i][1] + q[i][1]}
	}
	return p
}

// inTurn times ours and peer on each of n files, one right after the other,
// so that a machine that slows down for a while does so for both. They change
// places from file to file and round to round: whoever comes second finds the
// caches warm, which is worth 2 to 3 %.
func inTurn(n, round int, ours, peer func(i int)) []pair {
	pairs := make([]pair, n)
	for i := range pairs {
		for k := range 2 {
			side := (i + round + k) % 2
			start := processorTime()
			[...]func(int){ours, peer}[side](i)
			pairs[i][side] = processorTime() - start
		}
	}
	return pairs
}

// medianOf returns the median of f over the rounds.
func medianOf(rounds []pair, f func(ours, peer float64) float64) float64 {
	var x []float64
	for _, p := range rounds {
		x = append(x, f(p[0].Seconds(), p[1].Seconds()))
	}
	return median(x)
}

// median is 0 if there is nothing.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[len(x)/2]
}

func timeQuotient(ours, peer float64) float64 { return ours / peer }

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

// contest holds the coders of both sides and what they made of each file.
type contest struct {
	files         []file
	with, without *sigio.Writer
	zw            *zstd.Encoder
	sr            *sigio.Reader
	zr            *zstd.Decoder

	streams []bytes.Buffer
	frames  [][]byte
	decoded []byte
}

// newContest first gives back all memory. Without that, a level that came
// after another in the same process now and then saw one side decode 10 to 20
// % slower throughout. The second collection takes the codecs that are kept.
func newContest(files []file, ours sigio.Level, peer zstd.EncoderLevel) *contest {
	runtime.GC()
	debug.FreeOSMemory()
	return &contest{
		files:   files,
		with:    sigio.NewWriter(nil, sigio.WithLevel(ours)),
		without: sigio.NewWriter(nil, sigio.WithLevel(ours), sigio.WithStrategies(withoutDelta())),
		zw:      must(zstd.NewWriter(nil, zstd.WithEncoderLevel(peer), zstd.WithEncoderConcurrency(1))),
		sr:      sigio.NewReader(nil),
		zr:      must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))),
		streams: make([]bytes.Buffer, len(files)),
		frames:  make([][]byte, len(files)),
	}
}

func (c *contest) encode(i int)        { encodeInto(&c.streams[i], c.with, c.files[i].data) }
func (c *contest) encodeWithout(i int) { encodeInto(&c.streams[i], c.without, c.files[i].data) }
func (c *contest) encodeZstd(i int)    { c.frames[i] = c.zw.EncodeAll(c.files[i].data, c.frames[i][:0]) }
func (c *contest) decodeZstd(i int)    { c.decoded = must(c.zr.DecodeAll(c.frames[i], c.decoded[:0])) }

func encodeInto(stream *bytes.Buffer, w *sigio.Writer, data []byte) {
	stream.Reset()
	w.Reset(stream)
	must(w.Write(data))
	check(w.Close())
}

func (c *contest) decode(i int) {
	c.sr.Reset(bytes.NewReader(c.streams[i].Bytes()))
	must(io.Copy(io.Discard, c.sr))
}

// sizes returns what file i comes to, but for zstd's and the times.
func (c *contest) sizes(i int) outcome {
	o := outcome{name: c.files[i].name, raw: len(c.files[i].data)}
	c.encodeWithout(i)
	o.without = c.streams[i].Len()
	c.encode(i)
	o.ours = c.streams[i].Len()
	o.delta = int(c.with.Stats().ByStrategy[strategy.Delta].Raw)
	return o
}

// decodings is how often each round decodes: once is over too soon.
const decodings = 4

// BenchmarkNumeric compares size and processor time with klauspost's zstd,
// which gets each file as a whole, and size with Sigma without Delta, on the
// data that Delta is meant for.
func BenchmarkNumeric(b *testing.B) {
	files := slices.DeleteFunc(numericCorpus(b), func(f file) bool { return !f.numeric() })
	for _, level := range numericLevels {
		b.Run(level.sigma.String(), func(b *testing.B) {
			c := newContest(files, level.sigma, level.zstd)
			outcomes := make([]outcome, len(files))
			for i, f := range files {
				outcomes[i] = c.sizes(i)
				c.encodeZstd(i)
				c.decodeZstd(i)
				outcomes[i].zstd = len(c.frames[i])
				c.sr.Reset(bytes.NewReader(c.streams[i].Bytes()))
				if !bytes.Equal(f.data, must(io.ReadAll(c.sr))) {
					b.Fatalf("%s: content differs", f.name)
				}
			}
			for round := 0; b.Loop(); round++ {
				there, back := inTurn(len(files), round, c.encode, c.encodeZstd), []pair(nil)
				for turn := range decodings {
					back = sum2(back, inTurn(len(files), turn, c.decode, c.decodeZstd))
				}
				for i := range outcomes {
					outcomes[i].compress = append(outcomes[i].compress, there[i])
					outcomes[i].decompress = append(outcomes[i].decompress, back[i])
				}
			}
			reportNumeric(b, level.sigma, outcomes)
		})
	}
}

// reportNumeric prints the outcome of each file, of each class, and of all.
func reportNumeric(b *testing.B, level sigio.Level, outcomes []outcome) {
	table := newTable(fmt.Sprintf("Numbers and records, level %v: sizes; ratios; share in Delta's chunks; time, zstd = 1; zstd's MB/s", level),
		"raw\tzstd\tSigma\tno Delta\tzstd\tSigma\tno Delta\tDelta, %\tcompress\tdecompress\tcompress\tdecompress\t")
	row := func(o outcome) {
		raw := float64(o.raw)
		speed := func(_, peer float64) float64 { return raw / 1e6 / peer }
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.1f\t%.2f\t%.2f\t%.0f\t%.0f\t  %s\n",
			o.raw, o.zstd, o.ours, o.without, raw/float64(o.zstd), raw/float64(o.ours), raw/float64(o.without),
			percent(o.delta, o.raw), medianOf(o.compress, timeQuotient), medianOf(o.decompress, timeQuotient),
			medianOf(o.compress, speed), decodings*medianOf(o.decompress, speed), o.name)
	}
	var totals []outcome
	all, product := outcome{name: "ALL"}, 1.0
	for _, class := range numericClasses {
		total := outcome{name: class}
		for _, o := range outcomes {
			if path.Dir(o.name) == class {
				row(o)
				total.add(o)
			}
		}
		if total.raw > 0 {
			totals = append(totals, total)
			all.add(total)
			product *= float64(total.zstd) / float64(total.ours)
			b.ReportMetric(float64(total.raw)/float64(total.ours), class+"-ratio")
		}
	}
	if len(totals) == 0 {
		b.Skip("no files of the classes ", numericClasses)
	}
	for _, total := range append(totals, all) {
		row(total)
	}
	check(table.Flush())
	geomean := math.Pow(product, 1/float64(len(totals)))
	compress, decompress := 1/medianOf(all.compress, timeQuotient), 1/medianOf(all.decompress, timeQuotient)
	fmt.Printf("\nAgainst zstd: %.4f times its ratio (geometric mean over the classes), "+
		"%.3f times its speed compressing, %.3f decompressing.\n\n", geomean, compress, decompress)
	b.ReportMetric(geomean, "geomean-vs-zstd")
	b.ReportMetric(compress, "compress-speed-vs-zstd")
	b.ReportMetric(decompress, "decompress-speed-vs-zstd")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkNumericElsewhere lists the files of other classes that Delta took
// part of and, of all classes, those that it made larger. What it costs is
// the processor time on the other classes, divided by that without it.
func BenchmarkNumericElsewhere(b *testing.B) {
	files := numericCorpus(b)
	for _, level := range numericLevels {
		b.Run(level.sigma.String(), func(b *testing.B) {
			c := newContest(files, level.sigma, level.zstd)
			table := newTable(fmt.Sprintf("Other classes' files with chunks of Delta's, and all that it made larger, level %v", level.sigma),
				"raw\tSigma\tno Delta\tgrowth, %\tDelta, %\t")
			row := func(o outcome) {
				fmt.Fprintf(table, "%d\t%d\t%d\t%+.3f\t%.1f\t  %s\n",
					o.raw, o.ours, o.without, percent(o.ours-o.without, o.without), percent(o.delta, o.raw), o.name)
			}
			var others []int
			total, fired, worst := outcome{name: "ALL OTHER CLASSES"}, 0, 0.0
			for i, f := range files {
				o := c.sizes(i)
				worst = max(worst, percent(o.ours-o.without, o.without))
				if o.ours > o.without || o.delta > 0 && !f.numeric() {
					row(o)
				}
				if !f.numeric() {
					others = append(others, i)
					total.add(o)
					fired += min(o.delta, 1)
				}
			}
			row(total)
			check(table.Flush())
			for round := 0; b.Loop(); round++ {
				var sum []pair
				for _, p := range inTurn(len(others), round,
					func(k int) { c.encode(others[k]) }, func(k int) { c.encodeWithout(others[k]) }) {
					sum = sum2(sum, []pair{p})
				}
				total.compress = append(total.compress, sum...)
			}
			b.ReportMetric(medianOf(total.compress, timeQuotient), "time/without")
			b.ReportMetric(worst, "worst-growth-%")
			b.ReportMetric(float64(fired), "files-fired")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// selection is a block that a strategy is chosen for, and the least time that
// this took and, if it was Delta, encoding.
type selection struct {
	file
	chosen             strategy.ID
	choosing, encoding time.Duration
}

// BenchmarkNumericDetection measures, in elapsed time, what choosing costs
// for blocks of 1 MiB: where Delta was rejected, and where it was chosen, as
// a share of all that encoding such a block takes.
func BenchmarkNumericDetection(b *testing.B) {
	const blockSize = 1 << 20
	var blocks []selection
	for _, f := range numericCorpus(b) {
		for block := range slices.Chunk(f.data, blockSize) {
			blocks = append(blocks, selection{file{f.name, block}, 0, math.MaxInt64, math.MaxInt64})
		}
	}
	var stream bytes.Buffer
	var prof strategy.Profile
	set, selector := strategy.Default(), strategy.Adaptive()
	w := sigio.NewWriter(nil, sigio.WithChunkSize(blockSize))
	for b.Loop() {
		for i := range blocks {
			s := &blocks[i]
			for range 3 {
				start := time.Now()
				strategy.DetectInto(&prof, s.data)
				s.chosen = selector.Select(strategy.Input{Chunk: s.data, Profile: &prof, Set: set}).ID
				s.choosing = min(s.choosing, time.Since(start))
				if s.chosen == strategy.Delta {
					start = time.Now()
					encodeInto(&stream, w, s.data)
					s.encoding = min(s.encoding, time.Since(start))
				}
			}
		}
	}
	reportDetection(b, blocks)
}

// reportDetection prints, for each class and for all, the time of choosing. A
// block shorter than the unit, 256 KiB, counts as one: most of the effort is
// the same at any length.
func reportDetection(b *testing.B, blocks []selection) {
	const unit = 256 << 10
	table := newTable("Choosing a strategy: ms for each 256 KiB where Delta was rejected; share of encoding where it was chosen",
		"rejected\tmedian\tworst\tchosen\tshare, %\t")
	var classes []string
	for _, s := range blocks {
		classes = append(classes, s.class())
	}
	for _, class := range append(slices.Compact(classes), "ALL") {
		var rejected []float64
		var chosen, choosing, encoding int
		worst := 0.0
		for _, s := range blocks {
			switch {
			case class != s.class() && class != "ALL":
			case s.chosen == strategy.Delta:
				chosen, choosing, encoding = chosen+1, choosing+int(s.choosing), encoding+int(s.encoding)
			default:
				ms := s.choosing.Seconds() * 1e3 * unit / float64(max(unit, len(s.data)))
				rejected, worst = append(rejected, ms), max(worst, ms)
			}
		}
		share := percent(choosing, max(encoding, 1))
		fmt.Fprintf(table, "%d\t%.3f\t%.3f\t%d\t%.1f\t  %s\n",
			len(rejected), median(rejected), worst, chosen, share, class)
		if class == "ALL" {
			b.ReportMetric(median(rejected), "rejected-ms/256KiB")
			b.ReportMetric(worst, "worst-rejected-ms/256KiB")
			b.ReportMetric(share, "chosen-share-%")
		}
	}
	check(table.Flush())
	b.ReportMetric(0, "ns/op")
}
