package main

import (
	"context"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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
// and while it decompresses them, one file after the other, from disk to disk
// and from disk to nowhere. What cannot be read or encoded is left out: run has
// told.
func heapPass(ctx context.Context, codecs []codec, inputs []input, progress func(done int)) ([]peak, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gogc))
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
		dst := io.NewOffsetWriter(p.store, at)
		if compressFile(e, dst, in.path) != nil {
			continue
		}
		if at, err = dst.Seek(0, io.SeekCurrent); err != nil {
			return 0, err
		}
		p.ends = append(p.ends, at)
	}
	return s.stop(), nil
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
	s := sample()
	defer s.stop()
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
	return s.stop(), nil
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

// settle empties the heap of all that nobody needs. Caches let go of what was
// not used for a few collections, and do so on goroutines of their own. What
// they let go of too late would raise the goal of the collector for the codec
// behind.
func settle() {
	last, calm := heapObjects(), 0
	for tries := 0; tries < 50 && calm < 4; tries++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
		now := heapObjects()
		if calm++; now < last-64<<10 {
			calm = 0
		}
		last = now
	}
}

// sample begins to look.
func sample() *sampler {
	settle()
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
