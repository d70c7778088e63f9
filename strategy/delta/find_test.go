package delta

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// samples16 is like audio: two resonances and a little noise.
func samples16(n int) []byte {
	r := seeded(16)
	b := make([]byte, 0, 2*n)
	var x, y, u, v float64
	for range n {
		x, y = 1.95*x-0.97*y+float64(r.IntN(401)-200), x
		u, v = 1.6*u-0.9*v+float64(r.IntN(201)-100), u
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(x+u)))
	}
	return b
}

// walk32 is a random walk of big-endian numbers.
func walk32(n int) (b []byte) {
	r, x := seeded(32), uint32(1<<30)
	for range n {
		x += uint32(r.IntN(2001)) - 1000
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

// quotes is float32 with two digits.
func quotes(n int) (b []byte) {
	r, cents := seeded(33), 100_00
	for range n {
		cents += r.IntN(101) - 50
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(float64(cents)/100)))
	}
	return b
}

// temperatures is float64 with one digit.
func temperatures(n int) (b []byte) {
	r, tenths := seeded(64), 200
	for range n {
		tenths += r.IntN(21) - 10
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(tenths)/10))
	}
	return b
}

// packed24 is a walk of three-byte numbers.
func packed24(n int) (b []byte) {
	r, x := seeded(24), uint32(1<<22)
	for range n {
		x += uint32(r.IntN(4001)) - 2000
		b = append(b, byte(x), byte(x>>8), byte(x>>16))
	}
	return b
}

// records24 are records of several kinds of fields.
func records24(n int) (b []byte) {
	r := seeded(25)
	at, load := uint64(1_700_000_000), uint32(5000)
	for i := range n {
		at += uint64(r.IntN(50))
		load += uint32(r.IntN(65)) - 32
		b = binary.LittleEndian.AppendUint64(b, at)
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
		b = binary.LittleEndian.AppendUint32(b, load)
		b = binary.LittleEndian.AppendUint16(b, uint16(r.IntN(300)))
		b = append(b, byte(r.IntN(4)), 0, 0xFF, 7, byte(r.IntN(256)), byte(r.IntN(2)))
	}
	return b
}

// image is a picture of three channels: what is above and to the left adds up
// to each pixel, but for some grain.
func image(width, height int) (b []byte) {
	r := seeded(3)
	above := make([]int, width+1)
	for range height {
		west, northWest := 0, 0
		for x := 1; x <= width; x++ {
			north := above[x]
			here := west + north - northWest + r.IntN(5) - 2
			above[x], west, northWest = here, here, north
			for channel := range 3 {
				b = append(b, byte(128+channel*20+here/4+r.IntN(2)))
			}
		}
	}
	return b
}

// timestamps tick in whole quarters of a second, in microseconds.
func timestamps(n int) (b []byte) {
	r, at := seeded(8), uint64(1_700_000_000_000_000)
	for range n {
		at += 250_000 * uint64(1+r.IntN(40))
		b = binary.LittleEndian.AppendUint64(b, at)
	}
	return b
}

// prefixed puts n bytes of a header in front.
func prefixed(n int, b []byte) []byte {
	header := make([]byte, n)
	noise(seeded(137), header)
	return append(header, b...)
}

func TestFindsTables(t *testing.T) {
	backend := newFrames(t)
	var e Encoder
	var d Decoder
	for _, c := range []struct {
		name    string
		src     []byte
		stride  int // or a multiple of it
		row     int // in bytes
		percent int // of what the backend makes of it
	}{
		{"int16, predicted from several", samples16(100_000), 2, 0, 70},
		{"int32, big-endian", walk32(50_000), 4, 0, 56},
		{"float32 that are decimals", quotes(50_000), 4, 0, 47},
		{"float64 that are decimals", temperatures(25_000), 8, 0, 40},
		{"three bytes, no power of two", packed24(60_000), 3, 0, 60},
		{"records that begin in the middle", prefixed(137+5, records24(8000)), 24, 0, 48},
		{"rows of pixels", image(320, 200), 1, 960, 58},
		{"timestamps with a common divisor", timestamps(25_000), 8, 0, 29},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, ok := e.Find(c.src, 1, backend)
			require.True(t, ok)
			require.Zero(t, v.Plan.Stride%c.stride, "stride %d", v.Plan.Stride)
			require.Equal(t, c.row, v.Plan.Row*v.Plan.Stride)
			require.Less(t, v.Encoded, v.Rival)
			requireValid(t, v.Plan)
			plan := v.Plan.Clone()
			confirmed := e.Confirm(c.src, plan, 1, backend)
			require.Less(t, confirmed.Encoded, confirmed.Rival)

			rival, err := backend.Append(nil, c.src)
			require.NoError(t, err)
			out, err := e.Append(nil, c.src, Start{Plan: plan}, 1, backend)
			require.NoError(t, err)
			require.Less(t, len(out)*100, len(rival)*c.percent, "%d bytes, the backend %d", len(out), len(rival))
			got, err := decodeGuarded(t, &d, out, len(c.src), backend)
			require.NoError(t, err)
			requireSame(t, c.src, got, c.name)

			again, ok := new(Encoder).Find(c.src, 1, backend)
			require.True(t, ok)
			require.Equal(t, *plan, *again.Plan, "a new encoder finds another plan")
		})
	}
}

// requireValid requires that a plan is one that the format has.
func requireValid(t testing.TB, p *Plan) {
	var parsed Plan
	rest, err := parsed.parse(p.append(nil))
	require.NoError(t, err, "%+v", *p)
	require.Empty(t, rest)
	require.Equal(t, *p, parsed)
}

// TestTablesOneAfterTheOther: a plan is given up where another table begins,
// and text between tables goes to the pool.
func TestTablesOneAfterTheOther(t *testing.T) {
	backend := newFrames(t)
	text := english(seeded(5), 300_000)
	for _, c := range []struct {
		name    string
		src     []byte
		percent int
		tables  int
	}{
		{"another table", slices.Concat(records24(20_000), walk32(120_000)), 54, 2},
		{"text behind a table", slices.Concat(records24(20_000), text), 84, 1},
		{"a table behind text", slices.Concat(text, walk32(120_000)), 74, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e Encoder
			out, err := e.Append(nil, c.src, Start{}, 1, backend)
			require.NoError(t, err)
			rival, err := backend.Append(nil, c.src)
			require.NoError(t, err)
			require.Less(t, len(out)*100, len(rival)*c.percent, "%d bytes, the backend %d", len(out), len(rival))
			tables := 0
			for _, s := range e.sections {
				if s.plan != nil {
					tables++
				}
			}
			require.GreaterOrEqual(t, tables, c.tables)
			got, err := decodeGuarded(t, new(Decoder), out, len(c.src), backend)
			require.NoError(t, err)
			requireSame(t, c.src, got, c.name)
		})
	}
}

// english is made of words of a small vocabulary, in sentences.
func english(r *rand.Rand, n int) (b []byte) {
	var words []string
	for range 1500 {
		w := ""
		for range 1 + r.IntN(3) {
			w += string("bcdfghklmnprstvw"[r.IntN(16)]) + string("aeiou"[r.IntN(5)])
		}
		words = append(words, w)
	}
	for len(b) < n {
		b = append(b, words[min(r.IntN(1500), r.IntN(1500))]...)
		b = append(b, []string{" ", " ", " ", " ", ", ", ".\n"}[r.IntN(6)]...)
	}
	return b[:n]
}

func code(r *rand.Rand, n int) (b []byte) {
	names := []string{"count", "index", "buffer", "n", "err", "result", "next", "size"}
	for len(b) < n {
		name, other := names[r.IntN(8)], names[r.IntN(8)]
		b = fmt.Appendf(b, "%*sif %s < %s[%d] {\n", 2*r.IntN(4), "", name, other, r.IntN(100))
		b = fmt.Appendf(b, "\treturn %s(%s, %q)\n}\n\n", other, name, names[r.IntN(8)])
	}
	return b[:n]
}

func jsonLines(r *rand.Rand, n int) (b []byte) {
	for len(b) < n {
		b = append(b, `{"id":`...)
		b = strconv.AppendInt(b, int64(r.IntN(1_000_000)), 10)
		b = fmt.Appendf(b, `,"name":"%c%c%c","ok":%t,"tags":["a","b"],"value":%.3f}`+"\n",
			'a'+r.IntN(26), 'a'+r.IntN(26), 'a'+r.IntN(26), r.IntN(2) == 0, r.Float64()*100)
	}
	return b[:n]
}

func TestFindsNothing(t *testing.T) {
	backend := newFrames(t)
	random := make([]byte, 200_000)
	noise(seeded(9), random)
	var e Encoder
	for _, c := range []struct {
		name string
		src  []byte
	}{
		{"prose", english(seeded(1), 200_000)},
		{"code", code(seeded(2), 200_000)},
		{"JSON", jsonLines(seeded(3), 200_000)},
		{"random", random},
		{"nothing", nil},
		{"too short for a table", walk32(255)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for effort := range Effort(4) {
				_, ok := e.Find(c.src, effort, backend)
				require.False(t, ok, "at effort %d", effort)
			}
		})
	}
}
