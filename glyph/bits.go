package glyph

import "encoding/binary"

// bitWriter appends bits to a buffer, the first ones lowest.
type bitWriter struct {
	out  []byte
	acc  uint64
	held uint // bits in acc
}

// put appends the low n bits of x, which has no others; n is at most 32.
func (w *bitWriter) put(x uint32, n uint8) {
	w.acc |= uint64(x) << (w.held & 63)
	w.held += uint(n)
	if w.held >= 32 {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(w.acc))
		w.acc >>= 32
		w.held -= 32
	}
}

// finish appends the last bits, filled up to whole bytes with zeros.
func (w *bitWriter) finish() []byte {
	for w.held > 0 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
		w.held -= min(w.held, 8)
	}
	return w.out
}

// bitReader reads bits, the lowest first. Behind the end there are zeros:
// whether they were read shows at the end.
type bitReader struct {
	in   []byte
	at   int    // in in
	acc  uint64 // the next bits; those above held may be there, too
	held uint   // how many are ready
	past uint   // bits behind the end that were made ready
}

// refill makes at least 56 bits ready.
func (r *bitReader) refill() {
	if len(r.in)-r.at >= 8 {
		r.acc |= binary.LittleEndian.Uint64(r.in[r.at:]) << (r.held & 63)
		r.at += int(63-r.held) >> 3
		r.held |= 56
		return
	}
	for r.held < 56 {
		if r.at < len(r.in) {
			r.acc |= uint64(r.in[r.at]) << (r.held & 63)
			r.at++
		} else {
			r.past += 8
		}
		r.held += 8
	}
}

// take returns the next n bits, which are ready; n is below 32.
func (r *bitReader) take(n uint8) uint32 {
	x := uint32(r.acc) & (1<<(n&31) - 1)
	r.skip(n)
	return x
}

func (r *bitReader) skip(n uint8) {
	r.acc >>= n & 63
	r.held -= uint(n)
}

// finished reports whether exactly the bits that are there were read, but for
// less than a byte of zeros.
func (r *bitReader) finished() bool {
	left := int(r.held) - int(r.past) + 8*(len(r.in)-r.at)
	return left >= 0 && left < 8 && r.acc&(1<<uint(left)-1) == 0
}
