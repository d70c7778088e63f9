package strategy

import (
	"encoding"
	"flag"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// named is a strategy of a user's that does nothing.
type named struct {
	id   ID
	name string
}

func (n named) ID() ID                                         { return n.id }
func (n named) Name() string                                   { return n.name }
func (n named) Encode(dst, _ []byte, _ Params) ([]byte, error) { return dst, ErrSkip }
func (n named) Decode(dst, _ []byte, _ int) ([]byte, error)    { return dst, ErrMalformed }
func idsOf(s Set) (ids []ID) {
	for m := range s.All() {
		ids = append(ids, m.ID())
	}
	return ids
}

func TestSetHolds(t *testing.T) {
	mine := named{200, "mine"}
	for _, tt := range []struct {
		name string // the defect
		set  Set
		want []ID
	}{
		{"zero value without store", Set{}, []ID{Store}},
		{"default without a built-in", Default(), []ID{Store, RunLength, Delta, Glyph, LZ4, Zstd, S2, Branch}},
		{"With forgets what was there", Default().With(mine), []ID{Store, RunLength, Delta, Glyph, LZ4, Zstd, S2, Branch, 200}},
		{"With of nothing", Set{}.With(), []ID{Store}},
		{"Only without store", Default().Only(Zstd), []ID{Store, Zstd}},
		{"Only invents members", Default().Only(Branch+1, 200), []ID{Store}},
		{"Only forgets a plug-in", Default().With(mine).Only(200), []ID{Store, 200}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, idsOf(tt.set))
			require.NoError(t, tt.set.Check())
		})
	}
}

func TestSetIsImmutable(t *testing.T) {
	s := Default()
	s.With(named{201, "later"})
	s.Only()
	_, ok := s.Lookup(201)
	require.False(t, ok)
	_, ok = s.Lookup(Zstd)
	require.True(t, ok)
	for range s.All() {
		break // must be able to stop
	}
}

func TestSetReplacesByID(t *testing.T) {
	s := Default().With(named{200, "old"}, named{200, "new"})
	m, ok := s.Lookup(200)
	require.True(t, ok)
	require.Equal(t, "new", m.Name())
}

func TestSetCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string // the defect
		member Strategy
		reason string
	}{
		{"number of a built-in", named{Zstd, "mine"}, "reserved"},
		{"reserved number", named{127, "mine"}, "reserved"},
		{"no name", named{128, ""}, "invalid name"},
		{"name with a space", named{128, "a b"}, "invalid name"},
		{"name that is not ASCII", named{128, "é"}, "invalid name"},
		{"name of 65 bytes", named{128, string(make([]byte, MaxName+1))}, "invalid name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorContains(t, Default().With(tt.member).Check(), tt.reason)
		})
	}
}

// fickle has another ID and name at every call.
type fickle struct {
	named
	calls uint8
}

func (f *fickle) ID() ID       { f.calls++; return FirstPrivate + ID(f.calls) }
func (f *fickle) Name() string { f.calls++; return fmt.Sprint("fickle", f.calls) }

func TestSetHoldsWhatAMemberSaid(t *testing.T) {
	s := Default().With(new(fickle))
	for range 2 {
		require.NoError(t, s.Check())
		require.Equal(t, "fickle2", s.Name(129))
	}
	require.Equal(t, "zstd", s.Name(Zstd))
	require.Empty(t, s.Name(Branch+1))
}

func TestLevelIsText(t *testing.T) {
	for l := LevelFastest; l.Valid(); l++ {
		text, err := l.MarshalText()
		require.NoError(t, err)
		var back Level
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, l, back)
	}
	var l Level
	for _, bad := range []string{"", "fast", "Default", "level(7)"} {
		require.Error(t, l.UnmarshalText([]byte(bad)), bad)
	}
	require.Equal(t, "level(7)", Level(7).String())

	var _ encoding.TextUnmarshaler = &l
	f := flag.NewFlagSet("", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.TextVar(&l, "level", LevelDefault, "")
	require.NoError(t, f.Parse([]string{"-level", "best"}))
	require.Equal(t, LevelBest, l)
}
