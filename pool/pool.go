package pool

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool lends buffers. The zero value is ready; all methods are safe for
// concurrent use. A Pool must not be copied once it was used.
type Pool struct {
	classes  [classCount]class
	watching atomic.Bool // age will run after the next garbage collection
}

// The classes hold buffers of 1 KiB to 32 MiB: those of base b have room for
// b + b/16 + b/128 bytes, so that an encoder's bound, a little more than its
// input, is of the same class as the input, also behind 64 KiB in a buffer for
// 1 MiB.
const (
	minBits     = 10
	maxBits     = 25
	perOctave   = 4
	classCount  = (maxBits-minBits)*perOctave + 1
	slack       = 1<<3 + 1 // of a base, in 128ths
	minPooled   = 1 << minBits
	maxPooled   = 1<<maxBits + slack<<(maxBits-7)
	smallestUse = minPooled / 2 // less than that is not worth a buffer of a class
	largeBuffer = 64 << 10
	mostLarger  = 2 * perOctave // by so many classes, what is lent may be too large
)

// classSize is the room that the buffers of a class have.
func classSize(c int) int {
	base := (perOctave + c%perOctave) << (minBits - 2 + c/perOctave)
	return base + base/128*slack
}

// classFor returns the smallest class whose buffers hold n bytes, at most
// maxPooled.
func classFor(n int) int {
	// Take the slack off first: the base b that n needs has 137b/128 >= n.
	base := int((int64(n)*128 + 128 + slack - 1) / (128 + slack))
	if base <= minPooled {
		return 0
	}
	top := bits.Len(uint(base-1)) - 1                    // base is within 2^top+1 to 2^(top+1)
	quarter := (base - 1) >> (top - 2) & (perOctave - 1) // which quarter of the octave
	return (top-minBits)*perOctave + quarter + 1
}

// Get returns a buffer of length n whose content is anything. It may have room
// for more, up to its capacity: from 64 KiB on, where its class has none left, one
// of up to four times the size that lies idle does as well.
func (p *Pool) Get(n int) []byte {
	if n < smallestUse || n > maxPooled {
		return make([]byte, n)
	}
	c := classFor(n)
	b := p.classes[c].get()
	for up := c + 1; b == nil && n >= largeBuffer && up <= min(c+mostLarger, classCount-1); up++ {
		b = p.classes[up].spare()
	}
	if b == nil {
		b = make([]byte, classSize(c))
	}
	return b[:n]
}

// Put gives a buffer back, which nobody may use any more. It takes buffers from
// elsewhere, too, and drops those that are of no class.
func (p *Pool) Put(b []byte) {
	b = b[:cap(b)]
	if len(b) < minPooled+minPooled/128*slack || len(b) > maxPooled {
		return
	}
	c := classFor(len(b))
	if classSize(c) > len(b) {
		c--
	}
	if p.classes[c].put(b) && !p.watching.Swap(true) {
		p.watch()
	}
}

// watch has age called after the next garbage collection.
func (p *Pool) watch() {
	// The pointer keeps the object out of the allocator's shared tiny blocks,
	// whose neighbours could keep it alive.
	type sentinel struct{ _ *byte }
	runtime.AddCleanup(new(sentinel), (*Pool).age, p)
}

// age lets go of what was idle since the last time.
func (p *Pool) age() {
	p.watching.Store(false)
	held := false
	for i := range p.classes {
		held = p.classes[i].age() || held
	}
	if held && !p.watching.Swap(true) {
		p.watch()
	}
}

// Stats is what a Pool has done so far.
type Stats struct {
	Gets      uint64 // buffers lent, of those that have a class
	Overflows uint64 // of these, buffers that their class did not have
	Resizes   uint64 // changes of how many buffers a class may keep
	Held      int64  // bytes in the pool now
	Peak      int64  // and at most: the sum of what each class held at most
	Capacity  int    // buffers that the classes in use may keep
}

// OverflowRate is the share of buffers that their class did not have.
func (s Stats) OverflowRate() float64 {
	if s.Gets == 0 {
		return 0
	}
	return float64(s.Overflows) / float64(s.Gets)
}

// Stats returns the figures.
func (p *Pool) Stats() (s Stats) {
	for i := range p.classes {
		p.classes[i].addTo(&s, int64(classSize(i)))
	}
	return s
}

// class is the buffers of one size.
type class struct {
	mu    sync.Mutex
	free  [][]byte // the last one given back is the next one lent
	keeps int      // buffers at most; 0 stands for minKept
	least int      // free buffers that were not used since age ran
	debug ledger   // of what is in free

	gets, overflows       uint64
	recent, recentlyShort int // the same since the last look
	resizes               uint64
	peak                  int // buffers
}

// How many buffers a class keeps is looked at after every looksEvery buffers
// lent: more if it had none for over 5 % of them, fewer if for under 1 %.
const (
	looksEvery = 100
	minKept    = 16
	maxKept    = 128
)

func (c *class) get() (b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gets++
	c.recent++
	if b = c.take(); b == nil {
		c.overflows++
		c.recentlyShort++
	}
	if c.recent == looksEvery {
		c.adapt()
	}
	return b
}

// spare takes a buffer for a smaller class that has none.
func (c *class) spare() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take()
}

// take returns the buffer that was given back last, or nil. mu is held.
func (c *class) take() (b []byte) {
	n := len(c.free) - 1
	if n < 0 {
		return nil
	}
	b, c.free[n] = c.free[n], nil
	c.free = c.free[:n]
	c.least = min(c.least, n)
	c.debug.lend(b)
	return b
}

// drop lets go of the n buffers that were given back first. mu is held.
func (c *class) drop(n int) {
	for _, b := range c.free[:n] {
		c.debug.drop(b)
	}
	left := copy(c.free, c.free[n:])
	clear(c.free[left:])
	c.free = c.free[:left]
}

// put reports whether the buffer was kept.
func (c *class) put(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.debug.giveBack(b)
	if len(c.free) >= max(c.keeps, minKept) {
		c.debug.drop(b)
		return false
	}
	c.free = append(c.free, b)
	c.peak = max(c.peak, len(c.free))
	return true
}

// adapt changes how many buffers are kept. mu is held.
func (c *class) adapt() {
	keeps := max(c.keeps, minKept)
	switch {
	case c.recentlyShort*100 > 5*looksEvery:
		keeps = min(keeps+keeps/2, maxKept)
	case c.recentlyShort*100 < looksEvery:
		keeps = max(keeps*3/4, minKept)
	}
	if keeps != max(c.keeps, minKept) {
		c.keeps = keeps
		c.resizes++
	}
	if len(c.free) > keeps {
		c.drop(len(c.free) - keeps)
	}
	c.recent, c.recentlyShort = 0, 0
}

// age drops the buffers that were not lent since it last ran, and reports
// whether any are left.
func (c *class) age() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(min(c.least, len(c.free)))
	c.least = len(c.free)
	return len(c.free) > 0
}

func (c *class) addTo(s *Stats, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Gets += c.gets
	s.Overflows += c.overflows
	s.Resizes += c.resizes
	s.Held += int64(len(c.free)) * size
	s.Peak += int64(c.peak) * size
	if c.gets > 0 {
		s.Capacity += max(c.keeps, minKept)
	}
}
