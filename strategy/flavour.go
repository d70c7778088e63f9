package strategy

import "github.com/sigmalang/sigma/internal/entropy"

const (
	// Bytes are counted by their upper six bits: enough to tell digits, letters
	// and the parts of programs apart, and few enough for small samples.
	flavourBins  = 64
	flavourShift = 2

	// Stretches differ if they have no more in common, per mille, and so much less
	// than what the stretch before has in common with itself.
	mostInCommon = 450
	lessInCommon = 150

	// What has so much in common with an earlier stretch, per mille, is the same
	// again.
	leastAlike = 700
)

// flavour is how the bytes of a stretch are distributed.
type flavour struct {
	kind  kind
	count [flavourBins]uint32
	of    uint32
}

// taste is what little was looked at of a segment, in little memory.
type taste [flavourBins]uint16

func (f *flavour) add(t *taste) {
	for i, n := range t {
		f.count[i] += uint32(n)
	}
	f.of += looks * lookLen
}

// common is what two distributions have in common, per mille.
func (f *flavour) common(o *flavour) int {
	var sum uint64
	for i, n := range f.count {
		sum += min(uint64(n)*uint64(o.of), uint64(o.count[i])*uint64(f.of))
	}
	return int(sum * 1000 / max(uint64(f.of)*uint64(o.of), 1))
}

// flavours tells what is neither table, run nor random apart by how its bytes
// are distributed: text from numbers as text, say, or a program from its
// resources. Where most come again, and repeat, nothing is told apart, for the sake
// of codecs of repeats.
func (s *segmenter) flavours(kinds []kind) {
	returns := 0
	for from := 0; from < len(kinds); {
		to := from + 1
		for to < len(kinds) && kinds[to] == kinds[from] {
			to++
		}
		if kinds[from] == kindOther {
			returns += s.flavoursOf(kinds[from:to], s.tastes[from:to])
		}
		from = to
	}
	if returns > s.others && s.repeats(0, len(kinds)) {
		replace(kinds, kind.isOther, kindOther)
	}
}

// flavoursOf holds each segment, with the one behind it, against the stretch
// before it, which may vary as well. It returns how often a flavour came again.
func (s *segmenter) flavoursOf(kinds []kind, segments []taste) (returns int) {
	var here *flavour // of the stretch
	itself, length := 1000, 0
	for i := range kinds {
		var next flavour
		next.add(&segments[i])
		next.add(&segments[min(i+1, len(segments)-1)])
		if length > 0 {
			common := here.common(&next)
			switch {
			case length == 1:
				itself = common
			case common < min(mostInCommon, itself-lessInCommon):
				length = 0
			default:
				itself = (3*itself + common) / 4
			}
		}
		if length == 0 {
			var known bool
			if here, known = s.flavourLike(&next); known {
				returns++
			}
		}
		here.add(&segments[i])
		length++
		kinds[i] = here.kind
	}
	return returns
}

// flavourLike returns the flavour of the block that is like f, or else a new
// one in the place of the first of those that are kept.
func (s *segmenter) flavourLike(f *flavour) (here *flavour, known bool) {
	for i := range s.knownFlavours {
		if k := &s.knownFlavours[i]; k.of > 0 && k.common(f) >= leastAlike {
			return k, true
		}
	}
	here = &s.knownFlavours[s.others%len(s.knownFlavours)]
	*here = flavour{kind: firstFlavour + kind(min(s.others, int(kindTable-firstFlavour)-1))}
	s.others++
	return here, false
}

// preference is by how many bits p is likelier to taste of the one than of the
// other, in fixed point.
func preference(p []byte, right, left *taste) int64 {
	var sum int64
	for _, b := range p {
		i := b >> flavourShift
		sum += int64(entropy.Log2(2*uint32(right[i])+1)) - int64(entropy.Log2(2*uint32(left[i])+1))
	}
	return sum
}
