package glyph

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashed  = 4 // bytes that are hashed together
	textTry = 4 // places in the text that are looked at for each place
	pastTry = 8 // and in the history

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
	buf, mask, shift := w.buf, len(w.prev)-1, w.shift
	end = min(end, len(buf)-hashed+1)
	for i := w.next; i < end; i++ {
		slot := &w.heads[hashOf(buf[i:], shift)]
		back := i + 1 - int(*slot)
		if *slot == 0 || back > 1<<16-1 {
			back = 0
		}
		w.prev[i&mask] = uint16(back)
		*slot = uint32(i + 1)
	}
	w.next = max(w.next, end)
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

// match is a copy that can be made, and how many bits that saves.
type match struct {
	distance uint32
	length   int
	gain     int
}

// find returns the match at place i that gains most; its gain is 0 if none
// gains anything. BenchmarkEncode is why it is one function.
func (c *coder) find(i int) (best match) {
	w, a, past := c.window, &c.model.modelCodes, c.past
	buf := w.buf
	p := buf[i:]
	if len(p) < hashed {
		return c.findLast(i)
	}
	start := binary.LittleEndian.Uint32(p)
	worth := a.worth(p)
	for k, d := range c.recent {
		at := i - int(d)
		src := buf
		if at < past {
			src = c.book.text
			at += len(src) - past
		}
		if at < 0 || len(src)-at < hashed || (binary.LittleEndian.Uint32(src[at:])^start)<<8 != 0 {
			continue
		}
		n := agreement(p, src[at:])
		if gain := worth + rest*n - int(a.placeLen[k]) - a.lengthCost(n); gain > best.gain {
			best = match{d, n, gain}
		}
	}
	if best.length >= lazyLen {
		return best
	}
	product := start * goldenRatio

	// In the history and the message. What is longer than the longest agrees in
	// the four bytes up to there.
	longest, end := hashed-1, start
	at := int(w.heads[product>>(w.shift&31)]) - 1
	for range pastTry {
		if at < past {
			break
		}
		if binary.LittleEndian.Uint32(buf[at+longest-(hashed-1):]) == end {
			if n := agreement(p, buf[at:]); n > longest {
				d := uint32(i - at)
				if gain := worth + rest*n - a.placeCost(d) - a.lengthCost(n); gain > best.gain {
					best = match{d, n, gain}
				}
				if n == len(p) {
					return best
				}
				longest = n
				end = binary.LittleEndian.Uint32(p[longest-(hashed-1):])
			}
		}
		back := int(w.prev[at&(len(w.prev)-1)])
		if back == 0 {
			break
		}
		at -= back
	}

	text, index := c.book.text, &c.book.index
	at = int(index.heads[product>>(index.shift&31)]) - 1
	for range textTry {
		if at < 0 {
			break
		}
		if n := agreement(p, text[at:]); n > longest {
			longest = n
			d := uint32(i - past + len(text) - at)
			if gain := worth + rest*n - a.placeCost(d) - a.lengthCost(n); gain > best.gain {
				best = match{d, n, gain}
			}
		}
		at = int(index.prev[at]) - 1
	}
	return best
}

// findLast is find for a place with fewer bytes than are hashed behind it.
func (c *coder) findLast(i int) (best match) {
	p := c.buf[i:]
	if len(p) < minCopy {
		return best
	}
	for k, d := range c.recent {
		at := i - int(d)
		src := c.buf
		if at < c.past {
			src = c.book.text
			at += len(src) - c.past
		}
		if at < 0 {
			continue
		}
		if n := agreement(p, src[at:]); n >= minCopy {
			a := &c.model.modelCodes
			worth := int(a.tokenLen[p[0]]) + int(a.tokenLen[p[1]]) + int(a.tokenLen[p[2]])
			if gain := worth - int(a.placeLen[k]) - a.lengthCost(n); gain > best.gain {
				best = match{d, n, gain}
			}
		}
	}
	return best
}

const rest = 6 // bits that a byte is taken to need as a literal

// worth returns how many bits more than rest each the first bytes of p take as
// literals.
func (a *modelCodes) worth(p []byte) int {
	return int(a.tokenLen[p[0]]) + int(a.tokenLen[p[1]]) + int(a.tokenLen[p[2]]) + int(a.tokenLen[p[3]]) - 4*rest
}

// lengthCost returns how many bits the length n of a copy takes.
func (a *modelCodes) lengthCost(n int) int {
	length, extra := spread(uint32(n-minCopy), lengthPlain)
	return int(a.tokenLen[firstLength+length]) + int(extra)
}

// placeCost returns how many bits a distance takes that is not a recent one.
func (a *modelCodes) placeCost(d uint32) int {
	place, extra := spread(d-1, placePlain)
	return int(a.placeLen[recentPlaces+place]) + int(extra)
}
