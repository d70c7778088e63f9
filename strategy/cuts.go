package strategy

const (
	// segmentLen is the grain of cuts, minPiece the shortest piece that a cut
	// leaves. A cut denies the codec what lies before it, which makes pieces
	// of 64 KiB 5 to 18 % longer; from a quarter of a mebibyte on, and with
	// other data behind it, little is lost.
	segmentLen  = 64 << 10
	minPiece    = 256 << 10
	minSegments = minPiece / segmentLen

	// Four looks of 64 bytes each tell the kinds apart.
	looks   = 4
	lookLen = 64
)

// kind is what matters to cutting: whether anything is to be gained in a
// segment, and whether a codec is needed to gain it.
type kind uint8

const (
	kindOther kind = iota
	kindRandom
	kindRun
)

// AppendCuts appends to dst where a block should be cut, so that each piece
// is of one kind: with nothing to gain, dominated by runs, or neither. It
// appends the end of every piece, the last being len(block), and nothing for
// an empty block. All pieces are 256 KiB or longer; so a block of less than
// 512 KiB stays whole. The cuts depend on the block alone.
func AppendCuts(dst []int, block []byte) []int {
	if len(block) == 0 {
		return dst
	}
	segments := len(block) / segmentLen // the last one takes the rest
	if segments < 2*minSegments {
		return append(dst, len(block))
	}
	before := segmentKind(block, 0)
	here := before
	var stretch, piece kind // of the segments just passed; since the last cut
	start, settled := 0, false
	for i := range segments {
		after := here
		if i+1 < segments {
			after = segmentKind(block, i+1)
		}
		// One segment between two of another kind is no border.
		k := here
		if before == after {
			k = before
		}
		if k != stretch {
			stretch, start = k, i
		}
		// A stretch counts once it is long enough to be a piece. What was too
		// short stays with the piece before it or, at the start, behind it.
		if i+1-start == minSegments {
			if settled && stretch != piece {
				dst = append(dst, start*segmentLen)
			}
			piece, settled = stretch, true
		}
		before, here = here, after
	}
	return append(dst, len(block))
}

// segmentKind looks at four places of a segment.
func segmentKind(block []byte, i int) kind {
	segment := block[i*segmentLen:][:segmentLen]
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
	if nearChance(equal, pairsOf(looks*lookLen), maxRandomSkew) {
		return kindRandom
	}
	return kindOther
}
