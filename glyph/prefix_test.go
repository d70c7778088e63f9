package glyph

import (
	"container/heap"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

type weights []uint64

func (w weights) Len() int           { return len(w) }
func (w weights) Less(i, j int) bool { return w[i] < w[j] }
func (w weights) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *weights) Push(x any)        { *w = append(*w, x.(uint64)) }
func (w *weights) Pop() any {
	x := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return x
}

// huffmanCost is what the best code of any length costs: the sum of the inner
// nodes.
func huffmanCost(w weights) (cost uint64) {
	w = slices.Clone(w)
	heap.Init(&w)
	for len(w) > 1 {
		sum := heap.Pop(&w).(uint64) + heap.Pop(&w).(uint64)
		cost += sum
		heap.Push(&w, sum)
	}
	return cost
}

// limitedCost is what the best code of limited length costs (L. Larmore and
// D. Hirschberg, A fast algorithm for optimal length-limited Huffman codes,
// 1990).
func limitedCost(w weights, limit int) (cost uint64) {
	w = slices.Clone(w)
	slices.Sort(w)
	var row []uint64
	for range limit {
		merged := slices.Clone(w)
		for i := 0; i+1 < len(row); i += 2 {
			merged = append(merged, row[i]+row[i+1])
		}
		slices.Sort(merged)
		row = merged
	}
	for _, x := range row[:2*len(w)-2] {
		cost += x
	}
	return cost
}

func TestRebuild(t *testing.T) {
	fibonacci := func(s int) uint16 {
		a, b := uint16(1), uint16(1)
		for range min(s, 22) {
			a, b = b, a+b
		}
		return a
	}
	r := newRand(8)
	for _, c := range []struct {
		name  string
		count func(s int) uint16
	}{
		{"nothing counted", func(int) uint16 { return 0 }},
		{"all alike", func(int) uint16 { return 100 }},
		{"one symbol alone", func(s int) uint16 { return uint16(s / 7 % 2 * (8 - s) >> 15 & 32767) }},
		{"deep tree", fibonacci},
		{"deep tree, backwards", func(s int) uint16 { return fibonacci(30 - min(s, 30)) }},
		{"half nothing", func(s int) uint16 { return uint16(s%2) * 9 }},
		{"falling by halves", func(s int) uint16 { return 32767 >> min(s, 15) }},
		{"random", func(int) uint16 { return uint16(r.IntN(200)) }},
		{"few and far", func(int) uint16 { return uint16(r.ExpFloat64() * r.ExpFloat64() * r.ExpFloat64() * 50) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m model
			m.init()
			for _, code := range []*prefixCode{&m.tokens, &m.places} {
				var all weights
				for s := range code.count {
					code.order[s] = uint16(s)
					code.count[s] = c.count(s)
					all = append(all, countWeight*uint64(code.count[s])+uint64(code.never))
				}
				code.rebuild()
				require.True(t, code.full())
				cost, longest := uint64(0), uint8(0)
				for s, n := range code.len {
					cost += all[s] * uint64(n)
					longest = max(longest, n)
				}
				best := huffmanCost(all)
				require.GreaterOrEqual(t, cost, best)
				if longest < code.limit {
					require.Equal(t, best, cost)
				}
				limited := limitedCost(all, int(code.limit))
				require.LessOrEqual(t, float64(cost), 1.06*float64(limited), "clamped")
			}
		})
	}
}

// TestFitAnyClamp: lengths that were cut become a full code, however few or
// many they are.
func TestFitAnyClamp(t *testing.T) {
	for _, limit := range []uint8{placeLimit, tokenLimit} {
		// A chain of codes of lengths 1, 2, … with a bush at some depth.
		for top := 1; top < int(limit); top++ {
			for cut := 2; cut <= min(300-top, 1<<(int(limit)-top)); cut++ {
				var perLen [maxCodeLen + 1]int
				for d := 1; d <= top; d++ {
					perLen[d] = 1
				}
				perLen[limit] += cut
				c := prefixCode{limit: limit}
				c.fit(&perLen)
				sum, n := 0, 0
				for d := 1; d <= int(limit); d++ {
					require.GreaterOrEqual(t, perLen[d], 0)
					sum += perLen[d] << (int(limit) - d)
					n += perLen[d]
				}
				require.Equal(t, top+cut, n)
				if cut<<top >= 1<<limit {
					require.Equal(t, 1<<limit, sum, "top %d, cut %d", top, cut)
				}
			}
		}
	}
}

// TestCounts: the most lopsided stream there can be stays within 16 bits.
func TestCounts(t *testing.T) {
	var m model
	m.init()
	m.set(&Builtin().start)
	for range 50 * lastDue {
		before := m.tokenCount[300-firstLength]
		due := m.count(300-firstLength, 0)
		require.Greater(t, m.tokenCount[300-firstLength], before)
		if due {
			m.rebuild()
			require.True(t, m.tokens.full() && m.places.full())
			require.Less(t, m.tokenCount[300-firstLength], uint16(1<<15))
		}
	}
}

// TestTablesMeanCodes: for each symbol, whatever follows its code.
func TestTablesMeanCodes(t *testing.T) {
	var m model
	m.init()
	var tables decodeTables
	r := newRand(9)
	for round := range 20 {
		for s := range m.tokenCount {
			m.tokenOrder[s] = uint16(s)
			m.tokenCount[s] = uint16(r.IntN(1 + 30_000>>r.IntN(12+round%4)/300))
		}
		for s := range m.placeCount {
			m.placeOrder[s] = uint16(s)
			m.placeCount[s] = uint16(r.IntN(700))
		}
		m.rebuild()
		tables.build(&m)
		for s, n := range m.tokenLen {
			acc := uint64(m.tokenCode[s]) | r.Uint64()<<n
			entry := tables.tokens[acc&(1<<quickBits-1)]
			require.Equal(t, n > quickBits, entry == 0)
			if entry == 0 {
				entry = tables.long(acc)
			}
			require.Equal(t, uint16(s)<<4|uint16(n), entry)
		}
		for s, n := range m.placeLen {
			acc := uint64(m.placeCode[s]) | r.Uint64()<<n
			require.Equal(t, uint16(s)<<4|uint16(n), tables.places[acc&(1<<placeLimit-1)])
		}
	}
}

func TestSpreadGather(t *testing.T) {
	for _, c := range []struct {
		name    string
		plain   uint
		symbols int
		most    uint32
	}{
		{"lengths", lengthPlain, tokenSymbols - firstLength, MaxMessage - minCopy},
		{"distances", placePlain, placeSymbols - recentPlaces, mostReach - 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, bits := uint32(0), uint8(0)
			for s := range c.symbols {
				base, extra := gather(s, c.plain)
				require.Equal(t, next, base, "a gap or an overlap")
				for _, x := range []uint32{base, base + 1<<extra/2, base + 1<<extra - 1} {
					symbol, n := spread(x, c.plain)
					require.Equal(t, s, symbol)
					require.Equal(t, extra, n)
					require.Equal(t, x-base, x&(1<<extra-1), "what stands behind the code is x's low bits")
				}
				next, bits = base+1<<extra, extra
			}
			require.Greater(t, next, c.most)
			require.LessOrEqual(t, int(bits), map[string]int{"lengths": 14, "distances": 16}[c.name])
		})
	}
	require.LessOrEqual(t, longestToken, 56)
}
