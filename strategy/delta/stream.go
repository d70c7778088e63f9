package delta

import (
	"encoding/binary"

	"github.com/sigmalang/sigma/internal/entropy"
)

// A byte stream of known length, in one of these forms. All lengths are
// unsigned varints.
//
//	raw       the bytes
//	constant  the byte
//	huffman   length, then a huff0 block of that length: four interleaved
//	          streams from minFourWay bytes on, one below
//	sparse    a dominant byte; how many gaps and exceptions there are; the
//	          gaps and the exceptions, each as a stream. A gap counts the
//	          dominant bytes before an exception; 255 stands for as many and
//	          no exception. Dominant bytes fill up the end.
//	classed   the classes of the blocks of classBlock bytes, two bits each,
//	          first block lowest, as a stream; then the bytes of each class
//	          that occurs, in ascending order, as a stream
//	pooled    nothing: the next bytes of the pool
//
// The parts of a sparse or classed stream are streams of the first three
// forms; the bytes of a class may be sparse, too.
const (
	formRaw byte = iota
	formConstant
	formHuffman
	formSparse
	formClassed
	formPooled
)

const (
	minFourWay = 512 // shorter streams don't pay for the lengths of four
	minHuffman = 24

	classBlock = 32
	classes    = 4
	minClassed = 2048

	maxGap = 255
)

// depth says which forms a stream may have.
type depth int

const (
	depthTop   depth = iota // any
	depthClass              // a part of a classed stream: neither classed nor pooled
	depthPart               // a part of a sparse stream: not sparse either
)

// appendStream appends the shortest form of s that it finds to dst.
func (e *Encoder) appendStream(dst, s []byte, d depth) []byte {
	if len(s) == 0 {
		return dst
	}
	if string(s[1:]) == string(s[:len(s)-1]) {
		if d == depthTop {
			e.nextLane()
		}
		return append(dst, formConstant, s[0])
	}
	var lane *lane
	if d == depthTop {
		if e.allPooled {
			return e.appendPooled(dst, s)
		}
		lane = e.nextLane()
		if out, ok := e.appendAlike(dst, s, lane); ok {
			return out
		}
	}
	var h [256]uint32
	count(&h, s)
	return e.appendCounted(dst, s, &h, d, lane)
}

// appendCounted is appendStream for bytes that h counts. lane is nil but at
// the top.
func (e *Encoder) appendCounted(dst, s []byte, h *[256]uint32, d depth, lane *lane) []byte {
	information, values := entropy.Total(h, len(s))
	if values <= 1 {
		return append(dst, formConstant, s[0])
	}
	cost := min(rawCost(len(s)), huffmanCost(h, len(s), information, values))
	top, frequent := dominant(h)
	sparse := d <= depthClass && 2*int(frequent) > len(s)
	if lane != nil && lane.changed(information, len(s)) {
		least := cost
		if sparse {
			least = min(least, information+information>>5+200*entropy.One)
		}
		lane.habit = e.habitOf(s, least, information)
	}
	if lane != nil && lane.habit == habitPool && len(e.pool)+len(s) <= e.poolRoom {
		lane.became(formPooled, 0, len(s), len(s))
		return e.appendPooled(dst, s)
	}
	if lane != nil && lane.habit == habitClasses && len(s) >= minClassed {
		out := e.appendClassed(dst, s)
		lane.became(formClassed, 0, len(out)-len(dst), len(s))
		return out
	}
	if sparse {
		if out, ok := e.appendSparse(dst, s, top, len(s)-int(frequent), cost); ok {
			if 5*int(frequent) > 4*len(s) {
				lane.became(formSparse, top, len(out)-len(dst), len(s))
			}
			return out
		}
	}
	if cost < rawCost(len(s)) {
		if out, ok := e.appendHuffman(dst, s); ok {
			if 3*int(frequent) < len(s) {
				lane.became(formHuffman, 0, len(out)-len(dst), len(s))
			}
			return out
		}
	}
	lane.became(formRaw, 0, len(s), len(s))
	return append(append(dst, formRaw), s...)
}

func (e *Encoder) appendPooled(dst, s []byte) []byte {
	e.appendToPool(s)
	return append(dst, formPooled)
}

func dominant(h *[256]uint32) (top byte, n uint32) {
	for i, c := range h {
		if c > n {
			top, n = byte(i), c
		}
	}
	return top, n
}

// count adds the bytes of s to h. Four tables keep the counters of equal
// neighbours apart, which would wait for each other.
func count(h *[256]uint32, s []byte) {
	if len(s) < 1024 {
		for _, b := range s {
			h[b]++
		}
		return
	}
	var t [4][256]uint32
	for len(s) >= 8 {
		x := binary.LittleEndian.Uint64(s)
		t[0][byte(x)]++
		t[1][byte(x>>8)]++
		t[2][byte(x>>16)]++
		t[3][byte(x>>24)]++
		t[0][byte(x>>32)]++
		t[1][byte(x>>40)]++
		t[2][byte(x>>48)]++
		t[3][byte(x>>56)]++
		s = s[8:]
	}
	for _, b := range s {
		t[0][b]++
	}
	for i := range h {
		h[i] += t[0][i] + t[1][i] + t[2][i] + t[3][i]
	}
}

// stream returns the n bytes of the next stream, where they are if they are
// there as they are.
func (d *Decoder) stream(n int) ([]byte, error) {
	if n > 0 && len(d.src) > 0 {
		switch form, rest := d.src[0], d.src[1:]; {
		case form == formRaw && n <= len(rest):
			d.src = rest[n:]
			return rest[:n:n], nil
		case form == formPooled && n <= len(d.pool):
			s := d.pool[:n:n]
			d.src, d.pool = rest, d.pool[n:]
			return s, nil
		}
	}
	out := d.take(n)
	return out, d.readStream(out, depthTop)
}

// readStream fills out from the next stream.
func (d *Decoder) readStream(out []byte, allowed depth) error {
	if len(out) == 0 {
		return nil
	}
	if len(d.src) == 0 {
		return errMalformed
	}
	form := d.src[0]
	d.src = d.src[1:]
	switch {
	case form == formRaw:
		return d.raw(out)
	case form == formConstant && len(d.src) > 0:
		repeatByte(out, d.src[0])
		d.src = d.src[1:]
		return nil
	case form == formHuffman && len(out) >= minHuffman:
		return d.readHuffman(out)
	case form == formSparse && allowed <= depthClass:
		return d.readSparse(out)
	case form == formClassed && allowed == depthTop:
		return d.readClassed(out)
	case form == formPooled && allowed == depthTop && len(d.pool) >= len(out):
		copy(out, d.pool)
		d.pool = d.pool[len(out):]
		return nil
	}
	return errMalformed
}

func repeatByte(out []byte, b byte) {
	if b == 0 {
		clear(out)
		return
	}
	if len(out) > 0 {
		out[0] = b
	}
	for n := 1; n < len(out); n *= 2 {
		copy(out[n:], out[:n])
	}
}
