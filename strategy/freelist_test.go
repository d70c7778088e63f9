package strategy

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func anyInt(int) bool { return true }

func (l *freeList[T]) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.idle)
}

func TestFreeListPrefersTheLastUsed(t *testing.T) {
	var l freeList[int]
	_, ok := l.get(anyInt)
	require.False(t, ok, "the zero value holds nothing")
	l.put(1)
	l.put(2)
	l.put(3)
	v, ok := l.get(func(v int) bool { return v < 3 })
	require.True(t, ok)
	require.Equal(t, 2, v)
	v, _ = l.get(anyInt)
	require.Equal(t, 3, v)
	_, ok = l.get(func(v int) bool { return v != 1 })
	require.False(t, ok, "a value that does not fit is not lent")
}

func TestFreeListIsBounded(t *testing.T) {
	var l freeList[int]
	most := max(minIdle, runtime.GOMAXPROCS(0))
	for v := range 10 * most {
		l.put(v)
	}
	require.Equal(t, most, l.len())
	v, _ := l.get(anyInt)
	require.Equal(t, 10*most-1, v, "the oldest make room, not the newest")
}

func TestFreeListForgetsTheIdleOnly(t *testing.T) {
	var l freeList[int]
	l.put(1)
	l.put(2)
	l.age()
	require.Equal(t, 2, l.len(), "one collection is not idleness")
	v, _ := l.get(anyInt)
	l.put(v)
	l.age()
	require.Equal(t, 1, l.len(), "the unused one is gone, the used one is kept")
	v, _ = l.get(anyInt)
	require.Equal(t, 2, v)
}

func TestFreeListEmptiesByItself(t *testing.T) {
	var l freeList[*[1 << 20]byte]
	for range 2 { // it must begin to watch again after it was empty
		l.put(new([1 << 20]byte))
		require.Eventually(t, func() bool { runtime.GC(); return l.len() == 0 }, 10*time.Second, time.Millisecond)
	}
}

func TestFreeListLendsToOneAtATime(t *testing.T) {
	var l freeList[*int]
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				v, ok := l.get(func(*int) bool { return true })
				if !ok {
					v = new(int)
				}
				*v++ // the race detector sees a value lent twice
				l.put(v)
			}
		})
	}
	wg.Wait()
}
