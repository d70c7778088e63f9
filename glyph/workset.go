package glyph

import (
	"slices"
	"sync"
	"sync/atomic"
	"weak"
)

// A workset is what an encoder works with: a search window and a model to fall
// back to. It takes several times the memory of the history that it is made
// from, and can be made from it again. So a connection that has been idle for
// a while gives its workset to one that is not: there are mostWorksets, or as
// many as encoders ever worked at the same moment. What an encoder makes does
// not depend on whether its workset was taken.
type workset struct {
	window
	saved savedModel
	size  int // of the history it is for, in bytes

	// The encoder that the window belongs to, which may take it up again; 0
	// for none or while one is at work.
	owner atomic.Uint64
	used  atomic.Bool // since it was last passed over for another encoder
}

const mostWorksets = 64

// worksets are those in the process. They change no result. A workset lives as
// long as an encoder has it: the garbage collector takes those that were released
// and not borrowed again.
var worksets struct {
	sync.Mutex
	all  []weak.Pointer[workset]
	hand int // where the next search for an idle one begins
}

var lastOwner atomic.Uint64

func newOwner() uint64 { return lastOwner.Add(1) }

// nobody owns what was released.
const nobody = 1<<64 - 1

func newWorkset(size int) *workset {
	return &workset{window: *newWindow(size), size: size}
}

// takeUp returns whether s is still the owner's, who then is at work with it.
func (s *workset) takeUp(owner uint64) bool {
	return s != nil && s.owner.CompareAndSwap(owner, 0)
}

// lay leaves s with an owner until another needs it.
func (s *workset) lay(owner uint64) {
	if !s.used.Load() {
		s.used.Store(true)
	}
	s.owner.Store(owner)
}

// borrow returns a workset for a history of the given size, whose window holds
// anything.
func borrow(size int) *workset {
	worksets.Lock()
	defer worksets.Unlock()
	worksets.all = slices.DeleteFunc(worksets.all, func(p weak.Pointer[workset]) bool { return p.Value() == nil })
	for _, p := range worksets.all {
		if s := p.Value(); s != nil && s.size == size && s.takeUp(nobody) {
			return s
		}
	}
	if len(worksets.all) >= mostWorksets {
		if s := takeIdle(size); s != nil {
			return s
		}
	}
	s := newWorkset(size)
	worksets.all = append(worksets.all, weak.Make(s))
	return s
}

// takeIdle takes a workset from its owner; nil if all are at work. It goes
// round and spares those used since it last came by (the clock algorithm:
// F. Corbató, A paging experiment with the Multics system, 1968).
func takeIdle(size int) *workset {
	for range 2 * len(worksets.all) {
		worksets.hand = (worksets.hand + 1) % len(worksets.all)
		s := worksets.all[worksets.hand].Value()
		if s == nil {
			continue
		}
		owner := s.owner.Load()
		if owner == 0 || s.used.Swap(false) || !s.takeUp(owner) {
			continue
		}
		if s.size != size {
			s.window, s.size = *newWindow(size), size
		}
		return s
	}
	return nil
}
