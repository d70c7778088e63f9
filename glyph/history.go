package glyph

// history is the end of what a stream has carried: a ring that grows up to its
// size as bytes arrive.
type history struct {
	size int
	buf  []byte
	next int // where in buf the next byte goes
	held int // bytes in buf that count
}

func (h *history) reset() { h.next, h.held = 0, 0 }

func (h *history) len() int { return h.held }

// add appends p, of which the last bytes matter.
func (h *history) add(p []byte) {
	p = p[max(len(p)-h.size, 0):]
	h.grow(h.held + len(p))
	for len(p) > 0 {
		n := copy(h.buf[h.next:], p)
		p = p[n:]
		h.held = min(h.held+n, h.size)
		if h.next += n; h.next == h.size {
			h.next = 0
		}
	}
}

// grow makes room for n bytes, or for the size if that is less. Before the ring
// has its size nothing wraps around.
func (h *history) grow(n int) {
	if n = min(n, h.size); n <= len(h.buf) {
		return
	}
	const least = 4 << 10
	grown := make([]byte, min(max(n, 2*len(h.buf), least), h.size))
	copy(grown, h.buf[:h.held])
	h.buf = grown
}

// at returns what stands at a distance before the end, at most held, as far as
// it goes without a break.
func (h *history) at(distance int) []byte {
	if from := h.next - distance; from >= 0 {
		return h.buf[from:h.next]
	}
	return h.buf[h.size-(distance-h.next):]
}

// append appends all of it to dst.
func (h *history) append(dst []byte) []byte {
	for rest := h.held; rest > 0; {
		p := h.at(rest)
		dst = append(dst, p...)
		rest -= len(p)
	}
	return dst
}
