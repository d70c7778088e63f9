package sigio

import (
	"io"
	"iter"

	"github.com/sigmalang/sigma/strategy"
)

// ChunkInfo describes a chunk as it stands in a stream.
type ChunkInfo struct {
	Stream     int    // number of the stream in the input, from 0
	Chunk      uint64 // number of the chunk in its stream, from 0
	Offset     int64  // of the chunk's header in the input
	RawOffset  int64  // of its content in the content of its stream
	RawLen     int
	EncodedLen int // of the payload
	HeaderLen  int
	Strategy   strategy.ID
	Name       string // of the strategy
	Light      bool   // short header, checked together with its neighbours
	Flushed    bool
}

// Chunks yields what is in the streams of src. Headers are checked, contents
// are neither decoded nor checked. After the first error, which is yielded,
// it stops; the end of the input is not an error. Options that concern
// decoding alone don't matter: WithConcurrency and WithStrategies.
func Chunks(src io.Reader, opts ...ReaderOption) iter.Seq2[ChunkInfo, error] {
	return func(yield func(ChunkInfo, error) bool) {
		z := NewReader(src, opts...)
		if z.err != nil {
			yield(ChunkInfo{}, z.err)
			return
		}
		w := &z.walker
		for {
			p, err := w.step(false)
			if err == io.EOF {
				return
			}
			if f, ok := err.(final); ok {
				err = f.error
			}
			if err != nil {
				yield(ChunkInfo{}, err)
				return
			}
			info := ChunkInfo{
				Stream: w.streams - 1, Chunk: p.number, Offset: p.offset, RawOffset: int64(p.raw),
				RawLen: p.RawLen, EncodedLen: p.EncLen, HeaderLen: len(p.head),
				Strategy: strategy.ID(p.Strategy), Name: p.name, Light: p.Light, Flushed: p.Flushed,
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}
