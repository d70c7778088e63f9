package strategy

import (
	"fmt"
	"iter"
)

// Set is an immutable collection of strategies, at most one for each ID. Its
// methods return new values, so that a Set may be shared freely. The zero
// Set holds Store alone, which every Set contains.
type Set struct {
	members *[256]member // nil: Store alone; never written after it is shared
}

// member is a strategy with what it said of itself when it was added. It is
// not asked again: what a stream says must not change under way.
type member struct {
	Strategy
	name string
}

var (
	storeOnly = [256]member{Store: {store{}, Store.String()}}
	builtin   = [256]member{
		Store:     {store{}, Store.String()},
		RunLength: {runLength{}, RunLength.String()},
		Delta:     {deltaTables{}, Delta.String()},
		LZ4:       {lz4Block{}, LZ4.String()},
		Zstd:      {zstdFrame{}, Zstd.String()},
	}
)

// Default returns the built-in strategies.
func Default() Set { return Set{&builtin} }

// With returns s with the given strategies added; one that shares its ID with
// a member replaces it. The ID and the Name of each are asked for here and
// never again. Check tells whether all of them are fit for use.
func (s Set) With(more ...Strategy) Set {
	t := *s.table()
	for _, m := range more {
		t[m.ID()] = member{m, m.Name()}
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
	m := s.table()[id].Strategy
	return m, m != nil
}

// Name returns the name of the member with the given ID, or "".
func (s Set) Name(id ID) string { return s.table()[id].name }

// All yields the members in the order of their IDs.
func (s Set) All() iter.Seq[Strategy] {
	return func(yield func(Strategy) bool) {
		for _, m := range s.table() {
			if m.Strategy != nil && !yield(m.Strategy) {
				return
			}
		}
	}
}

// Check reports the first member that breaks the rules of its interface: a
// number below FirstPrivate that is not the built-in of that number, or a bad
// name.
func (s Set) Check() error {
	for id, m := range s.table() {
		switch {
		case m.Strategy == nil:
		case ID(id) < FirstPrivate && m.Strategy != builtin[id].Strategy:
			return fmt.Errorf("strategy: %q uses ID %d, which is reserved for built-ins", m.name, id)
		case !ValidName(m.name):
			return fmt.Errorf("strategy: ID %d has the invalid name %q", id, m.name)
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

func (s Set) table() *[256]member {
	if s.members == nil {
		return &storeOnly
	}
	return s.members
}
