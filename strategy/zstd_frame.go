package strategy

import (
	"encoding/binary"
	"math/bits"
)

// The parts of a frame header descriptor (RFC 8878 §3.1.1.1.1). Unused and
// reserved bits, the checksum flag and the dictionary id flags must be 0.
const (
	zstdMagic         = 0xfd2fb528
	zstdSizeFlagShift = 6
	zstdSingleSegment = 1 << 5
	zstdAllowedBits   = 3<<zstdSizeFlagShift | zstdSingleSegment

	zstdMinWindow = 1 << 10
	zstdMaxBlock  = 128 << 10
)

// validZstdFrame reports whether src is laid out as a zstd payload must be:
// exactly one frame that is not skippable, without dictionary and checksum,
// with its content size present in the shortest field that holds it and equal
// to rawLen, with a window no larger than a power of two needs to be to hold
// the content, and nothing behind the last block. What is inside compressed
// blocks is for the decoder to judge.
//
// The decoder must not see anything else: it would skip skippable frames,
// decode frame after frame, and size its work by what a header claims.
func validZstdFrame(src []byte, rawLen int) bool {
	window, blocks, ok := cutZstdHeader(src, rawLen)
	return ok && validZstdBlocks(blocks, rawLen, min(window, zstdMaxBlock))
}

// cutZstdHeader checks the frame header of src (RFC 8878 §3.1.1.1) and returns
// the window it states and what follows.
func cutZstdHeader(src []byte, rawLen int) (window int, rest []byte, ok bool) {
	if rawLen < 1 || rawLen > maxChunk || len(src) < 5 || binary.LittleEndian.Uint32(src) != zstdMagic {
		return 0, nil, false
	}
	descriptor, rest := src[4], src[5:]
	if descriptor&^zstdAllowedBits != 0 {
		return 0, nil, false
	}
	window = rawLen
	if descriptor&zstdSingleSegment == 0 {
		if len(rest) == 0 {
			return 0, nil, false
		}
		most := max(zstdMinWindow, 1<<bits.Len(uint(rawLen-1)))
		if window, ok = zstdWindowSize(rest[0], most); !ok {
			return 0, nil, false
		}
		rest = rest[1:]
	}
	size, sizeLen := zstdContentSize(descriptor, rest)
	if size != rawLen || sizeLen != shortestZstdSize(rawLen) {
		return 0, nil, false
	}
	return window, rest[sizeLen:], true
}

// zstdWindowSize decodes a window descriptor (RFC 8878 §3.1.1.1.2).
func zstdWindowSize(descriptor byte, most int) (size int, ok bool) {
	base := uint64(zstdMinWindow) << (descriptor >> 3)
	window := base + base/8*uint64(descriptor&7)
	return int(min(window, maxChunk)), window <= uint64(most)
}

// zstdContentSize decodes the frame content size at the start of b (RFC 8878
// §3.1.1.1.4). Fields that are absent, cut off or too long for any chunk have
// length 0.
func zstdContentSize(descriptor byte, b []byte) (size, fieldLen int) {
	switch flag := descriptor >> zstdSizeFlagShift; {
	case flag == 0 && descriptor&zstdSingleSegment != 0 && len(b) >= 1:
		return int(b[0]), 1
	case flag == 1 && len(b) >= 2:
		return int(binary.LittleEndian.Uint16(b)) + 256, 2
	case flag == 2 && len(b) >= 4 && binary.LittleEndian.Uint32(b) <= maxChunk:
		return int(binary.LittleEndian.Uint32(b)), 4
	}
	return 0, 0
}

// shortestZstdSize returns the length of the shortest field that can state n.
func shortestZstdSize(n int) int {
	switch {
	case n < 256:
		return 1
	case n < 256+1<<16:
		return 2
	}
	return 4
}

// validZstdBlocks walks the block headers (RFC 8878 §3.1.1.2) and reports
// whether the last block ends where b ends.
func validZstdBlocks(b []byte, rawLen, maxBlock int) bool {
	for len(b) >= 3 {
		header := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		last, kind, size := header&1 != 0, header>>1&3, header>>3
		b = b[3:]
		if size > maxBlock {
			return false
		}
		stored := size
		switch kind {
		case 0: // raw
			rawLen -= size
		case 1: // one byte, size times
			rawLen -= size
			stored = 1
		case 2: // compressed
		default:
			return false
		}
		// Raw and repeated blocks that exceed the chunk by themselves would
		// have the decoder grow its output before it notices.
		if rawLen < 0 || stored > len(b) {
			return false
		}
		b = b[stored:]
		if last {
			return len(b) == 0
		}
	}
	return false
}
