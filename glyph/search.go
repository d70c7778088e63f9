package glyph

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashed = 4 // bytes that are hashed together
	enough = 6 // a copy of so many bytes from the history spares the text

	goldenRatio = 0x9E3779B1
)

func hashOf(p []byte, shift uint) uint32 {
	return binary.LittleEndian.Uint32(p) * goldenRatio >> (shift & 31)
}

// textIndex finds places in a text by the four bytes there. Those of one hash
// stand side by side, the last one first, so that to look at the next of them
// does not have to wait for the one before.
type textIndex struct {
	shift  uint
	begin  []uint16 // where in places those of a hash begin; those of the next one end them
	places []uint16
}

func indexText(text []byte) textIndex {
	n := min(max(bits.Len(uint(len(text))), 8), 14)
	x := textIndex{shift: 32 - uint(n), begin: make([]uint16, 1<<n+1)}
	last := min(len(text), 1<<16-1) - hashed
	for i := 0; i <= last; i++ {
		x.begin[hashOf(text[i:], x.shift)]++
	}
	end := uint16(0)
	for h, n := range x.begin {
		end += n
		x.begin[h] = end
	}
	x.places = make([]uint16, end)
	for i := 0; i <= last; i++ { // which brings the ends back to the beginnings
		begin := &x.begin[hashOf(text[i:], x.shift)]
		*begin--
		x.places[*begin] = uint16(i)
	}
	return x
}

// at returns the last places of a hash, n at most.
func (x *textIndex) at(hash uint32, n int) []uint16 {
	from, to := int(x.begin[hash]), int(x.begin[hash+1])
	return x.places[from:min(to, from+n)]
}

// window holds a history with a message behind it, and finds places in it by
// the four bytes there. What it finds depends on no more than the last
// len(prev) bytes before the message.
type window struct {
	buf   []byte
	next  int // the first place that is not entered
	shift uint
	heads []uint32 // the last place of a hash plus one, 0 for none
	prev  []uint16 // how far before a place the one before it is, 0 for none; a ring
}

// newWindow returns a window for a history of size bytes and messages of as
// many.
func newWindow(size int) *window {
	return &window{
		buf: make([]byte, 0, 2*size), heads: make([]uint32, 1<<hashBits(size)), prev: make([]uint16, size),
	}
}

// hashBits is how many bits of hash suit so many bytes.
func hashBits(n int) int { return min(max(bits.Len(uint(n))-2, 6), 14) }

// clear empties the window, to use hashes of so many bits.
func (w *window) clear(hashBits int) {
	w.buf, w.next, w.shift = w.buf[:0], 0, 32-uint(hashBits)
	clear(w.heads[:1<<hashBits])
}

// enter enters the places before end, as far as four bytes are there. It is put
// for each of them, in a loop that keeps what it needs at hand: most places are
// entered here.
func (w *window) enter(end int) {
	end = min(end, len(w.buf)-hashed+1)
	if w.next >= end {
		return
	}
	heads, prev, shift, next := w.heads, w.prev, w.shift&31, w.next
	for p := w.buf[next : end+hashed-1]; len(p) >= hashed; p = p[1:] {
		slot := &heads[binary.LittleEndian.Uint32(p)*goldenRatio>>shift]
		prev[next&(len(prev)-1)] = backTo(*slot, next)
		next++
		*slot = uint32(next)
	}
	w.next = next
}

// put enters place i, the next one, into the slot of its hash.
func (w *window) put(i int, slot *uint32) {
	w.prev[i&(len(w.prev)-1)] = backTo(*slot, i)
	*slot = uint32(i + 1)
	w.next = i + 1
}

// backTo returns what prev says of place i when its slot holds head.
func backTo(head uint32, i int) uint16 {
	if back := uint32(i+1) - head; head != 0 && back < 1<<16 {
		return uint16(back)
	}
	return 0
}

// agreement returns how many bytes a and b have in common at their start.
func agreement(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
