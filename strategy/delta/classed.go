package delta

import (
	"encoding/binary"

	"github.com/sigmalang/sigma/internal/entropy"
)

// Numbers are calm in some places and lively in others. A classed stream
// tells blocks apart by the sum of their bytes, which for residuals is their
// liveliness, and codes each class by statistics of its own.

// classify returns the class of each block: quarters of the blocks in the
// order of their sums. The result is valid until the arena is released.
func (e *Encoder) classify(s []byte) []byte {
	const (
		shift   = 3
		buckets = classBlock*255>>shift + 1
	)
	n := (len(s) + classBlock - 1) / classBlock
	sums := e.sums[:0]
	var histogram [buckets]uint16
	for i := range n {
		sum := sumOf(s[i*classBlock:min((i+1)*classBlock, len(s))]) >> shift
		sums = append(sums, uint16(sum))
		histogram[sum]++
	}
	e.sums = sums
	var limits [classes - 1]uint16
	seen, class := 0, 0
	for sum, c := range histogram {
		seen += int(c)
		for class < classes-1 && seen*classes >= n*(class+1) {
			limits[class] = uint16(sum)
			class++
		}
	}
	of := e.take(n)
	for i, sum := range sums {
		c := byte(0)
		for _, limit := range limits {
			if sum > limit {
				c++
			}
		}
		of[i] = c
	}
	return of
}

func sumOf(block []byte) int {
	const even = 0x00FF00FF00FF00FF
	total := 0
	if len(block) == classBlock {
		var pairs uint64
		for i := 0; i < classBlock; i += 8 {
			x := binary.LittleEndian.Uint64(block[i:])
			pairs += x&even + x>>8&even
		}
		// Four lanes of 16 bits, each at most 8*255.
		return int(pairs * 0x0001000100010001 >> 48)
	}
	for _, b := range block {
		total += int(b)
	}
	return total
}

// classesPay reports whether classes make clearly less of s than cost. Of a long
// stream it looks at stretches from all over, a quarter of the stream at most.
func (e *Encoder) classesPay(s []byte, cost uint64) bool {
	const stretches, stretch = 8, 64 * classBlock
	m := e.mark()
	defer e.release(m)
	few := s
	if len(s) >= 4*stretches*stretch {
		few = e.take(stretches * stretch)
		for i := range stretches {
			copy(few[i*stretch:][:stretch], s[(len(s)-stretch)*i/(stretches-1):])
		}
		var h [256]uint32
		count(&h, few)
		information, values := entropy.Total(&h, len(few))
		cost = huffmanCost(&h, len(few), information, values)
	}
	ours := e.classedCost(few)
	return ours*e.effort.price().classes < cost*100
}

// classedCost is what s would cost by class, in the unit of huffmanCost.
func (e *Encoder) classedCost(s []byte) uint64 {
	m := e.mark()
	of := e.classify(s)
	var h [classes][256]uint32
	var n [classes]int
	for i, c := range of {
		block := s[i*classBlock : min((i+1)*classBlock, len(s))]
		t := &h[c]
		for _, b := range block {
			t[b]++
		}
		n[c] += len(block)
	}
	var names [256]uint32
	for i := range n {
		names[i] = uint32((n[i] + classBlock - 1) / classBlock)
	}
	cost, _ := entropy.Total(&names, len(of))
	for c := range h {
		information, values := entropy.Total(&h[c], n[c])
		if values > 0 {
			cost += min(huffmanCost(&h[c], n[c], information, values), rawCost(n[c]))
		}
	}
	e.release(m)
	return cost
}

func (e *Encoder) appendClassed(dst, s []byte) []byte {
	m := e.mark()
	of := e.classify(s)
	packed := e.take((len(of) + 3) / 4)
	clear(packed)
	var n [classes]int
	for i, c := range of {
		packed[i/4] |= c << (i % 4 * 2)
		n[c] += min(classBlock, len(s)-i*classBlock)
	}
	var parts [classes][]byte
	for c := range parts {
		parts[c] = e.take(n[c])[:0]
	}
	for i, c := range of {
		parts[c] = append(parts[c], s[i*classBlock:min((i+1)*classBlock, len(s))]...)
	}
	dst = e.appendStream(append(dst, formClassed), packed, depthPart)
	for _, p := range parts {
		dst = e.appendStream(dst, p, depthClass)
	}
	e.release(m)
	return dst
}

// readClassed is the inverse of appendClassed.
func (d *Decoder) readClassed(out []byte) error {
	blocks := (len(out) + classBlock - 1) / classBlock
	packed := d.take((blocks + 3) / 4)
	if err := d.readStream(packed, depthPart); err != nil {
		return err
	}
	if used := blocks % 4; used > 0 && packed[len(packed)-1]>>(2*used) != 0 {
		return errMalformed
	}
	var n [classes]int
	for i := range blocks {
		n[packed[i/4]>>(i%4*2)&3] += min(classBlock, len(out)-i*classBlock)
	}
	var parts [classes][]byte
	for c := range parts {
		parts[c] = d.take(n[c])
		if err := d.readStream(parts[c], depthClass); err != nil {
			return err
		}
	}
	for i := range blocks {
		part := &parts[packed[i/4]>>(i%4*2)&3]
		block := out[i*classBlock : min((i+1)*classBlock, len(out))]
		if len(block) == classBlock {
			*(*[classBlock]byte)(block) = [classBlock]byte((*part)[:classBlock])
		} else {
			copy(block, *part)
		}
		*part = (*part)[len(block):]
	}
	return nil
}
