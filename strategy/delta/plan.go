package delta

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Limits of the format.
const (
	maxStride  = 512
	maxRow     = 16 << 10 // records
	maxSegment = 64 << 10 // records

	// Segments of few records could be predicted from rows that are many times
	// as long, each time anew.
	minSegment = 8 << 10
)

// A Plan says how a table, a run of records of equal length, is taken apart.
type Plan struct {
	Stride int     // length of a record in bytes
	Head   int     // bytes before the first record, fewer than Stride
	Row    int     // records from one row of a grid to the next; 0 for none
	Fields []Field // of a record, in order; their widths add up to Stride
}

// Clone returns a copy of p that shares nothing with it.
func (p *Plan) Clone() *Plan {
	c := *p
	c.Fields = slices.Clone(p.Fields)
	return &c
}

// From returns the plan for the same table from another place on, which is that
// many bytes further: records begin where they began.
func (p *Plan) From(distance int) *Plan {
	c := p.Clone()
	c.Head = (c.Head - distance) % c.Stride
	if c.Head < 0 {
		c.Head += c.Stride
	}
	return c
}

// Equal reports whether two plans say the same.
func (p *Plan) Equal(o *Plan) bool {
	return p.Stride == o.Stride && p.Head == o.Head && p.Row == o.Row && slices.Equal(p.Fields, o.Fields)
}

// A Field is a part of a record, with the way in which its numbers, one of
// each record, are mapped, predicted and coded.
type Field struct {
	Width uint8 // 1, 2, 3, 4 or 8 bytes
	Big   bool  // big-endian

	Map   Map
	Exp   uint8 // of MapDecimal: 0 to maxExp
	Minus bool  // the field before it, of the same width, is subtracted

	Predict Predictor
	X, Y    uint8 // orders of PredictDifferences along and across the rows

	Code Coder
}

// Map is what happens to numbers before anything else.
type Map uint8

const (
	MapNone    Map = iota
	MapOrdered     // floats as integers in the same order
	MapDecimal     // floats as integers: decimal fractions with Exp digits
	MapDivide      // integers by the common divisor of a segment
	maps
)

// Predictor is how residuals are made.
type Predictor uint8

const (
	PredictDifferences Predictor = iota // X-th in the row of Y-th across the rows
	PredictMedian                       // median edge detector
	PredictLinear                       // linear prediction
	PredictBase                         // the base of the segment
	predictors
)

// Coder is how numbers become byte streams.
type Coder uint8

const (
	CodeLanes   Coder = iota // one stream for each byte of the number
	CodeBuckets              // symbols, and bits that are not coded
	CodeRanks                // ranks in a dictionary
	coders
)

const (
	maxX = 3
	maxY = 2
)

// bare reports whether a field is coded just as it stands.
func (f *Field) bare() bool {
	return f.Map == MapNone && !f.Minus && f.Code == CodeLanes && !f.predicted()
}

// predicted reports whether what is coded are residuals.
func (f *Field) predicted() bool {
	return f.Predict != PredictDifferences || f.X > 0 || f.Y > 0
}

// acrossRows reports whether a field is predicted from the rows before.
func (f *Field) acrossRows() bool { return f.Predict == PredictMedian || f.Y > 0 }

// history is how many records before a segment its prediction starts from.
func (f *Field) history(row int) int {
	switch {
	case f.Predict == PredictMedian:
		return row + 1
	case f.Y > 0:
		return int(f.Y)*row + int(f.X)
	}
	return 0
}

var errMalformed = errors.New("delta: malformed payload")

// A plan on the wire: stride, head and row as varints, then the fields.
//
//	field  = shape, code [, decimal exponent] [, orders] , repeat
//	shape  = width code | big << 3 | map << 4 | minus << 6
//	code   = coder | predictor << 2 | more than one << 4
//	orders = x | y << 4, of PredictDifferences
//	repeat = a varint, if more than one: how many fields are equal, less 2
//
// Width codes are 0 to 4 for 1, 2, 3, 4 and 8 bytes. Everything not named is
// zero.
var widths = [...]uint8{1, 2, 3, 4, 8}

func (p *Plan) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.Stride))
	dst = binary.AppendUvarint(dst, uint64(p.Head))
	dst = binary.AppendUvarint(dst, uint64(p.Row))
	for i := 0; i < len(p.Fields); {
		f := p.Fields[i]
		same := i + 1
		for same < len(p.Fields) && p.Fields[same] == f {
			same++
		}
		dst = f.append(dst, same-i)
		i = same
	}
	return dst
}

func (f *Field) append(dst []byte, times int) []byte {
	shape := byte(f.Map) << 4
	for code, w := range widths {
		if w == f.Width {
			shape |= byte(code)
		}
	}
	if f.Big {
		shape |= 1 << 3
	}
	if f.Minus {
		shape |= 1 << 6
	}
	code := byte(f.Code) | byte(f.Predict)<<2
	if times > 1 {
		code |= 1 << 4
	}
	dst = append(dst, shape, code)
	if f.Map == MapDecimal {
		dst = append(dst, f.Exp)
	}
	if f.Predict == PredictDifferences {
		dst = append(dst, f.X|f.Y<<4)
	}
	if times > 1 {
		dst = binary.AppendUvarint(dst, uint64(times-2))
	}
	return dst
}

// parse fills p from the front of src and returns the rest.
func (p *Plan) parse(src []byte) ([]byte, error) {
	var v [3]int
	var err error
	for i := range v {
		if v[i], src, err = parseInt(src, maxRow); err != nil {
			return nil, err
		}
	}
	p.Stride, p.Head, p.Row = v[0], v[1], v[2]
	if !p.validShape() {
		return nil, errMalformed
	}
	p.Fields = p.Fields[:0]
	for left := p.Stride; left > 0; {
		var f Field
		var times int
		if f, times, src, err = parseField(src); err != nil {
			return nil, err
		}
		if times > left/int(f.Width) {
			return nil, errMalformed
		}
		left -= times * int(f.Width)
		for range times {
			p.Fields = append(p.Fields, f)
			if !p.validField(len(p.Fields) - 1) {
				return nil, errMalformed
			}
		}
	}
	return src, nil
}

// valid reports whether the plan can be written and read.
func (p *Plan) valid() bool {
	if !p.validShape() {
		return false
	}
	width := 0
	for i := range p.Fields {
		f := &p.Fields[i]
		if !slices.Contains(widths[:], f.Width) || !f.valid() || !p.validField(i) {
			return false
		}
		width += int(f.Width)
	}
	return width == p.Stride
}

func (p *Plan) validShape() bool {
	return p.Stride >= 1 && p.Stride <= maxStride && p.Head >= 0 && p.Head < p.Stride &&
		p.Row >= 0 && p.Row <= maxRow && p.Row != 1
}

// validField reports whether a valid field fits what precedes it.
func (p *Plan) validField(i int) bool {
	f := &p.Fields[i]
	return (p.Row > 0 || !f.acrossRows()) && (!f.Minus || i > 0 && p.Fields[i-1].Width == f.Width)
}

func parseField(src []byte) (f Field, times int, rest []byte, err error) {
	if len(src) < 2 {
		return f, 0, nil, errMalformed
	}
	shape, code := src[0], src[1]
	src = src[2:]
	if shape&7 >= byte(len(widths)) || shape>>7 != 0 || code>>5 != 0 {
		return f, 0, nil, errMalformed
	}
	f = Field{
		Width: widths[shape&7], Big: shape>>3&1 != 0,
		Map: Map(shape >> 4 & 3), Minus: shape>>6 != 0,
		Code: Coder(code & 3), Predict: Predictor(code >> 2 & 3),
	}
	if f.Map == MapDecimal {
		if len(src) == 0 {
			return f, 0, nil, errMalformed
		}
		f.Exp, src = src[0], src[1:]
	}
	if f.Predict == PredictDifferences {
		if len(src) == 0 {
			return f, 0, nil, errMalformed
		}
		f.X, f.Y, src = src[0]&15, src[0]>>4, src[1:]
	}
	times = 1
	if code>>4 != 0 {
		if times, src, err = parseInt(src, maxStride); err != nil {
			return f, 0, nil, err
		}
		times += 2
	}
	if !f.valid() {
		return f, 0, nil, errMalformed
	}
	return f, times, src, nil
}

func (f *Field) valid() bool {
	float := f.Width == 4 || f.Width == 8
	switch {
	case f.Predict >= predictors || f.Code >= coders || f.Map >= maps:
	case f.X > maxX || f.Y > maxY || f.Exp > maxExp:
	case f.Predict != PredictDifferences && f.X|f.Y != 0 || f.Map != MapDecimal && f.Exp != 0:
	case f.Big && f.Width == 1:
	case (f.Map == MapOrdered || f.Map == MapDecimal) && !float:
	case f.Minus && f.Map != MapNone:
	case f.Map == MapDivide && f.acrossRows(): // the base changes with the segment
	case f.Map == MapDivide && f.Predict == PredictLinear:
	default:
		return true
	}
	return false
}

// parseInt reads an unsigned varint in its shortest form that is at most limit.
func parseInt(src []byte, limit int) (int, []byte, error) {
	v, n := binary.Uvarint(src)
	if n <= 0 || v > uint64(limit) || n > 1 && src[n-1] == 0 {
		return 0, nil, errMalformed
	}
	return int(v), src[n:], nil
}
