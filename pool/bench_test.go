package pool

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// BenchmarkGetPut is one buffer lent and given back.
func BenchmarkGetPut(b *testing.B) {
	var p Pool
	p.Put(p.Get(1 << 20))
	for b.Loop() {
		p.Put(p.Get(1 << 20))
	}
}

// A lender is a way to come by buffers.
type lender interface {
	Get(n int) []byte
	Put(b []byte)
}

// fixed keeps 32 buffers of each size that is a power of two, from the start.
type fixed struct {
	free map[int]chan []byte
	held int
}

func newFixed(sizes ...int) *fixed {
	f := &fixed{free: map[int]chan []byte{}}
	for _, n := range sizes {
		n = powerOfTwo(n)
		if f.free[n] == nil {
			f.free[n] = make(chan []byte, 32)
			for range 32 {
				f.free[n] <- make([]byte, n)
				f.held += n
			}
		}
	}
	return f
}

func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func (f *fixed) Get(n int) []byte {
	select {
	case b := <-f.free[powerOfTwo(n)]:
		return b[:n]
	default:
		return make([]byte, n, powerOfTwo(n))
	}
}

func (f *fixed) Put(b []byte) {
	select {
	case f.free[cap(b)] <- b:
	default:
	}
}

// synced is a sync.Pool for each size that is a power of two.
type synced struct{ pools map[int]*sync.Pool }

func newSynced(sizes ...int) *synced {
	s := &synced{map[int]*sync.Pool{}}
	for _, n := range sizes {
		n = powerOfTwo(n)
		s.pools[n] = &sync.Pool{New: func() any { b := make([]byte, n); return &b }}
	}
	return s
}

func (s *synced) Get(n int) []byte { return (*s.pools[powerOfTwo(n)].Get().(*[]byte))[:n] }
func (s *synced) Put(b []byte)     { b = b[:cap(b)]; s.pools[len(b)].Put(&b) }

// made has no pool.
type made struct{}

func (made) Get(n int) []byte { return make([]byte, n) }
func (made) Put([]byte)       {}

// BenchmarkLoad is what a server's streams ask for: bursts of chunks and of
// their encoded bounds, of which some are held for longer. It reports the bytes
// that a pool holds behind it.
func BenchmarkLoad(b *testing.B) {
	sizes := []int{64 << 10, 64<<10 + 128, 256 << 10, 1 << 20, 1<<20 + 1088}
	adaptive := new(Pool)
	fixed32 := newFixed(sizes...)
	for _, c := range []struct {
		name string
		pool lender
		held func() int
	}{
		{"adaptive", adaptive, func() int { return int(adaptive.Stats().Peak) }},
		{"fixed-32", fixed32, func() int { return fixed32.held }},
		{"sync.Pool", newSynced(sizes...), func() int { return 0 }},
		{"make", made{}, func() int { return 0 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			rng := rand.New(rand.NewPCG(1, 1))
			var held [][]byte
			for b.Loop() {
				if len(held) < 8 || len(held) < 24 && rng.IntN(2) == 0 {
					buf := c.pool.Get(sizes[rng.IntN(len(sizes))])
					buf[0] = 1
					held = append(held, buf)
					continue
				}
				i := rng.IntN(len(held))
				c.pool.Put(held[i])
				held[i] = held[len(held)-1]
				held = held[:len(held)-1]
			}
			b.ReportMetric(float64(c.held())/(1<<20), "MiB-pooled")
		})
	}
}
