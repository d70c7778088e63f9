package delta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// specimen is a good payload and what it stands for.
type specimen struct {
	name    string
	payload []byte
	src     []byte
}

// specimens cover every map, predictor, coder and form of a stream, and pools.
func specimens(t testing.TB, n int, backend Backend) (all []specimen) {
	add := func(name string, src []byte, p *Plan) {
		requireValid(t, p)
		all = append(all, specimen{name, encodeBy(t, new(Encoder), src, p, backend), src})
	}
	one := func(f Field) *Plan { return &Plan{Stride: int(f.Width), Fields: []Field{f}} }
	grid := func(f Field) *Plan { return &Plan{Stride: 3, Head: 2, Row: 100, Fields: []Field{f, f, f}} }
	data := func(name string) []byte {
		b := make([]byte, n)
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
		kinds[i].fill(seeded(uint64(n)), b)
		return b
	}
	add("lanes", data("walk"), one(Field{Width: 4}))
	add("buckets", data("walk"), one(Field{Width: 4, X: 1, Code: CodeBuckets}))
	add("wide buckets", data("noise"), one(Field{Width: 8, X: 2, Code: CodeBuckets}))
	add("ranks", data("few values"), one(Field{Width: 2, Code: CodeRanks}))
	add("too many ranks", data("noise"), one(Field{Width: 8, Code: CodeRanks}))
	add("linear", samples16(n/2), one(Field{Width: 2, Predict: PredictLinear, Code: CodeBuckets}))
	add("ordered", quotes(n/4), one(Field{Width: 4, Map: MapOrdered, X: 1}))
	add("decimal", quotes(n/4), one(Field{Width: 4, Map: MapDecimal, Exp: 2, X: 1, Code: CodeBuckets}))
	add("exceptions", data("doubles"), one(Field{Width: 8, Map: MapDecimal, Exp: 1}))
	add("divided", timestamps(n/8), one(Field{Width: 8, Map: MapDivide, X: 1, Code: CodeBuckets}))
	add("median", image(100, n/300), grid(Field{Width: 1, Predict: PredictMedian}))
	add("rows", image(100, n/300), grid(Field{Width: 1, X: 1, Y: 2}))
	add("sparse", data("rare bytes"), one(Field{Width: 1}))
	add("classed", data("calm and lively"), one(Field{Width: 1}))
	add("pooled", data("repeats"), one(Field{Width: 1}))
	add("minus", records24(n/24), &Plan{Stride: 24, Row: 7, Fields: []Field{
		{Width: 8, X: 1}, {Width: 4}, {Width: 4, Minus: true, X: 1, Code: CodeBuckets}, {Width: 1},
		{Width: 1, Minus: true}, {Width: 3, Big: true, Y: 1}, {Width: 3, Minus: true, Predict: PredictMedian, Code: CodeRanks},
	}})
	src := slices.Concat(english(seeded(7), n), walk32(n/4), data("repeats"))
	out, err := new(Encoder).Append(nil, src, Start{At: n, Plan: one(Field{Width: 4, Big: true, X: 1})}, 1, backend)
	require.NoError(t, err)
	return append(all, specimen{"sections", out, src})
}

// cutBody keeps n bytes of the body of a payload, and says so in its header.
func cutBody(payload []byte, n int) []byte {
	bodyLen := binary.LittleEndian.Uint32(payload)
	cut := binary.LittleEndian.AppendUint32(nil, uint32(n))
	cut = append(cut, payload[4:payloadHeader+n]...)
	return append(cut, payload[payloadHeader+bodyLen:]...)
}

func TestSpecimensAreGood(t *testing.T) {
	backend := newFrames(t)
	for _, n := range []int{900, 3000, 12_000} {
		for _, s := range specimens(t, n, backend) {
			got, err := decodeGuarded(t, new(Decoder), s.payload, len(s.src), backend)
			require.NoError(t, err, s.name)
			requireSame(t, s.src, got, s.name)
		}
	}
}

// TestDamage: whatever becomes of a payload, it gives an error or as many
// bytes as are asked for, and the next good one decodes as ever.
func TestDamage(t *testing.T) {
	backend := newFrames(t)
	n := 1800
	if testing.Short() {
		n = 500
	}
	for _, s := range specimens(t, n, backend) {
		t.Run(s.name, func(t *testing.T) {
			var d Decoder
			bad := bytes.Clone(s.payload)
			for bit := range 8 * len(bad) {
				bad[bit/8] ^= 1 << (bit % 8)
				_, _ = decodeGuarded(t, &d, bad, len(s.src), backend)
				bad[bit/8] ^= 1 << (bit % 8)
			}
			for cut := range len(bad) {
				_, err := decodeGuarded(t, &d, bad[:cut], len(s.src), backend)
				require.Error(t, err, "cut to %d of %d bytes", cut, len(bad))
			}
			for n := range binary.LittleEndian.Uint32(bad) {
				_, err := decodeGuarded(t, &d, cutBody(bad, int(n)), len(s.src), backend)
				require.Error(t, err, "body cut to %d bytes", n)
			}
			for _, rawLen := range []int{0, 1, len(s.src) - 1, len(s.src) + 1, 3 * len(s.src)} {
				_, err := decodeGuarded(t, &d, bad, rawLen, backend)
				require.Error(t, err, "decodes as %d bytes", rawLen)
			}
			got, err := decodeGuarded(t, &d, bad, len(s.src), backend)
			require.NoError(t, err, "not usable after errors")
			requireSame(t, s.src, got, "after errors")
			require.Less(t, cap(d.arena.bytes)+8*cap(d.arena.columns), 60*len(s.src)+64<<10,
				"scratch of calls that failed is not given back")
		})
	}
}

// TestDamageLarge puts random damage into payloads of several segments.
func TestDamageLarge(t *testing.T) {
	backend := newFrames(t)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	r := seeded(11)
	var d Decoder
	for _, s := range specimens(t, 60_000, backend) {
		for range rounds {
			_, _ = decodeGuarded(t, &d, damaged(r, s.payload), len(s.src), backend)
		}
	}
}

func damaged(r *rand.Rand, good []byte) []byte {
	bad := bytes.Clone(good)
	for range 1 + r.IntN(4) {
		at := r.IntN(min(len(bad), 1<<r.IntN(20)+1))
		switch r.IntN(3) {
		case 0:
			bad[at] ^= 1 << r.IntN(8)
		case 1:
			bad[at] = byte(r.Uint32())
		case 2:
			from := r.IntN(len(bad))
			copy(bad[at:], bad[from:min(from+r.IntN(16), len(bad))])
		}
	}
	return bad
}

// costly are payloads of few bytes that ask for as much work as they can.
func costly(rawLen int) map[string][]byte {
	all := map[string][]byte{}
	sections := func(name string, length int, p *Plan, streams ...byte) {
		var body []byte
		n := rawLen / length
		for range n {
			body = binary.AppendUvarint(append(body, sectionTable), uint64(length))
			body = binary.AppendUvarint(p.append(body), minSegment)
			body = append(body, streams...)
		}
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
		all[name] = append(append(b, 0, 0, 0, 0), body...)
	}
	constants := func(n int) []byte { return bytes.Repeat([]byte{formConstant, 0}, n) }
	many := &Plan{Stride: maxStride, Fields: slices.Repeat([]Field{{Width: 1}}, maxStride)}
	sections("long plans of no record", 1, many, 0)
	sections("long plans of one record", maxStride, many, constants(maxStride)...)
	floats := &Plan{Stride: 4, Fields: []Field{{Width: 4, Map: MapDecimal, Predict: PredictLinear}}}
	sections("sections of one float", 4, floats, slices.Concat(constants(1), make([]byte, 4+linearOrder), constants(4))...)
	bytewise := &Plan{Stride: 1, Fields: []Field{{Width: 1}}}
	// Weights 11 to 1 make a table of 11 bits; the first symbol's code is a 1.
	table := []byte{127 + 11, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10, 0xFF, 0xFF, 0xFF, 1}
	sections("huffman tables", minHuffman, bytewise, slices.Concat([]byte{formHuffman, byte(len(table))}, table)...)
	sparse := []byte{formSparse, 1, minHuffman, minHuffman, formConstant, 0, formConstant, 7}
	sections("sparse streams", minHuffman, bytewise, sparse...)

	var p *Plan
	deep := func(name string, f Field, perSegment int, segment ...byte) {
		p = &Plan{Stride: 1, Row: maxRow, Fields: []Field{f}}
		body := binary.AppendUvarint([]byte{sectionTable}, uint64(rawLen))
		body = binary.AppendUvarint(p.append(body), uint64(perSegment))
		body = append(body, bytes.Repeat(segment, (rawLen+perSegment-1)/perSegment)...)
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
		all[name] = append(append(b, 0, 0, 0, 0), body...)
	}
	rows := Field{Width: 1, X: 3, Y: 2}
	deep("history of short segments", rows, minSegment, slices.Concat([]byte{0}, constants(1))...)
	deep("history of segments of one record", rows, 1, slices.Concat([]byte{0}, constants(1))...)
	return all
}

// BenchmarkCostlyPayloads decodes payloads made to take long: what a byte takes
// and how much longer four times as many take, which should be about four.
func BenchmarkCostlyPayloads(b *testing.B) {
	const n = 64 << 10
	small, large := costly(n), costly(4*n)
	for name := range small {
		b.Run(name, func(b *testing.B) {
			var d Decoder
			decode := func(payload []byte, rawLen int) time.Duration {
				start := time.Now()
				_, _ = d.Decode(nil, payload, rawLen, plainBytes{})
				return time.Since(start)
			}
			var took, longer time.Duration
			for b.Loop() {
				took += decode(small[name], n)
				longer += decode(large[name], 4*n)
			}
			b.ReportMetric(float64(longer)/float64(max(took, 1)), "times-as-long")
			b.ReportMetric(float64(longer)/float64(b.N*(4*n+len(large[name]))), "ns/byte")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// TestMemoryIsBounded: a Decoder allocates no more than a multiple of what it
// is given and asked for, whatever the payload says.
func TestMemoryIsBounded(t *testing.T) {
	r := seeded(12)
	sizes := []int{900, 12_000, 100_000}
	if testing.Short() {
		sizes = []int{900, 12_000}
	}
	check := func(name string, payload []byte, rawLen int) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = new(Decoder).Decode(nil, payload, rawLen, plainBytes{})
		runtime.ReadMemStats(&after)
		bound := 60*rawLen + 2*len(payload) + 256<<10
		require.Less(t, int(after.TotalAlloc-before.TotalAlloc), bound, "%s: %d bytes", name, rawLen)
	}
	for _, n := range sizes {
		for _, s := range specimens(t, n, plainBytes{}) {
			check(s.name, s.payload, len(s.src))
			for range 20 {
				check(s.name, damaged(r, s.payload), len(s.src))
			}
			for _, at := range []int{0, 4} { // the longest body, the longest pool
				bad := bytes.Clone(s.payload)
				binary.LittleEndian.PutUint32(bad[at:], 1<<32-1)
				check(fmt.Sprintf("%s, length %d", s.name, at/4), bad, len(s.src))
			}
		}
	}
	for name, payload := range costly(64 << 10) {
		check(name, payload, 64<<10)
	}
}
