package delta

import (
	"slices"

	"github.com/sigmalang/sigma/internal/entropy"
)

const (
	trialLen   = 24 << 10
	trialRows  = 8 // of a grid, for what they are worth to show
	longestTry = 48 << 10
	confirmLen = 64 << 10

	// A plan that takes less than this many percent of what the backend takes
	// is good enough, unless most of the bytes are in matches.
	clearlyLess = 65

	// Longer records have so many lanes that their streams in a stretch, with
	// tables of their own, would say little about those in a table, and take
	// long: an estimate does better, or the backend for all lanes together.
	narrow = 16
)

// A Verdict is what a trial encoding of a stretch of the table came to.
type Verdict struct {
	Plan    *Plan
	Raw     int // length of the stretch in bytes
	Encoded int // by the plan
	Rival   int // by the backend

	// Repeats says that the backend found some. It finds more of them in more
	// data, so that the verdict on a stretch says less about the whole.
	Repeats bool
}

// trial encodes a stretch from the middle of p by the best plan and by the
// backend alone, again if there was a table before it. Where the backend finds
// repeats it may find more of them once the bytes are sorted by their places
// in the record: then plans are tried, too, that leave it to the backend to
// see something in the lanes of bytes: as they are, as differences, and of the
// numbers or their differences.
func (e *Encoder) trial(p []byte, perByte uint64, again bool) Verdict {
	plan := &e.best.plan
	stretch := p[plan.Head:]
	n := min(max(min(trialLen, max(e.whole/16, 8<<10)), trialRows*plan.Row*plan.Stride), longestTry, len(stretch))
	stretch = stretchOf(stretch, plan.Stride, (len(stretch)-n)/2, n)
	v := Verdict{Plan: plan, Raw: len(stretch), Rival: len(stretch)}
	probe := middle(stretch, probeLen)
	_, matched := matchGain(probe, perByte)
	v.Repeats = matched*20 >= len(probe)
	if !v.Repeats && e.best.perByte*10 < perByte*9 {
		// The backend will not find any.
		v.Encoded = int(e.best.perByte * uint64(v.Raw) / (8 * entropy.One))
		v.Rival = e.backend.Literals(v.Raw, int(perByte*uint64(v.Raw)/(8*entropy.One)))
		return v
	}
	m := e.mark()
	defer e.release(m)
	buf := e.take(len(stretch) + len(stretch)/8 + 1024)[:0]
	v.Rival = min(v.Rival, e.backend.Estimate(buf, stretch))
	if plan.Stride <= narrow {
		v.Encoded = e.encodedLen(buf, stretch, plan, false)
	} else {
		v.Encoded = int(e.best.perByte * uint64(v.Raw) / (8 * entropy.One))
	}
	won := v.Encoded*100 < v.Rival*clearlyLess && matched*2 < len(probe)
	if lost := v.Encoded*8 > v.Rival*9; !v.Repeats || again || won || lost {
		return v
	}
	e.tryOther(&v, buf, stretch, func(f Field) Field {
		f.Code, f.Minus, f.X = CodeLanes, false, min(f.X, 1)
		return f
	})
	e.tryOther(&v, buf, stretch, func(Field) Field { return Field{Width: 1} })
	e.tryOther(&v, buf, stretch, func(Field) Field { return Field{Width: 1, X: 1} })
	return v
}

// stretchOf returns about n bytes of a table from about byte at on, whole
// records.
func stretchOf(table []byte, stride, at, n int) []byte {
	first := at / stride
	records := min(max(n/stride, 1), len(table)/stride-first)
	return table[first*stride:][:records*stride]
}

// Confirm repeats a trial on another, larger stretch of the table that begins
// at the start of src.
func (e *Encoder) Confirm(src []byte, plan *Plan, effort Effort, backend Backend) Verdict {
	e.backend, e.effort = backend, effort
	n := min(confirmLen, max(len(src)/8, 8<<10))
	stretch := stretchOf(src[plan.Head:], plan.Stride, (len(src)-plan.Head)*5/8, n)
	m := e.mark()
	defer e.release(m)
	buf := e.take(len(stretch) + len(stretch)/8 + 1024)[:0]
	v := Verdict{Plan: plan, Raw: len(stretch), Rival: len(stretch), Repeats: true}
	v.Rival = min(v.Rival, backend.Estimate(buf, stretch))
	v.Encoded = e.encodedLen(buf, stretch, plan, true)
	return v
}

// tryOther replaces the plan of the verdict by one for the same records, with
// other fields in the place of each, if that is shorter, or nearly as short
// and much of it the backend's. Of long records the backend gets all lanes.
func (e *Encoder) tryOther(v *Verdict, buf, stretch []byte, other func(Field) Field) {
	plan := &e.next.plan
	*plan = Plan{Stride: v.Plan.Stride, Head: v.Plan.Head, Row: v.Plan.Row, Fields: plan.Fields[:0]}
	for i := range v.Plan.Fields {
		f := v.Plan.Fields[i]
		o := other(f)
		for range f.Width / o.Width {
			plan.Fields = append(plan.Fields, o)
		}
	}
	if plan.Stride <= narrow && slices.Equal(plan.Fields, v.Plan.Fields) {
		return
	}
	e.allPooled = plan.Stride > narrow
	n := e.encodedLen(buf, stretch, plan, false)
	e.allPooled = false
	// The more there is the more the backend sees in it.
	if n*100 < v.Encoded*103 && len(e.pool) > 0 || n*100 < v.Encoded*99 {
		e.best.plan, e.next.plan = e.next.plan, e.best.plan
		v.Plan, v.Encoded = &e.best.plan, n
	}
}

// encodedLen is the length of the payload for a stretch that begins with a
// record.
func (e *Encoder) encodedLen(buf, stretch []byte, plan *Plan, exact bool) int {
	p := *plan
	p.Head = 0
	e.begin(buf[:0])
	e.longestPool = len(stretch)
	e.trying = true
	e.table(stretch, &p)
	e.trying = false
	if exact {
		if out, err := e.finish(0); err == nil {
			return len(out)
		}
		return len(stretch)
	}
	n := len(e.body)
	e.body = nil
	if len(e.pool) > 0 {
		n += e.backend.Estimate(buf, e.pool)
	}
	return n
}
