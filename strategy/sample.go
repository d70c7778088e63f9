package strategy

import "encoding/binary"

const (
	goldenRatio32 = 0x9E3779B1
	goldenRatio64 = 0x9E3779B97F4A7C15

	// The table of 4-byte sequences fits a first-level cache together with
	// the histograms, and remembers most of the largest sample.
	seenBits  = 12
	seenSlots = 1 << seenBits

	shortScan     = 256
	shortSeenBits = 9
)

// tally is what the windows add up to.
type tally struct {
	sampled            int
	pairs, equal       uint64 // pairs of bytes within one window; those of equal bytes
	sequences, repeats int    // 4-byte sequences; those seen before
	words, runs        int    // 8-byte words; those that continue a run
}

// scanShort adds a whole chunk of at most shortScan bytes, with a table that
// takes no longer to clear than they take to read.
func (t *tally) scanShort(prof *Profile, p []byte) {
	var seen [1 << shortSeenBits]uint32
	for i, b := range p {
		t.equal += uint64(prof.Histogram[b])
		prof.Histogram[b]++
		if i+4 > len(p) {
			continue
		}
		x := binary.LittleEndian.Uint32(p[i:])
		slot := &seen[x*goldenRatio32>>(32-shortSeenBits)]
		if *slot == x {
			t.repeats++
		}
		*slot = x
		t.sequences++
	}
	t.sampled = len(p)
	t.pairs = pairsOf(len(p))
	t.countRuns(p)
}

// scanLong adds a whole chunk of at most fullScan bytes, or windows of it.
func (t *tally) scanLong(prof *Profile, p []byte) {
	var seen [seenSlots]uint32
	if len(p) <= fullScan {
		for off := 0; off < len(p); off += windowLen {
			t.scan(prof, &seen, p[off:min(off+windowLen, len(p))])
		}
		return
	}
	n := min(max(len(p)/windowEvery, minWindows), maxWindows)
	for i := range n {
		t.scan(prof, &seen, window(p, n, i, windowLen))
	}
}

// scan adds the window w, of at most windowLen bytes. The counters live in a
// table of the window's own first, since the sum of their squares is the
// number of equal pairs.
func (t *tally) scan(prof *Profile, seen *[seenSlots]uint32, w []byte) {
	var count [256]uint16
	repeats := 0
	q := w
	// Four bytes a turn; BenchmarkDetect justifies the unrolling. The slots
	// start as zero and so take the first four zero bytes for a repeat, which
	// is one too many at most.
	for len(q) >= 8 {
		x := binary.LittleEndian.Uint64(q)
		count[byte(x)]++
		count[byte(x>>8)]++
		count[byte(x>>16)]++
		count[byte(x>>24)]++
		repeats += meet(seen, uint32(x)) + meet(seen, uint32(x>>8)) +
			meet(seen, uint32(x>>16)) + meet(seen, uint32(x>>24))
		q = q[4:]
	}
	for len(q) > 0 {
		if len(q) >= 4 {
			repeats += meet(seen, binary.LittleEndian.Uint32(q))
		}
		count[q[0]]++
		q = q[1:]
	}
	squares := uint64(0)
	for i, c := range &count {
		squares += uint64(c) * uint64(c)
		prof.Histogram[i] += uint32(c)
	}
	t.sampled += len(w)
	t.sequences += max(len(w)-3, 0)
	t.pairs += pairsOf(len(w))
	t.equal += (squares - uint64(len(w))) / 2
	t.repeats += repeats
	t.countRuns(w)
}

// meet reports as 0 or 1 whether x is in its slot, and puts it there.
func meet(seen *[seenSlots]uint32, x uint32) int {
	slot := &seen[x*goldenRatio32>>(32-seenBits)]
	met := 0
	if *slot == x {
		met = 1
	}
	*slot = x
	return met
}

// countRuns looks at every other 8-byte word. A word that equals the eight
// bytes 5, 6, 7 or 8 before it continues a run: these four distances cover
// all periods from 1 to 8.
func (t *tally) countRuns(w []byte) {
	for len(w) >= 16 {
		x := binary.LittleEndian.Uint64(w[8:])
		if x == binary.LittleEndian.Uint64(w) || x == binary.LittleEndian.Uint64(w[1:]) ||
			x == binary.LittleEndian.Uint64(w[2:]) || x == binary.LittleEndian.Uint64(w[3:]) {
			t.runs++
		}
		t.words++
		w = w[16:]
	}
}

func pairsOf(n int) uint64 { return uint64(n) * uint64(n-1) / 2 }

// summarize turns the sums into the figures of the profile.
func (t *tally) summarize(prof *Profile) {
	prof.Sampled = t.sampled
	prof.Entropy = order0(&prof.Histogram, t.sampled)
	prof.Skew = skew(t.equal, t.pairs)
	prof.Zero = perMille(int(prof.Histogram[0]), t.sampled)
	prof.Digit = perMille(int(sum(prof.Histogram['0':'9'+1])), t.sampled)
	prof.Run = perMille(t.runs, t.words)
	prof.Repeat = perMille(t.repeats, t.sequences)
	prof.Printable = perMille(printable(&prof.Histogram), t.sampled)
}

// skew is the excess of equal pairs over one in 256, in per mille of that.
func skew(equal, pairs uint64) uint16 {
	if equal*256 <= pairs {
		return 0
	}
	return uint16(min((equal*256-pairs)*1000/pairs, 1<<16-1))
}

func perMille(part, whole int) uint16 {
	if whole == 0 {
		return 0
	}
	return uint16(uint64(part) * 1000 / uint64(whole))
}

// printable counts the printable ASCII characters and white space and, when
// they balance as in UTF-8, the bytes of longer characters: about as many
// continuation bytes as the leading bytes ask for, since the windows' borders
// cut some off, and none of the bytes that never occur in it (RFC 3629).
func printable(h *[256]uint32) int {
	ascii := h['\t'] + h['\n'] + h['\r'] + h['\f'] + sum(h[' ':0x7F])
	never := sum(h[0xC0:0xC2]) + sum(h[0xF5:])
	tails := sum(h[0x80:0xC0])
	two, three, four := sum(h[0xC2:0xE0]), sum(h[0xE0:0xF0]), sum(h[0xF0:0xF5])
	asked := two + 2*three + 3*four
	if tolerance := asked/16 + 3; never > 0 || tails > asked+tolerance || asked > tails+tolerance {
		return int(ascii)
	}
	return int(ascii + tails + two + three + four)
}

func sum(counts []uint32) (total uint32) {
	for _, c := range counts {
		total += c
	}
	return total
}
