package strategy

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func choose(data []byte, level Level, set Set) Choice {
	prof := Detect(data)
	return Adaptive().Select(Input{Chunk: data, Profile: &prof, Level: level, Set: set})
}

func TestAdaptiveRules(t *testing.T) {
	tests := []struct {
		name string // the defect
		data []byte
		set  Set
		want ID
	}{
		{"an empty chunk panics", nil, Default(), Store},
		{"a codec for three bytes", []byte("ok\n"), Default(), Store},
		{"a short message is stored", []byte("temperature=21.5 ok\n"), Default(), Glyph},
		{"a message is zstd's", english(300, 1), Default(), Glyph},
		{"a text is a message", english(2000, 1), Default(), Zstd},
		{"records are a message", float32Like(2*kib, 1), Default(), Zstd},
		{"random bytes are a message", randomBytes(300, 1), Default(), Store},
		{"a short codec without glyph", []byte("temperature=21.5 ok\n"), Default().Only(Zstd), Store},
		{"a short text without glyph", []byte("the quick brown fox jumps over a lazy dog"), Default().Only(Zstd), Store},
		{"a short repetition is stored without glyph", []byte("name=alpha;value=1;name=beta;value=2;name=gamma"), Default().Only(Zstd), Zstd},
		{"random bytes are encoded", randomBytes(mib, 1), Default(), Store},
		{"a photo is encoded", jpegLike(mib, 2), Default(), Store},
		{"what gains 2 % is stored", tilted(mib, 3, 250), Default(), Zstd},
		{"far repeats are stored", plant(randomBytes(mib, 4), 1000, 900_001, 64*kib), Default(), Zstd},
		{"islands of text are stored", islands(mib, 5), Default(), Zstd},
		{"repeating words are stored", tokens(mib, 6, 1500), Default(), Zstd},
		{"floats with little to gain are stored", float32Like(mib, 7), Default(), Delta},
		{"floats are a table without delta", float32Like(mib, 7), Default().Only(Zstd), Zstd},
		{"a zero page is not a run", make([]byte, 4*kib), Default(), RunLength},
		{"a short run is not a run", repeated("ab", 40), Default(), RunLength},
		{"a run without its strategy", make([]byte, 4*kib), Default().Only(Zstd), Zstd},
		{"half a run is a run", join(make([]byte, 512*kib), english(512*kib, 8)), Default(), Zstd},
		{"no codec but lz4", english(mib, 9), Default().Only(LZ4, RunLength), LZ4},
		{"no codec but s2", english(mib, 9), Default().Only(S2, RunLength), S2},
		{"s2 where zstd is", english(mib, 9), Default().Only(S2, Zstd), Zstd},
		{"calls stay relative", program(mib, 10), Default(), Branch},
		{"a filter without zstd", program(mib, 10), Default().Only(Branch, LZ4), LZ4},
		{"code without its strategy", program(mib, 10), Default().Only(Zstd), Zstd},
		{"calls of nothing are code", unlinked(mib, 11), Default(), Zstd},
		{"no codec at all", english(mib, 9), Set{}, Store},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			choice := choose(tt.data, LevelDefault, tt.set)
			require.Equal(t, tt.want, choice.ID, "%s", figures(Detect(tt.data)))
			require.NotEmpty(t, choice.Reason)
			require.LessOrEqual(t, choice.Confidence, uint8(100))
			_, ok := tt.set.Lookup(choice.ID)
			require.True(t, ok, "not in the set")
		})
	}
}

// TestAdaptiveWithoutProfile: a selector built upon this one may leave it out.
func TestAdaptiveWithoutProfile(t *testing.T) {
	require.Equal(t, Store, Adaptive().Select(Input{Chunk: randomBytes(mib, 1), Set: Default()}).ID)
}

// TestAdaptiveNeverLosesToGeneral plays the engine: the choice, else the general
// codec, else store. Nothing may end up more than 2 % longer than that codec
// makes it.
func TestAdaptiveNeverLosesToGeneral(t *testing.T) {
	set := Default()
	encoded := func(id ID, data []byte, level Level, limit int) int {
		s, _ := set.Lookup(id)
		out, err := s.Encode(nil, data, Params{Level: level, Limit: min(limit, len(data)-1)})
		if err != nil {
			require.ErrorIs(t, err, ErrSkip)
			return -1
		}
		return len(out)
	}
	for _, s := range specimens() {
		data := s.data[:min(len(s.data), 300*kib)]
		if len(data) == 0 {
			continue
		}
		for _, level := range []Level{LevelFastest, LevelDefault} {
			best := encoded(set.General(level), data, level, len(data))
			if best < 0 {
				best = len(data)
			}
			choice := choose(data, level, set)
			if choice.Limit == 0 {
				choice.Limit = len(data)
			}
			got := len(data)
			if choice.ID != Store {
				if got = encoded(choice.ID, data, level, choice.Limit); got < 0 {
					got = best
				}
			}
			require.LessOrEqual(t, got*100, best*102, "%s at %v by %v: %d, not %d", s.name, level, choice.ID, got, best)
		}
	}
}

// TestRunLimitIsWithinZstd: a chunk accepted within the limit must not be one
// that zstd makes shorter.
func TestRunLimitIsWithinZstd(t *testing.T) {
	for _, pattern := range []string{"\x00", "ab", "abcdefgh"} {
		for _, n := range []int{32, 100, 4 * kib, 128 * kib, 128*kib + 1, 300_000, mib, 4 * mib} {
			for _, level := range []Level{LevelFastest, LevelDefault, LevelBetter, LevelBest} {
				out, err := zstdFrame{}.Encode(nil, repeated(pattern, n), Params{Level: level, Limit: n + 100})
				require.NoError(t, err)
				require.GreaterOrEqual(t, len(out), runLimit(n), "%q x %d at %v", pattern, n, level)
				out, err = runLength{}.Encode(nil, repeated(pattern, n), Params{Limit: runLimit(n)})
				require.NoError(t, err, "%q x %d does not fit", pattern, n)
				require.NotEmpty(t, out)
			}
		}
	}
}

func TestAdaptiveAllocatesNothing(t *testing.T) {
	selector, set := Adaptive(), Default().With(&plugin{declines: true})
	for _, s := range specimens() {
		prof := Detect(s.data)
		var choice Choice
		allocs := math.Inf(1)
		for range 3 { // a garbage collection takes idle encoders away
			allocs = min(allocs, testing.AllocsPerRun(5, func() {
				choice = selector.Select(Input{Chunk: s.data, Profile: &prof, Set: set})
			}))
		}
		if choice.ID == Delta {
			require.LessOrEqual(t, allocs, 4.0, "%s: more than a plan, its fields and a start", s.name)
			continue
		}
		require.Zero(t, allocs, s.name)
	}
}

// plugin is a user's strategy: it encodes anything to share percent of its
// length.
type plugin struct {
	id       ID // 0: FirstPrivate
	declines bool
	estimate Estimate // EncodedLen in percent of the chunk
	share    int      // in percent
	err      error    // of Encode
	panics   any      // of Encode
	asked    [][]byte
	tried    [][]byte
}

func (p *plugin) ID() ID                                    { return max(p.id, FirstPrivate) }
func (p *plugin) Name() string                              { return fmt.Sprintf("plugin-%d", p.ID()) }
func (p *plugin) Decode(_, _ []byte, _ int) ([]byte, error) { return nil, ErrMalformed }
func (p *plugin) Estimate(prof *Profile, sample []byte) (Estimate, bool) {
	if p.declines {
		return Estimate{}, false
	}
	p.asked = append(p.asked, sample)
	e := p.estimate
	e.EncodedLen = prof.Len / 100 * e.EncodedLen
	return e, true
}

func (p *plugin) Encode(dst, src []byte, params Params) ([]byte, error) {
	p.tried = append(p.tried, src)
	if p.panics != nil {
		panic(p.panics)
	}
	if p.err != nil {
		return dst, p.err
	}
	n := len(src) / 100 * p.share
	if n > params.Limit {
		return dst, ErrSkip
	}
	return append(dst, src[:n]...), nil
}

func estimate(percent, encode, decode int) Estimate {
	return Estimate{EncodedLen: percent, EncodeCost: encode, DecodeCost: decode}
}

func TestAdaptiveTrial(t *testing.T) {
	broken := errors.New("broken")
	machine := machineCode(mib, 1) // zstd: somewhat above 40 %
	fixed := Default().Only(Zstd)
	tests := []struct {
		name   string // the defect
		data   []byte
		level  Level
		plugin plugin
		want   ID
		reason string
	}{
		{"a winner is not taken", machine, LevelDefault, plugin{estimate: estimate(10, 100, 100), share: 10}, FirstPrivate, "won the trial"},
		{"a winner at rest is not taken", machine, LevelBest, plugin{estimate: estimate(10, math.MaxInt, math.MaxInt), share: 10}, FirstPrivate, "won the trial"},
		{"time is free", machine, LevelDefault, plugin{estimate: estimate(10, 2_000_000, 0), share: 10}, Zstd, ""},
		{"decoding is free", machine, LevelDefault, plugin{estimate: estimate(10, 0, 2_000_000), share: 10}, Zstd, ""},
		{"speed counts at rest", machine, LevelBest, plugin{estimate: estimate(80, 0, 0), share: 80}, Zstd, ""},
		{"speed does not count on a fast line", machine, LevelFastest, plugin{estimate: estimate(80, 10, 10), share: 80}, FirstPrivate, "won the trial"},
		{"an estimate is believed", machine, LevelBest, plugin{estimate: estimate(1, 100, 100), share: 99}, Zstd, ""},
		{"negative figures are believed", machine, LevelDefault, plugin{estimate: estimate(-10, math.MinInt, math.MinInt), share: 1}, Zstd, ""},
		{"a promise of nothing is tried", machine, LevelDefault, plugin{estimate: estimate(200, 0, 0), share: 1}, Zstd, ""},
		{"skipping is an error", machine, LevelDefault, plugin{estimate: estimate(10, 100, 100), err: ErrSkip}, Zstd, ""},
		{"a wrapped skip is an error", machine, LevelDefault, plugin{estimate: estimate(10, 100, 100), err: fmt.Errorf("no: %w", ErrSkip)}, Zstd, ""},
		{"an error is hidden", machine, LevelDefault, plugin{estimate: estimate(10, 100, 100), err: broken}, FirstPrivate, "trial failed"},
		{"random data is not offered", randomBytes(mib, 2), LevelDefault, plugin{estimate: estimate(50, 100, 100), share: 50}, FirstPrivate, "won the trial"},
		{"a message is not offered", english(100, 3), LevelDefault, plugin{estimate: estimate(50, 100, 100), share: 30}, FirstPrivate, "won the trial"},
		{"runs are offered", make([]byte, mib), LevelDefault, plugin{estimate: estimate(0, 0, 0), share: 0}, RunLength, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := Default().Only(RunLength, LZ4, Zstd).With(&tt.plugin)
			require.NoError(t, set.Check())
			choice := choose(tt.data, tt.level, set)
			require.Equal(t, tt.want, choice.ID)
			if tt.reason != "" {
				require.Equal(t, tt.reason, choice.Reason)
			} else {
				require.Equal(t, choose(tt.data, tt.level, fixed.With(runLength{})), choice, "the rule's choice is altered")
			}
			for _, sample := range append(tt.plugin.asked, tt.plugin.tried...) {
				require.LessOrEqual(t, len(sample), 32*kib)
			}
			require.LessOrEqual(t, len(tt.plugin.tried), 1)
		})
	}
}

// TestTrialMargin: a gain of less than 5 % is not worth a special strategy.
func TestTrialMargin(t *testing.T) {
	data := randomBytes(mib, 1) // stored: exactly 100 %
	for share, want := range map[int]ID{90: FirstPrivate, 94: FirstPrivate, 96: Store, 99: Store} {
		p := &plugin{estimate: estimate(50, 0, 0), share: share}
		require.Equal(t, want, choose(data, LevelBest, Default().With(p)).ID, "%d %%", share)
	}
}

// TestTrialExpectation: when the sample misled, the whole chunk is held against
// the rule's choice.
func TestTrialExpectation(t *testing.T) {
	p := &plugin{estimate: estimate(10, 100, 100), share: 10}
	set := Default().Only(RunLength, LZ4, Zstd).With(p)

	data := machineCode(mib, 1)
	whole, err := zstdFrame{}.Encode(nil, data, Params{Limit: mib})
	require.NoError(t, err)
	choice := choose(data, LevelBest, set)
	require.Equal(t, FirstPrivate, choice.ID)
	require.InDelta(t, len(whole), choice.Expected, float64(len(whole))/8, "at rest it is what zstd would make of it")

	faster := choose(data, LevelDefault, set)
	require.Greater(t, faster.Expected, choice.Expected, "a faster strategy may be longer")
	require.Less(t, faster.Expected, len(data))

	random := choose(randomBytes(mib, 2), LevelBest, set)
	require.Equal(t, mib-1, random.Expected, "against store")

	small := choose(english(4*kib, 3), LevelBest, set)
	require.Positive(t, small.Expected)
	require.Less(t, small.Expected, 4*kib)
}

// TestTrialTakesTheBest of several, in whatever order they stand.
func TestTrialTakesTheBest(t *testing.T) {
	for _, shares := range [][]int{{10, 5, 20}, {5, 10, 20}, {20, 10, 5}} {
		set, best := Default(), ID(0)
		for i, share := range shares {
			p := &plugin{id: FirstPrivate + ID(i), estimate: estimate(share, 100, 100), share: share}
			set = set.With(p)
			if share == 5 {
				best = p.ID()
			}
		}
		require.Equal(t, best, choose(machineCode(mib, 1), LevelDefault, set).ID)
	}
}

// TestTrialKeepsTheFirstFailure: no later candidate covers it up.
func TestTrialKeepsTheFirstFailure(t *testing.T) {
	failing := &plugin{estimate: estimate(10, 100, 100), err: errors.New("broken")}
	fine := &plugin{id: FirstPrivate + 1, estimate: estimate(5, 100, 100), share: 5}
	choice := choose(machineCode(mib, 1), LevelDefault, Default().With(failing, fine))
	require.Equal(t, failing.ID(), choice.ID)
	require.Empty(t, fine.tried)
}

// TestTrialPanicsPass: whoever calls Select turns them into an error, and the
// next trial is not disturbed.
func TestTrialPanicsPass(t *testing.T) {
	bad := &plugin{estimate: estimate(10, 100, 100), panics: "broken"}
	good := &plugin{estimate: estimate(10, 100, 100), share: 10}
	data := machineCode(mib, 1)
	want := choose(data, LevelDefault, Default().With(good))
	for range 3 {
		require.PanicsWithValue(t, "broken", func() { choose(data, LevelDefault, Default().With(bad)) })
		require.Equal(t, want, choose(data, LevelDefault, Default().With(good)))
	}
}

func TestObjective(t *testing.T) {
	const max = 1 << 30
	for _, level := range []Level{LevelFastest, LevelDefault, LevelBetter, LevelBest, -128, 127} {
		require.Positive(t, objective(level, maxChunk, maxChunk, cost{max, max}), "it overflows at %v", level)
		require.Less(t, objective(level, mib, 1000, cost{5, 5}), objective(level, mib, 2000, cost{5, 5}), "length is free at %v", level)
		for _, id := range []ID{Store, RunLength, LZ4, Zstd, S2, Branch} {
			c := costOf(id, level)
			require.Positive(t, c.encode)
			require.Positive(t, c.decode)
		}
	}
	slow, fast := objective(LevelDefault, mib, 1000, cost{50, 5}), objective(LevelDefault, mib, 1000, cost{5, 5})
	require.Greater(t, slow, fast, "encoding is free")
	require.Equal(t, objective(LevelBest, mib, 1000, cost{50, 5}), objective(LevelBest, mib, 1000, cost{5, 5}), "time counts at rest")
}

func BenchmarkSelect(b *testing.B) {
	selector := Adaptive()
	for _, s := range specimens() {
		prof := Detect(s.data)
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				selector.Select(Input{Chunk: s.data, Profile: &prof, Set: Default()})
			}
		})
	}
}

// TestFewBitsAtFastest: what hardly repeats is not stored if it holds few bits
// a byte, and S2 keeps what repeats.
func TestFewBitsAtFastest(t *testing.T) {
	base64 := randomBytes(mib, 1)
	twelve := randomBytes(mib, 2)
	for i := range mib {
		base64[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[base64[i]%64]
		twelve[i] = 'a' + twelve[i]%12
	}
	for _, tt := range []struct {
		name  string
		chunk []byte
		want  ID
	}{
		{"base64 is stored", base64, Zstd},
		{"twelve letters are stored", twelve, Zstd},
		{"prose is zstd's", english(mib, 1), S2},
	} {
		c := Adaptive().Select(Input{Chunk: tt.chunk, Level: LevelFastest, Set: Default()})
		require.Equal(t, tt.want, c.ID, tt.name)
	}
}
