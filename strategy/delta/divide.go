package delta

// section is a stretch of a chunk that is coded by one plan, or by none.
type section struct {
	from, to int
	plan     *Plan
}

const (
	// A plan is looked at again after every stretch of so many bytes.
	stretchLen = 128 << 10

	// A plan that fits may have been found on the last records of another
	// kind: from time to time others are looked for all the same.
	lightSearch = 512 << 10

	// After a search in vain so many stretches go by, then twice as many.
	firstBackOff = 1
	maxBackOff   = 8
)

// divide cuts src into sections. It keeps a plan as long as it fits, looks for
// another where it does not, and waits ever longer after searches in vain.
func (e *Encoder) divide(src []byte, start Start) []section {
	e.sections = e.sections[:0]
	e.section(0, start.At, nil)
	at, plan, backOff := start.At, start.Plan, firstBackOff
	for at < len(src) {
		if plan == nil && len(src)-at >= minTable {
			if v, ok := e.find(src[at:], false); ok && pays(v) {
				plan, backOff = v.Plan.Clone(), firstBackOff
			}
		}
		if plan == nil {
			end := min(at+backOff*stretchLen, len(src))
			e.section(at, end, nil)
			at, backOff = end, min(2*backOff, maxBackOff)
			continue
		}
		end, next := e.extent(src, at, plan)
		e.section(at, end, plan)
		at, plan = end, next
	}
	return e.sections
}

// pays reports whether a trial was clearly won.
func pays(v Verdict) bool { return v.Encoded*100 <= v.Rival*95 }

// section adds a section, and joins what is coded by no plan.
func (e *Encoder) section(from, to int, plan *Plan) {
	if from == to {
		return
	}
	if n := len(e.sections); n > 0 && plan == nil && e.sections[n-1].plan == nil {
		e.sections[n-1].to = to
		return
	}
	e.sections = append(e.sections, section{from, to, plan})
}

// extent returns where the table that begins at from ends, or where another
// plan fits it better, and that plan. What gains little may still gain more
// than by any other plan: then extent asks again ever later.
func (e *Encoder) extent(src []byte, from int, plan *Plan) (int, *Plan) {
	first := e.gain(src[from:], plan)
	backOff := e.effort.price().believe
	for at := from + backOff*stretchLen; at < len(src)-stretchLen/2; at += backOff * stretchLen {
		// The stretch begins in the middle of a record.
		phase := (at - from - plan.Head) % plan.Stride
		here := *plan
		here.Head = (plan.Stride - phase) % plan.Stride
		now := e.gain(src[at:], &here)
		// A quarter of what it saved at first may be chance.
		worse := now.share > first.share+(unit-min(first.share, unit))/4+unit/64
		other := (worse || (at-from)%lightSearch == 0) && e.seemsOther(src[at:], plan.Stride)
		switch {
		case worse && !other && !now.over() && !e.fitsBetter(src[at-phase:], plan.Stride, now):
			// The data is worse, not the plan.
		case worse || other:
			v, ok := e.find(src[at-phase:], true)
			if !ok || !pays(v) {
				if worse && now.over() {
					return at - phase, nil // the table is over
				}
			} else if e.gain(src[at-phase:], v.Plan).less(now) {
				return at - phase, v.Plan.Clone()
			}
		case now.perByte > first.perByte+first.perByte/3:
			perByte := e.exactly(src[at:], &here)
			if perByte == 0 {
				break
			}
			if next := e.layOutAgain(src[at-phase:], plan.Stride); next.perByte*108 < perByte*100 {
				return at - phase, next.plan.Clone()
			}
		default:
			continue
		}
		backOff = min(2*backOff, maxBackOff)
	}
	return len(src), nil
}

// fitsBetter reports whether another plan for records of the same length seems
// to make clearly less of src than is made of it now.
func (e *Encoder) fitsBetter(src []byte, stride int, now gain) bool {
	next := e.layOutAgain(src, stride)
	return e.gain(src, &next.plan).less(now)
}

// layOutAgain drafts a plan for records of the same length.
func (e *Encoder) layOutAgain(src []byte, stride int) *draft {
	p := src[:min(len(src), searchSpan)]
	e.candidates = append(e.candidates[:0], stride)
	e.score(p)
	e.layOut(p, e.layouts[0], &e.best)
	return &e.best
}

// exactly returns what a byte costs by the plan, 0 if it predicts across rows.
func (e *Encoder) exactly(src []byte, plan *Plan) uint64 {
	p := src[:min(len(src), searchSpan)]
	var total uint64
	offset := 0
	for i := range plan.Fields {
		f := plan.Fields[i]
		if f.acrossRows() {
			return 0
		}
		total += e.quickCost(p[plan.Head:], offset, plan.Stride, &f)
		offset += int(f.Width)
	}
	return total / uint64(plan.Stride)
}

// seemsOther reports whether src seems to hold records of another length.
func (e *Encoder) seemsOther(src []byte, stride int) bool {
	p := src[:min(len(src), searchSpan)]
	var likeliest int
	e.candidates, likeliest, _ = strides(e.candidates[:0], p)
	return likeliest > 0 && likeliest != stride
}

const (
	// unit is a gain of nothing: as much information by the plan as without.
	unit = 1 << 12

	// fieldsJudged is how many fields of a record stand for all.
	fieldsJudged = 8
)

// gain is what a plan makes of a stretch of data.
type gain struct {
	perByte uint64 // information, by plain differences where the plan predicts
	share   uint64 // of the order-0 information of the bytes; unit is all of it
	stretch []byte // what was tried
	before  uint64 // what a byte of it holds, whatever the order
}

// over reports whether the plan leaves next to nothing gained, or so little
// that the backend gains more by the repeats.
func (g gain) over() bool {
	if g.share <= unit-unit*3/8 || g.share > unit-unit/8 {
		return g.share > unit-unit/8
	}
	probe := middle(g.stretch, probeLen)
	_, matched := matchGain(probe, g.before)
	return matched*5 >= len(probe)
}

func (g gain) less(than gain) bool { return g.perByte < than.perByte-than.perByte/16 }

// gain tries the plan on the start of src.
func (e *Encoder) gain(src []byte, plan *Plan) gain {
	p := src[:min(len(src), stretchLen)]
	before := sampleBytes(p)
	table := p[plan.Head:]
	var total, bytes uint64
	offset := 0
	step := (len(plan.Fields) + fieldsJudged - 1) / fieldsJudged
	for i := range plan.Fields {
		f := plan.Fields[i]
		if i%step == 0 {
			if f.predicted() && f.Predict != PredictBase {
				f.Predict, f.X, f.Y = PredictDifferences, 1, 0
			}
			total += e.quickCost(table, offset, plan.Stride, &f)
			bytes += uint64(f.Width)
		}
		offset += int(f.Width)
	}
	return gain{total / bytes, total * unit / max(before.perByte*bytes, 1), p, before.perByte}
}
