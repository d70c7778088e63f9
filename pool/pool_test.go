package pool

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClasses: each length is of the smallest class that holds it.
func TestClasses(t *testing.T) {
	for c := range classCount {
		size := classSize(c)
		require.Equal(t, c, classFor(size), "a buffer is not of its own class")
		if c+1 < classCount {
			require.Less(t, size, classSize(c+1))
			require.Equal(t, c+1, classFor(size+1), "one byte more")
			require.Less(t, classSize(c+1), size*13/10, "classes too far apart")
		}
	}
	require.Equal(t, maxPooled, classSize(classCount-1))
	for base := 8 << 10; base <= 32<<20; base *= 2 {
		require.Equal(t, classFor(base), classFor(base+base>>10+64), "a bound of %d bytes costs another class", base)
	}
}

func TestGet(t *testing.T) {
	var p Pool
	for _, n := range []int{0, 1, 100, 2047, 2048, 4096, 4160, 4161, 1 << 20, 1<<20 + 1<<14, maxPooled, maxPooled + 1} {
		for range 3 {
			b := p.Get(n)
			require.Len(t, b, n)
			p.Put(b)
		}
	}
	p.Put(nil)
	p.Put(make([]byte, 10))
	p.Put(make([]byte, 5000)) // from elsewhere: of a smaller class
	require.GreaterOrEqual(t, cap(p.Get(4160)), 4160)
}

// TestReuse: what was given back is lent again, the last one first.
func TestReuse(t *testing.T) {
	var p Pool
	a, b := p.Get(1<<20), p.Get(1<<20)
	p.Put(a[:3])
	p.Put(b)
	require.Same(t, &b[0], &p.Get(1 << 20)[0])
	require.Same(t, &a[0], &p.Get(970 << 10)[0], "of the same class")
}

// TestLendsLarger: before a buffer is made, one of up to four times the size is lent.
func TestLendsLarger(t *testing.T) {
	var p Pool
	a, b := p.Get(1<<20), p.Get(8<<20)
	p.Put(a)
	p.Put(b)
	require.Same(t, &a[0], &p.Get(300 << 10)[0], "two octaves up")
	require.NotSame(t, &b[0], &p.Get(600 << 10)[0], "much too large")
	require.Same(t, &b[0], &p.Get(3 << 20)[0])
	require.Zero(t, p.Stats().Held)
	c := p.Get(8 << 10)
	p.Put(c)
	require.NotSame(t, &c[0], &p.Get(4 << 10)[0], "small ones are held for long")
}

// TestAdapts follows the policy: from 16 buffers to 24, 36, 54, 81, 121, 128 and
// back by quarters.
func TestAdapts(t *testing.T) {
	var c class
	keeps := func() int { return max(c.keeps, minKept) }
	var seen []int
	for range 7 { // none is ever given back
		for range looksEvery {
			c.get()
		}
		seen = append(seen, keeps())
	}
	require.Equal(t, []int{24, 36, 54, 81, 121, 128, 128}, seen)
	b := make([]byte, 1)
	seen = seen[:0]
	c.put(b)
	for range 9 {
		for range looksEvery {
			c.put(c.get())
		}
		seen = append(seen, keeps())
	}
	require.Equal(t, []int{96, 72, 54, 40, 30, 22, 16, 16, 16}, seen)
	require.EqualValues(t, 6+7, c.resizes)
}

// TestBetween the limits nothing changes.
func TestBetween(t *testing.T) {
	var c class
	for range 10 {
		for i := range looksEvery {
			b := c.get()
			if b == nil {
				b = make([]byte, 1)
			}
			if i%33 > 0 { // three of a hundred are not given back
				c.put(b)
			}
		}
	}
	require.Zero(t, c.resizes)
}

func TestKeepsNoMore(t *testing.T) {
	var p Pool
	for range 100 {
		p.Put(make([]byte, classSize(9)))
	}
	require.EqualValues(t, minKept*classSize(9), p.Stats().Held)
}

// TestAgeing: two collections let go of what is idle, and of nothing else.
func TestAgeing(t *testing.T) {
	var c class
	for range 10 {
		c.put(make([]byte, 1))
	}
	require.True(t, c.age())
	a, b := c.get(), c.get()
	c.put(a)
	c.put(b)
	require.True(t, c.age(), "two were used")
	require.Len(t, c.free, 2)
	require.False(t, c.age())
}

func TestLetsGo(t *testing.T) {
	var p Pool
	p.Put(make([]byte, classSize(20)))
	for i := 0; p.Stats().Held > 0; i++ {
		require.Less(t, i, 1000, "it keeps what nobody uses")
		runtime.GC()
		runtime.Gosched()
	}
}

func TestStats(t *testing.T) {
	var p Pool
	require.Zero(t, p.Stats())
	require.Zero(t, p.Stats().OverflowRate())
	a := p.Get(10_000)
	p.Put(a)
	p.Put(p.Get(10_000))
	p.Get(100) // of no class
	s := p.Stats()
	size := int64(classSize(classFor(10_000)))
	require.Equal(t, Stats{Gets: 2, Overflows: 1, Held: size, Peak: size, Capacity: minKept}, s)
	require.Equal(t, 0.5, s.OverflowRate())
}

// TestNoBufferHasTwoOwners under load; with the tag pooldebug the pool looks,
// too.
func TestNoBufferHasTwoOwners(t *testing.T) {
	var p Pool
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			var held [][]byte
			for range 3000 {
				if len(held) < 5 || rng.IntN(2) == 0 {
					b := p.Get(4096 + rng.IntN(20_000))
					b[0], b[len(b)-1] = byte(g), byte(g)
					held = append(held, b)
				} else {
					i := rng.IntN(len(held))
					b := held[i]
					if b[0] != byte(g) || b[len(b)-1] != byte(g) {
						panic("another owner wrote to it")
					}
					p.Put(b)
					held = append(held[:i], held[i+1:]...)
				}
			}
		}()
	}
	wait.Wait()
}

func TestDoesNotAllocate(t *testing.T) {
	if debugging {
		t.Skip("the ledger does")
	}
	var p Pool
	p.Put(p.Get(1 << 20))
	require.Zero(t, testing.AllocsPerRun(1000, func() { p.Put(p.Get(1 << 20)) }))
}
