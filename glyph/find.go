package glyph

import "encoding/binary"

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
	if best.length >= c.reach.good {
		return best
	}
	product := start * goldenRatio

	// In the history and the message. What is longer than the longest agrees in
	// the four bytes up to there.
	longest, end := hashed-1, start
	slot := &w.heads[product>>(w.shift&31)]
	at := int(*slot) - 1
	if w.next == i {
		w.put(i, slot)
	}
	for range c.reach.past {
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

	if c.saved != nil && longest >= enough {
		return best // the history has told more than the text can
	}
	text, index := c.book.text, &c.book.index
	for _, place := range index.at(product>>(index.shift&31), c.reach.text) {
		at := int(place)
		if len(text)-at > longest && binary.LittleEndian.Uint32(text[at+longest-(hashed-1):]) == end {
			if n := agreement(p, text[at:]); n > longest {
				d := uint32(i - past + len(text) - at)
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
