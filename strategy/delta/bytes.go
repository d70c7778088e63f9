package delta

// Fields of one byte are coded without becoming columns of numbers: what they
// are predicted from is read where it stands in the table, which makes them
// twice as fast. So a segment goes on where the one before it ended.

// bytewise reports whether a field is of this kind.
func (f *Field) bytewise() bool {
	return f.Width == 1 && f.Code == CodeLanes && f.Map == MapNone &&
		(f.Predict == PredictMedian || f.Predict == PredictDifferences && f.X <= 1 && f.Y <= 1)
}

// byteField is a bytewise field of a table.
type byteField struct {
	table  []byte
	stride int
	row    int  // bytes from one row to the next
	left   int  // 1 if the byte before is subtracted, else 0
	mask   byte // all ones if it is
	field  Field
}

func newByteField(table []byte, plan *Plan, f *Field) byteField {
	b := byteField{table: table, stride: plan.Stride, row: plan.Row * plan.Stride, field: *f}
	if f.Minus {
		b.left, b.mask = 1, 0xFF
	}
	return b
}

// number is the number at a place of the table; those before it are 0.
func (b *byteField) number(at int) byte {
	if at < 0 {
		return 0
	}
	return b.table[at] - b.table[at-b.left]&b.mask
}

// prediction is what the number at a place is predicted to be.
func (b *byteField) prediction(at int) byte {
	west, north, northWest := b.number(at-b.stride), byte(0), byte(0)
	if b.row > 0 {
		north, northWest = b.number(at-b.row), b.number(at-b.row-b.stride)
	}
	switch {
	case b.field.Predict == PredictMedian:
		return byte(median(b.order(west), b.order(north), b.order(northWest)) ^ b.bias())
	case b.field.Y == 0:
		return west * b.field.X
	}
	return north + (west-northWest)*b.field.X
}

// order maps a number so that the median predictor sees differences as signed
// and bytes as unsigned.
func (b *byteField) order(x byte) int64 { return int64(int8(x ^ byte(b.bias()))) }

func (b *byteField) bias() int64 { return int64(^b.mask & 0x80) }

// fold fills lane with the folded residuals of the numbers from place at on.
func (b *byteField) fold(lane []byte, at int) {
	if !b.field.predicted() {
		b.foldRaw(lane, at)
		return
	}
	// There is nothing above the first row, nor before the first number.
	for len(lane) > 0 && at-b.row-b.stride < 0 {
		d := int8(b.number(at) - b.prediction(at))
		lane[0] = byte(d<<1 ^ d>>7)
		lane, at = lane[1:], at+b.stride
	}
	switch {
	case len(lane) == 0:
	case b.field.Predict == PredictMedian:
		b.foldMedian(lane, at)
	case b.field.Y == 0:
		b.foldDifferences(lane, at)
	default:
		b.foldRows(lane, at)
	}
}

func (b *byteField) foldRaw(lane []byte, at int) {
	t, left, mask, stride := b.table, b.left, b.mask, b.stride
	if left == 0 {
		for i := range lane {
			lane[i] = t[at]
			at += stride
		}
		return
	}
	for i := range lane {
		lane[i] = t[at] - t[at-left]&mask
		at += stride
	}
}

func (b *byteField) foldDifferences(lane []byte, at int) {
	t, left, mask, stride := b.table, b.left, b.mask, b.stride
	last := b.number(at - stride)
	for i := range lane {
		x := t[at] - t[at-left]&mask
		d := int8(x - last)
		last = x
		lane[i] = byte(d<<1 ^ d>>7)
		at += stride
	}
}

func (b *byteField) foldRows(lane []byte, at int) {
	t, left, mask, stride, row := b.table, b.left, b.mask, b.stride, b.row
	along := -b.field.X // all ones or zero
	last := b.number(at-stride) - b.number(at-row-stride)
	for i := range lane {
		above := at - row
		x := t[at] - t[at-left]&mask - t[above] + t[above-left]&mask
		d := int8(x - last&along)
		last = x
		lane[i] = byte(d<<1 ^ d>>7)
		at += stride
	}
}

func (b *byteField) foldMedian(lane []byte, at int) {
	t, left, mask, stride, row := b.table, b.left, b.mask, b.stride, b.row
	bias := byte(b.bias())
	west := int(b.order(b.number(at - stride)))
	northWest := int(b.order(b.number(at - row - stride)))
	for i := range lane {
		above := at - row
		north := int(int8((t[above] - t[above-left]&mask) ^ bias))
		p := max(min(west, north), min(max(west, north), west+north-northWest))
		x := int8((t[at] - t[at-left]&mask) ^ bias)
		d := x - int8(p)
		west, northWest = int(x), north
		lane[i] = byte(d<<1 ^ d>>7)
		at += stride
	}
}

// unfold is the inverse of fold.
func (b *byteField) unfold(lane []byte, at int) {
	switch {
	case !b.field.predicted():
		b.unfoldRaw(lane, at)
		return
	case b.field.Predict == PredictDifferences && b.field.Y == 0:
		b.unfoldDifferences(lane, at)
		return
	}
	// There is nothing above the first row, nor north-west of the next number.
	for len(lane) > 0 && at-b.row-b.stride < 0 {
		z := lane[0]
		b.table[at] = (z>>1 ^ -(z & 1)) + b.prediction(at) + b.table[at-b.left]&b.mask
		lane, at = lane[1:], at+b.stride
	}
	switch {
	case len(lane) == 0:
	case b.field.Predict == PredictMedian:
		b.unfoldMedian(lane, at)
	default:
		b.unfoldRows(lane, at)
	}
}

func (b *byteField) unfoldRaw(lane []byte, at int) {
	t, stride := b.table, b.stride
	if b.left == 0 {
		for _, z := range lane {
			t[at] = z
			at += stride
		}
		return
	}
	for _, z := range lane {
		t[at] = z + t[at-1]
		at += stride
	}
}

func (b *byteField) unfoldDifferences(lane []byte, at int) {
	t, stride := b.table, b.stride
	v := uint32(b.number(at - stride)) // in more bits than count, which takes less to add
	if b.left == 0 {
		for _, c := range lane {
			z := uint32(c)
			v += z>>1 ^ -(z & 1)
			t[at] = byte(v)
			at += stride
		}
		return
	}
	for _, c := range lane {
		z := uint32(c)
		v += z>>1 ^ -(z & 1)
		t[at] = byte(v) + t[at-1]
		at += stride
	}
}

func (b *byteField) unfoldRows(lane []byte, at int) {
	t, left, mask, stride, row := b.table, b.left, b.mask, b.stride, b.row
	along := -b.field.X // all ones or zero
	u := b.number(at-stride) - b.number(at-row-stride)
	for _, z := range lane {
		u = u&along + (z>>1 ^ -(z & 1))
		above := at - row
		t[at] = u + t[above] - t[above-left]&mask + t[at-left]&mask
		at += stride
	}
}

// unfoldMedian waits for each number before it can predict the next: about
// eight cycles, whatever surrounds them.
func (b *byteField) unfoldMedian(lane []byte, at int) {
	t, left, mask, stride, row := b.table, b.left, b.mask, b.stride, b.row
	bias := byte(b.bias())
	west := int(b.order(b.number(at - stride)))
	northWest := int(b.order(b.number(at - row - stride)))
	for _, z := range lane {
		above := at - row
		north := int(int8((t[above] - t[above-left]&mask) ^ bias))
		p := west + north - northWest
		p = max(min(west, north), min(max(west, north), p))
		x := byte(p) + (z>>1 ^ -(z & 1)) // the bias is half of 256: it may be added or flipped
		west, northWest = int(int8(x)), north
		t[at] = (x ^ bias) + t[at-left]&mask
		at += stride
	}
}
