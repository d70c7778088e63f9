package delta

import (
	"encoding/binary"

	"github.com/sigmalang/sigma/internal/entropy"
)

// lane remembers, for one of the streams that each segment of a section has,
// what was found out about it in the first segment.
type lane struct {
	habit   habit
	perByte uint64 // information a byte when the habit was formed

	// What the last stream that was counted became; share is 0 for a form that
	// others might beat the next time.
	form  byte
	top   byte // the dominant byte of a sparse stream
	share int  // what is left of the bytes, of shareUnit
}

const shareUnit = 1 << 10

// became notes what a counted stream was coded as.
func (l *lane) became(form, top byte, encoded, n int) {
	if l != nil {
		l.form, l.top, l.share = form, top, max(encoded*shareUnit/n, 1)
	}
}

// appendAlike appends s in the form that the lane's last stream took, without
// counting the bytes first. It reports false if that turns out to be, or might
// be, no longer right.
func (e *Encoder) appendAlike(dst, s []byte, l *lane) ([]byte, bool) {
	if l.share == 0 || len(s) < alikeFrom {
		return dst, false
	}
	out, ok := dst, true
	switch l.form {
	case formRaw:
		if perByte := sampledInformation(s); perByte > 8*entropy.One-entropy.One/16 {
			return append(append(dst, formRaw), s...), true
		}
		ok = false
	case formPooled:
		perByte := sampledInformation(s)
		if perByte*3 > l.perByte*2 && perByte*2 < l.perByte*3 && len(e.pool)+len(s) <= e.poolRoom {
			return e.appendPooled(dst, s), true
		}
		ok = false
	case formHuffman:
		out, ok = e.appendHuffman(dst, s)
	case formSparse:
		out, ok = e.appendSparse(dst, s, l.top, len(s)/4, rawCost(len(s)))
	case formClassed:
		out = e.appendClassed(dst, s)
	}
	if share := (len(out) - len(dst)) * shareUnit / len(s); ok && share*5 >= l.share*4 && share*4 <= l.share*5 {
		return out, true
	}
	l.share = 0
	return dst, false
}

// alikeFrom is how long a stream must be to be worth the risk.
const alikeFrom = 4 << 10

// sampledInformation estimates what a byte of s holds.
func sampledInformation(s []byte) uint64 {
	const places, span = 8, 1 << 10
	each := min(span, len(s)/places)
	var h [256]uint32
	for i := range places {
		count(&h, s[(len(s)-each)*i/(places-1):][:each])
	}
	information, _ := entropy.Unbiased(&h, places*each)
	return information / uint64(places*each)
}

// changed reports whether a lane has no habit yet, or holds much more or much
// less information than when it was formed.
func (l *lane) changed(information uint64, n int) bool {
	perByte := information / uint64(n)
	if l.habit != habitUnknown && perByte*3 > l.perByte*2 && perByte*2 < l.perByte*3 {
		return false
	}
	l.perByte = perByte
	return true
}

type habit uint8

const (
	habitUnknown habit = iota
	habitPlain
	habitClasses
	habitPool
)

func (e *Encoder) nextLane() *lane {
	if e.at == len(e.lanes) {
		e.lanes = append(e.lanes, lane{})
	}
	e.at++
	return &e.lanes[e.at-1]
}

// habitOf finds out how a lane is best coded, from its first stream: cost is
// that of the best form without a habit, information that of its histogram.
func (e *Encoder) habitOf(s []byte, cost, information uint64) habit {
	if e.repeats(s, information) {
		return habitPool
	}
	const worthTrying = 4 * minClassed
	if e.effort.price().classes > 0 && len(s) >= worthTrying && cost > uint64(len(s))*entropy.One/4 && e.classesPay(s, cost) {
		return habitClasses
	}
	return habitPlain
}

// repeats reports whether the backend makes clearly less of s than its
// order-0 information. What a probe for matches does not find the backend is
// not asked for, and where time counts, or this is a trial itself, it is not
// asked at all.
func (e *Encoder) repeats(s []byte, information uint64) bool {
	const tried = 16 << 10
	if len(s) < 64 {
		return false
	}
	price := e.effort.price()
	perByte := information / uint64(len(s)) // fixed point
	probe := middle(s, min(max(len(s)/4, 1<<10), probeLen))
	gain, _ := matchGain(probe, perByte)
	if share := perByte * uint64(len(probe)); gain*price.poolShare < share*100 || gain < price.pool*uint64(len(probe)) {
		return false
	}
	if !price.poolTrial || e.trying {
		return true
	}
	t := middle(s, tried)
	m := e.mark()
	defer e.release(m)
	expected := perByte * uint64(len(t))
	need := uint64(e.backend.Estimate(e.take(len(t) + 1024)[:0], t)) * 8 * entropy.One
	return need*100 < expected*90 && expected-need > uint64(len(t))*price.pool
}

// These spread what they multiply over the upper bits of 64 and of 32.
const (
	goldenRatio   = 0x9E3779B97F4A7C15
	goldenRatio32 = 0x9E3779B1
)

const probeLen = 4 << 10

// matchGain estimates how much of the order-0 information of p, perByte for
// each byte, a coder of matches saves, and returns that and how many bytes are
// in matches. p is not longer than probeLen.
func matchGain(p []byte, perByte uint64) (gain uint64, matched int) {
	const (
		slotBits  = 11
		minMatch  = 6
		unmatched = 64 - 8*minMatch
		matchCost = 28 // in bits
	)
	var slots [1 << slotBits]uint16
	for i := 1; i+8 <= len(p); {
		x := binary.LittleEndian.Uint64(p[i:]) << unmatched
		slot := &slots[x*goldenRatio>>(64-slotBits)]
		at := int(*slot)
		*slot = uint16(i)
		if at == 0 || binary.LittleEndian.Uint64(p[at:])<<unmatched != x {
			i++
			continue
		}
		n := minMatch
		for i+n < len(p) && p[at+n] == p[i+n] {
			n++
		}
		if worth := uint64(n) * perByte; worth > matchCost*entropy.One {
			gain += worth - matchCost*entropy.One
		}
		matched += n
		i += n
	}
	return gain, matched
}

// middle returns n bytes from the middle of s, or s when it is no longer.
func middle(s []byte, n int) []byte {
	if len(s) <= n {
		return s
	}
	return s[(len(s)-n)/2:][:n]
}
