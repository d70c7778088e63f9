package delta

// residuals turns the mapped numbers of a field into what is coded, and back,
// a tile at a time from the start of a segment to its end. That keeps them in
// the first-level cache from one step to the next; in separate passes over a
// segment the steps took half as long again.
type residuals struct {
	field   Field
	base    uint64
	divisor uint64 // 1 if none
	weights linear

	v, slope, bend uint64 // the last number and its differences
	recent         [linearOrder]uint64

	// For fields predicted across rows: the numbers relative to base, those
	// before the segment first, and how many there are so far.
	grid []uint64
	row  int
	at   int

	tile [tileLen]uint64
}

const tileLen = 512

func (r *residuals) start(f *Field, base, divisor uint64) {
	r.field, r.base, r.divisor = *f, base, divisor
	r.v, r.slope, r.bend = 0, 0, 0
	r.recent = [linearOrder]uint64{}
	r.grid = nil
}

// startGrid has r predict across rows. grid has room for the numbers before
// the segment, which it holds already, and those of the segment.
func (r *residuals) startGrid(grid []uint64, history, row int) {
	rebase(grid[:history], r.base, r.field.Width)
	r.grid, r.row, r.at = grid, row, history
	// The differences along the row go on from those before the segment.
	a, b, c := r.across(history-1), r.across(history-2), r.across(history-3)
	r.v, r.slope, r.bend = a, a-b, a-2*b+c
}

// across is the difference across rows at a place, 0 before the start.
func (r *residuals) across(i int) uint64 {
	at := func(i int) uint64 {
		if i < 0 {
			return 0
		}
		return r.grid[i]
	}
	if r.field.Y == 2 {
		return at(i) - 2*at(i-r.row) + at(i-2*r.row)
	}
	return at(i) - at(i-r.row)
}

// fold returns what is coded of the next numbers, of which it spoils col.
func (r *residuals) fold(col []uint64) []uint64 {
	f := &r.field
	shift := 64 - 8*uint(f.Width)
	switch {
	case r.grid != nil:
		rebase(col, r.base, f.Width)
		return r.foldGrid(r.tile[:len(col)], shift)
	case f.Predict == PredictLinear:
		rebase(col, r.base, f.Width)
		r.foldLinear(col)
	case f.Predict == PredictBase:
		r.foldBase(col, shift)
	case r.divisor > 1:
		rebase(col, r.base, f.Width)
		divide(col, f.Width, r.divisor)
		r.foldDifferences(col, 0, shift)
	default:
		r.foldDifferences(col, r.base, shift)
	}
	return col
}

// foldGrid expects the numbers in the grid, where the next tiles need them.
func (r *residuals) foldGrid(out []uint64, shift uint) []uint64 {
	at := r.at
	here := r.grid[at:][:len(out)]
	r.at += len(out)
	if r.field.Predict == PredictMedian {
		r.foldMedian(out, here, shift)
		return out
	}
	copy(out, here)
	for back := range r.field.Y {
		r.addRow(out, at, int(back)+1, ^uint64(0))
	}
	r.foldDifferences(out, 0, shift)
	if r.field.X == 0 {
		zigzag(out, r.field.Width)
	}
	return out
}

// foldMedian fills out with the residuals of here, which begins at a place of
// the grid that r has left already.
func (r *residuals) foldMedian(out, here []uint64, shift uint) {
	at, row := r.at-len(out), r.row
	var west int64
	if at > 0 {
		west = int64(r.grid[at-1])
	}
	first := min(max(row-at, 0), len(out)) // those with nothing above
	for i, x := range here[:first] {
		d := int64((x-uint64(median(west, 0, 0)))<<(shift&63)) >> (shift & 63)
		west = int64(x)
		out[i] = uint64(d<<1 ^ d>>63)
	}
	if first == len(out) {
		return
	}
	var northWest int64
	if at+first > row {
		northWest = int64(r.grid[at+first-row-1])
	}
	above := r.grid[at+first-row:][:len(out)-first]
	out, here = out[first:][:len(above)], here[first:][:len(above)]
	for i, n := range above {
		north, x := int64(n), here[i]
		d := int64((x-uint64(median(west, north, northWest)))<<(shift&63)) >> (shift & 63)
		west, northWest = int64(x), north
		out[i] = uint64(d<<1 ^ d>>63)
	}
}

// addRow adds to the numbers from place at of the grid on what stands back
// rows before, times sign and the binomial coefficient of the order.
func (r *residuals) addRow(out []uint64, at, back int, sign uint64) {
	weight := sign
	if r.field.Y == 2 {
		weight = 2 * sign
		if back == 2 {
			weight = -sign
		}
	}
	skip := back*r.row - at // there is nothing that far before the first ones
	if skip >= len(out) {
		return
	}
	skip = max(skip, 0)
	out = out[skip:]
	above := r.grid[at+skip-back*r.row:][:len(out)]
	for i, x := range above {
		out[i] += weight * x
	}
}

func (r *residuals) foldDifferences(col []uint64, base uint64, shift uint) {
	v, slope, bend := r.v, r.slope, r.bend
	switch r.field.X {
	case 0:
		for i, x := range col {
			col[i] = (x - base) << (shift & 63) >> (shift & 63)
		}
	case 1:
		for i, x := range col {
			x -= base
			d := int64((x-v)<<(shift&63)) >> (shift & 63)
			v = x
			col[i] = uint64(d<<1 ^ d>>63)
		}
	case 2:
		for i, x := range col {
			x -= base
			d := x - v
			dd := int64((d-slope)<<(shift&63)) >> (shift & 63)
			v, slope = x, d
			col[i] = uint64(dd<<1 ^ dd>>63)
		}
	default:
		for i, x := range col {
			x -= base
			d := x - v
			dd := d - slope
			ddd := int64((dd-bend)<<(shift&63)) >> (shift & 63)
			v, slope, bend = x, d, dd
			col[i] = uint64(ddd<<1 ^ ddd>>63)
		}
	}
	r.v, r.slope, r.bend = v, slope, bend
}

func (r *residuals) foldBase(col []uint64, shift uint) {
	base := r.base
	for i, x := range col {
		d := int64((x-base)<<(shift&63)) >> (shift & 63)
		if r.divisor > 1 {
			d /= int64(r.divisor)
		}
		col[i] = uint64(d<<1 ^ d>>63)
	}
}

// foldLinear predicts from the numbers that recent holds, latest first.
func (r *residuals) foldLinear(col []uint64) {
	l := &r.weights
	shift := 64 - 8*uint(r.field.Width)
	p := &r.recent
	a, b, c, d := int64(p[0]), int64(p[1]), int64(p[2]), int64(p[3])
	e, f, g, h := int64(p[4]), int64(p[5]), int64(p[6]), int64(p[7])
	for i, x := range col {
		sum := l[0]*a + l[1]*b + l[2]*c + l[3]*d + l[4]*e + l[5]*f + l[6]*g + l[7]*h
		h, g, f, e, d, c, b, a = g, f, e, d, c, b, a, int64(x)
		rest := int64((x-uint64(sum>>linearShift))<<(shift&63)) >> (shift & 63)
		col[i] = uint64(rest<<1 ^ rest>>63)
	}
	*p = [...]uint64{uint64(a), uint64(b), uint64(c), uint64(d), uint64(e), uint64(f), uint64(g), uint64(h)}
}

// unfold is the inverse of fold. It works in place.
func (r *residuals) unfold(col []uint64) {
	switch {
	case r.grid != nil:
		r.unfoldGrid(col)
	case r.field.Predict == PredictLinear:
		r.unfoldLinear(col, r.base)
	case r.field.Predict == PredictBase:
		for i, x := range col {
			col[i] = (x>>1^-(x&1))*r.divisor + r.base
		}
	case r.divisor > 1:
		r.unfoldDifferences(col, 0)
		for i, x := range col {
			col[i] = x*r.divisor + r.base
		}
	default:
		r.unfoldDifferences(col, r.base)
	}
}

func (r *residuals) unfoldGrid(col []uint64) {
	at := r.at
	here := r.grid[at:][:len(col)]
	switch {
	case r.field.Predict == PredictMedian:
		r.unfoldMedian(col)
	case r.field.Y == 1 && r.field.X == 1 && at >= r.row && r.row >= len(col):
		above := r.grid[at-r.row:][:len(col)]
		v := r.v
		for i, x := range col {
			v += x>>1 ^ -(x & 1)
			n := v + above[i]
			here[i], col[i] = n, n+r.base
		}
		r.v = v
		r.at += len(col)
		return
	default:
		if r.field.X == 0 {
			unzigzag(col)
		}
		r.unfoldDifferences(col, 0) // leaves the numbers of order 0 alone
		// Where rows are short a tile reaches into the row above itself.
		for done := 0; done < len(col); {
			part := col[done:min(done+r.row, len(col))]
			for back := range r.field.Y {
				r.addRow(part, at+done, int(back)+1, 1)
			}
			copy(here[done:], part)
			done += len(part)
		}
	}
	r.at += len(col)
	for i, x := range here {
		col[i] = x + r.base
	}
}

// unfoldMedian replaces the next numbers of the grid.
func (r *residuals) unfoldMedian(col []uint64) {
	shift := 64 - 8*uint(r.field.Width)
	at, row := r.at, r.row
	here := r.grid[at:][:len(col)]
	var west int64
	if at > 0 {
		west = int64(r.grid[at-1])
	}
	first := min(max(row-at, 0), len(col)) // those with nothing above
	for i, x := range col[:first] {
		x = (x>>1 ^ -(x & 1)) + uint64(median(west, 0, 0))
		west = int64(x<<(shift&63)) >> (shift & 63)
		here[i] = uint64(west)
	}
	if first == len(col) {
		return
	}
	var northWest int64
	if at+first > row {
		northWest = int64(r.grid[at+first-row-1])
	}
	above := r.grid[at+first-row:][:len(col)-first]
	here, col = here[first:][:len(above)], col[first:][:len(above)]
	for i, n := range above {
		north := int64(n)
		x := col[i]
		x = (x>>1 ^ -(x & 1)) + uint64(median(west, north, northWest))
		west = int64(x<<(shift&63)) >> (shift & 63)
		here[i] = uint64(west)
		northWest = north
	}
}

func (r *residuals) unfoldDifferences(col []uint64, base uint64) {
	v, slope, bend := r.v, r.slope, r.bend
	switch r.field.X {
	case 0:
		for i, x := range col {
			col[i] = x + base
		}
	case 1:
		for i, x := range col {
			v += x>>1 ^ -(x & 1)
			col[i] = v + base
		}
	case 2:
		for i, x := range col {
			slope += x>>1 ^ -(x & 1)
			v += slope
			col[i] = v + base
		}
	default:
		for i, x := range col {
			bend += x>>1 ^ -(x & 1)
			slope += bend
			v += slope
			col[i] = v + base
		}
	}
	r.v, r.slope, r.bend = v, slope, bend
}

// unfoldLinear keeps the numbers in registers, where they move up one place
// each turn: a load of what was stored just before would have to wait for it.
func (r *residuals) unfoldLinear(col []uint64, base uint64) {
	l := &r.weights
	shift := 64 - 8*uint(r.field.Width)
	p := &r.recent
	a, b, c, d := int64(p[0]), int64(p[1]), int64(p[2]), int64(p[3])
	e, f, g, h := int64(p[4]), int64(p[5]), int64(p[6]), int64(p[7])
	for i, x := range col {
		sum := l[1]*b + l[2]*c + l[3]*d + l[4]*e + l[5]*f + l[6]*g + l[7]*h
		sum += l[0] * a
		rest := x>>1 ^ -(x & 1)
		h, g, f, e, d, c, b = g, f, e, d, c, b, a
		a = int64((rest+uint64(sum>>linearShift))<<(shift&63)) >> (shift & 63)
		col[i] = uint64(a) + base
	}
	*p = [...]uint64{uint64(a), uint64(b), uint64(c), uint64(d), uint64(e), uint64(f), uint64(g), uint64(h)}
}
