package glyph

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashed  = 4  // bytes that are hashed together
	textTry = 12 // places in the text that are looked at for each place
	pastTry = 12 // and in the history

	goldenRatio = 0x9E3779B1
)

func hashOf(p []byte, shift uint) uint32 {
	return binary.LittleEndian.Uint32(p) * goldenRatio >> (shift & 31)
}

// textIndex finds places in a text by the four bytes there.
type textIndex struct {
	shift uint
	heads []uint16 // the last place of a hash plus one, 0 for none
	prev  []uint16 // the same of the place before a place
}

func indexText(text []byte) textIndex {
	n := min(max(bits.Len(uint(len(text))), 8), 14)
	x := textIndex{shift: 32 - uint(n), heads: make([]uint16, 1<<n), prev: make([]uint16, len(text))}
	for i := 0; i+hashed <= min(len(text), 1<<16-1); i++ {
		slot := &x.heads[hashOf(text[i:], x.shift)]
		x.prev[i] = *slot
		*slot = uint16(i + 1)
	}
	return x
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

// enter enters the places before end, as far as four bytes are there.
func (w *window) enter(end int) {
	end = min(end, len(w.buf)-hashed+1)
	for w.next < end {
		w.put(w.next, &w.heads[hashOf(w.buf[w.next:], w.shift)])
	}
}

// put enters place i, the next one, into the slot of its hash.
func (w *window) put(i int, slot *uint32) {
	back := i + 1 - int(*slot)
	if *slot == 0 || back > 1<<16-1 {
		back = 0
	}
	w.prev[i&(len(w.prev)-1)] = uint16(back)
	*slot = uint32(i + 1)
	w.next = i + 1
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
