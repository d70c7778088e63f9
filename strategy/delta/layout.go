package delta

import (
	"math/bits"

	"github.com/sigmalang/sigma/internal/entropy"
)

// choice is the cheapest way to cover a record from some byte on.
type choice struct {
	cost  uint64 // of the record from here to its end, in all
	width uint8
	big   bool
}

const (
	proxyRecords = 128 // at all places together
	perField     = entropy.One / 12

	// In longer records bytes are taken as they are or as differences, and in
	// still longer ones no field is subtracted from the next: to try more
	// takes more time than it gains.
	manyLanes  = 8
	manyFields = 32

	// Subtracting one field from the next must win by some percent.
	minusHandicap = 102
)

// draft is a plan in the making.
type draft struct {
	plan    Plan
	cost    []uint64 // of a number of each field
	perByte uint64   // of a byte of the record
}

// layOut divides records of the given stride into fields and decides how each
// is coded.
func (e *Encoder) layOut(p []byte, l layout, d *draft) {
	stride := l.stride
	if l.lanes < 0 {
		l.lanes = len(e.laneCost)
		e.laneScore(p, stride, 1)
	}
	lanes := e.laneCost[l.lanes:][:stride]
	e.options = e.options[:0]
	for o := range stride {
		e.options = append(e.options, e.optionsAt(p, lanes, o))
	}
	least, head := uint64(1<<64-1), 0
	for h := range min(stride, 8) {
		if cost := e.cover(stride, h); cost < least {
			least, head = cost, h
			e.path, e.spare = e.spare, e.path
		}
	}
	e.refineAll(p, lanes, head, e.path, d)
	if stride == 1 || stride > 8 || len(e.path) == 1 {
		return
	}
	// Of numbers that hardly change, and of decimal floats, the estimates say
	// little: see what one field, or two, make of them.
	for _, w := range widths {
		if stride%int(w) != 0 || w < 3 && int(w) != stride {
			continue
		}
		for _, big := range [...]bool{false, true} {
			even := [...]choice{{width: w, big: big}, {width: w, big: big}}
			head, _ := e.bestHead(p, w, big)
			e.refineAll(p, lanes, head, even[:stride/int(w)], &e.other)
			if e.other.perByte*100 < d.perByte*103 {
				*d, e.other = e.other, *d
			}
		}
	}
}

// bestHead returns where numbers of some width begin best, and what the
// estimate for these is.
func (e *Encoder) bestHead(p []byte, width uint8, big bool) (head int, least uint64) {
	least = 1<<64 - 1
	for h := range int(width) {
		if c := e.proxy(p, int(width), h, width, big); c < least {
			head, least = h, c
		}
	}
	return head, least
}

// refineAll makes a path through the record the draft of a plan.
func (e *Encoder) refineAll(p []byte, lanes []laneCost, head int, path []choice, d *draft) {
	stride := len(lanes)
	d.plan = Plan{Stride: stride, Head: head, Fields: d.plan.Fields[:0]}
	d.cost = d.cost[:0]
	total, o := uint64(0), 0
	for i, c := range path {
		f := Field{Width: c.width, Big: c.big}
		var cost uint64
		if lane := lanes[(head+o)%stride]; c.width == 1 && stride > manyLanes {
			cost = lane.cost
			if lane.differences {
				f.X = 1
			}
		} else {
			cost = e.refine(p[head:], o, stride, &f)
		}
		if i > 0 && path[i-1].width == c.width && path[i-1].big == c.big && stride <= manyFields {
			less := Field{Width: c.width, Big: c.big, Minus: true}
			if c := e.refine(p[head:], o, stride, &less); c*minusHandicap < cost*100 {
				f, cost = less, c
			}
		}
		total += cost
		d.append(f, cost, lanes, head+o)
		o += int(c.width)
	}
	d.perByte = total / uint64(stride)
}

// append adds a field. One that is coded just as it stands is as many bytes,
// which take less time.
func (d *draft) append(f Field, cost uint64, lanes []laneCost, at int) {
	if !f.bare() {
		d.cost = append(d.cost, cost)
		d.plan.Fields = append(d.plan.Fields, f)
		return
	}
	for i := range int(f.Width) {
		d.cost = append(d.cost, lanes[(at+i)%len(lanes)].cost)
		d.plan.Fields = append(d.plan.Fields, Field{Width: 1})
	}
}

// options are the fields that may begin at a byte of a record.
type options struct {
	list [len(widths)]choice
	n    int
}

// optionsAt returns the fields that may begin at byte o of a record, cheaper
// by themselves than their bytes.
func (e *Encoder) optionsAt(p []byte, lanes []laneCost, o int) options {
	stride := len(lanes)
	all := options{n: 1}
	all.list[0] = choice{cost: lanes[o].cost, width: 1}
	for _, w := range [...]uint8{2, 3, 4, 8} {
		if int(w) > stride {
			break
		}
		if w == 3 && stride%3 != 0 {
			continue
		}
		bytes := uint64(0)
		for i := range int(w) {
			bytes += lanes[(o+i)%stride].cost
		}
		if bytes < entropy.One/8 {
			continue
		}
		least, big := uint64(1<<64-1), false
		for _, b := range [...]bool{false, true} {
			if c := e.proxy(p, stride, o, w, b); c < least {
				least, big = c, b
			}
		}
		if least*100 < bytes*97 {
			all.list[all.n] = choice{cost: least, width: w, big: big}
			all.n++
		}
	}
	return all
}

// proxy estimates the information of a number from the bit lengths of
// differences of first and second order and of its range.
func (e *Encoder) proxy(p []byte, stride, o int, width uint8, big bool) uint64 {
	at, n := runs(p[o:], stride, proxyRecords)
	if n < 8 {
		return 1<<64 - 1
	}
	// The last record may lack the bytes that a field takes from the next.
	var col [proxyRecords / samplePlaces]uint64
	c := col[:n-1]
	shift := 64 - 8*uint(width)
	var first, second, spread int
	for _, a := range at {
		gather(c, p[o+a*stride:], stride, width, big)
		var last, slope int64
		var or uint64
		base := c[0]
		for i, x := range c {
			v := int64(x << shift)
			d := v - last
			dd := d - slope
			last, slope = v, d
			or |= uint64(int64((x-base)<<shift)>>63) ^ (x-base)<<shift
			if i < 2 {
				continue
			}
			first += bits.Len64(uint64(d>>63^d) >> shift)
			second += bits.Len64(uint64(dd>>63^dd) >> shift)
		}
		spread += (bits.Len64(or>>shift) + 1) * (n - 3)
	}
	const spare = entropy.One * 13 / 5
	m := uint64(samplePlaces * (n - 3))
	mean := uint64(min(first, second)) * entropy.One / m
	return min(mean+min(spare, 3*mean+entropy.One/8), uint64(spread)*entropy.One/m)
}

// cover finds the cheapest sequence of fields from byte h of a record to byte
// h of the next, and leaves it in spare.
func (e *Encoder) cover(stride, h int) uint64 {
	var best [maxStride + 1]choice
	for i := stride - 1; i >= 0; i-- {
		best[i].cost = 1<<64 - 1
		o := &e.options[(h+i)%stride]
		for _, c := range o.list[:o.n] {
			if i+int(c.width) > stride {
				continue
			}
			if cost := c.cost + perField + best[i+int(c.width)].cost; cost < best[i].cost {
				best[i] = choice{cost, c.width, c.big}
			}
		}
	}
	e.spare = e.spare[:0]
	for i := 0; i < stride; i += int(best[i].width) {
		e.spare = append(e.spare, best[i])
	}
	return best[0].cost
}
