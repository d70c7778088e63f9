package delta

import (
	"encoding/binary"
	"math/bits"
)

// The commonest fields, numbers of two or four bytes of which there are only
// differences along the records, in lanes, are coded in a single pass between
// table and lanes. By way of columns they would take twice as long
// (BenchmarkTables).

// straight reports whether a field is of this kind.
func (f *Field) straight() bool {
	return (f.Width == 2 || f.Width == 4) && f.Map == MapNone && !f.Minus && f.Code == CodeLanes &&
		f.Predict == PredictDifferences && f.X > 0 && f.Y == 0
}

// straight appends the n numbers of a straight field, the first of which begins
// the table.
func (e *Encoder) straight(dst, table []byte, n, stride int, f *Field) []byte {
	lanes := e.take(n * int(f.Width))
	var base [1]uint64
	gather(base[:], table, stride, f.Width, f.Big)
	dst = appendNumber(dst, base[0], f.Width)
	if f.Width == 2 {
		split16(lanes[:n], lanes[n:], table, stride, uint16(base[0]), f)
	} else {
		split32(&[4][]byte{lanes[:n], lanes[n:][:n], lanes[2*n:][:n], lanes[3*n:]}, table, stride, uint32(base[0]), f)
	}
	for b := range int(f.Width) {
		dst = e.appendStream(dst, lanes[b*n:][:n], depthTop)
	}
	return dst
}

// straight reads what the Encoder's straight appends.
func (d *Decoder) straight(table []byte, n, stride int, f *Field) error {
	base, err := d.number(f.Width)
	if err != nil {
		return err
	}
	var lanes [4][]byte
	for b := range f.Width {
		if s := d.src; b == 2 && f.X == 1 && len(s) >= 4 && s[0] == formConstant && s[2] == formConstant {
			d.src = s[4:]
			joinLow32(table, stride, lanes[0], lanes[1], uint32(s[1])<<16|uint32(s[3])<<24, uint32(base), f.Big)
			return nil
		}
		if lanes[b], err = d.stream(n); err != nil {
			return err
		}
	}
	if f.Width == 2 {
		join16(table, stride, lanes[0], lanes[1], uint16(base), f)
	} else {
		join32(table, stride, &lanes, uint32(base), f)
	}
	return nil
}

// split16 fills the lanes of low and high bytes with the folded differences of
// numbers of two bytes, the first of which is base.
func split16(low, high, table []byte, stride int, base uint16, f *Field) {
	last, slope, bend := uint32(base), uint32(0), uint32(0)
	big, order := f.Big, f.X
	high = high[:len(low)]
	at := 0
	for i := range low {
		x := uint32(binary.LittleEndian.Uint16(table[at : at+2]))
		if big {
			x = x>>8 | x<<8 // what is above 16 bits is cut off
		}
		d := x - last
		last = x
		if order > 1 {
			d, slope = d-slope, d
			if order > 2 {
				d, bend = d-bend, d
			}
		}
		c := d<<1 ^ uint32(int32(d<<16)>>31)
		low[i], high[i] = byte(c), byte(c>>8)
		at += stride
	}
}

// join16 is the inverse of split16. First differences have a loop of their own
// since there are many of them.
func join16(table []byte, stride int, low, high []byte, base uint16, f *Field) {
	v, slope, bend := uint32(base), uint32(0), uint32(0)
	big, order := f.Big, f.X
	high = high[:len(low)]
	at := 0
	if order == 1 {
		for i := range low {
			c := uint32(low[i]) | uint32(high[i])<<8
			v += c>>1 ^ -(c & 1)
			x := v
			if big {
				x = v<<8 | v>>8&0xFF
			}
			binary.LittleEndian.PutUint16(table[at:at+2], uint16(x))
			at += stride
		}
		return
	}
	for i := range low {
		c := uint32(low[i]) | uint32(high[i])<<8
		d := c>>1 ^ -(c & 1)
		if order > 2 {
			bend += d
			d = bend
		}
		slope += d
		v += slope
		x := v
		if big {
			x = v<<8 | v>>8&0xFF
		}
		binary.LittleEndian.PutUint16(table[at:at+2], uint16(x))
		at += stride
	}
}

// split32 is split16 for numbers of four bytes.
func split32(lanes *[4][]byte, table []byte, stride int, base uint32, f *Field) {
	last, slope, bend := base, uint32(0), uint32(0)
	big, order := f.Big, f.X
	l0 := lanes[0]
	l1, l2, l3 := lanes[1][:len(l0)], lanes[2][:len(l0)], lanes[3][:len(l0)]
	at := 0
	for i := range l0 {
		x := binary.LittleEndian.Uint32(table[at : at+4])
		if big {
			x = bits.ReverseBytes32(x)
		}
		d := x - last
		last = x
		if order > 1 {
			d, slope = d-slope, d
			if order > 2 {
				d, bend = d-bend, d
			}
		}
		c := d<<1 ^ uint32(int32(d)>>31)
		l0[i], l1[i], l2[i], l3[i] = byte(c), byte(c>>8), byte(c>>16), byte(c>>24)
		at += stride
	}
}

// join32 is the inverse of split32.
func join32(table []byte, stride int, lanes *[4][]byte, base uint32, f *Field) {
	v, slope, bend := base, uint32(0), uint32(0)
	big, order := f.Big, f.X
	l0 := lanes[0]
	l1, l2, l3 := lanes[1][:len(l0)], lanes[2][:len(l0)], lanes[3][:len(l0)]
	at := 0
	if order == 1 {
		for i := range l0 {
			c := uint32(l0[i]) | uint32(l1[i])<<8 | uint32(l2[i])<<16 | uint32(l3[i])<<24
			v += c>>1 ^ -(c & 1)
			x := v
			if big {
				x = bits.ReverseBytes32(v)
			}
			binary.LittleEndian.PutUint32(table[at:at+4], x)
			at += stride
		}
		return
	}
	for i := range l0 {
		c := uint32(l0[i]) | uint32(l1[i])<<8 | uint32(l2[i])<<16 | uint32(l3[i])<<24
		d := c>>1 ^ -(c & 1)
		if order > 2 {
			bend += d
			d = bend
		}
		slope += d
		v += slope
		x := v
		if big {
			x = bits.ReverseBytes32(v)
		}
		binary.LittleEndian.PutUint32(table[at:at+4], x)
		at += stride
	}
}

// joinLow32 is join32 for first differences whose high bytes are constant, as
// those of small ones are.
func joinLow32(table []byte, stride int, l0, l1 []byte, high, v uint32, big bool) {
	l1 = l1[:len(l0)]
	at := 0
	for i := range l0 {
		c := uint32(l0[i]) | uint32(l1[i])<<8 | high
		v += c>>1 ^ -(c & 1)
		x := v
		if big {
			x = bits.ReverseBytes32(v)
		}
		binary.LittleEndian.PutUint32(table[at:at+4], x)
		at += stride
	}
}
