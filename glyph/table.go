package glyph

import "math/bits"

// quickBits is the length of the longest token codes that are looked up.
// Longer ones are rare by their nature, and are found by their rank.
const quickBits = 9

// decodeTables are for decoding by a model. An entry is a symbol and, in the
// low four bits, the length of its code.
type decodeTables struct {
	tokens [1 << quickBits]uint16 // by the next bits; 0 for longer codes
	places [1 << placeLimit]uint16

	// Symbols with longer codes, by code. In a canonical code all of a length
	// follow each other, and the first bits of longer ones are higher.
	rare [tokenSymbols]uint16
	last [tokenLimit + 1]longCodes
}

// longCodes says where the codes of one length are.
type longCodes struct {
	end  uint16 // the last one plus one
	skip uint16 // to be subtracted from a code for its place in rare
}

func (t *decodeTables) build(m *model) {
	fill(t.places[:], m.placeLen[:], m.placeCode[:])
	clear(t.tokens[:])
	fill(t.tokens[:], m.tokenLen[:], m.tokenCode[:])
	t.rank(&m.tokenLen)
}

// fill enters the codes that are short enough at all that the next bits can be
// when they begin with them.
func fill(t []uint16, lengths []uint8, codes []uint16) {
	for s, n := range lengths {
		if 1<<n > len(t) {
			continue
		}
		entry := uint16(s)<<4 | uint16(n)
		for i := int(codes[s]); i < len(t); i += 1 << n {
			t[i] = entry
		}
	}
}

// rank enters the codes that fill leaves out.
func (t *decodeTables) rank(lengths *[tokenSymbols]uint8) {
	var count [maxCodeLen + 1]uint16
	for _, n := range lengths {
		count[n]++
	}
	var next [tokenLimit + 1]uint16 // place in rare
	code, rank := uint16(0), uint16(0)
	for n := 1; n <= tokenLimit; n++ {
		code <<= 1
		if n > quickBits {
			next[n] = rank
			t.last[n] = longCodes{end: code + count[n], skip: code - rank}
			rank += count[n]
		}
		code += count[n]
	}
	for s, n := range lengths {
		if n > quickBits {
			t.rare[next[n]] = uint16(s)<<4 | uint16(n)
			next[n]++
		}
	}
}

// long returns the entry of the code at the start of the next bits, which is
// longer than quickBits.
func (t *decodeTables) long(acc uint64) uint16 {
	ahead := bits.Reverse16(uint16(acc))
	for n := quickBits + 1; ; n++ {
		code := ahead >> (16 - n)
		if n == tokenLimit || code < t.last[n].end {
			return t.rare[code-t.last[n].skip]
		}
	}
}
