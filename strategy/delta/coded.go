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

// nextLanes joins the lanes in one pass where they are the low ones, as they
// mostly are, and two at a time otherwise: with one at a time the numbers would
// be read and written twice as often.
func (c *coded) nextLanes(col []uint64) {
	var lane [8][]byte
	for b := range c.n {
		lane[b] = c.lanes[b][:len(col)]
		c.lanes[b] = c.lanes[b][len(col):]
	}
	constant, b := c.constant, c.n
	switch low := c.n > 0 && int(c.shifts[c.n-1]) == 8*(c.n-1); {
	case c.n == 0:
		for i := range col {
			col[i] = constant
		}
	case low && c.n == 2:
		join2(col, lane[0], lane[1], constant)
	case low && c.n == 3:
		join3(col, lane[0], lane[1], lane[2], constant)
	case low && c.n >= 4:
		join4(col, lane[0], lane[1], lane[2], lane[3], constant)
		b = 4
	default:
		b = 1
		shift, l := c.shifts[0]&63, lane[0][:len(col)]
		for i := range col {
			col[i] = uint64(l[i])<<shift | constant
		}
	}
	for ; b+1 < c.n; b += 2 {
		low, high := c.shifts[b]&63, c.shifts[b+1]&63
		l, h := lane[b][:len(col)], lane[b+1][:len(col)]
		for i := range col {
			col[i] |= uint64(l[i])<<low | uint64(h[i])<<high
		}
	}
	if b < c.n {
		shift, l := c.shifts[b]&63, lane[b][:len(col)]
		for i := range col {
			col[i] |= uint64(l[i]) << shift
		}
	}
}

func join2(col []uint64, l0, l1 []byte, constant uint64) {
	l0, l1 = l0[:len(col)], l1[:len(col)]
	for i := range col {
		col[i] = uint64(l0[i]) | uint64(l1[i])<<8 | constant
	}
}

func join3(col []uint64, l0, l1, l2 []byte, constant uint64) {
	l0, l1, l2 = l0[:len(col)], l1[:len(col)], l2[:len(col)]
	for i := range col {
		col[i] = uint64(l0[i]) | uint64(l1[i])<<8 | uint64(l2[i])<<16 | constant
	}
}

func join4(col []uint64, l0, l1, l2, l3 []byte, constant uint64) {
	l0, l1, l2, l3 = l0[:len(col)], l1[:len(col)], l2[:len(col)], l3[:len(col)]
	for i := range col {
		x := uint32(l0[i]) | uint32(l1[i])<<8 | uint32(l2[i])<<16 | uint32(l3[i])<<24
		col[i] = uint64(x) | constant
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
