package strategy

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/internal/freelist"
)

// zstdFrame is one Zstandard frame (RFC 8878): the strategy for everything
// that no other is made for. zstd_frame.go says which frames it accepts.
type zstdFrame struct{}

// A zstdEncoder is an encoder with what decides whether it fits: its level,
// and its window, which bounds the inputs it may be given.
type zstdEncoder struct {
	*zstd.Encoder
	level  zstd.EncoderLevel
	window int
}

// nearWindow is the window of the encoder for numbers at LevelDefault, which is of
// the fastest level: that finds as much in them, in half the time, and forgets
// what is further back anyway. The few long distances that it does find there
// cost more than they save.
const nearWindow = 128 << 10

var (
	zstdEncoders freelist.List[zstdEncoder]
	zstdDecoders freelist.List[*zstd.Decoder]
)

func (zstdFrame) ID() ID       { return Zstd }
func (zstdFrame) Name() string { return Zstd.String() }

// Encode takes a Level in p.Plan for its own.
func (zstdFrame) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk {
		return dst, ErrSkip
	}
	if l, ok := p.Plan.(Level); ok {
		p.Level = l
	}
	if p.Level == LevelDefault && p.Profile != nil && hardlyMoreThanDigits(p.Profile) {
		return appendZstdNear(dst, src, p.Limit)
	}
	return appendZstd(dst, src, p.Limit, zstdLevel(p.Level), zstdWindow(len(src)))
}

// appendZstdNear is for numbers at LevelDefault.
func appendZstdNear(dst, src []byte, limit int) ([]byte, error) {
	return appendZstd(dst, src, limit, zstd.SpeedFastest, nearWindow)
}

func appendZstd(dst, src []byte, limit int, level zstd.EncoderLevel, window int) ([]byte, error) {
	e := borrowZstdEncoder(level, window)
	out := e.EncodeAll(src, dst)
	zstdEncoders.Put(e)
	if len(out)-len(dst) > limit {
		return dst, ErrSkip
	}
	return out, nil
}

// ZstdLevel returns the level of the zstd encoder that stands for l.
func zstdLevel(l Level) zstd.EncoderLevel {
	switch {
	case l < LevelDefault:
		return zstd.SpeedFastest
	case l == LevelDefault:
		return zstd.SpeedDefault
	case l == LevelBetter:
		return zstd.SpeedBetterCompression
	}
	return zstd.SpeedBestCompression
}

// borrowZstdEncoder returns an encoder of a level and a window. One that is not
// shorter than the input finds the same matches as any longer one and, in a
// frame of a single segment, leaves no trace in the output: so the longer one
// does as well, and a stream needs one encoder for all its chunks, long and short.
func borrowZstdEncoder(level zstd.EncoderLevel, window int) zstdEncoder {
	alike := func(e zstdEncoder) bool { // nearWindow does leave a trace
		return e.level == level && (e.window == nearWindow) == (window == nearWindow)
	}
	if e, ok := zstdEncoders.Get(func(e zstdEncoder) bool { return alike(e) && e.window >= window }); ok {
		return e
	}
	// One that is too small makes way for the larger, which can replace it.
	zstdEncoders.Get(alike)
	return newZstdEncoder(level, window)
}

// zstdWindow returns the window of an encoder built for inputs of n bytes.
// It is what the encoder allocates for its history, once an input does not fit
// one block of 128 KiB. What is commonly the longest input is the least: an
// encoder that first got a shorter one need not be replaced.
func zstdWindow(n int) int {
	const minWindow = 1 << 20
	return max(minWindow, 1<<bits.Len(uint(n-1)))
}

func newZstdEncoder(level zstd.EncoderLevel, window int) zstdEncoder {
	e, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(level),
		zstd.WithWindowSize(window),
		zstd.WithSingleSegment(true), // holds the content size, at any size
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false),
		zstd.WithLowerEncoderMem(true),
		// Else blocks in which nothing repeats, such as digits, stay as they are up
		// to SpeedDefault.
		zstd.WithAllLitEntropyCompression(true),
		zstd.WithZeroFrames(false),
	)
	if err != nil {
		panic(fmt.Sprintf("strategy: zstd encoder options: %v", err)) // constants, covered by tests
	}
	return zstdEncoder{e, level, window}
}

func (zstdFrame) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if !validZstdFrame(src, rawLen) {
		return dst, ErrMalformed
	}
	whole := slices.Grow(dst, rawLen)[:len(dst)+rawLen]
	d, ok := zstdDecoders.Get(func(*zstd.Decoder) bool { return true })
	if !ok {
		d = newZstdDecoder()
	}
	// An empty slice at the place of the output: the decoder then writes
	// there directly, takes nothing before it for history, and cannot write
	// behind it.
	out, err := d.DecodeAll(src, whole[len(dst):len(dst):len(whole)])
	// It is usable after any error. While idle it still refers to the last src
	// and dst, but touches neither again; the list lets go of it soon enough.
	zstdDecoders.Put(d)
	if err != nil || len(out) != rawLen {
		return dst, ErrMalformed
	}
	return whole, nil
}

func newZstdDecoder() *zstd.Decoder {
	d, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1), // no goroutines
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxChunk),
		zstd.WithDecoderMaxMemory(maxChunk),
		zstd.WithDecodeAllCapLimit(true),
	)
	if err != nil {
		panic(fmt.Sprintf("strategy: zstd decoder options: %v", err)) // constants, covered by tests
	}
	return d
}
