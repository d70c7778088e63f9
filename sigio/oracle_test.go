//go:build unix

package sigio_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// oracleSums is what became of the chunks of a class.
type oracleSums struct {
	raw, ours, oracle int
	sigma, alone      time.Duration // of encoding, by Sigma and by the strategies that it chose
}

func (s *oracleSums) add(o oracleSums) {
	s.raw += o.raw
	s.ours += o.ours
	s.oracle += o.oracle
	s.sigma += o.sigma
	s.alone += o.alone
}

// BenchmarkOracle holds the choices against an oracle that encodes each chunk
// with every strategy and keeps the shortest, and what Sigma takes against what
// the strategies that it chose take without being chosen. At LevelFastest, where
// size is not what counts most, the shortest is no measure.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Oracle ./sigio
func BenchmarkOracle(b *testing.B) {
	for _, level := range []sigio.Level{sigio.LevelDefault, sigio.LevelBetter} {
		b.Run(level.String(), func(b *testing.B) {
			files := corpus(b)
			sums := map[string]*oracleSums{}
			for b.Loop() {
				clear(sums)
				for _, f := range files {
					o := askOracle(f, level)
					for _, class := range []string{f.class(), "~all"} {
						if sums[class] == nil {
							sums[class] = new(oracleSums)
						}
						sums[class].add(o)
					}
				}
			}
			reportOracle(b, level, sums)
		})
	}
}

func reportOracle(b *testing.B, level sigio.Level, sums map[string]*oracleSums) {
	t := newTable(fmt.Sprintf("Choices at level %v: payloads; over the oracle's; time by that of the strategies alone", level),
		"raw\tSigma\toracle\tover, %\ttime\tclass")
	classes := make([]string, 0, len(sums))
	for class := range sums {
		classes = append(classes, class)
	}
	slices.Sort(classes)
	for _, class := range classes {
		s := sums[class]
		fmt.Fprintf(t, "%d\t%d\t%d\t%.2f\t%.2f\t%s\n", s.raw, s.ours, s.oracle,
			percent(s.ours-s.oracle, s.oracle), float64(s.sigma)/float64(s.alone), class)
	}
	check(t.Flush())
	all := sums["~all"]
	b.ReportMetric(percent(all.ours-all.oracle, all.oracle), "%-over-oracle")
	b.ReportMetric(float64(all.sigma)/float64(all.alone), "time-vs-chosen-alone")
	b.ReportMetric(0, "ns/op")
}

// askOracle compresses a file, and each of its chunks with every strategy.
func askOracle(f file, level sigio.Level) (sums oracleSums) {
	type chunk struct{ from, to, encoded int }
	var chunks []chunk
	observe := sigio.WithObserver(func(d sigio.Decision) {
		at := int(d.RawOffset)
		chunks = append(chunks, chunk{at, at + d.RawLen, d.EncodedLen})
	})
	var stream bytes.Buffer
	w := sigio.NewWriter(nil, sigio.WithLevel(level), observe)
	sums.sigma = least(func() {
		chunks = chunks[:0]
		encodeInto(&stream, w, f.data)
	})
	dst := make([]byte, 0, 5<<20)
	for _, c := range chunks {
		src := f.data[c.from:c.to]
		sums.raw += len(src)
		sums.ours += c.encoded
		profile := strategy.Detect(src)
		choice := strategy.Adaptive().Select(strategy.Input{Chunk: src, Profile: &profile, Level: level, Set: strategy.Default()})
		shortest := len(src)
		for st := range strategy.Default().All() {
			p := strategy.Params{Level: level, Limit: len(src) - 1, Profile: &profile}
			if st.ID() == choice.ID {
				p.Plan = choice.Plan
				sums.alone += least(func() { _, _ = st.Encode(dst, src, p) })
			}
			if out, err := st.Encode(dst, src, p); err == nil {
				shortest = min(shortest, len(out))
			}
		}
		sums.oracle += shortest
	}
	return sums
}

// least is the shortest processor time of three calls.
func least(f func()) time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for range 3 {
		began := processorTime()
		f()
		shortest = min(shortest, processorTime()-began)
	}
	return shortest
}
