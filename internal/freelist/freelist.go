// Package freelist keeps values that are costly to build, such as encoders and
// large buffers, for the next who needs one. It holds few, and none for long:
// it is a cache that the garbage collector empties, not a store.
package freelist

import (
	"runtime"
	"slices"
	"sync"
)

// minIdle is how many idle values a List may hold on any machine; with
// more processors it holds one for each.
const minIdle = 4

// A List lends values that are costly to build. It changes no result: a
// value from the list must behave as a new one does. The zero value is ready;
// all methods are safe for concurrent use.
//
// It is not a sync.Pool because that keeps a value per processor which the
// others cannot reach: one goroutine that moves between processors would
// build one 35 MiB encoder on each. Like a sync.Pool it lets go of a value
// that two garbage collections have found idle.
type List[T any] struct {
	mu       sync.Mutex
	idle     []idleValue[T] // least recently used first
	cycle    uint           // garbage collections noticed
	watching bool           // age will run after the next collection
}

type idleValue[T any] struct {
	value T
	since uint // the cycle it was put in
}

// Get removes and returns the most recently used value that fits.
func (l *List[T]) Get(fits func(T) bool) (value T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, v := range slices.Backward(l.idle) {
		if fits(v.value) {
			l.idle = slices.Delete(l.idle, i, i+1)
			return v.value, true
		}
	}
	return value, false
}

// Put hands value back. The least recently used one makes room for it.
func (l *List[T]) Put(value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.idle); n >= minIdle && n >= runtime.GOMAXPROCS(0) {
		l.idle = slices.Delete(l.idle, 0, 1)
	}
	l.idle = append(l.idle, idleValue[T]{value, l.cycle})
	if !l.watching {
		l.watch()
	}
}

// watch has age called after the next garbage collection. mu is held.
func (l *List[T]) watch() {
	// The pointer keeps the object out of the allocator's shared tiny blocks,
	// whose neighbours could keep it alive.
	type sentinel struct{ _ *byte }
	l.watching = true
	runtime.AddCleanup(new(sentinel), (*List[T]).age, l)
}

// age drops the values that were idle throughout a whole cycle.
func (l *List[T]) age() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cycle++
	l.idle = slices.DeleteFunc(l.idle, func(v idleValue[T]) bool { return l.cycle-v.since > 1 })
	l.watching = false
	if len(l.idle) > 0 {
		l.watch()
	}
}
