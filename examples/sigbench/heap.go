package main

import (
	"context"
	"io"
	"os"
	"runtime/debug"

	"github.com/sigmalang/sigma/examples/internal/heap"
)

// heapPass takes the peaks of the heap while each codec compresses all files
// and while it decompresses them, one file after the other, from disk to disk
// and from disk to nowhere. What cannot be read or encoded is left out: run has
// told.
func heapPass(ctx context.Context, codecs []codec, inputs []input, progress func(done int)) ([]peak, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(heap.GOGC))
	store, err := os.CreateTemp("", "sigbench-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(store.Name())
	defer store.Close()
	p := &heapMeter{store: store}
	peaks := make([]peak, len(codecs))
	for i, c := range codecs {
		progress(i)
		if peaks[i].compress, err = p.compress(ctx, c, inputs); err != nil {
			return nil, err
		}
		if peaks[i].decompress, err = p.decompress(ctx, c); err != nil {
			return nil, err
		}
	}
	progress(len(codecs))
	return peaks, nil
}

// heapMeter holds what one codec made of the files.
type heapMeter struct {
	store *os.File
	ends  []int64 // of each file's stream in store
}

func (p *heapMeter) compress(ctx context.Context, c codec, inputs []input) (int64, error) {
	at := int64(0)
	p.ends = make([]int64, 0, len(inputs))
	s := heap.Sample()
	defer s.Stop()
	e, err := c.newEncoder()
	if err != nil {
		return 0, err
	}
	for _, in := range inputs {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		dst := io.NewOffsetWriter(p.store, at)
		if compressFile(e, dst, in.path) != nil {
			continue
		}
		if at, err = dst.Seek(0, io.SeekCurrent); err != nil {
			return 0, err
		}
		p.ends = append(p.ends, at)
	}
	return s.Stop(), nil
}

func compressFile(e encode, dst io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return e(dst, f)
}

func (p *heapMeter) decompress(ctx context.Context, c codec) (int64, error) {
	s := heap.Sample()
	defer s.Stop()
	d, err := c.newDecoder()
	if err != nil {
		return 0, err
	}
	at := int64(0)
	for _, end := range p.ends {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		_ = d(io.Discard, io.NewSectionReader(p.store, at, end-at))
		at = end
	}
	return s.Stop(), nil
}
