package sigio

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sigmalang/sigma/pool"
	"github.com/sigmalang/sigma/strategy"
)

// Decision tells what became of a chunk and why.
type Decision struct {
	Chunk      uint64 // number in the stream, from 0
	RawOffset  int64  // of its first byte in the content
	RawLen     int
	EncodedLen int // of the payload
	Class      strategy.Class
	Confidence uint8 // 0 to 100
	Strategy   strategy.ID
	Name       string // of the strategy
	Reason     string
	Detection  time.Duration // detection, selection and checksum
	Encoding   time.Duration
}

// Usage is what fell to one strategy or class.
type Usage struct {
	Chunks  uint64
	Raw     int64 // bytes of content
	Encoded int64 // bytes of payload
}

// Stats is a snapshot of a Writer's or Reader's figures since it was made or
// Reset. It is a copy.
type Stats struct {
	Raw        int64 // content in chunks: framed by a Writer, or handed to the decoder by a Reader
	Encoded    int64 // bytes given to, or taken from, the wrapped stream and accepted as records
	Buffered   int64 // Writer: content accepted and not yet framed; Reader: content decoded and not yet read
	Chunks     uint64
	Rejected   uint64        // chunks that a Writer stored because WithVerify found their encoding wrong
	Detection  time.Duration // of a Writer; as in Decision
	Coding     time.Duration // encoding or decoding, summed over goroutines
	Memory     int64         // bytes of buffers held now, without the codecs' own state
	PeakMemory int64
	Index      int64      // bytes of Memory that the index of a Writer takes (WithIndex)
	Pool       pool.Stats // of the pool of buffers, which others may use, too
	ByStrategy map[strategy.ID]Usage
	ByClass    map[strategy.Class]Usage // of a Writer
}

type strategyUsage struct {
	id strategy.ID
	Usage
}

// counters collects Stats. Its methods may be called from any goroutine.
type counters struct {
	buffered atomic.Int64

	mu         sync.Mutex
	s          Stats // maps unused
	byStrategy []strategyUsage
	byClass    [8]Usage
}

func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	memory, index := c.s.Memory, c.s.Index
	c.s = Stats{Memory: memory, PeakMemory: memory, Index: index}
	c.byStrategy = c.byStrategy[:0]
	clear(c.byClass[:])
	c.buffered.Store(0)
}

// chunk counts one chunk. A Reader knows no class and passes ClassUnknown.
func (c *counters) chunk(id strategy.ID, class strategy.Class, raw, encoded int, detection, coding time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Chunks++
	c.s.Raw += int64(raw)
	c.s.Detection += detection
	c.s.Coding += coding
	at := slices.IndexFunc(c.byStrategy, func(u strategyUsage) bool { return u.id == id })
	if at < 0 {
		at = len(c.byStrategy)
		c.byStrategy = append(c.byStrategy, strategyUsage{id: id})
	}
	c.byStrategy[at].add(raw, encoded)
	if int(class) < len(c.byClass) {
		c.byClass[class].add(raw, encoded)
	}
}

func (u *Usage) add(raw, encoded int) {
	u.Chunks++
	u.Raw += int64(raw)
	u.Encoded += int64(encoded)
}

func (c *counters) rejected() {
	c.mu.Lock()
	c.s.Rejected++
	c.mu.Unlock()
}

func (c *counters) encoded(n int64) {
	c.mu.Lock()
	c.s.Encoded += n
	c.mu.Unlock()
}

func (c *counters) memory(n, index int) {
	c.mu.Lock()
	c.s.Memory, c.s.Index = int64(n), int64(index)
	c.s.PeakMemory = max(c.s.PeakMemory, c.s.Memory)
	c.mu.Unlock()
}

func (c *counters) snapshot(p *pool.Pool) Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.s
	s.Buffered = c.buffered.Load()
	if p != nil {
		s.Pool = p.Stats()
	}
	s.ByStrategy = map[strategy.ID]Usage{}
	for _, u := range c.byStrategy {
		s.ByStrategy[u.id] = u.Usage
	}
	s.ByClass = map[strategy.Class]Usage{}
	for class, u := range c.byClass {
		if u.Chunks > 0 {
			s.ByClass[strategy.Class(class)] = u
		}
	}
	return s
}
