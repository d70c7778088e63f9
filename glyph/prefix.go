package glyph

import "math/bits"

// prefixCode is a canonical Huffman code that both sides derive from what was
// coded so far. Every symbol has a code, whether it has occurred or not. Its
// slices are as long as the alphabet.
type prefixCode struct {
	limit uint8    // of the lengths, in bits
	never uint32   // the weight of a symbol that does not occur
	len   []uint8  // of the code of each symbol
	code  []uint16 // bits reversed: the first one lowest
	count []uint16
	order []uint16 // symbols by count, the rarest first, as of the last rebuild
}

const (
	maxSymbols = 320
	maxCodeLen = 14

	// A symbol weighs countWeight times its count, so that those that do not
	// occur weigh little beside it.
	countWeight = 16

	// Counts start from code lengths, as if so many symbols had been seen, and
	// each symbol then counts onePer: the built-in lengths are worth as much as
	// 128 symbols of the stream itself.
	seenBefore = 1 << 11
	onePer     = 16

	// Above this sum the counts are halved, so that the code follows what the
	// stream has become. At most lastDue*onePer = 1<<15 are added between two
	// rebuilds: a count that was below 1<<15 stays below 1<<16, and is below
	// 1<<15 again when halved.
	mostCounted = 20_000
)

// begin derives counts and codes from the lengths.
func (c *prefixCode) begin() {
	for s, n := range c.len {
		c.count[s] = seenBefore >> n
		c.order[s] = uint16(s)
	}
	c.sort()
	c.assign()
}

// rebuild makes the code that suits the counts (D. Huffman, A method for the
// construction of minimum-redundancy codes, 1952), cut to the limit.
func (c *prefixCode) rebuild() {
	c.sort()
	var perLen [maxCodeLen + 1]int
	c.depths(&perLen)
	c.fit(&perLen)
	length := c.limit // the rarest have the longest codes
	for _, s := range c.order {
		for perLen[length] == 0 {
			length--
		}
		perLen[length]--
		c.len[s] = length
	}
	c.assign()
	sum := 0
	for _, n := range c.count {
		sum += int(n)
	}
	if sum > mostCounted {
		for i := range c.count {
			c.count[i] >>= 1
		}
	}
}

// sort brings order up to date. Little has changed since it was, which is what
// insertion is good at; symbols of equal count stay as they were.
func (c *prefixCode) sort() {
	order, count := c.order, c.count
	for i := 1; i < len(order); i++ {
		s := order[i]
		n := count[s]
		k := i
		for k > 0 && count[order[k-1]] > n {
			order[k] = order[k-1]
			k--
		}
		order[k] = s
	}
}

// depths counts the symbols at each depth of the tree, those below the limit as
// if they were at it. It merges two sorted queues, leaves and inner nodes
// (J. van Leeuwen, On the construction of Huffman trees, 1976), leaves first
// among equals.
func (c *prefixCode) depths(perLen *[maxCodeLen + 1]int) {
	const none = 1<<32 - 1
	var leaves, inners [maxSymbols + 1]uint32 // weights; inner nodes in the order of their making
	var parent [2 * maxSymbols]uint16         // of leaves, then of inner nodes
	n := len(c.order)
	for i, s := range c.order {
		leaves[i] = countWeight*uint32(c.count[s]) + c.never
	}
	leaves[n] = none
	leaf, inner := 0, 0
	for made := range n - 1 {
		inners[made] = none
		sum := uint32(0)
		for range 2 {
			if w := inners[inner]; w < leaves[leaf] {
				sum += w
				parent[n+inner] = uint16(made)
				inner++
			} else {
				sum += leaves[leaf]
				parent[leaf] = uint16(made)
				leaf++
			}
		}
		inners[made] = sum
	}
	var depth [maxSymbols]uint8 // of inner nodes, of which the last is the root
	for i := n - 3; i >= 0; i-- {
		depth[i] = depth[parent[n+i]] + 1
	}
	for i := range n {
		perLen[min(depth[parent[i]]+1, c.limit)]++
	}
}

// fit makes a full code of lengths of which some were cut: others become
// longer, and as few as possible.
func (c *prefixCode) fit(perLen *[maxCodeLen + 1]int) {
	excess := -(1 << c.limit) // in units of the longest codes
	for d, n := range perLen[:c.limit+1] {
		if d > 0 {
			excess += n << (int(c.limit) - d)
		}
	}
	for excess > 0 {
		d := c.limit - 1
		for perLen[d] == 0 {
			d--
		}
		perLen[d]--
		perLen[d+1]++
		excess -= 1 << (c.limit - d - 1)
	}
	// The last step may have made more room than was needed.
	for d := c.limit; excess < 0; {
		if gain := 1 << (c.limit - d); perLen[d] > 0 && gain <= -excess {
			perLen[d]--
			perLen[d-1]++
			excess += gain
		} else {
			d--
		}
	}
}

// assign gives out the codes: shorter ones first, and among equally long ones
// in the order of their symbols (RFC 1951 §3.2.2).
func (c *prefixCode) assign() {
	var next [maxCodeLen + 2]uint16
	for _, n := range c.len {
		next[n+1]++
	}
	code := uint16(0)
	for n := 1; n <= int(c.limit); n++ {
		code = (code + next[n]) << 1
		next[n] = code
	}
	for s, n := range c.len {
		c.code[s] = bits.Reverse16(next[n]) >> (16 - n)
		next[n]++
	}
}

// full reports whether the lengths are those of a full code within the limit.
func (c *prefixCode) full() bool {
	sum := 0
	for _, n := range c.len {
		if n < 1 || n > c.limit {
			return false
		}
		sum += 1 << (c.limit - n)
	}
	return sum == 1<<c.limit
}
