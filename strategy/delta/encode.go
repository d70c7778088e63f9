package delta

import (
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/huff0"
)

// A Backend codes what repeats, for tables, and competes with them. Append
// appends a coding of src to dst, and Decode appends exactly rawLen bytes or
// fails. Estimate returns about how long the rival's coding of src would be, in
// less time, and Literals that of n bytes among which nothing repeats, given
// the length that their order-0 entropy amounts to. All bound their time by what
// they are given, whatever that is. scratch is memory to work in.
type Backend interface {
	Append(dst, src []byte) ([]byte, error)
	Decode(dst, src []byte, rawLen int) ([]byte, error)
	Estimate(scratch, src []byte) int
	Literals(n, entropy int) int
}

// An Encoder holds what encoding needs beside its input: scratch memory that
// grows to a few times the length of a segment, or to that of the chunk where
// most of it is pooled, and stays. It is for one goroutine. The zero value is
// ready for use.
type Encoder struct {
	Lender Lender // of the largest part of the scratch memory, nil for none
	arena
	backend Backend
	effort  Effort

	body        []byte // dst, and of the payload its header and what is made of the body
	pool        []byte // pooled streams
	allPooled   bool   // all streams are to be
	poolRoom    int    // how long the pool may get
	longestPool int    // and for the whole chunk
	trying      bool   // what comes out is only measured
	lanes       []lane // of the section
	at          int    // the lane that is next
	sums        []uint16
	huff        huff0.Scratch
	ranks       rankTable
	residuals   residuals
	finder
	sections []section
	seen     []seen // of FarRepeats: records by their hash
}

// The payload:
//
//	payload = length of the body, length of the pool: 4 bytes each,
//	          little-endian; body; pool as the backend coded it, if not empty;
//	          the pool is not longer than the chunk
//	body    = { section }
//	section = 0, length                     the next bytes of the pool
//	        | 1, length, plan, records, head, { segment }, tail
//
// The lengths of sections, varints, add up to the chunk's. A table's first
// Head bytes and what is left behind its last whole record, of which there is
// one at least, are raw. Segments hold the stated number of records each,
// minSegment to maxSegment, the last one the rest.
const (
	payloadHeader = 8
	sectionPlain  = 0
	sectionTable  = 1
)

// A Start is where in a chunk the first table begins, and its plan.
type Start struct {
	At   int
	Plan *Plan
}

// within leaves out what is no plan or what src is too short for: a start is
// but a hint.
func (s Start) within(src []byte) Start {
	s.At = min(max(s.At, 0), len(src))
	if s.Plan != nil && (!s.Plan.valid() || len(src)-s.At < s.Plan.Head+samplePlaces*s.Plan.Stride) {
		s.Plan = nil
	}
	return s
}

// Append appends the payload for src, with tables from start on. Where a plan
// no longer fits, another is looked for.
func (e *Encoder) Append(dst, src []byte, start Start, effort Effort, backend Backend) ([]byte, error) {
	e.backend, e.effort = backend, effort
	sections := e.divide(src, start.within(src))
	e.begin(dst)
	e.longestPool = len(src)
	for _, s := range sections {
		if s.plan == nil {
			e.plain(src[s.from:s.to])
		} else {
			e.table(src[s.from:s.to], s.plan)
		}
	}
	return e.finish(len(dst))
}

// begin starts a payload behind dst, in whose spare room the body is made: that
// of a whole chunk is too long to be kept twice.
func (e *Encoder) begin(dst []byte) {
	e.body = append(dst, make([]byte, payloadHeader)...)
	e.pool = e.pool[:0]
}

// A Lender lends buffers and takes them back. A buffer may have room for more
// than was asked for.
type Lender interface {
	Get(n int) []byte
	Put(b []byte)
}

// firstPool is room for the pooled streams of most chunks, in bytes.
const firstPool = 128 << 10

// appendToPool appends s to the pool, which grows in few steps: it is not longer
// than the chunk.
func (e *Encoder) appendToPool(s []byte) {
	if need := len(e.pool) + len(s); need > cap(e.pool) {
		room := firstPool
		if need > room {
			room = max(need, e.longestPool)
		}
		grown := lent(e.Lender, room)
		grown = append(grown[:0], e.pool...)
		e.dropPool()
		e.pool = grown
	}
	e.pool = append(e.pool, s...)
}

// lent returns n bytes. It borrows powers of two, lest many sizes wait to be
// borrowed again.
func lent(from Lender, n int) []byte {
	if from == nil {
		return make([]byte, n)
	}
	return from.Get(1 << bits.Len(uint(n-1)))[:n]
}

// dropPool gives the pool back.
func (e *Encoder) dropPool() {
	if e.Lender != nil && cap(e.pool) > 0 {
		e.Lender.Put(e.pool)
	}
	e.pool = nil
}

// finish completes the payload that begins at at, and lets go of it.
func (e *Encoder) finish(at int) ([]byte, error) {
	dst := e.body
	e.body = nil
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-payloadHeader))
	binary.LittleEndian.PutUint32(dst[at+4:], uint32(len(e.pool)))
	if len(e.pool) == 0 {
		return dst, nil
	}
	out, err := e.backend.Append(dst, e.pool)
	e.dropPool()
	if err != nil {
		return dst[:at], err
	}
	return out, nil
}

// plain puts p into the pool.
func (e *Encoder) plain(p []byte) {
	if len(p) > 0 {
		e.body = binary.AppendUvarint(append(e.body, sectionPlain), uint64(len(p)))
		e.appendToPool(p)
	}
}

// table starts a section that codes p by the plan.
func (e *Encoder) table(p []byte, plan *Plan) {
	if len(p)-plan.Head < plan.Stride {
		e.plain(p)
		return
	}
	e.lanes, e.at = e.lanes[:0], 0
	perSegment := segmentRecords(plan.Stride)
	out := binary.AppendUvarint(append(e.body, sectionTable), uint64(len(p)))
	out = plan.append(out)
	out = binary.AppendUvarint(out, uint64(perSegment))
	out = append(out, p[:plan.Head]...)
	rest := p[plan.Head:]
	records := len(rest) / plan.Stride
	for first := 0; first < records; first += perSegment {
		n := min(perSegment, records-first)
		e.at = 0
		// The pool must not pass the length of the chunk, though the streams of
		// a field may be longer than the field.
		e.poolRoom = len(e.pool) + n*plan.Stride
		out = e.segment(out, rest, first, n, plan)
	}
	e.body = append(out, rest[records*plan.Stride:]...)
}

// segmentRecords balances tables that follow the numbers against tables that
// cost little: segments of 128 KiB, more where that would be few records.
func segmentRecords(stride int) int {
	const length = 128 << 10
	return min(max(length/stride, minSegment), maxSegment)
}

// segment appends n records of table, from the one numbered first on.
func (e *Encoder) segment(dst, table []byte, first, n int, plan *Plan) []byte {
	offset := 0
	for i := range plan.Fields {
		f := &plan.Fields[i]
		m := e.mark()
		switch {
		case f.bytewise():
			lane := e.take(n)
			b := newByteField(table, plan, f)
			b.fold(lane, first*plan.Stride+offset)
			dst = e.appendStream(dst, lane, depthTop)
		case f.straight():
			dst = e.straight(dst, table[first*plan.Stride+offset:], n, plan.Stride, f)
		default:
			history := min(first, f.history(plan.Row))
			col := e.takeColumn(history + n)
			e.load(col, table[(first-history)*plan.Stride:], offset, plan.Stride, f)
			dst = e.field(dst, col, history, plan.Row, f)
		}
		e.release(m)
		offset += int(f.Width)
	}
	return dst
}

// field appends the numbers of a field in a segment:
//
//	field = [ marks, exceptions ] [ base ] [ divisor ] [ weights ] code
//
// base, Width bytes, little-endian, is subtracted from each number; bare
// fields have none. divisor is a varint, of MapDivide. marks, of MapDecimal,
// is a stream with a 1 for each float that is no decimal, exceptions those
// floats in lanes. weights are of PredictLinear.
func (e *Encoder) field(dst []byte, col []uint64, history, row int, f *Field) []byte {
	numbers := col[history:]
	if f.Map == MapDecimal {
		dst = e.decimals(dst, col, history, f)
	} else {
		f.mapNumbers(col)
	}
	var r *residuals
	if !f.bare() {
		r = &e.residuals
		base, divisor := f.base(numbers), uint64(1)
		dst = appendNumber(dst, base, f.Width)
		if f.Map == MapDivide {
			divisor = commonDivisor(numbers, base, f.Width)
			dst = binary.AppendUvarint(dst, divisor)
		}
		r.start(f, base, divisor)
		if f.Predict == PredictLinear {
			r.weights.fit(numbers, base, f.Width)
			dst = r.weights.append(dst)
		}
		if f.acrossRows() {
			r.startGrid(col, history, row)
		}
	}
	return e.code(dst, numbers, f, r)
}

// decimals maps col and appends the marks and the exceptions.
func (e *Encoder) decimals(dst []byte, col []uint64, history int, f *Field) []byte {
	exceptions := e.takeColumn(len(col) - history)
	copy(exceptions, col[history:])
	marks := e.take(len(col))
	clear(marks)
	toDecimals(col, f.Width, f.Exp, marks)
	marks = marks[history:]
	k := 0
	for i, marked := range marks {
		exceptions[k] = exceptions[i]
		k += int(marked)
	}
	dst = e.appendStream(dst, marks, depthTop)
	return e.appendLanes(dst, exceptions[:k], f.Width, nil)
}

// code appends the numbers of col, folded by r on the way if it is not nil.
func (e *Encoder) code(dst []byte, col []uint64, f *Field, r *residuals) []byte {
	switch f.Code {
	case CodeBuckets:
		return e.appendBuckets(dst, col, r)
	case CodeRanks:
		if r != nil {
			col = e.foldAll(col, r)
		}
		// A dictionary of none says that there would be too many.
		if out, ok := e.appendRanks(dst, col); ok {
			return out
		}
		return e.appendBuckets(append(dst, 0), col, nil)
	}
	return e.appendLanes(dst, col, f.Width, r)
}

// foldAll returns what is coded of the numbers of col in a column of its own:
// in a grid the numbers are still needed where they stand.
func (e *Encoder) foldAll(col []uint64, r *residuals) []uint64 {
	folded := e.takeColumn(len(col))
	for at := 0; at < len(col); at += tileLen {
		copy(folded[at:], r.fold(col[at:min(at+tileLen, len(col))]))
	}
	return folded
}

// appendLanes appends a stream for each of the low width bytes of the
// numbers, lowest first.
func (e *Encoder) appendLanes(dst []byte, col []uint64, width uint8, r *residuals) []byte {
	if len(col) == 0 {
		return dst
	}
	m := e.mark()
	n := len(col)
	lanes := e.take(n * int(width))
	for at := 0; at < n; at += tileLen {
		tile := col[at:min(at+tileLen, n)]
		if r != nil {
			tile = r.fold(tile)
		}
		if width == 2 {
			low, high := lanes[at:][:len(tile)], lanes[n+at:][:len(tile)]
			for i, x := range tile {
				low[i], high[i] = byte(x), byte(x>>8)
			}
			continue
		}
		for b := range int(width) {
			lane := lanes[b*n+at:][:len(tile)]
			shift := 8 * uint(b) & 63
			for i, x := range tile {
				lane[i] = byte(x >> shift)
			}
		}
	}
	for b := range int(width) {
		dst = e.appendStream(dst, lanes[b*n:][:n], depthTop)
	}
	e.release(m)
	return dst
}

// appendBuckets appends the stream of symbols, the length of the open bits in
// bytes as a varint, and these bytes.
func (e *Encoder) appendBuckets(dst []byte, col []uint64, r *residuals) []byte {
	m := e.mark()
	symbols := e.take(len(col))
	w := splitter{packed: e.take(8*len(col) + bitSlack)}
	for at := 0; at < len(col); at += tileLen {
		tile := col[at:min(at+tileLen, len(col))]
		if r != nil {
			tile = r.fold(tile)
		}
		w.split(symbols[at:], tile)
	}
	packed := w.finish()
	dst = e.appendStream(dst, symbols, depthTop)
	dst = binary.AppendUvarint(dst, uint64(len(packed)))
	dst = append(dst, packed...)
	e.release(m)
	return dst
}

func appendNumber(dst []byte, x uint64, width uint8) []byte {
	for range width {
		dst = append(dst, byte(x))
		x >>= 8
	}
	return dst
}
