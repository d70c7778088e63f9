package delta

import (
	"encoding/binary"
	"math/bits"
)

// The bucket coder splits a number into a symbol and bits that are left open.
// The symbol tells how many bits are open and what the three bits before them
// are, the first of which is the leading one:
//
//	x      open  symbol
//	0-7    0     x
//	8-15   1     4 + x>>1
//	16-31  2     8 + x>>2
//
// and so on, up to 252 symbols for 64 bits.
const (
	prefixBits = 3

	// bitSlack is how many bytes there must be behind packed bits, since they
	// are read and written eight bytes at a time.
	bitSlack = 16
)

// bucketOf returns the symbol of x, and how many low bits of x it leaves open.
func bucketOf(x uint64) (symbol byte, open uint) {
	open = uint(bits.Len64(x|1<<(prefixBits-1))) - prefixBits
	return byte(open<<(prefixBits-1) + uint(x>>(open&63))), open
}

// bucketBase is the smallest number of a symbol, bucketOpen how many low bits
// it leaves open, and bucketMask covers these. Symbols that no number has are
// numbers cut off.
var bucketBase, bucketMask, bucketOpen = bucketTables()

func bucketTables() (base, mask [256]uint64, open [256]uint8) {
	const half = 1 << (prefixBits - 1)
	for s := range base {
		if s >= half {
			open[s] = uint8(s/half - 1)
		}
		mask[s] = 1<<open[s] - 1
		base[s] = uint64(s-int(open[s])*half) << open[s]
	}
	return base, mask, open
}

// splitter writes numbers as symbols and packed open bits, lowest first.
type splitter struct {
	packed []byte // 8 bytes for each number and bitSlack
	at     int    // bytes written
	acc    uint64 // bits to be written
	held   uint   // how many: fewer than 8
}

// split fills symbols, one for each number of col.
func (w *splitter) split(symbols []byte, col []uint64) {
	packed, at, acc, held := w.packed, w.at, w.acc, w.held
	symbols = symbols[:len(col)]
	for i, x := range col {
		symbol, open := bucketOf(x)
		symbols[i] = symbol
		low := x & (1<<(open&63) - 1)
		acc |= low << (held & 63)
		binary.LittleEndian.PutUint64(packed[at:at+8], acc)
		held += open
		if held > 63 {
			acc = low >> ((64 - held + open) & 63)
			at += 8
			held -= 64
			continue
		}
		// What was written beyond the whole bytes is written again.
		at += int(held >> 3)
		acc >>= held & 56
		held &= 7
	}
	w.at, w.acc, w.held = at, acc, held
}

// finish returns the packed bits, filled up to whole bytes.
func (w *splitter) finish() []byte {
	binary.LittleEndian.PutUint64(w.packed[w.at:], w.acc)
	return w.packed[:w.at+int(w.held+7)/8]
}

// joiner is the inverse of splitter.
type joiner struct {
	packed []byte // with bitSlack bytes behind the bits
	at     uint   // bits read
	beyond byte   // the first symbol that is too large for the numbers
}

// symbolsBeyond returns the first symbol of numbers that do not fit width bytes.
func symbolsBeyond(width uint8) byte { return byte(32*int(width) - 4) }

// join fills col from symbols. It fails when there are not enough bits, or a
// symbol is too large.
func (r *joiner) join(col []uint64, symbols []byte) bool {
	at := r.at
	packed := r.packed
	last := uint(len(packed) - bitSlack) // where bits may not begin any more
	col = col[:len(symbols)]
	largest := byte(0)
	for i, s := range symbols {
		b := at >> 3
		if b > last {
			return false
		}
		low := binary.LittleEndian.Uint64(packed[b:b+8]) >> (at & 7)
		col[i] = bucketBase[s] + low&bucketMask[s]
		at += uint(bucketOpen[s])
		largest = max(largest, s)
	}
	r.at = at
	return largest < r.beyond
}

// joinWide is join for numbers that may leave more than 57 bits open, which
// one load does not always hold.
func (r *joiner) joinWide(col []uint64, symbols []byte) bool {
	at := r.at
	packed := r.packed
	last := uint(len(packed) - bitSlack)
	col = col[:len(symbols)]
	largest := byte(0)
	for i, s := range symbols {
		b := at >> 3
		if b > last {
			return false
		}
		low := binary.LittleEndian.Uint64(packed[b:b+8])>>(at&7) | uint64(packed[b+8])<<(64-at&7)
		col[i] = bucketBase[s] + low&bucketMask[s]
		at += uint(bucketOpen[s])
		largest = max(largest, s)
	}
	r.at = at
	return largest < r.beyond
}

// finished reports whether all bits were used, and those left in the last byte
// are 0.
func (r *joiner) finished() bool {
	n := uint(len(r.packed) - bitSlack)
	return (r.at+7)/8 == n && (r.at&7 == 0 || r.packed[n-1]>>(r.at&7) == 0)
}
