//go:build unix

package sigio_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/assert"
)

// mostOverParts is what a stream whose content changes may be larger than its
// parts, each compressed by itself, in percent.
const mostOverParts = 3

// TestChangingContent compresses archives whose content changes every 100 to
// 700 KB, which is seldom where blocks end.
func TestChangingContent(t *testing.T) {
	alone(t)
	for _, level := range levels {
		if level.sigma > sigio.LevelDefault && testing.Short() {
			continue
		}
		t.Run(level.sigma.String(), func(t *testing.T) {
			for seed := range uint64(4) {
				c := madeChange(seed)
				whole, parts := c.sizes(level.sigma)
				over := percent(whole-parts, parts)
				t.Logf("seed %d: %d parts, %d bytes; whole %d, parts %d, over %.2f %%", seed, len(c.parts), len(c.whole), whole, parts, over)
				assert.LessOrEqual(t, over, float64(mostOverParts), "seed %d: %v", seed, c.names)
			}
		})
	}
}

// BenchmarkChangingContent does the same with parts of the corpus' files.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench ChangingContent -benchtime 1x ./sigio
func BenchmarkChangingContent(b *testing.B) {
	if os.Getenv("SIGMA_CORPUS") == "" {
		b.Skip("SIGMA_CORPUS is not set")
	}
	files := corpus(b)
	for _, level := range levels {
		b.Run(level.sigma.String(), func(b *testing.B) {
			whole, parts, worst := 0, 0, 0.0
			for b.Loop() {
				whole, parts, worst = 0, 0, math.Inf(-1)
				for seed := range uint64(8) {
					w, p := cutFrom(files, seed).sizes(level.sigma)
					whole, parts = whole+w, parts+p
					worst = max(worst, percent(w-p, p))
				}
			}
			b.ReportMetric(percent(whole-parts, parts), "%-over-parts")
			b.ReportMetric(worst, "%-worst")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// changing is an archive and what is in it.
type changing struct {
	whole []byte
	parts [][]byte
	names []string
}

func (c *changing) add(name string, data []byte) {
	c.names = append(c.names, fmt.Sprintf("%s %d", name, len(data)))
	c.parts = append(c.parts, data)
}

// seal makes the archive of the parts.
func (c *changing) seal() *changing {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for i, p := range c.parts {
		check(w.WriteHeader(&tar.Header{Name: fmt.Sprintf("part-%d", i), Mode: 0o644, Size: int64(len(p))}))
		must(w.Write(p))
	}
	check(w.Close())
	c.whole = archive.Bytes()
	return c
}

// sizes returns the length of the archive's stream and that of the parts'
// streams together.
func (c *changing) sizes(level sigio.Level) (whole, parts int) {
	var stream bytes.Buffer
	w := sigio.NewWriter(nil, sigio.WithLevel(level))
	encodeInto(&stream, w, c.whole)
	whole = stream.Len()
	for _, p := range c.parts {
		encodeInto(&stream, w, p)
		parts += stream.Len()
	}
	return whole, parts
}

func partLen(rng *rand.Rand) int { return 100_000 + rng.IntN(600_001) }

// cutFrom takes parts of files, no two neighbours of one class.
func cutFrom(files []file, seed uint64) *changing {
	rng := rand.New(rand.NewPCG(seed, 41))
	c := new(changing)
	last := ""
	for len(c.parts) < 25 {
		f := files[rng.IntN(len(files))]
		n := partLen(rng)
		if f.class() == last || len(f.data) < n {
			continue
		}
		at := rng.IntN(len(f.data) - n + 1)
		c.add(f.name, f.data[at:at+n])
		last = f.class()
	}
	return c.seal()
}

// madeChange generates the parts, each of one kind.
func madeChange(seed uint64) *changing {
	rng := rand.New(rand.NewPCG(seed, 42))
	c := new(changing)
	last := -1
	for len(c.parts) < 20 {
		i := rng.IntN(len(contents))
		if i == last {
			continue
		}
		last = i
		c.add(contents[i].name, contents[i].make(rng, partLen(rng)))
	}
	return c.seal()
}

// contents are kinds of data. Each call makes n bytes.
var contents = []struct {
	name string
	make func(rng *rand.Rand, n int) []byte
}{
	{"text", func(rng *rand.Rand, n int) []byte {
		words := wordList(rng, 3000)
		return fill(n, func(b []byte) []byte {
			b = append(b, words[min(rng.IntN(3000), rng.IntN(3000), rng.IntN(3000))]...)
			return append(b, " \n"[rng.IntN(12)/11])
		})
	}},
	{"json", func(rng *rand.Rand, n int) []byte {
		words := wordList(rng, 500)
		return fill(n, func(b []byte) []byte {
			return fmt.Appendf(b, `{"id":%d,"user":"%s","score":%d.%02d,"tags":["%s","%s"],"on":%t}`+"\n",
				rng.IntN(1e6), words[rng.IntN(500)], rng.IntN(100), rng.IntN(100), words[rng.IntN(30)], words[rng.IntN(30)], rng.IntN(3) == 0)
		})
	}},
	{"uint8", func(rng *rand.Rand, n int) []byte {
		v := 128
		return fill(n, func(b []byte) []byte {
			v = min(max(v+rng.IntN(7)-3, 0), 255)
			return append(b, byte(v))
		})
	}},
	{"int16", func(rng *rand.Rand, n int) []byte {
		v, slope := 0, 0
		return fill(n, func(b []byte) []byte {
			slope += rng.IntN(41) - 20 - slope/16
			v += slope - v/64
			return binary.LittleEndian.AppendUint16(b, uint16(v))
		})
	}},
	{"int32, big endian", func(rng *rand.Rand, n int) []byte {
		v := uint32(1 << 28)
		return fill(n, func(b []byte) []byte {
			v += uint32(rng.IntN(2001)) - 1000
			return binary.BigEndian.AppendUint32(b, v)
		})
	}},
	{"float32", func(rng *rand.Rand, n int) []byte {
		v := float32(280)
		return fill(n, func(b []byte) []byte {
			v += float32(rng.IntN(65)-32) / 256
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		})
	}},
	{"float64", func(rng *rand.Rand, n int) []byte {
		v := 1013.0
		return fill(n, func(b []byte) []byte {
			v += float64(rng.IntN(201)-100) / 16
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		})
	}},
	{"time stamps", func(rng *rand.Rand, n int) []byte {
		v := uint64(1.7e18)
		return fill(n, func(b []byte) []byte {
			v += 1e9 + uint64(rng.IntN(1000))
			return binary.LittleEndian.AppendUint64(b, v)
		})
	}},
	{"records", func(rng *rand.Rand, n int) []byte {
		id := uint32(rng.IntN(1e6))
		return fill(n, func(b []byte) []byte {
			id += uint32(1 + rng.IntN(3))
			b = binary.LittleEndian.AppendUint32(b, id)
			b = binary.LittleEndian.AppendUint16(b, uint16(rng.IntN(400)))
			b = append(b, byte(rng.IntN(5)), 0)
			b = binary.LittleEndian.AppendUint64(b, rng.Uint64()>>(20+rng.IntN(8)))
			return append(b, "EURO\x00\x00\x00\x00"...)
		})
	}},
	{"random", func(rng *rand.Rand, n int) []byte {
		return fill(n, func(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, rng.Uint64()) })
	}},
	{"runs", func(rng *rand.Rand, n int) []byte {
		return fill(n, func(b []byte) []byte {
			return append(b, bytes.Repeat([]byte{byte(rng.IntN(4))}, 200+rng.IntN(4000))...)
		})
	}},
}

func fill(n int, add func([]byte) []byte) []byte {
	b := make([]byte, 0, n+n/8)
	for len(b) < n {
		b = add(b)
	}
	return b[:n]
}

func wordList(rng *rand.Rand, n int) []string {
	words := make([]string, n)
	for i := range words {
		for range 1 + rng.IntN(4) {
			words[i] += string("bcdfghklmnprstvw"[rng.IntN(16)]) + string("aeiouy"[rng.IntN(6)])
		}
	}
	return words
}
