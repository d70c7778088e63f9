package strategy

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// Set is an immutable collection of strategies, at most one for each ID. Its
// methods return new values, so that a Set may be shared freely. The zero
// Set holds Store alone, which every Set contains.
type Set struct {
	members []member // by ID, never written to once shared; nil: Store alone
}

// member is a strategy with what it said of itself when it was added. It is
// not asked again: what a stream says must not change under way.
type member struct {
	Strategy
	id   ID
	name string
}

func builtIn(s Strategy, id ID) member { return member{s, id, id.String()} }

var (
	storeOnly = []member{builtIn(store{}, Store)}
	builtin   = []member{
		builtIn(store{}, Store),
		builtIn(runLength{}, RunLength),
		builtIn(deltaTables{}, Delta),
		builtIn(glyphMessage{}, Glyph),
		builtIn(lz4Block{}, LZ4),
		builtIn(zstdFrame{}, Zstd),
		builtIn(s2Block{}, S2),
		builtIn(branchCode{}, Branch),
	}
)

// Default returns the built-in strategies.
func Default() Set { return Set{builtin} }

// With returns s with the given strategies added; one that shares its ID with
// a member replaces it. The ID and the Name of each are asked for here and
// never again. Check tells whether all of them are fit for use.
func (s Set) With(more ...Strategy) Set {
	members := slices.Clone(s.list())
	for _, m := range more {
		members = insert(members, member{m, m.ID(), m.Name()})
	}
	return Set{members}
}

// insert puts m in its place among members, of which it may replace one.
func insert(members []member, m member) []member {
	at, found := slices.BinarySearchFunc(members, m.id, func(o member, id ID) int { return cmp.Compare(o.id, id) })
	if found {
		members[at] = m
		return members
	}
	return slices.Insert(members, at, m)
}

// Only returns the members of s with the given IDs, and Store.
func (s Set) Only(ids ...ID) Set {
	members := slices.Clone(storeOnly)
	for _, m := range s.list() {
		if m.id == Store || slices.Contains(ids, m.id) {
			members = insert(members, m)
		}
	}
	return Set{members}
}

// Lookup returns the member with the given ID.
func (s Set) Lookup(id ID) (Strategy, bool) {
	m := s.member(id)
	return m.Strategy, m.Strategy != nil
}

// Name returns the name of the member with the given ID, or "".
func (s Set) Name(id ID) string { return s.member(id).name }

// All yields the members in the order of their IDs.
func (s Set) All() iter.Seq[Strategy] {
	return func(yield func(Strategy) bool) {
		for _, m := range s.list() {
			if !yield(m.Strategy) {
				return
			}
		}
	}
}

// General returns the codec for what no other member is made for, and for what
// those that are cannot encode: zstd or, at LevelFastest, S2; without them LZ4,
// and Store without any.
func (s Set) General(level Level) ID {
	order := [...]ID{Zstd, S2, LZ4}
	if level <= LevelFastest {
		order = [...]ID{S2, Zstd, LZ4}
	}
	for _, id := range order {
		if has(s, id) {
			return id
		}
	}
	return Store
}

// Check reports the first member that breaks the rules of its interface: a
// number below FirstPrivate that is not the built-in of that number, or a bad
// name.
func (s Set) Check() error {
	for _, m := range s.list() {
		switch {
		case m.id < FirstPrivate && !isBuiltin(m):
			return fmt.Errorf("strategy: %q uses ID %d, which is reserved for built-ins", m.name, m.id)
		case !ValidName(m.name):
			return fmt.Errorf("strategy: ID %d has the invalid name %q", m.id, m.name)
		}
	}
	return nil
}

// isBuiltin reports whether m is the built-in of its number.
func isBuiltin(m member) bool {
	if _, ok := m.Strategy.(glyphMessage); ok {
		return m.id == Glyph
	}
	return Default().member(m.id).Strategy == m.Strategy
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

// member returns the member with the given ID, or the zero value.
func (s Set) member(id ID) member {
	for _, m := range s.list() {
		if m.id == id {
			return m
		}
	}
	return member{}
}

func (s Set) list() []member {
	if s.members == nil {
		return storeOnly
	}
	return s.members
}
