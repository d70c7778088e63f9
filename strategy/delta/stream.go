package delta

import (
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/huff0"
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
	var lane *lane
	if d == depthTop {
		if e.allPooled {
			return e.appendPooled(dst, s)
		}
		lane = e.nextLane()
	}
	var h [256]uint32
	count(&h, s)
	information, values := entropy.Total(&h, len(s))
	if values == 1 {
		return append(dst, formConstant, s[0])
	}
	cost := rawCost(len(s))
	if c := huffmanCost(&h, len(s), information, values); c < cost {
		cost = c
	}
	top, frequent := dominant(&h)
	sparse := d <= depthClass && 2*int(frequent) > len(s)
	if lane != nil && lane.changed(information, len(s)) {
		least := cost
		if sparse {
			least = min(least, information+information>>5+200*entropy.One)
		}
		lane.habit = e.habitOf(s, least, information)
	}
	if lane != nil && lane.habit == habitPool && len(e.pool)+len(s) <= e.poolRoom {
		return e.appendPooled(dst, s)
	}
	if lane != nil && lane.habit == habitClasses && len(s) >= minClassed {
		return e.appendClassed(dst, s)
	}
	if sparse {
		if out, ok := e.appendSparse(dst, s, top, len(s)-int(frequent), cost); ok {
			return out
		}
	}
	if cost < rawCost(len(s)) {
		if out, ok := e.appendHuffman(dst, s); ok {
			return out
		}
	}
	return append(append(dst, formRaw), s...)
}

func (e *Encoder) appendPooled(dst, s []byte) []byte {
	e.pool = append(e.pool, s...)
	return append(dst, formPooled)
}

func (e *Encoder) appendHuffman(dst, s []byte) ([]byte, bool) {
	if len(s) < minHuffman {
		return dst, false
	}
	var out []byte
	var err error
	e.huff.Reuse = huff0.ReusePolicyNone
	if len(s) >= minFourWay {
		out, _, err = huff0.Compress4X(s, &e.huff)
	} else {
		out, _, err = huff0.Compress1X(s, &e.huff)
	}
	if err != nil || len(out)+3 >= len(s) {
		return dst, false
	}
	dst = binary.AppendUvarint(append(dst, formHuffman), uint64(len(out)))
	return append(dst, out...), true
}

// appendSparse succeeds only if the result is shorter than cost promises of
// another form.
func (e *Encoder) appendSparse(dst, s []byte, top byte, exceptions int, cost uint64) ([]byte, bool) {
	gaps, values := splitSparse(e.take(len(s)/maxGap+exceptions+1), e.take(exceptions), s, top)
	var h [256]uint32
	count(&h, gaps)
	information, distinct := entropy.Total(&h, len(gaps))
	need := huffmanCost(&h, len(gaps), information, distinct)
	h = [256]uint32{}
	count(&h, values)
	information, distinct = entropy.Total(&h, len(values))
	need += min(huffmanCost(&h, len(values), information, distinct), rawCost(len(values)))
	if need >= cost {
		return dst, false
	}
	dst = append(dst, formSparse, top)
	dst = binary.AppendUvarint(dst, uint64(len(gaps)))
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	dst = e.appendStream(dst, gaps, depthPart)
	return e.appendStream(dst, values, depthPart), true
}

func splitSparse(gaps, values, s []byte, top byte) ([]byte, []byte) {
	gaps, values = gaps[:0], values[:0]
	all := uint64(top) * 0x0101010101010101
	gap := 0
	for i := 0; i < len(s); {
		if len(s)-i >= 8 {
			x := binary.LittleEndian.Uint64(s[i:]) ^ all
			if x == 0 {
				gap += 8
				i += 8
				continue
			}
			same := bits.TrailingZeros64(x) / 8
			gap += same
			i += same
		} else if s[i] == top {
			gap++
			i++
			continue
		}
		for ; gap >= maxGap; gap -= maxGap {
			gaps = append(gaps, maxGap)
		}
		gaps = append(gaps, byte(gap))
		values = append(values, s[i])
		gap = 0
		i++
	}
	return gaps, values
}

// rawCost and huffmanCost are in bits, with entropy.FracBits behind the point.
func rawCost(n int) uint64 { return uint64(n) * 8 * entropy.One }

// huffmanCost estimates a Huffman block with its table. No symbol can take
// less than a bit, which matters when one of them is frequent.
func huffmanCost(h *[256]uint32, n int, information uint64, values int) uint64 {
	if values <= 1 {
		return 16 * entropy.One
	}
	if _, top := dominant(h); 2*int(top) > n {
		rest := uint32(n) - top
		if rest > 0 && top > 0 {
			// Of the information, this much says whether it is the dominant one.
			whether := uint64(n)*uint64(entropy.Log2(uint32(n))) -
				uint64(top)*uint64(entropy.Log2(top)) - uint64(rest)*uint64(entropy.Log2(rest))
			information += uint64(n)*entropy.One - min(whether, uint64(n)*entropy.One)
		}
	}
	return information + information>>7 + uint64(3*min(values, 128)+80)*entropy.One
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

func (d *Decoder) readHuffman(out []byte) error {
	n, err := d.int(len(d.src))
	if err != nil || n > len(d.src) {
		return errMalformed
	}
	block := d.src[:n]
	d.src = d.src[n:]
	_, rest, err := huff0.ReadTable(block, &d.huff)
	if err != nil {
		return errMalformed
	}
	var got []byte
	if len(out) >= minFourWay {
		got, err = d.huff.Decoder().Decompress4X(out[:0:len(out)], rest)
	} else {
		got, err = d.huff.Decoder().Decompress1X(out[:0:len(out)], rest)
	}
	if err != nil || len(got) != len(out) || &got[0] != &out[0] {
		return errMalformed
	}
	return nil
}

func (d *Decoder) readSparse(out []byte) error {
	if len(d.src) == 0 {
		return errMalformed
	}
	top := d.src[0]
	d.src = d.src[1:]
	nGaps, err := d.int(len(out))
	if err != nil {
		return err
	}
	nValues, err := d.int(nGaps)
	if err != nil {
		return err
	}
	m := d.mark()
	gaps, values := d.take(nGaps), d.take(nValues)
	if err := d.readStream(gaps, depthPart); err != nil {
		return err
	}
	if err := d.readStream(values, depthPart); err != nil {
		return err
	}
	repeatByte(out, top)
	at := 0
	for _, gap := range gaps {
		at += int(gap)
		if gap == maxGap {
			continue
		}
		if at >= len(out) || len(values) == 0 {
			return errMalformed
		}
		out[at], values = values[0], values[1:]
		at++
	}
	if len(values) > 0 || at > len(out) {
		return errMalformed
	}
	d.release(m)
	return nil
}
