package main

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// gogc is the setting at which the heap is measured: Go's own.
const gogc = 100

// gauge tells how many bytes are taken on the heap, by what is in use and by
// what was not collected yet. It takes none itself: thousands of looks would be
// garbage, too. It is for one goroutine.
type gauge []metrics.Sample

func newGauge() gauge { return gauge{{Name: "/memory/classes/heap/objects:bytes"}} }

func (g gauge) read() int64 {
	metrics.Read(g)
	return int64(g[0].Value.Uint64())
}

// settle empties the heap of all that nobody needs. Caches let go of what was
// not used for a few collections, and do so on goroutines of their own.
func settle(g gauge) {
	last, calm := g.read(), 0
	for tries := 0; tries < 50 && calm < 4; tries++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
		now := g.read()
		if calm++; now < last-16<<10 {
			calm = 0
		}
		last = now
	}
}

// sampler looks at the heap every now and then, and whenever it is told to.
type sampler struct {
	gauge    gauge
	quit     chan struct{}
	gone     chan int64 // gets the peak
	baseline int64
	highest  int64 // of the looks that were asked for
}

// sampleEvery is short against the time in which a codec fills its tables.
const sampleEvery = 250 * time.Microsecond

// sample begins to look.
func sample() *sampler {
	s := &sampler{gauge: newGauge(), quit: make(chan struct{}), gone: make(chan int64)}
	settle(s.gauge)
	s.baseline = s.gauge.read()
	s.highest = s.baseline
	go func() {
		g, highest := newGauge(), s.baseline
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				highest = max(highest, g.read())
			case <-s.quit:
				s.gone <- highest
				return
			}
		}
	}()
	return s
}

func (s *sampler) look() { s.highest = max(s.highest, s.gauge.read()) }

// stop returns the peak over the baseline.
func (s *sampler) stop() int64 {
	s.look()
	close(s.quit)
	return max(s.highest, <-s.gone) - s.baseline
}

// live is what is in use over the baseline. Caches keep what they hold: they
// let go of nothing at the first collection.
func (s *sampler) live() int64 {
	runtime.GC()
	return s.gauge.read() - s.baseline
}
