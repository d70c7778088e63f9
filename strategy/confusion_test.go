package strategy

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"
)

// confusion counts what was found by what was made.
type confusion [ClassRLEFriendly + 1][ClassRLEFriendly + 1]int

// right is the share of what was made as a class that was found as such, per
// mille.
func (c *confusion) right(made Class) int {
	all := 0
	for _, n := range c[made] {
		all += n
	}
	return int(perMille(c[made][made], all))
}

// allRight is that of all together.
func (c *confusion) allRight() int {
	right, all := 0, 0
	for made := range c {
		right += c[made][made]
		for _, n := range c[made] {
			all += n
		}
	}
	return int(perMille(right, all))
}

func (c *confusion) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "made\\found\t")
	for found := range c {
		fmt.Fprintf(w, "%v\t", Class(found))
	}
	for made := range c {
		fmt.Fprintf(w, "\n%v\t", Class(made))
		for _, n := range c[made] {
			fmt.Fprintf(w, "%d\t", n)
		}
	}
	fmt.Fprintln(w)
	w.Flush()
	return b.String()
}

// kindsOfClass make data that is of a class beyond doubt, n bytes of it.
var kindsOfClass = map[Class][]func(n int, seed uint64) []byte{
	ClassHighlyRepetitive: {
		func(n int, seed uint64) []byte { return repeated(string(randomBytes(300+int(seed*37%3000), seed)), n) },
		jsonRows, logLines,
		func(n int, seed uint64) []byte { return tokens(n, seed, 20+int(seed%60)) },
	},
	ClassRandomBinary: {
		randomBytes, jpegLike,
		func(n int, seed uint64) []byte { return tilted(n, seed, 20+int(seed%50)) },
	},
	ClassMixedStructured: {
		machineCode, program, islandsOrCode,
		func(n int, seed uint64) []byte { return tilted(n, seed, 300+int(seed%300)) },
	},
	ClassTextLike: {
		english, cyrillic, base64Like,
		func(n int, seed uint64) []byte { return numbersAsText(n, seed) },
	},
	ClassDeltaFriendly: {
		int32Series, float32Like, records, series16,
		func(n int, seed uint64) []byte { return series(n, seed, 8, 1<<20) },
		func(n int, seed uint64) []byte { return series(n, seed, 3, 100) },
	},
	ClassRLEFriendly: {
		func(n int, seed uint64) []byte { return make([]byte, n) },
		func(n int, seed uint64) []byte { return repeated("pattern"[:1+seed%7], n) },
		func(n int, seed uint64) []byte { return longRuns(n, seed) },
	},
}

// islandsOrCode is code where a chunk is too short for islands.
func islandsOrCode(n int, seed uint64) []byte {
	if n < 128*kib {
		return machineCode(n, seed)
	}
	return islands(n, seed)
}

// numbersAsText are decimal fractions, one a line.
func numbersAsText(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for len(b) < n {
		b = fmt.Appendf(b, "%d.%03d\n", r.IntN(1<<(4+r.IntN(16))), r.IntN(1000))
	}
	return b[:n]
}

// series is a random walk of numbers of so many bytes, by steps below most.
func series(n int, seed uint64, width, most int) []byte {
	r, v := seeded(seed), uint64(1)<<(8*width-3)
	var b []byte
	for len(b) < n {
		v += uint64(r.IntN(2*most)) - uint64(most)
		b = append(b, binary.LittleEndian.AppendUint64(nil, v)[:width]...)
	}
	return b[:n]
}

func longRuns(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for len(b) < n {
		b = append(b, repeated(string(rune('a'+r.IntN(26))), 100+r.IntN(2000))...)
	}
	return b[:n]
}

// TestConfusion generates data of the original's classes, whatever the seed and
// the length, pure and with a tenth of something else in between.
func TestConfusion(t *testing.T) {
	for _, tt := range []struct {
		name             string
		foreign          bool
		leastAll, leastA int // found as what they are, per mille, of all and of each class
	}{
		{"pure", false, 850, 600},
		{"with a tenth of something else", true, 750, 250},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := confuse(tt.foreign)
			t.Logf("%d per mille right\n%v", c.allRight(), c)
			require.GreaterOrEqual(t, c.allRight(), tt.leastAll, "%v", c)
			for made := range kindsOfClass {
				if tt.foreign && made == ClassRandomBinary {
					continue // then something is to be gained, and it is no longer of that class
				}
				require.GreaterOrEqual(t, c.right(made), tt.leastA, "%v\n%v", made, c)
			}
		})
	}
}

func confuse(foreign bool) *confusion {
	c := new(confusion)
	for made, kinds := range kindsOfClass {
		if foreign && made == ClassRandomBinary {
			continue
		}
		for k, generate := range kinds {
			for seed := range uint64(12) {
				n := [...]int{2000, 6000, 20_000, 70_000, 300_000, mib}[seed%6]
				p := generate(n, 1000*uint64(k)+seed)
				if foreign {
					other := english
					if made == ClassTextLike {
						other = machineCode
					}
					copy(p[n/3:], other(n/10, seed))
				}
				c[made][Detect(p).Class]++
			}
		}
	}
	return c
}

// BenchmarkConfusion prints which classes are found in the chunks of the
// folders in SIGMA_CORPUS, in per mille of their bytes.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Confusion -benchtime 1x ./strategy
func BenchmarkConfusion(b *testing.B) {
	files := corpusFiles(b)
	if len(files) == 0 {
		b.Skip("SIGMA_CORPUS is not set")
	}
	found := map[string]*[ClassRLEFriendly + 1]int{}
	for b.Loop() {
		clear(found)
		for name, data := range files {
			label := filepath.Dir(name)
			if found[label] == nil {
				found[label] = new([ClassRLEFriendly + 1]int)
			}
			for chunk := range slices.Chunk(data, mib) {
				found[label][Detect(chunk).Class] += len(chunk)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\n")
	for class := range ClassRLEFriendly + 1 {
		fmt.Fprintf(w, "%v\t", class)
	}
	fmt.Fprintln(w)
	for _, label := range slices.Sorted(maps.Keys(found)) {
		all := 0
		for _, n := range found[label] {
			all += n
		}
		for _, n := range found[label] {
			fmt.Fprintf(w, "%d\t", perMille(n, all))
		}
		fmt.Fprintf(w, "  %s\n", label)
	}
	w.Flush()
}
