// Package leaktest holds code to leave nothing behind: no goroutine, and no
// memory. It is for tests only.
package leaktest

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// Goroutines waits until no more than n are left, and fails the test where they
// don't end.
func Goroutines(t testing.TB, n int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= n {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	t.Fatalf("%d goroutines, of which at most %d were there before:\n%s", runtime.NumGoroutine(), n, stacks)
}

// Collect empties the heap of all that nobody needs. Caches let go of what was
// not used for some collections, on goroutines of their own.
func Collect() {
	for range 6 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

// Heap is what is alive on the heap after Collect, in bytes.
func Heap() int64 {
	Collect()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// left is what may be left behind, in bytes: lists of the runtime and of the
// standard library that have grown. What a thousand streams keep would be more.
const left = 4 << 20

// Soak holds f to leave nothing behind. What a process shares is there already:
// warmUp has to make use of all that f does.
func Soak(t testing.TB, warmUp, f func()) {
	t.Helper()
	goroutines := runtime.NumGoroutine()
	warmUp()
	Goroutines(t, goroutines)
	before := Heap()
	began := time.Now()
	f()
	took := time.Since(began)
	Goroutines(t, goroutines)
	more := Heap() - before
	for tries := 0; more > left && tries < 20; tries++ { // on a busy machine, caches may lag
		more = Heap() - before
	}
	t.Logf("%v, %d bytes left behind", took, more)
	if more > left {
		t.Fatalf("more than %d bytes left behind", left)
	}
}

// Crowd runs f for 0 to n-1 at once, and fails the test where one of them does.
func Crowd(t testing.TB, n int, f func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
