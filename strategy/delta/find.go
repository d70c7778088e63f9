package delta

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/sigmalang/sigma/internal/entropy"
)

// finder looks for plans. All its figures are information in fixed point, as
// in package entropy; per byte or per number as their names say.
type finder struct {
	candidates        []int
	layouts           []layout
	laneCost          []laneCost // of the lanes of all candidates
	options           []options
	path, spare       []choice
	best, next, other draft
	sample            sample
}

const (
	// A search looks at no more than searchSpan bytes.
	searchSpan = 256 << 10

	minTable = 1 << 10 // bytes

	// Samples are taken at so many places.
	samplePlaces = 4
)

// layout is a record length, with what a byte of its lanes costs.
type layout struct {
	stride int
	score  uint64
	lanes  int // where in laneCost its lanes begin
}

// Find looks for a table that begins at the start of src and goes on for a
// while. It reports false when there is none, or none that the backend would
// not beat. The plan is the Encoder's, until its next call.
func (e *Encoder) Find(src []byte, effort Effort, backend Backend) (Verdict, bool) {
	e.backend, e.effort = backend, effort
	return e.find(src, false)
}

func (e *Encoder) find(src []byte, again bool) (Verdict, bool) {
	if len(src) < minTable {
		return Verdict{}, false
	}
	p := src[:min(len(src), searchSpan)]
	before := e.sampleCost(p)
	var agreement int
	e.candidates, _, agreement = strides(e.candidates[:0], p)
	if before.printable*100 >= before.n*97 && agreement < 55 {
		return Verdict{}, false
	}
	e.score(p)
	if e.hopeless(before.perByte) {
		return Verdict{}, false
	}
	if _, matched := matchGain(middle(p, probeLen), before.perByte); matched*5 >= min(len(p), probeLen) &&
		e.layouts[0].score*100 > before.perByte*85 {
		return Verdict{}, false // what repeats needs a clearer order to be a table
	}
	e.best.perByte = 1<<64 - 1
	for _, l := range e.layouts[:min(len(e.layouts), 2)] {
		if l.score*100 > e.layouts[0].score*110 {
			break
		}
		if e.layOut(p, l, &e.next); e.next.perByte < e.best.perByte {
			e.best, e.next = e.next, e.best
		}
	}
	e.findRow(p, &e.best)
	if e.best.plan.Row == 0 && e.best.perByte*100 > before.perByte*97 {
		return Verdict{}, false // its lanes show no more than the bytes do
	}
	v := e.trial(p, before.perByte, again)
	return v, v.Encoded < v.Rival
}

// score fills in layouts, best first.
func (e *Encoder) score(p []byte) {
	e.layouts, e.laneCost = e.layouts[:0], e.laneCost[:0]
	for _, s := range e.candidates {
		lanes := len(e.laneCost)
		score := e.laneScore(p, s)
		for _, w := range widths {
			if int(w) == s && w > 1 {
				score = min(score, e.numberScore(p, w))
			}
		}
		e.layouts = append(e.layouts, layout{s, score, lanes})
	}
	// The more lanes there are, the better they seem by chance.
	kept := e.layouts[:0]
	for _, l := range e.layouts {
		limit := uint64(920)
		if l.stride <= 8 {
			limit = 985
		}
		needless := slices.ContainsFunc(e.layouts, func(d layout) bool {
			return d.stride < l.stride && l.stride%d.stride == 0 && l.score*1000 > d.score*limit
		})
		if !needless {
			kept = append(kept, l)
		}
	}
	e.layouts = kept
	slices.SortStableFunc(e.layouts, func(a, b layout) int { return cmp.Compare(a.score, b.score) })
}

// numberScore is the cost of a byte if p consists of numbers.
func (e *Encoder) numberScore(p []byte, width uint8) uint64 {
	_, little := e.bestHead(p, width, false)
	_, big := e.bestHead(p, width, true)
	return min(little, big) / uint64(width)
}

// hopeless reports whether no layout shows more than the bytes by themselves.
func (e *Encoder) hopeless(perByte uint64) bool {
	best := e.layouts[0].score
	switch {
	case perByte > 7*entropy.One+entropy.One/2 && best > 7*entropy.One+entropy.One*85/100:
		return true
	case best*100 <= perByte*93:
		return false
	}
	return perByte <= 6*entropy.One+entropy.One/2 || best*1000 >= perByte*975
}

type sampled struct {
	n, printable int
	perByte      uint64
}

// sampleCost is the order-0 information of a sample of p.
func (e *Encoder) sampleCost(p []byte) sampled {
	const places, span = 4, 2 << 10
	var h [256]uint32
	n := 0
	each := min(span, len(p)/places)
	for i := range places {
		count(&h, p[(len(p)-each)*i/(places-1):][:each])
		n += each
	}
	s := sampled{n: n, perByte: entropy.Unbiased(&h, n) / uint64(max(n, 1))}
	for b := ' '; b <= '~'; b++ {
		s.printable += int(h[b])
	}
	s.printable += int(h['\n'] + h['\t'] + h['\r'])
	return s
}

// runs returns where in p the runs of records begin that stand for all, in
// records, and how many records each has.
func runs(p []byte, stride, records int) (at [samplePlaces]int, n int) {
	all := len(p) / stride
	n = min(records/samplePlaces, all/samplePlaces)
	for i := range at {
		at[i] = (all - n) * (2*i + 1) / (2 * samplePlaces)
	}
	return at, n
}

// laneCost is what a byte of a lane costs.
type laneCost struct {
	cost        uint64
	differences bool // rather than the bytes
}

// laneScore appends the costs of the lanes of a stride to laneCost and returns
// the mean cost of a byte, with a small charge for long records.
func (e *Encoder) laneScore(p []byte, stride int) uint64 {
	at, n := runs(p, stride, min(max(6<<10/stride, 192), 1536))
	var total uint64
	for o := range stride {
		var raw, diff [256]uint32
		for _, a := range at {
			i := a*stride + o
			last := byte(0)
			if a > 0 {
				last = p[i-stride]
			}
			for range n {
				b := p[i]
				raw[b]++
				diff[b-last]++
				last = b
				i += stride
			}
		}
		r, d := laneInformation(&raw, samplePlaces*n), laneInformation(&diff, samplePlaces*n)
		e.laneCost = append(e.laneCost, laneCost{min(r, d), d < r})
		total += min(r, d)
	}
	perByte := total / uint64(stride)
	return perByte + perByte*uint64(bits.Len(uint(stride)))/85
}

// laneInformation is what a byte of a lane costs, with its share of a table.
func laneInformation(h *[256]uint32, n int) uint64 {
	information, values := entropy.Total(h, n)
	if values <= 1 {
		return 0
	}
	const nat = 94548
	information += uint64(values-1) * nat / 2
	perByte := information/uint64(n) + uint64(min(values, 128))*3*entropy.One/(16<<10)
	if perByte > 7*entropy.One+entropy.One*9/10 || n < 512 && perByte > 7*entropy.One+entropy.One*11/20 {
		return 8 * entropy.One
	}
	return perByte
}
