package delta

import "slices"

// mapNumbers maps numbers, and returns how many of them are floats that the
// map has no place for.
func (f *Field) mapNumbers(col []uint64) (odd int) {
	switch f.Map {
	case MapOrdered:
		orderFloats(col, f.Width)
	case MapDecimal:
		return toDecimals(col, f.Width, f.Exp, nil)
	}
	return 0
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
	case f.Predict == PredictBase:
		return middling(col, f.Width)
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

// mean returns about the mean of the numbers, taken as signed if most of them
// are nearer to zero than to the limits.
func mean(col []uint64, width uint8) uint64 {
	const looks = 1 << 10
	step := len(col)/looks + 1
	shift := 64 - 8*uint(width)
	var n, near int64
	for i := 0; i < len(col); i += step {
		top := col[i] << (shift & 63) >> 62
		near += int64(top>>1 ^ top&1 ^ 1)
		n++
	}
	center := uint64(0)
	if 2*near < n {
		center = 1 << 63 >> shift
	}
	room := uint(0)
	if width == 8 {
		room = 10 // lest the sum wraps around: n is at most 1<<room
	}
	var sum int64
	for i := 0; i < len(col); i += step {
		sum += int64((col[i]-center)<<(shift&63)) >> (shift & 63) >> (room & 63)
	}
	return center + uint64(sum/n<<room)
}

// middling returns about the median of the numbers.
func middling(col []uint64, width uint8) uint64 {
	var few [255]uint64
	n := min(len(few), len(col))
	shift := 64 - 8*uint(width)
	// Whether they are signed makes a difference: see where they are dense.
	center := mean(col, width)
	for i := range n {
		few[i] = uint64(int64((col[i*len(col)/n]-center)<<(shift&63))>>(shift&63)) ^ 1<<63
	}
	slices.Sort(few[:n])
	return center + (few[n/2] ^ 1<<63)
}

// rebase makes numbers signed and relative to base.
func rebase(col []uint64, base uint64, width uint8) {
	shift := 64 - 8*uint(width)
	for i, x := range col {
		col[i] = uint64(int64((x-base)<<(shift&63)) >> (shift & 63))
	}
}
