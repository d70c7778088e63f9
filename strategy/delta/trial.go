package delta

import (
	"encoding/binary"

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
	n := min(max(trialLen, trialRows*plan.Row*plan.Stride), longestTry, len(stretch))
	stretch = stretchOf(stretch, plan.Stride, (len(stretch)-n)/2, n)
	v := Verdict{Plan: plan, Raw: len(stretch), Rival: len(stretch)}
	probe := middle(stretch, probeLen)
	_, matched := matchGain(probe, perByte)
	v.Repeats = matched*20 >= len(probe)
	if !v.Repeats && e.best.perByte*10 < perByte*9 {
		// The backend can do no better than the entropy.
		v.Encoded = int(e.best.perByte * uint64(v.Raw) / (8 * entropy.One))
		v.Rival = int(perByte * uint64(v.Raw) / (8 * entropy.One))
		return v
	}
	m := e.mark()
	defer e.release(m)
	buf := e.take(len(stretch) + len(stretch)/8 + 1024)[:0]
	if out, err := e.backend.Append(buf, stretch); err == nil {
		v.Rival = min(v.Rival, len(out))
	}
	if plan.Stride <= narrow {
		v.Encoded = e.encodedLen(buf, stretch, plan)
	} else {
		v.Encoded = int(e.best.perByte * uint64(v.Raw) / (8 * entropy.One))
	}
	won := v.Encoded*100 < v.Rival*clearlyLess && matched*2 < len(probe)
	if lost := v.Encoded*4 > v.Rival*5; !v.Repeats || again || won || lost {
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
	stretch := stretchOf(src[plan.Head:], plan.Stride, (len(src)-plan.Head)*5/8, confirmLen)
	m := e.mark()
	defer e.release(m)
	buf := e.take(len(stretch) + len(stretch)/8 + 1024)[:0]
	v := Verdict{Plan: plan, Raw: len(stretch), Rival: len(stretch), Repeats: true}
	if out, err := backend.Append(buf, stretch); err == nil {
		v.Rival = min(v.Rival, len(out))
	}
	v.Encoded = e.encodedLen(buf, stretch, plan)
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
	e.allPooled = plan.Stride > narrow
	n := e.encodedLen(buf, stretch, plan)
	e.allPooled = false
	// The more there is the more the backend sees in it.
	if n*100 < v.Encoded*103 && len(e.pool) > 0 || n*100 < v.Encoded*99 {
		e.best.plan, e.next.plan = e.next.plan, e.best.plan
		v.Plan, v.Encoded = &e.best.plan, n
	}
}

// encodedLen is the length of the payload for a stretch that begins with a
// record.
func (e *Encoder) encodedLen(buf, stretch []byte, plan *Plan) int {
	p := *plan
	p.Head = 0
	e.body, e.pool = e.body[:0], e.pool[:0]
	e.trying = true
	e.table(stretch, &p)
	e.trying = false
	out, err := e.assemble(buf)
	if err != nil {
		return len(stretch)
	}
	return len(out)
}

// EstimateRival estimates what the backend alone makes of src, from samples of
// all parts of it. Repeats further apart than a sample it does not see.
func (e *Encoder) EstimateRival(src []byte, backend Backend) int {
	const places, span = 8, 4 << 10
	if len(src) <= places*span {
		return backend.Estimate(nil, src)
	}
	m := e.mark()
	defer e.release(m)
	all := e.take(places * span)
	for i := range places {
		copy(all[i*span:][:span], src[(len(src)-span)*i/(places-1):])
	}
	n := backend.Estimate(e.take(len(all) + 1024)[:0], all)
	return int(int64(n) * int64(len(src)) / int64(len(all)))
}

// Repeats estimates how many bytes of src are in records that occurred before,
// at whatever distance: a backend sees these, but a trial of a stretch does
// not. Short records are told apart by twelve bytes from their start on, long
// ones by bytes from their start, middle and end. Of all of them one in sixteen
// is looked at, chosen by what it says, so that its repetition is looked at,
// too; and no more than repeatsAmong are asked, in windows all over src.
func (e *Encoder) Repeats(src []byte, plan *Plan) int {
	const (
		repeatsAmong = 192 << 10
		window       = 16 << 10 // bytes
		slotBits     = 15
		oneIn        = 4 // bits: one in sixteen
	)
	if e.seen == nil {
		e.seen = make([]uint32, 1<<slotBits)
	}
	clear(e.seen)
	step := plan.Stride
	for step < 4 {
		step *= 2
	}
	near, far := 8, 0
	if step > 20 {
		near, far = step/2, step-8
	}
	skip := len(src) / step / repeatsAmong * window
	chosen, repeated := 1, 0
	for from := plan.Head; from < len(src); {
		to := min(from+window, len(src)-max(16, step))
		at := from
		for ; at < to; at += step {
			x := binary.LittleEndian.Uint64(src[at+far:])
			if uint32(x)*goldenRatio32>>(32-oneIn) != 0 || x == 0 {
				continue // zeros repeat near by, too, where a trial shows it
			}
			chosen++
			x = (x*goldenRatio ^ binary.LittleEndian.Uint64(src[at:]) ^
				uint64(binary.LittleEndian.Uint32(src[at+near:]))<<17) * goldenRatio
			slot := &e.seen[x>>(64-slotBits)]
			if tag := uint32(x) | 1; *slot == tag {
				repeated++
			} else {
				*slot = tag
			}
		}
		from = max(at, to) + skip/step*step
		if to == len(src)-max(16, step) {
			break
		}
	}
	return int(int64(len(src)) * int64(repeated) / int64(chosen))
}
