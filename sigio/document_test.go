//go:build unix

package sigio_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/sigio"
)

// documentSets cuts files into documents of 2 to 16 KiB, and takes them from
// all files of a class by turns, so that what repeats is far away.
func documentSets(b *testing.B) (sets []messageSet) {
	rng := rand.New(rand.NewPCG(3, 1))
	classes := map[string][]file{}
	for _, f := range corpus(b, "json", "xml", "sql", "code", "logs") {
		classes[f.class()] = append(classes[f.class()], f)
	}
	for _, class := range []string{"json", "xml", "sql", "code", "logs"} {
		s := messageSet{name: class}
		files := classes[class]
		for more := true; more; {
			more = false
			for i := range files {
				d := files[i].data
				n := min(2<<10+rng.IntN(14<<10), len(d))
				if n > 0 {
					s.add(d[:n])
					files[i].data, more = d[n:], true
				}
			}
		}
		if len(s.messages) > 0 {
			sets = append(sets, s)
		}
	}
	return sets
}

// BenchmarkMessageDocuments: longer messages that repeat what is far away,
// with a window of 1 MiB on both sides.
func BenchmarkMessageDocuments(b *testing.B) {
	sets := documentSets(b)
	var pairs []messagePair
	for b.Loop() {
		pairs = pairs[:0]
		for _, s := range sets {
			pairs = append(pairs, contestMessages(s, 1, 1<<20, zstd.SpeedDefault, sigio.WithHistory(1<<20)))
		}
	}
	reportMessages(b, "Documents: sizes; gain over zstd; time, zstd = 1", pairs)
}

// BenchmarkMessageAlone: parts of files, each a stream of its own, checks and
// all, against one zstd frame of the same level without a check.
func BenchmarkMessageAlone(b *testing.B) {
	files := corpus(b, "json", "xml", "sql", "code", "logs", "csv", "text")
	for _, level := range levels {
		for _, n := range []int{700, 1400, 2800, 5600, 11200} {
			b.Run(fmt.Sprintf("%v/%d", level.sigma, n), func(b *testing.B) {
				var pairs []messagePair
				for b.Loop() {
					pairs = pairs[:0]
					for _, s := range partsOf(files, n) {
						pairs = append(pairs, contestAlone(s, level.sigma, level.zstd))
					}
				}
				reportMessages(b, fmt.Sprintf("Alone, %d bytes, %v: sizes; gain over zstd; time, zstd = 1", n, level.sigma), pairs)
			})
		}
	}
}

// partsOf returns a set for each class of files, of n bytes from forty places of
// each file.
func partsOf(files []file, n int) (sets []messageSet) {
	const places = 40
	for _, f := range files {
		if len(sets) == 0 || sets[len(sets)-1].name != f.class() {
			sets = append(sets, messageSet{name: f.class()})
		}
		for from := 0; from+n <= len(f.data); from += max(len(f.data)/places, n) {
			sets[len(sets)-1].add(f.data[from : from+n])
		}
	}
	return sets
}

func contestAlone(s messageSet, level sigio.Level, peer zstd.EncoderLevel) messagePair {
	zw := must(zstd.NewWriter(nil, zstd.WithEncoderLevel(peer), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false)))
	w := sigio.NewWriter(nil, sigio.WithLevel(level))
	var stream bytes.Buffer
	var frame []byte
	pair := messagePair{name: s.name, raw: s.raw}
	var encode, took, theirs []float64
	for range 5 {
		pair.ours, pair.peer = 0, 0
		t0 := processorTime()
		for _, m := range s.messages {
			encodeInto(&stream, w, m)
			pair.ours += stream.Len()
		}
		t1 := processorTime()
		for _, m := range s.messages {
			frame = zw.EncodeAll(m, frame[:0])
			pair.peer += len(frame)
		}
		t2 := processorTime()
		encode = append(encode, float64(t1-t0)/float64(t2-t1))
		took, theirs = append(took, (t1-t0).Seconds()), append(theirs, (t2-t1).Seconds())
	}
	pair.time, pair.took, pair.theirs = median(encode), median(took), median(theirs)
	return pair
}
