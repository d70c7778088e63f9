package delta

// coded is what a column is coded as: lanes, symbols with open bits, or, of a
// dictionary, the numbers.
type coded struct {
	// The lanes that are not constant, and how far their bytes are shifted; the
	// others together make up constant.
	lanes    [8][]byte
	shifts   [8]uint8
	n        int
	constant uint64
	symbols  []byte
	joiner   joiner
	wide     bool // numbers may leave more than 57 bits open
	whole    []uint64
}

// next fills col with the next numbers.
func (c *coded) next(col []uint64) bool {
	switch {
	case c.whole != nil:
		copy(col, c.whole)
		c.whole = c.whole[len(col):]
		return true
	case c.symbols == nil:
		c.nextLanes(col)
		return true
	}
	symbols := c.symbols[:len(col)]
	c.symbols = c.symbols[len(col):]
	if c.wide {
		return c.joiner.joinWide(col, symbols)
	}
	return c.joiner.join(col, symbols)
}

// nextLanes joins two lanes at a time: with one at a time the numbers would be
// read and written twice as often.
func (c *coded) nextLanes(col []uint64) {
	var lane [8][]byte
	for b := range c.n {
		lane[b] = c.lanes[b][:len(col)]
		c.lanes[b] = c.lanes[b][len(col):]
	}
	constant := c.constant
	if c.n == 0 {
		for i := range col {
			col[i] = constant
		}
		return
	}
	b := c.n & 1
	if b == 1 {
		shift := c.shifts[0] & 63
		for i, x := range lane[0] {
			col[i] = uint64(x)<<shift | constant
		}
	} else {
		low, high := c.shifts[0]&63, c.shifts[1]&63
		h := lane[1][:len(col)]
		for i, x := range lane[0] {
			col[i] = uint64(x)<<low | uint64(h[i])<<high | constant
		}
		b = 2
	}
	for ; b < c.n; b += 2 {
		low, high := c.shifts[b]&63, c.shifts[b+1]&63
		h := lane[b+1][:len(col)]
		for i, x := range lane[b] {
			col[i] |= uint64(x)<<low | uint64(h[i])<<high
		}
	}
}

func (c *coded) finished() bool { return c.joiner.packed == nil || c.joiner.finished() }

func (d *Decoder) readCode(n int, f *Field) (coded, error) {
	switch f.Code {
	case CodeBuckets:
		return d.readBuckets(n, f.Width)
	case CodeRanks:
		if len(d.src) > 0 && d.src[0] == 0 {
			d.src = d.src[1:]
			return d.readBuckets(n, f.Width)
		}
		col := d.takeColumn(n)
		return coded{whole: col}, d.readRanks(col)
	}
	return d.readLanes(n, f.Width)
}

func (d *Decoder) readLanes(n int, width uint8) (c coded, err error) {
	if n == 0 {
		return c, nil
	}
	for b := range width {
		if len(d.src) >= 2 && d.src[0] == formConstant {
			c.constant |= uint64(d.src[1]) << (8 * b)
			d.src = d.src[2:]
			continue
		}
		lane, err := d.stream(n)
		if err != nil {
			return c, err
		}
		c.lanes[c.n], c.shifts[c.n] = lane, 8*b
		c.n++
	}
	return c, nil
}

func (d *Decoder) readBuckets(n int, width uint8) (c coded, err error) {
	c.wide, c.joiner.beyond = width == 8, symbolsBeyond(width)
	if c.symbols, err = d.stream(n); err != nil {
		return c, err
	}
	size, err := d.int(8 * n)
	if err != nil || size > len(d.src) {
		return c, errMalformed
	}
	c.joiner.packed = d.take(size + bitSlack)
	clear(c.joiner.packed[copy(c.joiner.packed, d.src[:size]):])
	d.src = d.src[size:]
	return c, nil
}
