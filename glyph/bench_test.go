package glyph

import (
	"fmt"
	"testing"
)

// benchMessages are of n bytes each, about a megabyte in all.
func benchMessages(n int) (all [][]byte) {
	var text []byte
	for _, m := range records(newRand(1), 6000) {
		text = append(text, m...)
	}
	for ; len(text) >= n; text = text[n:] {
		all = append(all, text[:n])
	}
	return all
}

var benchSizes = []int{64, 256, 1024, 4096}

func BenchmarkEncode(b *testing.B) {
	for _, n := range benchSizes {
		messages := benchMessages(n)
		e := NewEncoder(Builtin(), MaxHistory)
		out := make([]byte, 0, 2*n+16)
		b.Run(fmt.Sprintf("stream/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			enc := 0
			for i := range b.N {
				if i%255 == 0 {
					e.Restart()
				}
				p, ok := e.Append(out, messages[i%len(messages)], n, 0)
				if !ok {
					b.Fatal("refused")
				}
				enc += len(p)
			}
			b.ReportMetric(float64(n)*float64(b.N)/float64(enc), "ratio")
		})
		b.Run(fmt.Sprintf("alone/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			enc := 0
			for i := range b.N {
				p, ok := Builtin().Append(out, messages[i%len(messages)], n, 0)
				if !ok {
					b.Fatal("refused")
				}
				enc += len(p)
			}
			b.ReportMetric(float64(n)*float64(b.N)/float64(enc), "ratio")
		})
	}
	for effort := Effort(-1); effort <= 2; effort++ {
		messages := benchMessages(256)
		e := NewEncoder(Builtin(), MinHistory)
		out := make([]byte, 0, 600)
		b.Run(fmt.Sprintf("effort/%d", effort), func(b *testing.B) {
			b.SetBytes(256)
			enc := 0
			for i := range b.N {
				p, _ := e.Append(out, messages[i%len(messages)], 256, effort)
				enc += len(p)
			}
			b.ReportMetric(256*float64(b.N)/float64(enc), "ratio")
		})
	}
	b.Run("noise/1024", func(b *testing.B) {
		msg := noise(newRand(2), 1024)
		e := NewEncoder(Builtin(), MaxHistory)
		out := make([]byte, 0, 2048)
		b.SetBytes(1024)
		for range b.N {
			e.Append(out, msg, 1023, 0)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range benchSizes {
		messages := benchMessages(n)
		e, d := NewEncoder(Builtin(), MaxHistory), NewDecoder(Builtin(), MaxHistory)
		const round = 255
		var streamed, alone [][]byte
		for _, m := range messages[:min(len(messages), round)] {
			p, _ := e.Append(nil, m, 2*n, 0)
			streamed = append(streamed, p)
			p, _ = Builtin().Append(nil, m, 2*n, 0)
			alone = append(alone, p)
		}
		out := make([]byte, 0, n)
		b.Run(fmt.Sprintf("stream/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for i := range b.N {
				k := i % len(streamed)
				if k == 0 {
					d.Restart()
				}
				if _, err := d.Decode(out, streamed[k], n); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("alone/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for i := range b.N {
				if _, err := Builtin().Decode(out, alone[i%len(alone)], n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTrain(b *testing.B) {
	samples := records(newRand(1), 5000)
	total := 0
	for _, s := range samples {
		total += len(s)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for range b.N {
		if _, err := Train(samples, TrainOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRebuild(b *testing.B) {
	var m model
	m.init()
	m.set(&Builtin().start)
	var tables decodeTables
	r := newRand(1)
	b.Run("codes", func(b *testing.B) {
		for range b.N {
			for range 32 {
				m.count(r.IntN(120), r.IntN(40)-1)
			}
			m.rebuild()
		}
	})
	b.Run("tables", func(b *testing.B) {
		for range b.N {
			tables.build(&m)
		}
	})
}
