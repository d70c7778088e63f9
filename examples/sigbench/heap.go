package main

import (
	"context"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"
)

// gogc is the setting at which the heap is measured: Go's own.
const gogc = 100

// heapObjects is how many bytes are taken on the heap, by what is in use and
// by what was not collected yet.
func heapObjects() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// heapPass takes the peaks of the heap while each codec compresses all files
// and while it decompresses them, one file after the other. Files and what
// they encode to lie in two buffers that are there before, or on disk.
// What cannot be read or encoded is left out: run has told.
func heapPass(ctx context.Context, codecs []codec, inputs []input, progress func(done int)) ([]peak, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gogc))
	store, err := os.CreateTemp("", "sigbench-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(store.Name())
	defer store.Close()
	longest := slices.MaxFunc(inputs, func(a, b input) int { return int(a.size - b.size) }).size
	p := &heapMeter{store: store, raw: make([]byte, longest)}
	p.encoded.empty(int(longest + longest/8 + 64<<10))
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

// heapMeter holds what stays while the codecs come and go.
type heapMeter struct {
	store   *os.File // what the codec at hand made of the files, in order
	lens    []int    // of its pieces
	raw     []byte
	encoded sink
}

func (p *heapMeter) compress(ctx context.Context, c codec, inputs []input) (int64, error) {
	if _, err := p.store.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	p.lens = slices.Grow(p.lens[:0], len(inputs))
	s := sample()
	defer s.stop()
	e, err := c.newEncoder()
	if err != nil {
		return 0, err
	}
	for _, in := range inputs {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		n, err := readInto(p.raw, in.path)
		if err != nil {
			continue
		}
		p.encoded.empty(0)
		if e(&p.encoded, p.raw[:n]) != nil {
			continue
		}
		if _, err := p.store.Write(p.encoded.b); err != nil {
			return 0, err
		}
		p.lens = append(p.lens, len(p.encoded.b))
	}
	return s.stop(), nil
}

func (p *heapMeter) decompress(ctx context.Context, c codec) (int64, error) {
	if _, err := p.store.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	s := sample()
	defer s.stop()
	d, err := c.newDecoder()
	if err != nil {
		return 0, err
	}
	for _, n := range p.lens {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		p.encoded.empty(n)
		p.encoded.b = p.encoded.b[:n]
		if _, err := io.ReadFull(p.store, p.encoded.b); err != nil {
			return 0, err
		}
		_ = d(io.Discard, p.encoded.b)
	}
	return s.stop(), nil
}

// readInto reads a file that may have changed its length since it was found.
func readInto(b []byte, path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := io.ReadFull(f, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

// sampler looks at the heap every now and then.
type sampler struct {
	quit     chan struct{}
	gone     chan int64 // gets the peak
	baseline int64
	stopped  bool
}

// sampleEvery is short against the time in which a codec fills its tables.
const sampleEvery = 500 * time.Microsecond

// sample begins to look, with a heap on which nothing lies about. The codecs'
// caches let go of what nobody used for two collections.
func sample() *sampler {
	for range 3 {
		runtime.GC()
	}
	s := &sampler{quit: make(chan struct{}), gone: make(chan int64), baseline: heapObjects()}
	go func() {
		highest := s.baseline
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				highest = max(highest, heapObjects())
			case <-s.quit:
				s.gone <- max(highest, heapObjects())
				return
			}
		}
	}()
	return s
}

// stop returns the peak over the baseline, the first time it is called.
func (s *sampler) stop() int64 {
	if s.stopped {
		return 0
	}
	s.stopped = true
	close(s.quit)
	return <-s.gone - s.baseline
}
