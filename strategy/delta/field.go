package delta

// bytewise reports whether a field is a byte that is coded as it is or as
// differences within the row. It never becomes a column of numbers.
func (f *Field) bytewise() bool {
	return f.Width == 1 && f.Code == CodeLanes && f.Map == MapNone && !f.Minus &&
		f.Predict == PredictDifferences && f.X <= 1 && f.Y == 0
}

// mapNumbers maps numbers that the other side has, too.
func (f *Field) mapNumbers(col []uint64) {
	switch f.Map {
	case MapOrdered:
		orderFloats(col, f.Width)
	case MapDecimal:
		toDecimals(col, f.Width, f.Exp, nil)
	}
}

// base returns the number that those of a segment are best taken relative to.
// Differences start from the first number, which makes their first residual
// zero. Predictors that weigh numbers want them around zero; what is not
// predicted wants to be small.
func (f *Field) base(col []uint64) uint64 {
	switch {
	case !f.predicted():
		return lowest(col, f.Width)
	case f.Predict == PredictDifferences:
		return col[0]
	}
	return mean(col, f.Width)
}

// lowest returns the smallest number, signed or unsigned, whichever way the
// numbers span less.
func lowest(col []uint64, width uint8) uint64 {
	low, high := uint64(1<<64-1), uint64(0)
	lowest, highest := int64(1<<63-1), int64(-1<<63)
	shift := 64 - 8*uint(width)
	for _, x := range col {
		x <<= shift & 63
		low, high = min(low, x), max(high, x)
		lowest, highest = min(lowest, int64(x)), max(highest, int64(x))
	}
	if uint64(highest-lowest) < high-low {
		return uint64(lowest >> shift)
	}
	return low >> shift
}

// mean returns the mean of the numbers, taken as signed if most of them are
// nearer to zero than to the limits.
func mean(col []uint64, width uint8) uint64 {
	shift := 64 - 8*uint(width)
	var near uint64
	for _, x := range col {
		top := x << (shift & 63) >> 62
		near += top>>1 ^ top&1 ^ 1
	}
	center := uint64(0)
	if 2*near < uint64(len(col)) {
		center = 1 << 63 >> shift
	}
	scale := uint(0)
	if width == 8 {
		scale = 16 // lest the sum wraps around
	}
	var sum int64
	for _, x := range col {
		sum += int64((x-center)<<(shift&63)) >> (shift & 63) >> scale
	}
	return center + uint64(sum/int64(len(col))<<scale)
}

// rebase makes numbers signed and relative to base.
func rebase(col []uint64, base uint64, width uint8) {
	shift := 64 - 8*uint(width)
	for i, x := range col {
		col[i] = uint64(int64((x-base)<<(shift&63)) >> (shift & 63))
	}
}

func mask(col []uint64, width uint8) {
	shift := 64 - 8*uint(width)
	for i, x := range col {
		col[i] = x << (shift & 63) >> (shift & 63)
	}
}

// pickDifferences copies every stride-th byte of src to lane, or what it adds
// to the one before, folded, if order is 1.
func pickDifferences(lane, src []byte, stride, order int, last byte) {
	if order == 0 {
		for i, at := 0, 0; i < len(lane); i, at = i+1, at+stride {
			lane[i] = src[at]
		}
		return
	}
	for i, at := 0, 0; i < len(lane); i, at = i+1, at+stride {
		b := src[at]
		d := int8(b - last)
		last = b
		lane[i] = byte(d<<1 ^ d>>7)
	}
}

// placeSums is the inverse of pickDifferences.
func placeSums(dst, lane []byte, stride, order int, last byte) {
	if order == 0 {
		for i, at := 0, 0; i < len(lane); i, at = i+1, at+stride {
			dst[at] = lane[i]
		}
		return
	}
	for i, at := 0, 0; i < len(lane); i, at = i+1, at+stride {
		b := lane[i]
		last += b>>1 ^ -(b & 1)
		dst[at] = last
	}
}
