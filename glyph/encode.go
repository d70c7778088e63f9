package glyph

// coder encodes one message, which ends the window.
type coder struct {
	*window
	book   *Codebook
	reach  *reach
	model  *model
	saved  *savedModel // nil: the model does not follow the tokens
	past   int         // where the history begins in buf
	recent recent
	w      bitWriter

	observed func(token, place int) // nil, or told of each
}

const (
	lazyCost  = 1  // bits that a match one step further must gain more
	skipAfter = 32 // literals in a row after which places are skipped

	// A message that is to become shorter is given up, without coding the rest of
	// it, when it has grown by so many bytes.
	hopelessAfter = 32
)

// message encodes buf from place i on. It reports false when the output
// passes limit bytes, or will for all that can be told.
func (c *coder) message(i, limit int) bool {
	missed := 0
	// How far the output may be ahead of the place it stands for.
	ahead := max(limit-len(c.buf), len(c.w.out)-i+hopelessAfter)
	for i < len(c.buf) {
		if n := len(c.w.out); n > limit || n-i > ahead {
			return false
		}
		c.enter(i)
		f := c.find(i)
		// One step further there may be a better one.
		for f.gain > 0 && f.length < c.reach.good && i+1 < len(c.buf) {
			c.enter(i + 1)
			later := c.find(i + 1)
			if later.gain <= f.gain+lazyCost {
				break
			}
			c.literal(c.buf[i])
			f = later
			i++
		}
		if f.gain > 0 {
			c.copy(f)
			i += f.length
			missed = 0
			continue
		}
		missed++
		for k := missed / skipAfter; k >= 0 && i < len(c.buf); k-- {
			c.literal(c.buf[i])
			i++
		}
	}
	return true
}

func (c *coder) literal(b byte) {
	m := c.model
	c.w.put(uint32(m.tokenCode[b]), m.tokenLen[b])
	c.count(int(b), -1)
}

func (c *coder) copy(f match) {
	m := c.model
	n := uint32(f.length - minCopy)
	length, extra := spread(n, lengthPlain)
	c.w.put(uint32(m.tokenCode[firstLength+length]), m.tokenLen[firstLength+length])
	c.w.put(n&(1<<extra-1), extra)
	place, extra := c.recent.place(f.distance)
	c.w.put(uint32(m.placeCode[place]), m.placeLen[place])
	c.w.put((f.distance-1)&(1<<extra-1), extra)
	c.recent.use(f.distance)
	c.count(firstLength+length, place)
}

func (c *coder) count(token, place int) {
	switch {
	case c.saved != nil:
		if c.model.count(token, place) {
			c.saved.rebuild(c.model)
		}
	case c.observed != nil:
		c.observed(token, place)
	}
}
