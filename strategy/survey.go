package strategy

import (
	"encoding/binary"
	"math/bits"

	"github.com/sigmalang/sigma/internal/freelist"
)

const (
	// minRepeat is the shortest agreement that counts as a repeat: shorter
	// ones gain little where nothing else can be gained.
	minRepeat = 32

	// What repeats closer than that is not far.
	nearby = 2 << 10

	// Anchors are anchorSpacing bytes apart, closer in chunks of less than
	// 1 MiB, and further only where a chunk would have more than maxAnchors.
	// Spacing and stride balance the two costs of a survey: 4096 anchors and
	// 8192 look-ups in 1 MiB.
	anchorSpacing    = 256
	minAnchorSpacing = 64
	enoughAnchors    = 4 << 10
	maxAnchors       = 16 << 10
	probeStride      = 128 // anchors from one probe to the next
	minProbes        = 8

	// In random data eight bytes are all ASCII once in byChance times.
	notASCII = 0x8080808080808080
	byChance = 256
)

// findings is what a survey brings back.
type findings struct {
	length  int // of the chunk
	repeats int // bytes of it that seem to occur twice
	far     int // bytes of these that no short stretch around them shows to
	text    int // bytes of it that seem to be ASCII
}

// worthOf is what must be found before a chunk that seems random is not
// treated as such: 1.25 % of it.
const worthOf = 80

// hasRepeats reports whether the repeats alone are worth it.
func (f findings) hasRepeats() bool { return f.repeats > f.length/worthOf }

// hasAny reports whether all that was found is worth it together.
func (f findings) hasAny() bool { return f.repeats+f.text > f.length/worthOf }

// survey looks over the whole of a chunk whose sample seems random, for what
// a sample must miss: long repeats, however far apart, and islands of text,
// such as the directories and member names of archives.
//
// It enters the 8 bytes at every anchor, a multiple of the spacing, into a
// table. Then it probes: it looks up the 8 bytes at each of as many
// consecutive offsets as anchors are apart. A repeat that covers a whole probe
// covers, in its other copy, an anchor that one of these offsets must meet,
// whatever the distance of the copies. In a chunk of 1 MiB that finds
// repeats of 33 KiB and more; of shorter ones it finds a share. Repeats at a
// multiple of the spacing meet among the anchors and count from 288 bytes.
//
// Repeats count as far if they are longFar bytes long.
func survey(p []byte, longFar int) findings {
	t, ok := anchorTables.Get(func(*anchorTable) bool { return true })
	if !ok {
		t = new(anchorTable)
	}
	spacing := spacingFor(len(p))
	anchors := (len(p)-minRepeat)/spacing + 1
	slotBits := min(uint(bits.Len(uint(4*anchors-1))), anchorTableBits)
	s := surveyor{
		findings: findings{length: len(p)},
		p:        p, spacing: spacing, anchors: anchors, longFar: longFar,
		table: t[:1<<slotBits], shift: 64 - slotBits,
	}
	clear(s.table)
	s.enter()
	s.probe()
	anchorTables.Put(t)
	return s.findings
}

func spacingFor(n int) int {
	spacing := minAnchorSpacing
	for n > spacing*enoughAnchors && (spacing < anchorSpacing || n > spacing*maxAnchors) {
		spacing *= 2
	}
	return spacing
}

// An anchor is lost when a later one takes its slot. With four slots for each
// that happens to one in nine; in chunks of more than 2 MiB to one in five.
type anchorTable [1 << anchorTableBits]uint32

const anchorTableBits = 15

var anchorTables freelist.List[*anchorTable]

// surveyor holds the anchors by the hash of their eight bytes. The top bits
// of the hash are the slot, where the last anchor stays; 16 further bits are
// its tag, kept above the 16 bits of the anchor's number, so that few but
// true repeats need a look at the bytes. An empty slot is like the first
// anchor under tag 0, which the look then refutes.
type surveyor struct {
	findings
	p       []byte
	spacing int
	anchors int
	longFar int
	table   []uint32
	shift   uint
}

const (
	tagShift   = 16
	anchorMask = 1<<tagShift - 1
)

func tagOf(hash uint64) uint32 { return uint32(hash>>tagShift) &^ anchorMask }

// enter fills the table, and counts the repeats and the ASCII it meets.
func (s *surveyor) enter() {
	table, shift := s.table, s.shift&63
	repeats, far, ascii := 0, 0, 0
	for i := range s.anchors {
		pos := i * s.spacing
		x := binary.LittleEndian.Uint64(s.p[pos:])
		if x&notASCII == 0 {
			ascii++
		}
		hash := x * goldenRatio64
		slot := &table[hash>>shift]
		entry := tagOf(hash) | uint32(i)
		if (*slot^entry)&^anchorMask == 0 && s.agree(*slot, pos) {
			repeats += s.spacing
			if s.isFar(*slot, pos) {
				far += s.spacing
			}
		}
		*slot = entry
	}
	s.repeats, s.far = s.repeats+repeats, s.far+far
	s.text = max(ascii-s.anchors/byChance-2, 0) * s.spacing // two more are no surprise
}

// probe makes the look-ups. One hit stands for all bytes up to the next probe.
func (s *surveyor) probe() {
	stride := min(probeStride*s.spacing, s.length/minProbes)
	for pos := stride / 2; pos <= s.length-s.spacing-minRepeat; pos += stride {
		if found, far := s.probeAt(pos); found {
			s.repeats += stride
			if far {
				s.far += stride
			}
		}
	}
}

// probeAt reports whether one of the offsets from pos on meets an anchor, and
// whether the first that does meets a far one. Four look-ups a turn, which
// BenchmarkDetect/random justifies, run twice as fast as one.
func (s *surveyor) probeAt(pos int) (found, far bool) {
	table, shift := s.table, s.shift&63
	for q := s.p[pos : pos+s.spacing+7]; len(q) >= 11; q = q[4:] {
		h0 := binary.LittleEndian.Uint64(q) * goldenRatio64
		h1 := binary.LittleEndian.Uint64(q[1:]) * goldenRatio64
		h2 := binary.LittleEndian.Uint64(q[2:]) * goldenRatio64
		h3 := binary.LittleEndian.Uint64(q[3:]) * goldenRatio64
		if (table[h0>>shift]^tagOf(h0))&^anchorMask == 0 ||
			(table[h1>>shift]^tagOf(h1))&^anchorMask == 0 ||
			(table[h2>>shift]^tagOf(h2))&^anchorMask == 0 ||
			(table[h3>>shift]^tagOf(h3))&^anchorMask == 0 {
			at := pos + s.spacing + 7 - len(q)
			for i, hash := range [...]uint64{h0, h1, h2, h3} {
				if entry := table[hash>>shift]; s.agree(entry, at+i) {
					return true, s.isFar(entry, at+i)
				}
			}
		}
	}
	return false, false
}

// agree reports whether the bytes at pos repeat those at the entry's anchor.
func (s *surveyor) agree(entry uint32, pos int) bool {
	anchor := int(entry&anchorMask) * s.spacing
	return anchor != pos && string(s.p[anchor:anchor+minRepeat]) == string(s.p[pos:pos+minRepeat])
}

// isFar reports whether the bytes at pos, which repeat those at the entry's
// anchor, are part of a repeat that is far from it and longFar bytes long. Bytes
// with a period that divides 8 or 12 are not: the anchor is but the latest of
// many in a run.
func (s *surveyor) isFar(entry uint32, pos int) bool {
	from, to := int(entry&anchorMask)*s.spacing, pos
	if from > to {
		from, to = to, from
	}
	p := s.p[pos : pos+minRepeat]
	if to-from < nearby || string(p[8:]) == string(p[:minRepeat-8]) || string(p[12:]) == string(p[:minRepeat-12]) {
		return false
	}
	n := minRepeat
	for n < s.longFar && to+n < len(s.p) && s.p[from+n] == s.p[to+n] {
		n++
	}
	for back := 1; n < s.longFar && back <= from && s.p[from-back] == s.p[to-back]; back++ {
		n++
	}
	return n >= s.longFar
}
