package strategy

import (
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/s2"
)

// s2Block is one block of the S2 format: a modest ratio at several times the
// speed of zstd. Unlike that of other strategies, its encoding may differ
// from one architecture to the next, since the library has an assembly of its
// own for some; any of them decodes all.
type s2Block struct{}

func (s2Block) ID() ID       { return S2 }
func (s2Block) Name() string { return S2.String() }

func (s2Block) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk || p.Limit < 1 {
		return dst, ErrSkip
	}
	room := s2.MaxEncodedLen(len(src))
	whole := slices.Grow(dst, room)[:len(dst)+room]
	encode := s2.Encode
	if p.Level > LevelDefault {
		encode = s2.EncodeBetter
	}
	n := len(encode(whole[len(dst):], src))
	if n > p.Limit {
		return dst, ErrSkip
	}
	return whole[:len(dst)+n], nil
}

func (s2Block) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if rawLen < 1 || rawLen > maxChunk || !statesLength(src, rawLen) {
		return dst, ErrMalformed
	}
	whole := slices.Grow(dst, rawLen)[:len(dst)+rawLen]
	// Without spare capacity, nothing in the library can write beyond rawLen.
	if _, err := s2.Decode(whole[len(dst):len(whole):len(whole)], src); err != nil {
		return dst, ErrMalformed
	}
	return whole, nil
}

// statesLength reports whether b begins with n as a varint in its shortest
// form (FORMAT §1). The library makes as many bytes, or fails.
func statesLength(b []byte, n int) bool {
	stated, size := binary.Uvarint(b)
	return size > 0 && stated == uint64(n) && (size == 1 || b[size-1] != 0)
}
