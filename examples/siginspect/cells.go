package main

import "github.com/sigmalang/sigma/strategy"

// cells is a map of the chunks in order. When there are more chunks than
// limit, neighbours share a cell: 2, then 4, and so on.
type cells struct {
	limit int // even
	each  int // chunks in a cell, but for the last; 0 is 1
	list  []cell
}

// cell is one chunk or several behind each other.
type cell struct {
	chunks         int
	first          uint64 // number of the first chunk in its stream
	stream         int    // of the first chunk
	offset         int64  // of its header in the input
	rawAt          int64
	raw, encoded   int64
	light, flushed int
	unseen         int
	damaged        bool
	differ         int // chunks for which the selector would choose another strategy

	strategies tally[int] // index in survey.strategies
	classes    tally[strategy.Class]
	reasons    tally[verdict]
	confidence uint8 // in the class, of the first chunk
}

// verdict is what the selector says now.
type verdict struct {
	chosen strategy.ID
	reason string
}

func newCell(c *chunk, index int) cell {
	one := cell{chunks: 1, first: c.Chunk, stream: c.Stream, offset: c.Offset, rawAt: c.rawAt,
		raw: int64(c.RawLen), encoded: int64(c.EncodedLen), damaged: c.state == damaged, confidence: c.confidence}
	if c.Light {
		one.light = 1
	}
	if c.Flushed {
		one.flushed = 1
	}
	one.strategies.add(index, one.raw)
	switch c.state {
	case seen:
		one.classes.add(c.class, one.raw)
		one.reasons.add(verdict{c.chosen, c.reason}, one.raw)
		if !c.agrees() {
			one.differ = 1
		}
	default:
		one.unseen = 1
	}
	return one
}

// join adds the cell behind a.
func (a *cell) join(b cell) {
	a.chunks += b.chunks
	a.raw += b.raw
	a.encoded += b.encoded
	a.light += b.light
	a.flushed += b.flushed
	a.unseen += b.unseen
	a.differ += b.differ
	a.damaged = a.damaged || b.damaged
	a.strategies.join(b.strategies)
	a.classes.join(b.classes)
	a.reasons.join(b.reasons)
}

func (m *cells) add(c *chunk, index int) {
	one := newCell(c, index)
	m.each = max(m.each, 1)
	last := len(m.list) - 1
	// What is damaged stays alone, to be seen.
	if last >= 0 && m.list[last].chunks < m.each && !one.damaged {
		m.list[last].join(one)
		return
	}
	if len(m.list) >= m.limit && !one.damaged {
		m.list = halved(m.list)
		m.each *= 2
	}
	m.list = append(m.list, one)
}

// halved joins neighbours in place.
func halved(list []cell) []cell {
	half := list[:0]
	for i := 0; i < len(list); i += 2 {
		one := list[i]
		if i+1 < len(list) {
			one.join(list[i+1])
		}
		half = append(half, one)
	}
	clear(list[len(half):])
	return half
}

// tally counts bytes by key. There are few keys.
type tally[K comparable] []share[K]

type share[K comparable] struct {
	key K
	raw int64
}

func (t *tally[K]) add(key K, raw int64) {
	for i := range *t {
		if (*t)[i].key == key {
			(*t)[i].raw += raw
			return
		}
	}
	*t = append(*t, share[K]{key, raw})
}

func (t *tally[K]) join(o tally[K]) {
	for _, s := range o {
		t.add(s.key, s.raw)
	}
}

// top is the key with the most bytes, of equals the first.
func (t tally[K]) top() (key K, ok bool) {
	most := int64(-1)
	for _, s := range t {
		if s.raw > most {
			most, key = s.raw, s.key
		}
	}
	return key, len(t) > 0
}
