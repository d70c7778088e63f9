package strategy

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// runLength packs runs of a byte, or of a pattern of up to 8 bytes, and
// leaves the rest as it is. It is for zero pages, fill patterns and constant
// columns, where it works at the speed of memory in both directions.
//
// A payload is a sequence of operations:
//
//	operation = header, body
//	header    = length << 4 | kind, a varint: 7 bits a byte, low bits first,
//	            at most 5 bytes and 32 bits, in the shortest form
//	kind 0    a literal: the body is length bytes, copied to the output
//	kind 1-8  a run: the body is a pattern of kind bytes, repeated from its
//	            start until length bytes have been written, the last time
//	            perhaps in part; length is greater than kind
//
// Kinds 9 to 15 are reserved and refused. Every length is at least 1. The
// lengths add up to exactly the chunk's length, and nothing follows the last
// operation.
type runLength struct{}

const (
	maxPeriod = 8

	// minRun is the shortest run worth two headers and a pattern. scanStride
	// and scanSpan are chosen so that a run this long contains a whole span
	// at a multiple of the stride: minRun >= scanSpan + scanStride - 1.
	minRun     = 32
	scanSpan   = 16
	scanStride = 16

	literalKind = 0
)

func (runLength) ID() ID       { return RunLength }
func (runLength) Name() string { return RunLength.String() }

func (runLength) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk {
		return dst, ErrSkip
	}
	out := dst
	room := min(p.Limit, 2*maxChunk) // so that sums with it cannot overflow
	done, from := 0, 0               // bytes encoded; where to look for the next run
	for {
		// A run that begins where the literal before it passes the limit is of
		// no use; it may begin a stride before the span that gives it away.
		at, lag := findRepeat(src, from, done+room+scanStride)
		if lag == 0 {
			break
		}
		start, end := repeatStart(src, at, done, lag), repeatEnd(src, at+lag, lag)
		if end-start < minRun {
			from = at + scanStride
			continue
		}
		literal, period := src[done:start], smallestPeriod(src[start:start+lag])
		room -= opLen(literalKind, len(literal)) + len(literal) + opLen(period, end-start) + period
		if room < 0 {
			return dst, ErrSkip
		}
		out = appendOp(out, literalKind, len(literal), literal)
		out = appendOp(out, period, end-start, src[start:start+period])
		done, from = end, end
	}
	literal := src[done:]
	if opLen(literalKind, len(literal))+len(literal) > room {
		return dst, ErrSkip
	}
	return appendOp(out, literalKind, len(literal), literal), nil
}

// findRepeat looks, a stride at a time from i on, for a span that repeats at
// one of the lags, and returns its start and the lag; lag 0 means that there
// is none before stop. The four lags stand for all periods up to 8: a run of
// period 1, 2 or 4 repeats at 8 too, one of period 3 at 6.
func findRepeat(src []byte, i, stop int) (at, lag int) {
	stop = min(stop, len(src)-scanSpan+1)
	for ; i < stop; i += scanStride {
		b := src[i : i+scanSpan : i+scanSpan]
		w := binary.LittleEndian.Uint64(b)
		switch w {
		case binary.LittleEndian.Uint64(b[8:]):
			return i, 8
		case binary.LittleEndian.Uint64(b[6:]):
			return i, 6
		case binary.LittleEndian.Uint64(b[5:]):
			return i, 5
		case binary.LittleEndian.Uint64(b[7:]):
			return i, 7
		}
	}
	return 0, 0
}

// repeatStart returns how far back, but not before floor, the repeat at src[i]
// reaches.
func repeatStart(src []byte, i, floor, lag int) int {
	for i > floor && src[i-1] == src[i-1+lag] {
		i--
	}
	return i
}

// repeatEnd returns the first position from i on where src differs from
// itself lag bytes before.
func repeatEnd(src []byte, i, lag int) int {
	// Most repeats are short and not worth a call: step through them in words.
	for words := 8; words > 0 && len(src)-i >= 8; words-- {
		diff := binary.LittleEndian.Uint64(src[i:]) ^ binary.LittleEndian.Uint64(src[i-lag:])
		if diff != 0 {
			return i + bits.TrailingZeros64(diff)>>3
		}
		i += 8
	}
	// bytes.Equal compares at the speed of memory but does not say where it
	// stopped: go ahead in growing blocks, then halve the one that differs.
	// Blocks stay small enough for both readings to be served by the cache.
	const maxBlock = 32 << 10
	n := min(256, len(src)-i)
	for n > 0 && bytes.Equal(src[i:i+n], src[i-lag:i-lag+n]) {
		i += n
		n = min(2*n, maxBlock, len(src)-i)
	}
	for n > 1 {
		half := n / 2
		if bytes.Equal(src[i:i+half], src[i-lag:i-lag+half]) {
			i += half
			n -= half
		} else {
			n = half
		}
	}
	return i
}

// smallestPeriod returns the smallest divisor d of len(p) such that p consists
// of copies of its first d bytes.
func smallestPeriod(p []byte) int {
	for d := 1; d < len(p); d++ {
		if len(p)%d == 0 && bytes.Equal(p[d:], p[:len(p)-d]) {
			return d
		}
	}
	return len(p)
}

func opHeader(kind, length int) uint64 { return uint64(length)<<4 | uint64(kind) }

// opLen returns the length of an operation's header; an operation of length 0
// is left out.
func opLen(kind, length int) int {
	if length == 0 {
		return 0
	}
	return (bits.Len64(opHeader(kind, length)) + 6) / 7
}

func appendOp(dst []byte, kind, length int, body []byte) []byte {
	if length == 0 {
		return dst
	}
	return append(binary.AppendUvarint(dst, opHeader(kind, length)), body...)
}

func (runLength) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if rawLen < 0 || rawLen > maxChunk {
		return dst, ErrMalformed
	}
	whole := slices.Grow(dst, rawLen)[:len(dst)+rawLen]
	out := whole[len(dst):] // what is still to be written
	for len(src) > 0 {
		kind, length, body := cutOp(src)
		if length == 0 || length > len(out) {
			return dst, ErrMalformed
		}
		bodyLen := length
		if kind != literalKind {
			bodyLen = kind
		}
		if bodyLen > len(body) || kind >= length || kind > maxPeriod {
			return dst, ErrMalformed
		}
		fill(out[:length], body[:bodyLen])
		out, src = out[length:], body[bodyLen:]
	}
	if len(out) > 0 {
		return dst, ErrMalformed
	}
	return whole, nil
}

// cutOp splits src behind the header it starts with. Length 0 means that
// there is no valid header.
func cutOp(src []byte) (kind, length int, body []byte) {
	const maxHeader = 5
	var h uint64
	for i, b := range src[:min(len(src), maxHeader)] {
		h |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if h>>32 != 0 || (b == 0 && i > 0) {
				break
			}
			return int(h & 15), int(h >> 4), src[i+1:]
		}
	}
	return 0, 0, nil
}

// fill repeats pattern over out.
func fill(out, pattern []byte) {
	// A multiple of every period, small enough to be read from the nearest
	// cache however long the run.
	const block = 16 * (8 * 7 * 5 * 3)
	if len(pattern) == 1 && pattern[0] == 0 {
		clear(out)
		return
	}
	for n := copy(out, pattern); n < len(out); {
		n += copy(out[n:], out[:min(n, block)])
	}
}
