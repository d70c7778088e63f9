package freelist

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func anyInt(int) bool { return true }

func (l *List[T]) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.idle)
}

func TestListPrefersTheLastUsed(t *testing.T) {
	var l List[int]
	_, ok := l.Get(anyInt)
	require.False(t, ok, "the zero value holds nothing")
	l.Put(1)
	l.Put(2)
	l.Put(3)
	v, ok := l.Get(func(v int) bool { return v < 3 })
	require.True(t, ok)
	require.Equal(t, 2, v)
	v, _ = l.Get(anyInt)
	require.Equal(t, 3, v)
	_, ok = l.Get(func(v int) bool { return v != 1 })
	require.False(t, ok, "a value that does not fit is not lent")
}

func TestListIsBounded(t *testing.T) {
	var l List[int]
	most := max(minIdle, runtime.GOMAXPROCS(0))
	for v := range 10 * most {
		l.Put(v)
	}
	require.Equal(t, most, l.len())
	v, _ := l.Get(anyInt)
	require.Equal(t, 10*most-1, v, "the oldest make room, not the newest")
}

func TestListForgetsTheIdleOnly(t *testing.T) {
	var l List[int]
	l.Put(1)
	l.Put(2)
	l.age()
	require.Equal(t, 2, l.len(), "one collection is not idleness")
	v, _ := l.Get(anyInt)
	l.Put(v)
	l.age()
	require.Equal(t, 1, l.len(), "the unused one is gone, the used one is kept")
	v, _ = l.Get(anyInt)
	require.Equal(t, 2, v)
}

func TestListEmptiesByItself(t *testing.T) {
	var l List[*[1 << 20]byte]
	for range 2 { // it must begin to watch again after it was empty
		l.Put(new([1 << 20]byte))
		require.Eventually(t, func() bool { runtime.GC(); return l.len() == 0 }, 10*time.Second, time.Millisecond)
	}
}

func TestListLendsToOneAtATime(t *testing.T) {
	var l List[*int]
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				v, ok := l.Get(func(*int) bool { return true })
				if !ok {
					v = new(int)
				}
				*v++ // the race detector sees a value lent twice
				l.Put(v)
			}
		})
	}
	wg.Wait()
}
