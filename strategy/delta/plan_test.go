package delta

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPlanOnTheWire: what is appended parses as the same plan, and appends as
// the same bytes again.
func TestPlanOnTheWire(t *testing.T) {
	var parsed Plan // reused, as a Decoder does
	for i := range 3000 {
		p := anyPlan(seeded(uint64(i)), maxStride)
		wire := p.append([]byte("prefix"))
		rest, err := parsed.parse(append(wire[6:], "rest"...))
		require.NoError(t, err, "%+v", *p)
		require.Equal(t, "rest", string(rest))
		require.Equal(t, *p, parsed)
		require.Equal(t, wire, parsed.append([]byte("prefix")))
		for n := range len(wire) - 6 {
			_, err := parsed.parse(wire[6:][:n])
			require.ErrorIs(t, err, errMalformed, "cut to %d of %d bytes", n, len(wire)-6)
		}
	}
}

func TestEqualFieldsTakeNoRoom(t *testing.T) {
	p := Plan{Stride: maxStride, Fields: slices.Repeat([]Field{{Width: 1}}, maxStride)}
	require.LessOrEqual(t, len(p.append(nil)), 10)
}

func TestCloneSharesNothing(t *testing.T) {
	p := Plan{Stride: 2, Fields: []Field{{Width: 2}}}
	c := p.Clone()
	require.Equal(t, p, *c)
	c.Fields[0].Big, c.Head = true, 1
	require.Equal(t, Plan{Stride: 2, Fields: []Field{{Width: 2}}}, p)
}

// The codes of widths.
const (
	wire1 = iota
	wire2
	wire3
	wire4
	wire8
)

func TestPlanRefuses(t *testing.T) {
	const (
		big, ordered, decimal, divided, minus = 1 << 3, 1 << 4, 2 << 4, 3 << 4, 1 << 6
		buckets, ranks, med, lin, more        = 1, 2, 1 << 2, 2 << 2, 1 << 4
	)
	for _, c := range []struct {
		name string
		in   []byte
		ok   bool
	}{
		{"good byte", []byte{1, 0, 0, wire1, 0, 0}, true},
		{"good long", []byte{8, 7, 2, wire8 | big, buckets, 0x23}, true},
		{"good decimal", []byte{4, 0, 0, wire4 | decimal, ranks, maxExp, 0}, true},
		{"good run", []byte{4, 0, 0, wire1, more, 0, 2}, true},
		{"good difference", []byte{4, 0, 2, wire2, 0, 0, wire2 | minus, med}, true},
		{"good linear", []byte{3, 0, 0, wire3, lin}, true},
		{"good base", []byte{3, 0, 0, wire3, 3 << 2}, true},

		{"no stride", []byte{0, 0, 0, wire1, 0, 0}, false},
		{"stride too long", []byte{0x81, 0x04, 0, 0, wire1, more, 0, 0xFF, 0x03, wire1, 0, 0}, false},
		{"head as long as a record", []byte{4, 4, 0, wire4, 0, 0}, false},
		{"row of one record is the record before", []byte{4, 0, 1, wire4, 0, 0}, false},
		{"row too long", []byte{4, 0, 0x81, 0x80, 1, wire4, 0, 0}, false},
		{"stride not in its shortest form", []byte{0x84, 0, 0, 0, wire4, 0, 0}, false},
		{"row of 64 bits", []byte{4, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, wire4, 0, 0}, false},
		{"width code 5", []byte{4, 0, 0, 5, 0, 0}, false},
		{"width code 7", []byte{4, 0, 0, 7, 0, 0}, false},
		{"top bit of the shape", []byte{4, 0, 0, wire4 | 0x80, 0, 0}, false},
		{"unused bit of the code", []byte{4, 0, 0, wire4, 0x20, 0}, false},
		{"coder 3", []byte{4, 0, 0, wire4, 3, 0}, false},
		{"more than a run in the code", []byte{4, 0, 0, wire4, 0xE0, 0}, false},
		{"order 4 along the row", []byte{4, 0, 0, wire4, 0, 4}, false},
		{"order 3 across the rows", []byte{4, 0, 2, wire4, 0, 0x30}, false},
		{"exponent too large", []byte{4, 0, 0, wire4 | decimal, 0, maxExp + 1, 0}, false},
		{"bytes have no order", []byte{1, 0, 0, wire1 | big, 0, 0}, false},
		{"float of two bytes", []byte{2, 0, 0, wire2 | ordered, 0, 0}, false},
		{"decimal of three bytes", []byte{3, 0, 0, wire3 | decimal, 0, 0, 0}, false},
		{"difference of floats", []byte{8, 0, 0, wire4, 0, 0, wire4 | ordered | minus, 0, 0}, false},
		{"divided across rows", []byte{2, 0, 2, wire2 | divided, 0, 0x10}, false},
		{"divided by the median", []byte{2, 0, 2, wire2 | divided, med}, false},
		{"nothing before the first field", []byte{2, 0, 0, wire1 | minus, 0, 0, wire1, 0, 0}, false},
		{"run of differences at the start", []byte{2, 0, 0, wire1 | minus, more, 0, 0}, false},
		{"subtracts another width", []byte{3, 0, 0, wire1, 0, 0, wire2 | minus, 0, 0}, false},
		{"median without rows", []byte{2, 0, 0, wire2, med}, false},
		{"orders across rows without rows", []byte{2, 0, 0, wire2, 0, 0x10}, false},
		{"field beyond the record", []byte{3, 0, 0, wire4, 0, 0}, false},
		{"run beyond the record", []byte{4, 0, 0, wire2, more, 0, 1}, false},
		{"run of more than 32 bits", []byte{4, 0, 0, wire2, more, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F}, false},
		{"record not filled", []byte{4, 0, 0, wire2, 0, 0}, false},
		{"nothing", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Plan
			rest, err := p.parse(c.in)
			if c.ok {
				require.NoError(t, err)
				require.Empty(t, rest)
				require.Equal(t, c.in, p.append(nil))
				return
			}
			require.ErrorIs(t, err, errMalformed)
		})
	}
}

func TestHistory(t *testing.T) {
	const row = 100
	for _, c := range []struct {
		name string
		f    Field
		want int
	}{
		{"nothing across rows", Field{X: 3}, 0},
		{"linear prediction starts anew", Field{Predict: PredictLinear}, 0},
		{"median needs the north-west", Field{Predict: PredictMedian}, row + 1},
		{"one row", Field{Y: 1}, row},
		{"one row and what is left of it", Field{Y: 1, X: 2}, row + 2},
		{"two rows", Field{Y: 2, X: 3}, 2*row + 3},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.f.history(row)) })
	}
}

// TestSegmentRecords: the format's limits hold for any stride.
func TestSegmentRecords(t *testing.T) {
	for stride := 1; stride <= maxStride; stride++ {
		n := segmentRecords(stride)
		require.True(t, n >= minSegment && n <= maxSegment, "%d records of %d bytes", n, stride)
	}
}
