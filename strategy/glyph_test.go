package strategy

import (
	"fmt"
	"testing"

	"github.com/sigmalang/sigma/glyph"
	"github.com/stretchr/testify/require"
)

// bookOf returns a codebook for messages like those.
func bookOf(t *testing.T, messages ...string) *glyph.Codebook {
	t.Helper()
	samples := make([][]byte, len(messages))
	for i, m := range messages {
		samples[i] = []byte(m)
	}
	b, err := glyph.Train(samples, glyph.TrainOptions{TextLen: 4 << 10})
	require.NoError(t, err)
	return b
}

func TestSetWithCodebook(t *testing.T) {
	book := bookOf(t, "sensor=kitchen;t=20.1", "sensor=cellar;t=11.9", "sensor=attic;t=25.0", "sensor=kitchen;t=20.2", "sensor=cellar;t=12.0")
	message := []byte("sensor=kitchen;t=21.7")
	payload := func(s Set) []byte {
		st, ok := s.Lookup(Glyph)
		require.True(t, ok)
		out, err := st.Encode(nil, message, Params{Limit: len(message) - 1})
		require.NoError(t, err)
		back, err := st.Decode(nil, out, len(message))
		require.NoError(t, err)
		require.Equal(t, message, back)
		return out
	}
	trained := Default().WithCodebook(book)
	require.NoError(t, trained.Check())
	require.Less(t, len(payload(trained)), len(payload(Default())), "the codebook is not used")
	require.Equal(t, payload(Default()), payload(trained.WithCodebook(nil)), "nil is the built-in one")

	without := Default().Only(Zstd)
	_, ok := without.WithCodebook(book).Lookup(Glyph)
	require.False(t, ok, "a codebook adds a strategy that was left out")
}

// TestGlyphReachesFurtherWithACodebook: a codebook made for the messages finds
// in them what a general codec cannot.
func TestGlyphReachesFurtherWithACodebook(t *testing.T) {
	text := english(4000, 1)
	require.Equal(t, Zstd, choose(text, LevelDefault, Default()).ID)
	book := bookOf(t, string(english(3000, 2)), string(english(3000, 3)))
	require.Equal(t, Glyph, choose(text, LevelDefault, Default().WithCodebook(book)).ID)
}

// TestGlyphReachesFurtherWhereSizeCounts: the price is time.
func TestGlyphReachesFurtherWhereSizeCounts(t *testing.T) {
	for _, tt := range []struct {
		level   Level
		longest int
	}{{LevelDefault, 1 << 10}, {LevelBetter, 4 << 10}, {LevelBest, 16 << 10}} {
		require.Equal(t, Glyph, choose(english(tt.longest, 1), tt.level, Default()).ID, "%v", tt.level)
		require.Equal(t, Zstd, choose(english(tt.longest+1, 1), tt.level, Default()).ID, "%v", tt.level)
	}
	require.NotEqual(t, Glyph, choose(english(1025, 1), LevelFastest, Default()).ID)
}

// TestWhenGlyphIsDoubted: how short a payload has to be for the general codec not
// to be tried.
func TestWhenGlyphIsDoubted(t *testing.T) {
	trained := Default().WithCodebook(bookOf(t, string(english(3000, 2)), string(english(3000, 3))))
	for _, tt := range []struct {
		n     int
		level Level
		set   Set
		want  int // 0 for no doubt
	}{
		{256, LevelFastest, Default(), 0},
		{256, LevelBest, Default(), 0},
		{500, LevelFastest, Default(), 200},
		{1000, LevelDefault, Default(), 400},
		{1000, LevelBetter, Default(), 1},
		{4000, LevelBetter, Default(), 1},
		{4000, LevelBest, Default(), 1},
		{1000, LevelDefault, trained, 0},
		{4000, LevelFastest, trained, 1000},
		{4000, LevelDefault, trained, 1000},
		{4000, LevelBetter, trained, 1},
	} {
		c := choose(english(tt.n, 1), tt.level, tt.set)
		require.Equal(t, Glyph, c.ID, "%+v", tt)
		require.Equal(t, tt.want, c.Expected, "%+v", tt)
	}
}

// TestGlyphHeedsTheLevel by how hard it looks for copies.
func TestGlyphHeedsTheLevel(t *testing.T) {
	st, _ := Default().Lookup(Glyph)
	var text []byte
	for r := seeded(1); len(text) < 20_000; {
		text = fmt.Appendf(text, "user=%d took %d ms for item-%d of %d\n", r.IntN(90), r.IntN(4000), r.IntN(900), r.IntN(50))
	}
	size := func(l Level) int {
		out, err := st.Encode(nil, text, Params{Level: l, Limit: len(text) - 1})
		require.NoError(t, err)
		return len(out)
	}
	require.Less(t, size(LevelDefault), size(LevelFastest))
	require.Less(t, size(LevelBest), size(LevelDefault))
}

func TestGlyphRefuses(t *testing.T) {
	st, _ := Default().Lookup(Glyph)
	for _, tt := range []struct {
		name    string // the defect
		payload []byte
		rawLen  int
	}{
		{"nothing is a message", nil, 5},
		{"bits left over", []byte("abcdefghij"), 1},
		{"longer than any message", []byte{1, 2, 3}, glyph.MaxMessage + 1},
		{"negative length", []byte{1}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := st.Decode([]byte("kept"), tt.payload, tt.rawLen)
			require.ErrorIs(t, err, ErrMalformed)
			require.Equal(t, "kept", string(out))
		})
	}
	_, err := st.Encode(nil, randomBytes(200, 1), Params{Limit: 199})
	require.ErrorIs(t, err, ErrSkip)
	_, err = st.Encode(nil, english(glyph.MaxMessage+1, 1), Params{Limit: glyph.MaxMessage})
	require.ErrorIs(t, err, ErrSkip)
}
