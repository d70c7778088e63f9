package delta

import (
	"encoding/binary"
	"slices"
)

// The rank coder writes the different numbers of a column once, in ascending
// order, and each number as its rank among them: one lane of ranks up to 256
// different numbers, two up to maxDistinct.
const (
	maxDistinct = 1 << 15
	rankSlots   = 2 * maxDistinct
)

// rankTable finds ranks by hashing. A slot holds a number's place in values
// plus one.
type rankTable struct {
	slots  []uint16 // rankSlots of them
	values []uint64
	order  []uint16 // rank of the number at a place in values
	sorted []uint64
}

// build collects the different numbers of col, and reports whether they are
// few enough.
func (t *rankTable) build(col []uint64) bool {
	if t.slots == nil {
		t.slots = make([]uint16, rankSlots)
	}
	clear(t.slots)
	t.values = t.values[:0]
	most := min(maxDistinct, max(len(col)/3, 2))
	for _, x := range col {
		slot := t.find(x)
		if *slot == 0 {
			if len(t.values) == most {
				return false
			}
			t.values = append(t.values, x)
			*slot = uint16(len(t.values))
		}
	}
	t.sorted = append(t.sorted[:0], t.values...)
	slices.Sort(t.sorted)
	t.order = append(t.order[:0], make([]uint16, len(t.values))...)
	for rank, x := range t.sorted {
		t.order[*t.find(x)-1] = uint16(rank)
	}
	return true
}

func (t *rankTable) find(x uint64) *uint16 {
	at := x * 0x9E3779B97F4A7C15 >> 48
	for {
		slot := &t.slots[at%rankSlots]
		if *slot == 0 || t.values[*slot-1] == x {
			return slot
		}
		at++
	}
}

func (t *rankTable) rank(x uint64) uint16 { return t.order[*t.find(x)-1] }

// appendRanks appends the dictionary of col and its ranks. col is spoiled. It
// reports false when there are too many different numbers, with dst as it was.
func (e *Encoder) appendRanks(dst []byte, col []uint64) ([]byte, bool) {
	if !e.ranks.build(col) {
		return dst, false
	}
	n := len(e.ranks.sorted)
	dst = binary.AppendUvarint(dst, uint64(n))
	for i, x := range col {
		col[i] = uint64(e.ranks.rank(x))
	}
	m := e.mark()
	gaps := e.takeColumn(n)
	copy(gaps, e.ranks.sorted)
	differences(gaps, 1)
	dst = e.appendBuckets(dst, gaps, nil)
	width := uint8(1)
	if n > 256 {
		width = 2
	}
	dst = e.appendLanes(dst, col, width, nil)
	e.release(m)
	return dst, true
}

func (d *Decoder) readRanks(col []uint64) error {
	n, err := d.int(maxDistinct)
	if err != nil || n == 0 || n > max(len(col), 2) {
		return errMalformed
	}
	m := d.mark()
	values := d.takeColumn(n)
	c, err := d.readBuckets(n, 8)
	if err != nil || !c.next(values) || !c.finished() {
		return errMalformed
	}
	for i := range values[1:] {
		values[i+1] += values[i]
	}
	width := uint8(1)
	if n > 256 {
		width = 2
	}
	if c, err = d.readLanes(len(col), width); err != nil {
		return err
	}
	c.next(col)
	for i, rank := range col {
		if rank >= uint64(n) {
			return errMalformed
		}
		col[i] = values[rank]
	}
	d.release(m)
	return nil
}
