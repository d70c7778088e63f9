// Package heap measures how far the heap rises while something runs.
package heap

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// GOGC is the setting at which the heap is measured: Go's own.
const GOGC = 100

// gauge tells what Taken does, and takes nothing itself: thousands of looks
// would be garbage, too. It is for one goroutine.
type gauge []metrics.Sample

func newGauge() gauge { return gauge{{Name: "/memory/classes/heap/objects:bytes"}} }

func (g gauge) read() int64 {
	metrics.Read(g)
	return int64(g[0].Value.Uint64())
}

// Taken is how many bytes are taken on the heap, by what is in use and by what
// was not collected yet.
func Taken() int64 { return newGauge().read() }

// settle empties the heap of all that nobody needs. Caches let go of what was
// not used for a few collections, and do so on goroutines of their own. What
// they let go of too late would raise the goal of the collector.
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

// A Sampler looks at the heap every now and then, and whenever it is told to. It
// is for one goroutine.
type Sampler struct {
	gauge    gauge
	quit     chan struct{} // nil once it has stopped
	gone     chan int64    // gets the peak
	baseline int64
	highest  int64 // of the looks that were asked for
}

// sampleEvery is short against the time in which a codec fills its tables.
const sampleEvery = 250 * time.Microsecond

// Sample empties the heap, of what caches hold, too, and begins to look.
func Sample() *Sampler {
	s := &Sampler{gauge: newGauge(), quit: make(chan struct{}), gone: make(chan int64)}
	settle(s.gauge)
	s.baseline = s.gauge.read()
	s.highest = s.baseline
	quit := s.quit
	go func() {
		g, highest := newGauge(), s.baseline
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				highest = max(highest, g.read())
			case <-quit:
				s.gone <- highest
				return
			}
		}
	}()
	return s
}

// Look looks now.
func (s *Sampler) Look() { s.highest = max(s.highest, s.gauge.read()) }

// Stop ends it, the first time it is called, and returns the peak over what lay
// there before.
func (s *Sampler) Stop() int64 {
	if s.quit != nil {
		s.Look()
		close(s.quit)
		s.quit, s.highest = nil, max(s.highest, <-s.gone)
	}
	return s.highest - s.baseline
}

// Live is what is in use over what lay there before. Caches keep what they hold:
// they let go of nothing at the first collection.
func (s *Sampler) Live() int64 {
	runtime.GC()
	return s.gauge.read() - s.baseline
}
