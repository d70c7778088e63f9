package delta

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/sigmalang/sigma/internal/entropy"
)

// finder holds what a search for a plan needs. All its figures are information
// in fixed point, as in package entropy, of a byte or of a number.
type finder struct {
	candidates []int // record lengths
	layouts    []layout
	laneCost   []laneCost // of the lanes of all candidates

	options     []options // by byte of the record
	path, spare []choice
	best        draft // of all so far
	next, other draft // in the making
	sample      sample
	whole       int      // length of what is searched
	alikes      []uint16 // by distance of rows
}

const (
	// A search looks at no more than searchSpan bytes, from samplePlaces of
	// them. A table shorter than minTable is not worth its plan.
	searchSpan   = 256 << 10
	samplePlaces = 4
	minTable     = 1 << 10

	// Of longer records no more than this many lanes are scored, evenly spread.
	scoredLanes = 64

	// Of the layouts some of those are drafted that come close to the best, in
	// percent.
	comesClose = 110
)

// layout is a record length, with what a byte of its lanes costs.
type layout struct {
	stride int
	score  uint64
	lanes  int // where in laneCost its lanes begin; -1 if not all were looked at
}

// Find looks for a table that begins at the start of src and goes on for a
// while. It reports false when there is none, or none that the backend would
// not beat; then the Verdict has a plan if it came to one. The plan is the
// Encoder's, until its next call.
func (e *Encoder) Find(src []byte, effort Effort, backend Backend) (Verdict, bool) {
	e.backend, e.effort = backend, effort
	return e.find(src, false)
}

// find is Find, again if there was a table just before.
func (e *Encoder) find(src []byte, again bool) (Verdict, bool) {
	if len(src) < minTable {
		return Verdict{}, false
	}
	p := src[:min(len(src), searchSpan)]
	e.whole = len(src)
	bytes := sampleBytes(p)
	var agreement int
	e.candidates, _, agreement = strides(e.candidates[:0], p)
	if bytes.text && agreement < fewestAgree {
		return Verdict{}, false
	}
	e.score(p)
	if e.hopeless(p, bytes.perByte) {
		return Verdict{}, false
	}
	e.best.perByte = 1<<64 - 1
	for _, l := range e.layouts[:min(len(e.layouts), e.effort.price().drafted)] {
		if l.score*100 > e.layouts[0].score*comesClose {
			break
		}
		if e.layOut(p, l, &e.next); e.next.perByte < e.best.perByte {
			e.best, e.next = e.next, e.best
		}
	}
	e.findRow(p, &e.best)
	if e.best.plan.Row == 0 && e.best.perByte*100 > bytes.perByte*97 {
		return Verdict{Plan: &e.best.plan}, false // its lanes show no more than the bytes do
	}
	v := e.trial(p, bytes.perByte, again)
	return v, v.Encoded < v.Rival
}

// score fills in layouts, best first.
func (e *Encoder) score(p []byte) {
	e.layouts, e.laneCost = e.layouts[:0], e.laneCost[:0]
	for _, s := range e.candidates {
		lanes, step := len(e.laneCost), 1
		if s > scoredLanes {
			lanes, step = -1, (s-1)/scoredLanes*2+1 // odd, lest all be high bytes
		}
		score := e.laneScore(p, s, step)
		for _, w := range widths {
			if int(w) == s && w > 1 {
				score = min(score, e.numberScore(p, w))
			}
		}
		e.layouts = append(e.layouts, layout{s, score, lanes})
	}
	var all [maxCandidates]layout
	scored := all[:copy(all[:], e.layouts)]
	// The more lanes there are, the better they seem by chance.
	e.layouts = slices.DeleteFunc(e.layouts, func(l layout) bool {
		limit := uint64(920)
		if l.stride <= 8 {
			limit = 985
		}
		for _, d := range scored {
			if d.stride < l.stride && l.stride%d.stride == 0 && l.score*1000 > d.score*limit {
				return true
			}
		}
		return false
	})
	slices.SortStableFunc(e.layouts, func(a, b layout) int { return cmp.Compare(a.score, b.score) })
}

// numberScore is the cost of a byte if p consists of numbers.
func (e *Encoder) numberScore(p []byte, width uint8) uint64 {
	_, little := e.bestHead(p, width, false)
	_, big := e.bestHead(p, width, true)
	return min(little, big) / uint64(width)
}

// hopeless reports whether no layout shows clearly more than the bytes of p by
// themselves, of which one holds perByte.
func (e *Encoder) hopeless(p []byte, perByte uint64) bool {
	const bit = entropy.One
	best := e.layouts[0].score
	if perByte > 15*bit/2 && best > 785*bit/100 {
		return true // next to nothing shows in either
	}
	// Where the bytes are nearly even already, little is clear enough. What
	// repeats needs a clearer order: else the backend does better.
	most := uint64(930)
	if perByte > 13*bit/2 {
		most = 975
	}
	probe := middle(p, probeLen)
	if _, matched := matchGain(probe, perByte); matched*5 >= len(probe) {
		most = 850
	}
	return best*1000 > perByte*min(most, e.effort.price().clear)
}

// byteSample is what a sample of the bytes shows, whatever their order.
type byteSample struct {
	perByte uint64 // order-0 information
	text    bool   // nearly all of it is printable
}

const (
	// Bytes of which this many percent are printable are text, unless this many
	// percent of them agree with those one record before: then they are a table
	// in fixed columns.
	mostlyText  = 97
	fewestAgree = 55
)

func sampleBytes(p []byte) byteSample {
	const places, span = 4, 2 << 10
	var h [256]uint32
	n := 0
	each := min(span, len(p)/places)
	for i := range places {
		count(&h, p[(len(p)-each)*i/(places-1):][:each])
		n += each
	}
	printable := h['\n'] + h['\t'] + h['\r']
	for _, c := range h[' ' : '~'+1] {
		printable += c
	}
	information, _ := entropy.Unbiased(&h, n)
	return byteSample{
		perByte: information / uint64(max(n, 1)),
		text:    int(printable)*100 >= n*mostlyText,
	}
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

// laneScore appends the costs of every step-th lane of a stride to laneCost and
// returns the mean cost of a byte, with a small charge for long records.
func (e *Encoder) laneScore(p []byte, stride, step int) uint64 {
	most := e.effort.price().scored
	at, n := runs(p, stride, min(max(4*most/stride, most/8), most))
	var total, lanes uint64
	for o := 0; o < stride; o += step {
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
		lanes++
	}
	perByte := total / lanes
	return perByte + perByte*uint64(bits.Len(uint(stride)))/85
}

// laneInformation is what a byte of a lane costs, with its share of a table.
func laneInformation(h *[256]uint32, n int) uint64 {
	information, values := entropy.Unbiased(h, n)
	if values <= 1 {
		return 0
	}
	const tableShare = 3 * entropy.One / (16 << 10) // three bits a value, over a usual segment
	perByte := information/uint64(n) + uint64(min(values, 128))*tableShare
	// Of what seems to hold this much a sample cannot tell whether it is less
	// than all.
	if perByte > 79*entropy.One/10 || n < 512 && perByte > 755*entropy.One/100 {
		return 8 * entropy.One
	}
	return perByte
}
