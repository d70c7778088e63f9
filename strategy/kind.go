package strategy

import "github.com/sigmalang/sigma/internal/lag"

// kind is what matters to cutting: whether anything is to be gained in a
// segment, whether a codec is needed to gain it, and which table it is part of.
type kind uint8

const (
	kindOther kind = iota
	kindRandom
	kindRun
	firstFlavour            // of other
	kindTable    kind = 128 // the first of the block; those above it are further ones
)

func (k kind) isTable() bool { return k >= kindTable }

func (k kind) isOther() bool { return k == kindOther || k >= firstFlavour && k < kindTable }

const (
	// Four looks of 64 bytes each tell most kinds apart.
	looks   = 4
	lookLen = 64

	// Strides show at two places.
	stridePlaces = 2

	// Of bytes in tables, so many more per mille must equal those one stride
	// back than do on average, or fewer more if they are half as many again
	// as these. Where more bytes equal any others, much repeats, whatever it is.
	tableLag     = 120
	weakTableLag = 70
)

// segmenter tells the kinds of a block's segments, one after the other.
type segmenter struct {
	block  []byte
	known  [2]table
	tables kind // how many there were

	tastes        [maxChunk / segmentLen]taste // the segments
	here          flavour                      // of the segments just passed that have hereKind
	hereKind      kind
	looked        int // the last segment that was looked at
	knownFlavours [8]flavour
	others        int // how many flavours there were
}

// table is how a table shows: by how many bytes equal those one stride back.
type table struct {
	kind  kind
	lag   int             // the stride at which most are equal
	equal [maxLag + 1]int // by stride
	mean  int
	of    int // bytes compared at each stride
}

// kind looks at the i-th segment, behind those of the kinds given.
func (s *segmenter) kind(i int, kinds []kind) kind {
	segment := s.segment(i)
	var t tally
	for j := range looks {
		t.countRuns(window(segment, looks, j, lookLen))
	}
	if perMille(t.runs, t.words) >= runDominated {
		return kindRun
	}
	var count [256]uint16
	equal := uint64(0)
	for j := range looks {
		for _, b := range window(segment, looks, j, lookLen) {
			equal += uint64(count[b])
			count[b]++
		}
	}
	for b, n := range &count {
		s.tastes[i][b>>flavourShift] += n
	}
	switch {
	case nearChance(equal, pairsOf(looks*lookLen), maxRandomSkew):
		return kindRandom
	case isText(&count):
		return kindOther
	}
	return s.tableLike(i, kinds)
}

// tableLike is tableOf for the i-th segment, but takes one whose bytes are
// distributed as in those before for the same without a look. Where another
// table shows it looks back at those.
func (s *segmenter) tableLike(i int, kinds []kind) kind {
	var f flavour
	f.add(&s.tastes[i])
	if i == 0 || s.here.common(&f) < leastAlike {
		before := s.hereKind
		s.here, s.hereKind = flavour{}, s.tableOf(s.segment(i))
		for j := i - 1; j > s.looked && kinds[j] == before && s.hereKind != before; j-- {
			if s.tableOf(s.segment(j)) != s.hereKind {
				break
			}
			kinds[j] = s.hereKind
		}
		s.looked = i
	}
	s.here.add(&s.tastes[i])
	return s.hereKind
}

func (s *segmenter) segment(i int) []byte { return s.block[i*segmentLen:][:segmentLen] }

// isText reports whether most of what was looked at is printable, but for zeros,
// which every other byte is in UTF-16.
func isText(count *[256]uint16) bool {
	var h [256]uint32
	for i, n := range count {
		h[i] = uint32(n)
	}
	return printable(&h)*1000 >= (looks*lookLen-int(h[0]))*mostlyText
}

// tableOf returns which table the segment is part of, kindOther if of none.
func (s *segmenter) tableOf(segment []byte) kind {
	var t table
	t.look(segment, stridePlaces)
	if !t.shows() {
		return kindOther
	}
	for i := range s.known {
		if k := s.known[i].kind; k != 0 && !s.known[i].differs(&t) {
			s.known[0], s.known[i] = s.known[i], s.known[0] // most recent first
			return k
		}
	}
	t.kind = kindTable + s.tables
	s.tables = min(s.tables+1, 255-kindTable)
	s.known[1], s.known[0] = s.known[0], t
	return t.kind
}

// look counts at so many places of p, and not at all of them where the first
// shows nothing.
func (t *table) look(p []byte, places int) {
	for i := range places {
		lag.CountEqual(t.equal[:], window(p, places, i, lookBack))
		t.of += lag.Span
		t.findLag()
		if t.excess(t.lag) < weakTableLag/2 {
			return
		}
	}
}

func (t *table) findLag() {
	sum, best := 0, 1
	for l, n := range t.equal {
		sum += n
		if n > t.equal[best] {
			best = l
		}
	}
	t.mean = sum / maxLag
	t.lag = leastStride(t.equal[:], best, t.mean)
}

// excess is by how much more bytes equal those one stride back than they do on
// average, per mille.
func (t *table) excess(stride int) int { return (t.equal[stride] - t.mean) * 1000 / t.of }

// shows reports whether there is evidence of a table at all.
func (t *table) shows() bool {
	e, mean := t.excess(t.lag), t.mean*1000/t.of
	return e >= tableLag && e >= mean || e >= weakTableLag && 2*e >= 3*mean
}

// differs reports whether one of two tables shows at its stride three times as
// much as the other does there.
func (t *table) differs(o *table) bool {
	return t.excess(t.lag) > 3*o.excess(t.lag) || o.excess(o.lag) > 3*t.excess(o.lag)
}

// tableAt returns how a table of that kind shows in the i-th segment, or in the
// last. It is empty if it does not, or is none.
func (s *segmenter) tableAt(i int, k kind) (t table) {
	if !k.isTable() {
		return table{}
	}
	i = min(i, len(s.block)/segmentLen-1)
	if t.look(s.block[i*segmentLen:][:segmentLen], stridePlaces); !t.shows() {
		return table{}
	}
	return t
}

// lookBack is what a judge sees: stretches in which strides show.
const lookBack = maxLag + lag.Span

// judge tells on which side of a border some bytes are.
type judge struct {
	left, right           kind
	leftTable, rightTable table // if they are
	leftTaste, rightTaste *taste
}

func (j *judge) isRight(p []byte) bool {
	if j.left.isOther() && j.right.isOther() {
		return preference(p, j.rightTaste, j.leftTaste) > 0
	}
	left, right := likeness(j.left, &j.leftTable, p), likeness(j.right, &j.rightTable, p)
	switch {
	case j.left.isOther():
		return right >= 500
	case j.right.isOther():
		return left < 500
	}
	return right > left
}

// likeness is how much p is like a kind, per mille.
func likeness(k kind, t *table, p []byte) int {
	switch {
	case t.of > 0:
		var here table
		here.look(p, 1)
		return here.excess(t.lag) * 1000 / t.excess(t.lag)
	case k == kindRun:
		var sums tally
		sums.countRuns(p)
		return int(perMille(sums.runs, sums.words))
	case k == kindRandom:
		var count [256]uint32
		equal := uint64(0)
		for _, b := range p {
			equal += uint64(count[b])
			count[b]++
		}
		if nearChance(equal, pairsOf(len(p)), maxRandomSkew) {
			return 1000
		}
	}
	return 0
}
