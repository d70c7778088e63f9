package delta

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/sigmalang/sigma/internal/entropy"
)

// The rank coder writes the different numbers of a column once, the most
// frequent first, and each number as its rank among them. Both are coded in
// buckets, which suits ranks: the rarer they are the less they differ in how
// rare they are.
const (
	maxDistinct = 1 << 13
	rankSlots   = 4 * maxDistinct

	// So many numbers in a row have not come to their slots by chance: they
	// were made to, and all searches among them would take that long.
	maxProbes = 128
)

// rankTable finds ranks by hashing.
type rankTable struct {
	slots  []uint16 // rankSlots of them: a place in values plus one, or 0
	values []uint64 // as they were met
	counts []uint32
	order  []uint16 // places in values, by rank
	ranks  []uint16 // the inverse of order
}

// mostRanks is how many different numbers a dictionary may hold for n numbers.
func mostRanks(n int) int { return min(maxDistinct, max(n/3, 2)) }

// collect counts the different numbers of col, and reports whether they are at
// most that many.
func (t *rankTable) collect(col []uint64, most int) bool {
	if t.slots == nil {
		t.slots = make([]uint16, rankSlots)
	}
	clear(t.slots)
	t.values, t.counts = t.values[:0], t.counts[:0]
	for _, x := range col {
		slot := t.find(x)
		if slot == nil {
			return false
		}
		if *slot == 0 {
			if len(t.values) == most {
				return false
			}
			t.values, t.counts = append(t.values, x), append(t.counts, 0)
			*slot = uint16(len(t.values))
		}
		t.counts[*slot-1]++
	}
	return true
}

// information is what the n numbers that were collected cost as symbols.
func (t *rankTable) information(n int) uint64 {
	total := uint64(n) * uint64(entropy.Log2(uint32(n)))
	for _, c := range t.counts {
		total -= uint64(c) * uint64(entropy.Log2(c))
	}
	return total
}

// sort gives the numbers that were collected their ranks.
func (t *rankTable) sort() {
	t.order, t.ranks = t.order[:0], t.ranks[:0]
	for i := range t.values {
		t.order, t.ranks = append(t.order, uint16(i)), append(t.ranks, 0)
	}
	slices.SortFunc(t.order, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(t.values[a], t.values[b]))
	})
	for rank, place := range t.order {
		t.ranks[place] = uint16(rank)
	}
}

// find returns the slot of a number or the one for it; nil when it is too far
// from where it belongs.
func (t *rankTable) find(x uint64) *uint16 {
	at := x * goldenRatio >> 49
	for range maxProbes {
		slot := &t.slots[at%rankSlots]
		if *slot == 0 || t.values[*slot-1] == x {
			return slot
		}
		at++
	}
	return nil
}

func (t *rankTable) rank(x uint64) uint64 { return uint64(t.ranks[*t.find(x)-1]) }

// appendRanks appends how many different numbers there are, these, and the
// ranks of all. col is spoiled. It reports false when they are too many, with
// dst as it was.
func (e *Encoder) appendRanks(dst []byte, col []uint64) ([]byte, bool) {
	t := &e.ranks
	if !t.collect(col, mostRanks(len(col))) {
		return dst, false
	}
	t.sort()
	dst = binary.AppendUvarint(dst, uint64(len(t.values)))
	m := e.mark()
	sorted := e.takeColumn(len(t.values))
	for rank, place := range t.order {
		sorted[rank] = t.values[place]
	}
	dst = e.appendBuckets(dst, sorted, nil)
	e.release(m)
	for i, x := range col {
		col[i] = t.rank(x)
	}
	return e.appendBuckets(dst, col, nil), true
}

// readRanks fills col with numbers that appendRanks appended.
func (d *Decoder) readRanks(col []uint64) error {
	n, err := d.int(maxDistinct)
	if err != nil || n == 0 || n > mostRanks(len(col)) {
		return errMalformed
	}
	m := d.mark()
	values := d.takeColumn(n)
	c, err := d.readBuckets(n, 8)
	if err != nil || !c.next(values) || !c.finished() {
		return errMalformed
	}
	if c, err = d.readBuckets(len(col), 2); err != nil || !c.next(col) || !c.finished() {
		return errMalformed
	}
	for i, rank := range col {
		if rank >= uint64(n) {
			return errMalformed
		}
		col[i] = values[rank]
	}
	d.release(m)
	return nil
}
