package strategy

const (
	// segmentLen is the grain at which kinds are told, minPiece the shortest
	// piece that a cut leaves. A cut denies the codec what lies before it,
	// which makes pieces of 64 KiB 5 to 18 % longer; from a quarter of a mebibyte
	// on, and with other data behind it, little is lost.
	segmentLen  = 32 << 10
	minPiece    = 256 << 10
	minSegments = minPiece / segmentLen

	// What surrounds a table is of no use to it, nor it to what surrounds it:
	// even short pieces gain by having a choice of their own.
	minTablePiece    = 64 << 10
	minTableSegments = minTablePiece / segmentLen

	// Other data that has little in common with what is before it shares few
	// repeats with it.
	minFlavourSegments = 96 << 10 / segmentLen

	// A mebibyte whose stretches have fewer segments than that on average is a
	// mixture, in which tables and flavours are not told apart.
	mixtureSegments = 1 << 20 / segmentLen
	shortestMean    = 4

	// Of a table no more than one byte in so many repeats far apart.
	mostRepeats = 16

	// Cuts part no more than one byte in so many from what it repeats. Repeats
	// that are shorter cost little to do without.
	mostParted = 5
	longRepeat = 256
)

// AppendCuts appends to dst where a block should be cut, so that each piece is
// of one kind: with nothing to gain, dominated by runs, a table of numbers or
// records of one width, or other data whose bytes are distributed alike. It
// appends the end of every piece, the last being len(block), and nothing for an
// empty block. Pieces are some 256 KiB or longer, 96 KiB where other data meet
// and 64 KiB beside tables, except what the block's ends cut off; there are no
// more than one for each started 64 KiB. Where cuts would part much of the block
// from what it repeats, there are none. The cuts depend on the block alone.
func AppendCuts(dst []int, block []byte) []int {
	if len(block) == 0 {
		return dst
	}
	segments := len(block) / segmentLen // the last one takes the rest
	if segments < 2*minTableSegments {
		return append(dst, len(block))
	}
	s := segmenter{block: block}
	var all [maxChunk / segmentLen]kind
	kinds := all[:min(segments, len(all))]
	s.tell(kinds)
	var c cutter
	from := len(dst)
	for i, k := range kinds {
		if c.next(k, i == len(kinds)-1) {
			dst = append(dst, s.border(c.start, c.left, c.piece))
		}
	}
	dst = append(dst, len(block))
	if partsRepeats(block, dst[from:]) {
		return append(dst[:from], len(block))
	}
	return dst
}

// partsRepeats reports whether cuts part much from what it repeats, such as one
// of two copies of a file, between which there is another.
func partsRepeats(block []byte, ends []int) bool {
	if len(ends) == 1 {
		return false
	}
	most := len(block) / mostParted
	parted := survey(block, longRepeat).far
	start := 0
	for _, end := range ends {
		if parted <= most {
			return false
		}
		parted -= survey(block[start:end], longRepeat).far
		start = end
	}
	return parted > most
}

// tell fills in the kinds of the segments. One segment between two of another
// kind is no border. Where kinds change ever again, as in programs and data
// bases, or repeat, there are no tables that are worth a cut.
func (s *segmenter) tell(kinds []kind) {
	for i := range kinds {
		kinds[i] = s.kind(i, kinds)
	}
	before := kinds[0]
	for i := 1; i+1 < len(kinds); i++ {
		here := kinds[i]
		if before == kinds[i+1] {
			kinds[i] = before
		}
		before = here
	}
	dropInMixtures(kinds, kind.isTable)
	for from := 0; from < len(kinds); {
		to := from + 1
		for to < len(kinds) && kinds[to] == kinds[from] {
			to++
		}
		if kinds[from].isTable() && s.repeats(from, to) {
			replace(kinds[from:to], kind.isTable, kindOther)
		}
		from = to
	}
	s.flavours(kinds)
	dropInMixtures(kinds, kind.isOther)
}

// dropInMixtures takes what is of certain kinds for the same where a mebibyte is
// a mixture: for what is before it or behind it, lest that become a border.
func dropInMixtures(kinds []kind, drop func(kind) bool) {
	for from := 0; from < len(kinds); from += mixtureSegments {
		to := min(from+mixtureSegments, len(kinds))
		if stretches(kinds[from:to]) <= max((to-from)/shortestMean, 1) {
			continue
		}
		same := kindOther
		switch {
		case from > 0 && kinds[from-1].isOther():
			same = kinds[from-1]
		case to < len(kinds) && kinds[to].isOther():
			same = kinds[to]
		}
		replace(kinds[from:to], drop, same)
	}
}

// stretches counts the stretches of equal kinds.
func stretches(kinds []kind) int {
	n := 1
	for i := 1; i < len(kinds); i++ {
		if kinds[i] != kinds[i-1] {
			n++
		}
	}
	return n
}

func replace(kinds []kind, drop func(kind) bool, by kind) {
	for i, k := range kinds {
		if drop(k) {
			kinds[i] = by
		}
	}
}

// repeats reports whether much of what seems a table repeats far apart, and so
// is a matter for a codec of repeats, which should see what is around it.
func (s *segmenter) repeats(from, to int) bool {
	p := s.block[from*segmentLen : to*segmentLen]
	return survey(p, minRepeat).far > len(p)/mostRepeats
}

// cutter finds the borders between stretches of segments of a kind that are
// long enough to be pieces.
type cutter struct {
	at      int  // of the next segment
	from    int  // where the piece began
	piece   kind // what it is
	stretch kind // of the segments just passed
	start   int  // where that began
	left    kind // before the last border
}

// next takes the kind of the next segment, which may be the last, and reports
// whether a new piece began at c.start. What was too short to be a piece stays
// with the one before it or, at the start, behind it.
func (c *cutter) next(k kind, last bool) bool {
	if c.at == 0 {
		c.piece, c.stretch = k, k
	}
	if k != c.stretch {
		c.stretch, c.start = k, c.at
	}
	c.at++
	if c.stretch == c.piece {
		return false
	}
	before, length := c.start-c.from, c.at-c.start
	needed := minSegments
	if c.stretch.isOther() && c.piece.isOther() {
		needed = minFlavourSegments
	}
	if c.stretch.isTable() || c.piece.isTable() {
		needed = minTableSegments
		if c.stretch == kindRun { // which is no matter in a table
			needed *= 2
		}
		// The block may have cut what goes on beyond its ends.
		if c.from == 0 {
			before++
		}
		if last {
			length++
		}
	}
	if length < needed {
		return false
	}
	cut := before >= needed
	if cut {
		c.from = c.start
	}
	c.left, c.piece = c.piece, c.stretch
	return cut
}

// borderGrain is how exactly borders are placed.
const borderGrain = 2 << 10

// border returns where the segment at which a piece begins does so, in bytes.
// The other kind may reach into that segment, or this one begin in the one
// before.
func (s *segmenter) border(segment int, left, right kind) int {
	j := judge{left: left, right: right, leftTable: s.tableAt(max(segment-2, 0), left), rightTable: s.tableAt(segment+1, right),
		leftTaste: &s.tastes[max(segment-2, 0)], rightTaste: &s.tastes[min(segment+1, len(s.block)/segmentLen-1)]}
	from, to := (segment-1)*segmentLen, min((segment+1)*segmentLen, len(s.block)-lookBack)
	// Invariant: what is before from is of the left, what is behind to of the right.
	for to-from >= 2*borderGrain {
		middle := from + (to-from)/(2*borderGrain)*borderGrain
		if j.isRight(s.block[middle:][:lookBack]) {
			to = middle
		} else {
			from = middle
		}
	}
	return to
}
