package delta

import (
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/huff0"
)

// A Decoder holds what decoding needs beside its input: scratch memory that
// grows to a few times the length of a segment, or to that of the chunk where
// most of it is pooled, and stays. It is for one goroutine. The zero value is
// ready for use.
type Decoder struct {
	Lender Lender // of the largest part of the scratch memory, nil for none
	arena
	plan      Plan
	src       []byte // of the body, what is left
	pool      []byte // what is left
	huff      huff0.Scratch
	residuals residuals
}

// Decode appends the rawLen bytes that payload stands for to dst, or fails.
// The payload is not trusted: time and memory are bounded by its length and
// rawLen.
func (d *Decoder) Decode(dst, payload []byte, rawLen int, backend Backend) ([]byte, error) {
	if len(payload) < payloadHeader {
		return dst, errMalformed
	}
	bodyLen, poolLen := binary.LittleEndian.Uint32(payload), binary.LittleEndian.Uint32(payload[4:])
	payload = payload[payloadHeader:]
	if rawLen < 0 || uint64(bodyLen) > uint64(len(payload)) || uint64(poolLen) > uint64(rawLen) ||
		poolLen == 0 && int(bodyLen) != len(payload) {
		return dst, errMalformed
	}
	d.release(mark{}) // what a Decode that failed did not
	d.pool = nil
	if poolLen > 0 {
		room := lent(d.Lender, max(int(poolLen), min(firstPool, rawLen)))
		if d.Lender != nil {
			defer d.Lender.Put(room)
		}
		pool, err := backend.Decode(room[:0], payload[bodyLen:], int(poolLen))
		if err != nil {
			return dst, err
		}
		d.pool = pool
	}
	d.src = payload[:bodyLen]
	out := slices.Grow(dst, rawLen)[:len(dst)+rawLen]
	for at := len(dst); at < len(out); {
		n, err := d.section(out[at:])
		if err != nil {
			return dst, err
		}
		at += n
	}
	if len(d.src) > 0 || len(d.pool) > 0 {
		return dst, errMalformed
	}
	return out, nil
}

// section fills the front of out and returns how much of it.
func (d *Decoder) section(out []byte) (int, error) {
	if len(d.src) == 0 || d.src[0] > sectionTable {
		return 0, errMalformed
	}
	kind := d.src[0]
	d.src = d.src[1:]
	n, err := d.int(len(out))
	if err != nil || n == 0 {
		return 0, errMalformed
	}
	if kind == sectionPlain {
		if n > len(d.pool) {
			return 0, errMalformed
		}
		copy(out, d.pool[:n])
		d.pool = d.pool[n:]
		return n, nil
	}
	return n, d.table(out[:n])
}

func (d *Decoder) table(out []byte) error {
	var err error
	if d.src, err = d.plan.parse(d.src); err != nil {
		return err
	}
	perSegment, err := d.int(maxSegment)
	if err != nil || perSegment < minSegment {
		return errMalformed
	}
	head := d.plan.Head
	if len(out)-head < d.plan.Stride {
		return errMalformed // or a long plan would be read for a few bytes
	}
	rest := out[head:]
	records := len(rest) / d.plan.Stride
	if err := d.raw(out[:head]); err != nil {
		return err
	}
	for first := 0; first < records; first += perSegment {
		n := min(perSegment, records-first)
		if err := d.segment(rest, first, n); err != nil {
			return err
		}
	}
	return d.raw(rest[records*d.plan.Stride:])
}

// segment fills in n records of table, from the one numbered first on.
func (d *Decoder) segment(table []byte, first, n int) error {
	stride := d.plan.Stride
	offset := 0
	for i := range d.plan.Fields {
		f := &d.plan.Fields[i]
		m := d.mark()
		var err error
		switch {
		case f.bytewise():
			err = d.bytes(table, first*stride+offset, n, f)
		case f.straight():
			err = d.straight(table[first*stride+offset:], n, stride, f)
		default:
			err = d.field(table, first, n, offset, f)
		}
		if err != nil {
			return err
		}
		d.release(m)
		offset += int(f.Width)
	}
	return nil
}

// bytes reads n numbers of a bytewise field, to places from at on.
func (d *Decoder) bytes(table []byte, at, n int, f *Field) error {
	lane, err := d.stream(n)
	if err != nil {
		return err
	}
	b := newByteField(table, &d.plan, f)
	b.unfold(lane, at)
	return nil
}

// field reads a field of the n records of table from the one numbered first
// on. Those before it are in place already.
func (d *Decoder) field(table []byte, first, n, offset int, f *Field) error {
	stride, row := d.plan.Stride, d.plan.Row
	x, err := d.readExceptions(n, f)
	if err != nil {
		return err
	}
	r := &d.residuals
	if !f.bare() {
		if err := d.readResiduals(r, f); err != nil {
			return err
		}
	}
	if f.acrossRows() {
		history := min(first, f.history(row))
		grid := d.takeColumn(history + n)
		d.load(grid[:history], table[(first-history)*stride:], offset, stride, f)
		f.mapNumbers(grid[:history])
		r.startGrid(grid, history, row)
	}
	c, err := d.readCode(n, f)
	if err != nil {
		return err
	}
	records := table[first*stride:]
	tile := d.takeColumn(tileLen)
	for at := 0; at < n; at += tileLen {
		numbers := tile[:min(tileLen, n-at)]
		if !c.next(numbers) {
			return errMalformed
		}
		if !f.bare() {
			r.unfold(numbers)
		}
		x.unmap(numbers, f)
		d.store(records[at*stride:], numbers, offset, stride, f)
	}
	if !c.finished() {
		return errMalformed
	}
	return nil
}

// readResiduals reads what stands before the code of a field.
func (d *Decoder) readResiduals(r *residuals, f *Field) error {
	base, err := d.number(f.Width)
	if err != nil {
		return err
	}
	divisor := uint64(1)
	if f.Map == MapDivide {
		if divisor, err = d.uint64(); err != nil {
			return err
		}
	}
	r.start(f, base, divisor)
	if f.Predict == PredictLinear {
		d.src, err = r.weights.parse(d.src)
	}
	return err
}

// exceptions are the floats that are no decimals.
type exceptions struct {
	marks []byte // a 1 for each
	bits  []uint64
}

func (d *Decoder) readExceptions(n int, f *Field) (x exceptions, err error) {
	if f.Map != MapDecimal {
		return x, nil
	}
	x.marks = d.take(n)
	if err := d.readStream(x.marks, depthTop); err != nil {
		return x, err
	}
	k := 0
	for _, marked := range x.marks {
		if marked > 1 {
			return x, errMalformed
		}
		k += int(marked)
	}
	x.bits = d.takeColumn(k)
	if k == 0 {
		return x, nil
	}
	c, err := d.readLanes(k, f.Width)
	if err == nil {
		c.next(x.bits)
	}
	return x, err
}

// unmap turns the next numbers back into what they were mapped from.
func (x *exceptions) unmap(numbers []uint64, f *Field) {
	switch f.Map {
	case MapOrdered:
		unorderFloats(numbers, f.Width)
	case MapDecimal:
		fromDecimals(numbers, f.Width, f.Exp)
		if len(x.bits) == 0 {
			return
		}
		for i, marked := range x.marks[:len(numbers)] {
			if marked != 0 {
				numbers[i], x.bits = x.bits[0], x.bits[1:]
			}
		}
		x.marks = x.marks[len(numbers):]
	}
}

// raw fills out with the next bytes as they are.
func (d *Decoder) raw(out []byte) error {
	if len(out) > len(d.src) {
		return errMalformed
	}
	copy(out, d.src)
	d.src = d.src[len(out):]
	return nil
}

func (d *Decoder) int(limit int) (v int, err error) {
	v, rest, err := parseInt(d.src, limit)
	if err == nil {
		d.src = rest
	}
	return v, err
}

func (d *Decoder) uint64() (uint64, error) {
	v, n := binary.Uvarint(d.src)
	if n <= 0 || v == 0 || n > 1 && d.src[n-1] == 0 {
		return 0, errMalformed
	}
	d.src = d.src[n:]
	return v, nil
}

func (d *Decoder) number(width uint8) (uint64, error) {
	if int(width) > len(d.src) {
		return 0, errMalformed
	}
	var x uint64
	for i, b := range d.src[:width] {
		x |= uint64(b) << (8 * i)
	}
	d.src = d.src[width:]
	return x, nil
}
