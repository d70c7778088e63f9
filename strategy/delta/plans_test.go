package delta

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// chooser makes the choices of a generator: a *rand.Rand, or a fuzzer's bytes.
type chooser interface{ IntN(n int) int }

// tape is a chooser that draws from bytes. When they have run out it goes on
// with zeros, which mean the plainest choice.
type tape struct{ rest []byte }

func (t *tape) IntN(n int) int {
	v := 0
	for limit := 1; limit < n; limit <<= 8 {
		b := 0
		if len(t.rest) > 0 {
			b, t.rest = int(t.rest[0]), t.rest[1:]
		}
		v = v<<8 | b
	}
	return v % n
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0xDE17A)) }

// anyPlan makes a valid plan of records up to longest bytes.
func anyPlan(c chooser, longest int) *Plan {
	p := &Plan{Stride: 1 + c.IntN(min(longest, []int{8, 24, 64, maxStride}[c.IntN(4)]))}
	p.Head = c.IntN(p.Stride)
	switch c.IntN(4) {
	case 1:
		p.Row = 2 + c.IntN(7)
	case 2:
		p.Row = 2 + c.IntN(1000)
	case 3:
		p.Row = 2 + c.IntN(maxRow-1)
	}
	for left := p.Stride; left > 0; {
		f := anyField(c, left, p)
		times := 1
		if c.IntN(4) == 1 {
			times += c.IntN(left / int(f.Width))
		}
		for range times {
			p.Fields = append(p.Fields, f)
			left -= int(f.Width)
		}
	}
	return p
}

// anyField makes a valid field of at most so many bytes to stand next in p.
func anyField(c chooser, most int, p *Plan) Field {
	f := Field{Width: widths[c.IntN(len(widths))]}
	for int(f.Width) > most {
		f.Width /= 2
	}
	f.Big = f.Width > 1 && c.IntN(2) == 1
	f.Code = Coder(c.IntN(int(coders)))
	f.Predict = Predictor(c.IntN(int(predictors)))
	if f.Predict == PredictDifferences {
		f.X, f.Y = uint8(c.IntN(maxX+1)), uint8(c.IntN(maxY+1))
	}
	if p.Row == 0 {
		f.Y = 0
		if f.Predict == PredictMedian {
			f.Predict = PredictLinear
		}
	}
	n := len(p.Fields)
	f.Minus = n > 0 && p.Fields[n-1].Width == f.Width && c.IntN(3) == 1
	if f.Map = Map(c.IntN(int(maps))); f.Map == MapDecimal {
		f.Exp = uint8(c.IntN(maxExp + 1))
	}
	if f.Map == MapDecimal && c.IntN(2) == 1 {
		f.Exp = uint8(c.IntN(3))
	}
	if !f.valid() {
		f.Map, f.Exp = MapNone, 0
	}
	return f
}

// kind is something that data can be like, for any plan.
type kind struct {
	name string
	fill func(c *rand.Rand, b []byte)
}

var kinds = []kind{
	{"zeros", func(_ *rand.Rand, b []byte) { clear(b) }},
	{"ones", func(_ *rand.Rand, b []byte) { paint(b, 0xFF) }},
	{"noise", noise},
	{"few values", func(c *rand.Rand, b []byte) {
		for i := range b {
			b[i] = byte(c.IntN(3)) * 0x7F
		}
	}},
	{"rare bytes", func(c *rand.Rand, b []byte) {
		clear(b)
		for range len(b) / 100 {
			b[c.IntN(len(b))] = byte(c.IntN(256))
		}
	}},
	{"calm and lively", func(c *rand.Rand, b []byte) {
		noise(c, b)
		for i := 0; i < len(b); i += 512 {
			for j := range b[i:min(i+256, len(b))] {
				b[i+j] &= 3
			}
		}
	}},
	{"counter", func(_ *rand.Rand, b []byte) { numbers32(b, func(i int) uint32 { return uint32(7 * i) }) }},
	{"walk", func(c *rand.Rand, b []byte) {
		x := uint32(0)
		numbers32(b, func(int) uint32 { x += uint32(c.IntN(33)) - 16; return x })
	}},
	{"decimals", func(c *rand.Rand, b []byte) {
		numbers32(b, func(int) uint32 { return math.Float32bits(float32(c.IntN(1000)-500) / 10) })
	}},
	{"doubles", func(c *rand.Rand, b []byte) {
		x := 20.0
		for i := 0; i+8 <= len(b); i += 8 {
			x += float64(c.IntN(9)-4) / 100
			binary.LittleEndian.PutUint64(b[i:], math.Float64bits(x))
		}
	}},
	{"repeats", func(c *rand.Rand, b []byte) {
		noise(c, b[:min(len(b), 700)])
		for i := 700; i < len(b); i++ {
			b[i] = b[i-700]
		}
	}},
}

func noise(c *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(c.Uint32())
	}
}

func numbers32(b []byte, next func(i int) uint32) {
	for i := 0; i+4 <= len(b); i += 4 {
		binary.LittleEndian.PutUint32(b[i:], next(i/4))
	}
}

func paint(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
