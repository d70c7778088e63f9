package strategy

import (
	"slices"

	"github.com/pierrec/lz4/v4"
	"github.com/sigmalang/sigma/internal/freelist"
)

// lz4Block is one block of the LZ4 block format: a modest ratio, decoded at
// several times the speed of zstd.
type lz4Block struct{}

// Search depths of the high-compression encoder, each the last that pays: on
// mixed files 32 saves 0.8 % over 16 for a sixth of the speed, and 4096 saves
// 0.1 % over 512 for a quarter.
const (
	lz4DepthBetter lz4.CompressionLevel = 16
	lz4DepthBest   lz4.CompressionLevel = 512
)

var (
	lz4Compressors     freelist.List[*lz4.Compressor]
	lz4CompressorsHigh freelist.List[*lz4.CompressorHC]
)

func (lz4Block) ID() ID       { return LZ4 }
func (lz4Block) Name() string { return LZ4.String() }

func (lz4Block) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > maxChunk || p.Limit < 1 {
		return dst, ErrSkip
	}
	// The compressor gives up when it runs out of room. It also gives up, in
	// less room than the bound, on what it cannot make shorter than src: so a
	// caller who accepts longer payloads needs all of the bound.
	room := p.Limit
	if room >= len(src) {
		room = lz4.CompressBlockBound(len(src))
	}
	whole := slices.Grow(dst, room)[:len(dst)+room]
	n := lz4Compress(whole[len(dst):], src, p.Level)
	if n == 0 || n > p.Limit {
		return dst, ErrSkip
	}
	return whole[:len(dst)+n], nil
}

// lz4Compress returns the length of the block it wrote to dst, or 0 when dst
// is too short for it, which is the only error that the library reports here.
func lz4Compress(dst, src []byte, level Level) int {
	if level <= LevelDefault {
		c, ok := lz4Compressors.Get(func(*lz4.Compressor) bool { return true })
		if !ok {
			c = new(lz4.Compressor)
		}
		defer lz4Compressors.Put(c)
		n, err := c.CompressBlock(src, dst)
		if err != nil {
			return 0
		}
		return n
	}
	c, ok := lz4CompressorsHigh.Get(func(*lz4.CompressorHC) bool { return true })
	if !ok {
		c = new(lz4.CompressorHC)
	}
	defer lz4CompressorsHigh.Put(c)
	c.Level = lz4DepthBetter
	if level == LevelBest {
		c.Level = lz4DepthBest
	}
	n, err := c.CompressBlock(src, dst)
	if err != nil {
		return 0
	}
	return n
}

func (lz4Block) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if rawLen < 1 || rawLen > maxChunk {
		return dst, ErrMalformed
	}
	whole := slices.Grow(dst, rawLen)[:len(dst)+rawLen]
	// Without spare capacity, nothing in the library can write beyond rawLen.
	n, err := lz4.UncompressBlock(src, whole[len(dst):len(whole):len(whole)])
	if err != nil || n != rawLen {
		return dst, ErrMalformed
	}
	return whole, nil
}
