//go:build unix

package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
)

// The benchmarks in this file hold flushed messages against zstd's, with
// everything counted that is written.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Message ./sigio

// messageSet is the messages of one source.
type messageSet struct {
	name     string
	messages [][]byte
	raw      int
}

func (s *messageSet) add(m []byte) {
	s.messages = append(s.messages, m)
	s.raw += len(m)
}

// lineSets returns the lines of files, of 20 bytes to 2 KiB.
func lineSets(b *testing.B) (sets []messageSet) {
	files := madeMessages()
	if os.Getenv("SIGMA_CORPUS") != "" {
		files = corpus(b, "logs", "csv", "json", "sql")
	}
	for _, f := range files {
		s := messageSet{name: f.name}
		for line := range bytes.Lines(f.data) {
			if len(line) >= 20 && len(line) <= 2<<10 {
				s.add(line)
			}
		}
		if len(s.messages) >= 200 {
			sets = append(sets, s)
		}
	}
	return sets
}

// madeMessages stands in for the files.
func madeMessages() []file {
	rng := rand.New(rand.NewPCG(7, 7))
	var log, json bytes.Buffer
	for i := range 4000 {
		user, ms := rng.IntN(900), rng.IntN(4000)
		fmt.Fprintf(&log, "2026-03-0%d 11:%02d:%02d.%03d INFO  [worker-%d] request id=%08x user=%d took %d ms\n",
			1+i/1000, i/60%60, i%60, rng.IntN(1000), rng.IntN(8), rng.Uint32(), user, ms)
		fmt.Fprintf(&json, `{"id":%d,"user":{"id":%d,"name":"user%d"},"score":%.3f,"tags":["a%d","b%d"],"active":%t}`+"\n",
			i, user, user, rng.Float64(), rng.IntN(9), rng.IntN(30), rng.IntN(3) > 0)
	}
	return []file{{"made/log", log.Bytes()}, {"made/json", json.Bytes()}}
}

// flusher is a stream of messages.
type flusher interface {
	io.Writer
	Flush() error
}

func sendAll(w flusher, messages [][]byte) {
	for _, m := range messages {
		must(w.Write(m))
		check(w.Flush())
	}
}

// messagePair is what both sides make of a set.
type messagePair struct {
	name         string
	raw, ours    int
	peer         int
	time, decode float64 // ours by the peer's
	took, theirs float64 // of encoding, in seconds
	perSecond    float64 // ours, decoded bytes
}

func (p *messagePair) gain() float64 { return float64(p.peer) / float64(p.ours) }

// contestMessages sends a set through both, rounds times.
func contestMessages(s messageSet, rounds int, window int, level zstd.EncoderLevel, opts ...sigio.WriterOption) messagePair {
	var ours, peer bytes.Buffer
	zw := must(zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(window),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false)))
	w := sigio.NewWriter(nil, opts...)
	zr := must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)))
	r := sigio.NewReader(nil, sigio.WithTransportChecks())
	var encode, decode, took, theirs []float64
	pair := messagePair{name: s.name, raw: s.raw}
	for range rounds {
		ours.Reset()
		peer.Reset()
		t0 := processorTime()
		w.Reset(&ours)
		sendAll(w, s.messages)
		t1 := processorTime()
		zw.Reset(&peer)
		sendAll(zw, s.messages)
		t2 := processorTime()
		encode = append(encode, float64(t1-t0)/float64(t2-t1))
		took, theirs = append(took, (t1-t0).Seconds()), append(theirs, (t2-t1).Seconds())
		pair.ours, pair.peer = ours.Len(), peer.Len()
		check(w.Close())
		check(zw.Close())

		t0 = processorTime()
		r.Reset(bytes.NewReader(ours.Bytes()))
		n := must(io.Copy(io.Discard, r))
		t1 = processorTime()
		check(zr.Reset(bytes.NewReader(peer.Bytes())))
		must(io.Copy(io.Discard, readerOnly{zr}))
		t2 = processorTime()
		if n != int64(s.raw) {
			panic("content got lost")
		}
		decode = append(decode, float64(t1-t0)/float64(t2-t1))
		pair.perSecond = float64(n) / 1e6 / (t1 - t0).Seconds()
	}
	pair.time, pair.decode = median(encode), median(decode)
	pair.took, pair.theirs = median(took), median(theirs)
	return pair
}

type readerOnly struct{ io.Reader }

func reportMessages(b *testing.B, title string, pairs []messagePair) {
	t := newTable(title, "raw\tpeer\tSigma\tratio\tgain\tencode\tdecode\tMB/s\tset")
	var gains, took, theirs float64
	worst := math.Inf(1)
	weight := 0.0
	for i := range pairs {
		p := &pairs[i]
		gains += math.Log(p.gain())
		worst = min(worst, p.gain())
		took, theirs = took+p.took, theirs+p.theirs
		weight++
		fmt.Fprintf(t, "%d\t%d\t%d\t%.2f\t%.3f\t%.2f\t%.2f\t%.0f\t%s\n", p.raw, p.peer, p.ours,
			float64(p.raw)/float64(p.ours), p.gain(), p.time, p.decode, p.perSecond, p.name)
	}
	check(t.Flush())
	b.ReportMetric(math.Exp(gains/weight), "gain-geomean")
	b.ReportMetric(worst, "gain-worst")
	b.ReportMetric(took/theirs, "encode-time-vs-peer")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkMessages: lines on a connection, against a zstd stream with the same
// history, which carries no checks.
func BenchmarkMessages(b *testing.B) {
	for _, c := range []struct {
		name string
		opts []sigio.WriterOption
	}{
		{"checked", []sigio.WriterOption{sigio.WithHistory(64 << 10)}},
		{"transport", []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithTransportChecks()}},
		{"16KiB", []sigio.WriterOption{sigio.WithHistory(16 << 10)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			sets := lineSets(b)
			var pairs []messagePair
			for b.Loop() {
				pairs = pairs[:0]
				for _, s := range sets {
					pairs = append(pairs, contestMessages(s, 3, 64<<10, zstd.SpeedFastest, c.opts...))
				}
			}
			reportMessages(b, "Messages, "+c.name+": sizes; gain over zstd; time, zstd = 1", pairs)
		})
	}
}

// BenchmarkMessageCodebook: messages that stand alone, with a codebook trained
// on others of their set, against zstd with a dictionary that its own program
// trained on the same.
func BenchmarkMessageCodebook(b *testing.B) {
	if _, err := exec.LookPath("zstd"); err != nil {
		b.Skip("needs the zstd program to train a dictionary")
	}
	sets := lineSets(b)
	var pairs []messagePair
	for b.Loop() {
		pairs = pairs[:0]
		for _, s := range sets {
			pairs = append(pairs, contestCodebook(b, s))
		}
	}
	reportMessages(b, "Messages alone, with a codebook: sizes; gain over zstd with a dictionary; time, zstd = 1", pairs)
}

func contestCodebook(b *testing.B, s messageSet) messagePair {
	var train [][]byte
	held := messageSet{name: s.name}
	for i, m := range s.messages {
		if i%2 == 0 {
			train = append(train, m)
		} else {
			held.add(m)
		}
	}
	book := must(glyph.Train(train, glyph.TrainOptions{}))
	zw := must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithEncoderDict(zstdDictionary(b, train))))
	var ours bytes.Buffer
	var frame []byte
	w := sigio.NewWriter(nil, sigio.WithCodebook(book))
	pair := messagePair{name: s.name, raw: held.raw}
	var encode, took, theirs []float64
	for range 3 {
		ours.Reset()
		pair.peer = 0
		t0 := processorTime()
		w.Reset(&ours)
		sendAll(w, held.messages)
		t1 := processorTime()
		for _, m := range held.messages {
			frame = zw.EncodeAll(m, frame[:0])
			pair.peer += len(frame)
		}
		t2 := processorTime()
		pair.ours = ours.Len()
		encode = append(encode, float64(t1-t0)/float64(t2-t1))
		took, theirs = append(took, (t1-t0).Seconds()), append(theirs, (t2-t1).Seconds())
		check(w.Close())
	}
	pair.time, pair.took, pair.theirs = median(encode), median(took), median(theirs)
	t0 := time.Now()
	n := must(io.Copy(io.Discard, sigio.NewReader(&ours, sigio.WithCodebook(book))))
	pair.perSecond = float64(n) / 1e6 / time.Since(t0).Seconds()
	return pair
}

func zstdDictionary(b *testing.B, samples [][]byte) []byte {
	dir := b.TempDir()
	var names []string
	for i, m := range samples {
		name := filepath.Join(dir, fmt.Sprint(i))
		check(os.WriteFile(name, m, 0o600))
		names = append(names, name)
	}
	list, out := filepath.Join(dir, "list"), filepath.Join(dir, "dictionary")
	check(os.WriteFile(list, []byte(strings.Join(names, "\n")), 0o600))
	cmd := exec.Command("zstd", "-q", "--train", "--maxdict=32768", "-o", out, "--filelist", list)
	if message, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, message)
	}
	return must(os.ReadFile(out))
}

// BenchmarkMessageIdlePairs opens many connections, sends some messages over
// each, and reports what each direction then holds.
func BenchmarkMessageIdlePairs(b *testing.B) {
	const pairs = 10_000
	set := lineSets(b)[0]
	for _, history := range []int{16 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dKiB", history>>10), func(b *testing.B) {
			for b.Loop() {
				writers, readers := make([]*sigio.Writer, pairs), make([]*sigio.Reader, pairs)
				sources := make([]*bytes.Buffer, pairs)
				before := leaktest.Heap()
				for i := range writers {
					sources[i] = new(bytes.Buffer)
					writers[i] = sigio.NewWriter(sources[i], sigio.WithHistory(history))
				}
				talk(writers, set.messages)
				for i := range sources {
					sources[i].Truncate(sources[i].Len()) // readers keep what they have read
				}
				write := leaktest.Heap()
				streams := int64(0)
				for i := range readers {
					streams += int64(sources[i].Cap())
					readers[i] = sigio.NewReader(sources[i])
				}
				listen(readers, set.messages)
				read := leaktest.Heap()
				b.ReportMetric(float64(write-before-streams)/pairs/1024, "KiB/writer")
				b.ReportMetric(float64(read-write)/pairs/1024, "KiB/reader")
				runtime.KeepAlive(writers)
				runtime.KeepAlive(readers)
				runtime.KeepAlive(sources)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

const saidEach = 900

func talk(writers []*sigio.Writer, messages [][]byte) {
	for _, w := range writers {
		sendAll(w, messages[:min(saidEach, len(messages))])
	}
}

func listen(readers []*sigio.Reader, messages [][]byte) {
	n := 0
	for _, m := range messages[:min(saidEach, len(messages))] {
		n += len(m)
	}
	buf := make([]byte, n)
	for _, r := range readers {
		must(io.ReadFull(r, buf))
	}
}
