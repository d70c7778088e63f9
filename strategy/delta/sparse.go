package delta

import (
	"encoding/binary"
	"math/bits"

	"github.com/sigmalang/sigma/internal/entropy"
)

// appendSparse succeeds only if there are no more exceptions than that and the
// result is shorter than cost promises of another form.
func (e *Encoder) appendSparse(dst, s []byte, top byte, exceptions int, cost uint64) ([]byte, bool) {
	m := e.mark()
	defer e.release(m)
	gaps, values, ok := splitSparse(e.take(len(s)/maxGap+exceptions+1), e.take(exceptions), s, top)
	if !ok || len(values) == 0 {
		return dst, false
	}
	var ofGaps, ofValues [256]uint32
	count(&ofGaps, gaps)
	information, distinct := entropy.Total(&ofGaps, len(gaps))
	need := huffmanCost(&ofGaps, len(gaps), information, distinct)
	count(&ofValues, values)
	information, distinct = entropy.Total(&ofValues, len(values))
	need += min(huffmanCost(&ofValues, len(values), information, distinct), rawCost(len(values)))
	if need >= cost {
		return dst, false
	}
	dst = append(dst, formSparse, top)
	dst = binary.AppendUvarint(dst, uint64(len(gaps)))
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	dst = e.appendCounted(dst, gaps, &ofGaps, depthPart, nil)
	return e.appendCounted(dst, values, &ofValues, depthPart, nil), true
}

// splitSparse fills gaps and values from the front and returns what it filled.
// It reports false if there are more values than there is room for; for the gaps
// there must be room.
func splitSparse(gaps, values, s []byte, top byte) ([]byte, []byte, bool) {
	all := uint64(top) * 0x0101010101010101
	nGaps, nValues := 0, 0
	next := 0 // the place behind the last exception
	for i := 0; i < len(s); i += 8 {
		var x uint64
		if len(s)-i >= 8 {
			x = binary.LittleEndian.Uint64(s[i:]) ^ all
		} else {
			for k, b := range s[i:] {
				x |= uint64(b^top) << (8 * k)
			}
		}
		for x != 0 {
			k := bits.TrailingZeros64(x) / 8
			x &^= 0xFF << (8 * k & 63)
			gap := i + k - next
			for ; gap >= maxGap; gap -= maxGap {
				gaps[nGaps] = maxGap
				nGaps++
			}
			if nValues == len(values) {
				return nil, nil, false
			}
			gaps[nGaps], values[nValues] = byte(gap), s[i+k]
			nGaps, nValues = nGaps+1, nValues+1
			next = i + k + 1
		}
	}
	return gaps[:nGaps], values[:nValues], true
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
	at, n := 0, 0
	for _, gap := range gaps {
		at += int(gap)
		if gap == maxGap {
			continue
		}
		if at >= len(out) || n >= len(values) {
			return errMalformed
		}
		out[at] = values[n]
		at, n = at+1, n+1
	}
	if n < len(values) || at > len(out) {
		return errMalformed
	}
	d.release(m)
	return nil
}
