package strategy

import (
	"fmt"
	"iter"
)

// Set is an immutable collection of strategies, at most one for each ID. Its
// methods return new values, so that a Set may be shared freely. The zero
// Set holds Store alone, which every Set contains.
type Set struct {
	byID *[256]Strategy // nil: Store alone; never written after it is shared
}

var (
	storeOnly = [256]Strategy{Store: store{}}
	builtin   = [256]Strategy{
		Store:     store{},
		RunLength: runLength{},
		LZ4:       lz4Block{},
		Zstd:      zstdFrame{},
	}
)

// Default returns the built-in strategies.
func Default() Set { return Set{&builtin} }

// With returns s with the given strategies added; one that shares its ID with
// a member replaces it. Check tells whether all of them are fit for use.
func (s Set) With(more ...Strategy) Set {
	t := *s.table()
	for _, m := range more {
		t[m.ID()] = m
	}
	return Set{&t}
}

// Only returns the members of s with the given IDs, and Store.
func (s Set) Only(ids ...ID) Set {
	from, t := s.table(), storeOnly
	for _, id := range ids {
		t[id] = from[id]
	}
	t[Store] = from[Store]
	return Set{&t}
}

// Lookup returns the member with the given ID.
func (s Set) Lookup(id ID) (Strategy, bool) {
	m := s.table()[id]
	return m, m != nil
}

// All yields the members in the order of their IDs.
func (s Set) All() iter.Seq[Strategy] {
	return func(yield func(Strategy) bool) {
		for _, m := range s.table() {
			if m != nil && !yield(m) {
				return
			}
		}
	}
}

// Check reports the first member that breaks the rules of its interface: a
// number below FirstPrivate that is not the built-in of that number, an ID
// that changes, or a bad name.
func (s Set) Check() error {
	for id, m := range s.table() {
		switch {
		case m == nil:
		case m.ID() != ID(id):
			return fmt.Errorf("strategy: %q changes its ID from %d to %d", m.Name(), id, m.ID())
		case ID(id) < FirstPrivate && m != builtin[id]:
			return fmt.Errorf("strategy: %q uses ID %d, which is reserved for built-ins", m.Name(), id)
		case !ValidName(m.Name()):
			return fmt.Errorf("strategy: ID %d has the invalid name %q", id, m.Name())
		}
	}
	return nil
}

// ValidName reports whether name is 1 to MaxName bytes of printable ASCII
// without spaces.
func ValidName(name string) bool {
	if len(name) == 0 || len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return true
}

func (s Set) table() *[256]Strategy {
	if s.byID == nil {
		return &storeOnly
	}
	return s.byID
}
