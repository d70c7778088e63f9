package delta

import (
	"math/bits"
	"slices"

	"github.com/sigmalang/sigma/internal/entropy"
)

// A grid shows in a table as values that do what the values one row before
// did. Whether they rise or fall takes one bit each; so rows are found by
// holding a stretch of such bits against every earlier one, 64 at a time.
const (
	signWords   = 8
	signLen     = 64 * signWords
	longestRow  = 8 << 10
	shortestRow = 8
	rowPeaks    = 2 * 11 // octaves from shortestRow to longestRow
	rowTries    = 2

	// Rows that rise and fall less alike predict too little to be worth it.
	fewestAlike = signLen * 6 / 10

	gridRecords = 256
	gridPlaces  = 4
	gridMargin  = 4 // numbers before those that count
)

// findRow looks for the rows of a grid in the table and has fields predicted
// across them where that pays.
func (e *Encoder) findRow(p []byte, d *draft) {
	plan := &d.plan
	table := p[plan.Head:]
	records := len(table) / plan.Stride
	longest := min(longestRow, (records-signLen)/2-gridRecords-gridMargin)
	if e.effort.price().rows == 0 || longest < shortestRow || len(plan.Fields) > manyLanes {
		return
	}
	lead := leadingField(d)
	if lead < 0 {
		return
	}
	row, least := 0, d.cost[lead]
	for _, r := range e.likelyRows(table, plan, lead, longest) {
		if r == 0 {
			continue
		}
		_, cost := e.acrossRows(table, plan, lead, r)
		if cost*e.effort.price().rows > d.cost[lead]*100 {
			// It gains little, here; but a grid it is if another distance does
			// clearly worse.
			if _, other := e.acrossRows(table, plan, lead, r-r/3); cost > d.cost[lead] || cost*10 > other*9 {
				continue
			}
		}
		if cost < least {
			row, least = r, cost
		}
	}
	if row == 0 {
		return
	}
	plan.Row = row
	for i := range plan.Fields {
		if d.cost[i] < entropy.One/16 {
			continue
		}
		if f, cost := e.acrossRows(table, plan, i, row); cost*e.effort.price().rows < d.cost[i]*100 || i == lead {
			plan.Fields[i], d.cost[i] = f, cost
		}
	}
}

// leadingField returns the field that costs most of those that may be part of
// a grid, or -1.
func leadingField(d *draft) int {
	lead := -1
	for i := range d.plan.Fields {
		f := &d.plan.Fields[i]
		if f.Map == MapDivide || f.Code == CodeRanks || d.cost[i] < entropy.One/2 {
			continue
		}
		if lead < 0 || d.cost[i] > d.cost[lead] {
			lead = i
		}
	}
	return lead
}

// offset returns where in the record a field begins.
func (p *Plan) offset(field int) int {
	o := 0
	for _, f := range p.Fields[:field] {
		o += int(f.Width)
	}
	return o
}

// likelyRows returns the distances at which the numbers of a field rise and
// fall most alike; 0 where there are fewer.
func (e *Encoder) likelyRows(table []byte, plan *Plan, field, longest int) (rows [rowTries]int) {
	m := e.mark()
	defer e.release(m)
	f := &plan.Fields[field]
	n := longest + signLen + 1
	first := (len(table)/plan.Stride - n) / 2
	col := e.takeColumn(n)
	e.load(col, table[first*plan.Stride:], plan.offset(field), plan.Stride, f)
	if f.Map == MapDecimal {
		toDecimals(col, f.Width, f.Exp, nil)
	}
	rising := e.takeColumn(n/64 + 2)
	clear(rising)
	for i := 1; i < n; i++ {
		d := uint64(signed(col[i]-col[i-1], f.Width)) >> 63
		rising[(i-1)>>6] |= d << ((i - 1) & 63)
	}
	alike := e.alike(rising, longest)
	// Smooth numbers rise and fall alike over short distances, too. So each
	// octave of distances enters its two best peaks.
	var found [rowPeaks]struct{ row, alike int }
	for row := shortestRow; row < longest; row++ {
		same := int(alike[row])
		if same < fewestAlike || same < int(alike[row-1]) || same <= int(alike[row+1]) {
			continue
		}
		peak := struct{ row, alike int }{row, same}
		octave := 2 * (bits.Len(uint(row)) - bits.Len(shortestRow))
		for i := range found[octave : octave+2] {
			if f := &found[octave+i]; peak.alike > f.alike {
				*f, peak = peak, *f
			}
		}
	}
	// Of the peaks the best are those whose steps are also as large.
	var steps [rowPeaks]uint64
	for i, c := range found {
		steps[i] = 1<<64 - 1
		if c.row > 0 {
			steps[i] = stepsApart(col[longest-c.row:], col[longest:], f.Width)
		}
	}
	for i := range rows {
		best := 0
		for k := range steps {
			// A multiple of a row does nearly as well as the row.
			if steps[k] < steps[best]-steps[best]/64 ||
				steps[k] <= steps[best]+steps[best]/64 && found[k].row < found[best].row {
				best = k
			}
		}
		rows[i], steps[best] = found[best].row, 1<<64-1
	}
	return rows
}

// alike returns, for each distance to longest, how many of signLen bits from
// longest on equal those that far before them. For each shift by less than a
// word it shifts all bits once, so that the comparisons are of whole words.
func (e *Encoder) alike(rising []uint64, longest int) []uint16 {
	var here [signWords]uint64
	for i := range here {
		here[i] = bitsAt(rising, longest+64*i)
	}
	e.alikes = slices.Grow(e.alikes[:0], longest+1)[:longest+1]
	shifted := e.takeColumn(longest/64 + signWords)
	for shift := range min(64, longest+1) {
		words := shifted[:(longest-shift)/64+signWords]
		for i := range words {
			words[i] = bitsAt(rising, 64*i+shift)
		}
		for row := longest - shift; row >= 0; row -= 64 {
			w := (*[signWords]uint64)(words)
			differ := 0
			for i, x := range here {
				differ += bits.OnesCount64(x ^ w[i])
			}
			e.alikes[row] = uint16(signLen - differ)
			words = words[1:]
		}
	}
	return e.alikes
}

// stepsApart adds up the bit lengths of the differences between the steps of
// two stretches of numbers.
func stepsApart(above, here []uint64, width uint8) uint64 {
	total := 0
	above, here = above[:signLen], here[:signLen]
	for i := 1; i < len(here); i++ {
		d := signed(here[i]-here[i-1]-above[i]+above[i-1], width)
		total += bits.Len64(uint64(d ^ d>>63))
	}
	return uint64(total)
}

// bitsAt returns 64 bits from bit i on.
func bitsAt(words []uint64, i int) uint64 {
	w := words[i>>6 : i>>6+2]
	return w[0]>>(i&63) | w[1]<<(63-i&63)<<1
}

// acrossRows returns the field as it is best predicted with rows of the given
// length, and what a number of it then costs.
func (e *Encoder) acrossRows(table []byte, plan *Plan, field, row int) (Field, uint64) {
	f := plan.Fields[field]
	least := uint64(1<<64 - 1)
	best := f
	if f.Map == MapDivide || f.Code == CodeRanks {
		return best, least
	}
	m := e.mark()
	defer e.release(m)
	const n = gridMargin + gridRecords
	// At each place a stretch of three rows, the last one first.
	var rows [gridPlaces][3][]uint64
	all := len(table) / plan.Stride
	for place := range rows {
		first := 2*row + (all-2*row-n)*(1+2*place)/(2*gridPlaces)
		for back := range rows[place] {
			col := e.takeColumn(n)
			e.load(col, table[(first-back*row)*plan.Stride:], plan.offset(field), plan.Stride, &f)
			f.mapNumbers(col)
			rows[place][back] = col
		}
	}
	residuals := e.takeColumn(gridPlaces * gridRecords)
	try := func(c Field) {
		for place := range rows {
			gridResiduals(residuals[place*gridRecords:][:gridRecords], &rows[place], &c)
		}
		cost, code := columnCost(residuals, residuals, c.Width)
		if c.Predict == PredictMedian {
			cost = cost * e.effort.price().median / 100
		}
		if cost < least {
			c.Code = code
			best, least = c, cost
		}
	}
	f.Predict = PredictDifferences
	for _, order := range [...][2]uint8{{0, 1}, {1, 1}, {2, 1}, {2, 2}} {
		f.X, f.Y = order[0], order[1]
		try(f)
	}
	f.X, f.Y, f.Predict = 0, 0, PredictMedian
	try(f)
	return best, least
}

// gridResiduals fills out with the folded residuals of a stretch of a row,
// given it and the two before it.
func gridResiduals(out []uint64, rows *[3][]uint64, f *Field) {
	var work [gridMargin + gridRecords]uint64
	here, above := rows[0], rows[1]
	if f.Predict == PredictMedian {
		base := here[0]
		for i := gridMargin; i < len(work); i++ {
			west, north := signed(here[i-1]-base, f.Width), signed(above[i]-base, f.Width)
			work[i] = here[i] - base - uint64(median(west, north, signed(above[i-1]-base, f.Width)))
		}
	} else {
		for i := range work {
			work[i] = here[i] - above[i]
			if f.Y == 2 {
				work[i] += rows[2][i] - above[i]
			}
		}
		differences(work[:], int(f.X))
	}
	copy(out, work[gridMargin:])
	zigzag(out, f.Width)
}
