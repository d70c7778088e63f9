package delta

import "github.com/sigmalang/sigma/internal/entropy"

// Bits that are not coded take longer to join than lanes.
const bucketHandicap = 101

// refine decides how a field is mapped, predicted and coded, and returns what
// a number of it costs.
func (e *Encoder) refine(p []byte, offset, stride int, f *Field) uint64 {
	m := e.mark()
	defer e.release(m)
	s := e.takeSample(p, offset, stride, e.effort.price().refined, f)
	t := tries{s, *f, 1 << 56}
	variants, n := s.maps(f)
	for _, c := range variants[:n] {
		// Where one more difference does harm, two more do as well.
		var costs [maxX + 1]uint64
		for x := range costs {
			c.X = uint8(x)
			costs[x] = t.try(c, 100)
			if x > 0 && costs[x] > costs[x-1] {
				break
			}
		}
		c.X, c.Predict = 0, PredictBase
		if costs[1]*10 > costs[0]*9 { // else the numbers follow each other
			t.try(c, 100)
		}
		if c.Map != MapNone || f.Width > 2 || stride > 64 || f.Width == 1 && stride > 4 {
			continue
		}
		c.X, c.Predict = 0, PredictLinear
		t.try(c, e.effort.price().linear)
	}
	t.tryRanks(e, p, offset, stride)
	*f = t.best
	return t.least
}

// tryRanks tries a dictionary for the numbers as they are mapped best, on a
// sample that is large enough to tell how many there are.
func (t *tries) tryRanks(e *Encoder, p []byte, offset, stride int) {
	const (
		records  = 4 << 10
		handicap = 103
	)
	f := t.best
	if f.Width == 1 || f.Width == 3 || f.Minus || t.least < 3*entropy.One || f.Map == MapDivide {
		return
	}
	copy(t.work, t.raw)
	if !e.ranks.collect(t.work, len(t.work)*2/3) {
		return
	}
	few := len(e.ranks.values)
	col := e.takeRuns(p, offset, stride, records, &f)
	odd := f.mapNumbers(col)
	if !e.ranks.collect(col, 2*few) {
		return // there is no end of them
	}
	// Buckets of ranks lose a little against symbols of their own.
	cost := e.ranks.information(len(col))/uint64(len(col)) + entropy.One/8
	// All of a segment's numbers share one dictionary. There will be more.
	distinct := uint64(len(e.ranks.values)) * 3 / 2
	cost += distinct * 4 * uint64(f.Width) * entropy.One / uint64(segmentRecords(stride))
	cost += uint64(odd) * uint64(f.Width) * 8 * entropy.One / uint64(len(col))
	if cost*handicap < t.least*100 {
		f.Predict, f.X, f.Y, f.Code = PredictDifferences, 0, 0, CodeRanks
		t.best, t.least = f, cost
	}
}

// tries keeps the best of the ways in which a field was tried.
type tries struct {
	*sample
	best  Field
	least uint64
}

// try tries both coders and returns the cost by the better one.
func (t *tries) try(f Field, handicap uint64) uint64 {
	cost := t.cost(&f)
	if cost*handicap < t.least*100 {
		t.best, t.least = f, cost
	}
	return cost
}

// sample is some runs of a field's numbers.
type sample struct {
	raw, work []uint64
	n         int // of a run
	residuals residuals
}

// takeRuns returns about as many numbers of a field as asked for, of runs in
// several places, until the arena is released.
func (e *Encoder) takeRuns(p []byte, offset, stride, records int, f *Field) []uint64 {
	at, n := runs(p, stride, records)
	col := e.takeColumn(samplePlaces * n)
	for i, a := range at {
		e.load(col[i*n:][:n], p[a*stride:], offset, stride, f)
	}
	return col
}

func (e *Encoder) takeSample(p []byte, offset, stride, records int, f *Field) *sample {
	s := &e.sample
	s.raw = e.takeRuns(p, offset, stride, records, f)
	s.work, s.n = e.takeColumn(len(s.raw)), len(s.raw)/samplePlaces
	return s
}

// maps returns f with the maps that its numbers may need.
func (s *sample) maps(f *Field) (all [maps]Field, n int) {
	all[0], n = *f, 1
	if f.Minus {
		return all, n
	}
	add := func(m Map, exp uint8) {
		all[n] = *f
		all[n].Map, all[n].Exp = m, exp
		n++
	}
	if f.Width == 4 || f.Width == 8 {
		if s.signs(f.Width) {
			add(MapOrdered, 0)
		}
		if exp, ok := s.decimals(f.Width); ok {
			add(MapDecimal, exp)
		}
	}
	if f.Width > 1 && commonDivisor(s.raw, s.raw[0], f.Width) > 1 {
		add(MapDivide, 0)
	}
	return all, n
}

// signs reports whether the top bits of the numbers differ.
func (s *sample) signs(width uint8) bool {
	var differ uint64
	for _, x := range s.raw {
		differ |= x ^ s.raw[0]
	}
	return differ>>(8*width-1) != 0
}

// decimals finds the smallest number of digits that makes decimals of most of
// the floats.
func (s *sample) decimals(width uint8) (exp uint8, ok bool) {
	const looks = 32
	step := max(len(s.raw)/looks, 1)
	for exp := range uint8(maxExp + 1) {
		good, all := 0, 0
		for i := 0; i < len(s.raw); i += step {
			all++
			if _, ok := decimal(s.raw[i], width, powersOfTen[exp]); ok {
				good++
			}
		}
		if good*4 >= all*3 {
			return exp, true
		}
	}
	return 0, false
}

// cost is what a number costs when it is mapped and predicted as f says, with
// the coder that suits it, which it puts in f.
func (s *sample) cost(f *Field) uint64 {
	copy(s.work, s.raw)
	odd := f.mapNumbers(s.work)
	base, divisor := f.base(s.work), uint64(1)
	if f.Map == MapDivide {
		divisor = commonDivisor(s.work, base, f.Width)
	}
	r := &s.residuals
	if f.Predict == PredictLinear {
		var spans [samplePlaces][]uint64
		for i := range spans {
			spans[i] = s.work[i*s.n:][:s.n]
		}
		r.weights.fitSpans(spans[:], base, f.Width)
	}
	const warm = 8
	all := s.work[:0]
	for i := range samplePlaces {
		run := s.work[i*s.n:][:s.n]
		r.start(f, base, divisor)
		r.fold(run)
		if f.predicted() {
			run = run[min(warm, len(run)):]
		}
		all = append(all, run...)
	}
	var cost uint64
	f.Code = CodeLanes
	inLanes := all
	if f.bare() {
		inLanes = s.raw // no base is subtracted
	}
	cost, f.Code = columnCost(inLanes, all, f.Width)
	return cost + uint64(odd)*uint64(f.Width)*8*entropy.One/uint64(max(len(all), 1))
}

// columnCost is what a number costs of which two columns hold what is coded,
// if in lanes or if in buckets, and the coder that makes it so.
func columnCost(inLanes, col []uint64, width uint8) (uint64, Coder) {
	if len(col) == 0 {
		return 8 * uint64(width) * entropy.One, CodeLanes
	}
	buckets := uint64(1 << 56)
	if width > 1 {
		buckets = bucketInformation(col) / uint64(len(col))
	}
	cost := uint64(0)
	for b := range uint(width) {
		var h [256]uint32
		for _, x := range inLanes {
			h[byte(x>>(8*b&63))]++
		}
		cost += laneInformation(&h, len(inLanes))
		if buckets*bucketHandicap < cost*100 {
			return buckets, CodeBuckets
		}
	}
	return cost, CodeLanes
}

func bucketInformation(col []uint64) uint64 {
	var h [256]uint32
	var open uint64
	for _, x := range col {
		symbol, bits := bucketOf(x)
		h[symbol]++
		open += uint64(bits)
	}
	information, _ := entropy.Unbiased(&h, len(col))
	return information + open*entropy.One
}

const quickRecords = 256

// quickCost is what a number of a field costs, from a small sample.
func (e *Encoder) quickCost(table []byte, offset, stride int, f *Field) uint64 {
	m := e.mark()
	defer e.release(m)
	return e.takeSample(table, offset, stride, quickRecords, f).cost(f)
}
