package sigio_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
	"github.com/stretchr/testify/require"
)

// fixed is a Selector that always makes the same choice.
type fixed strategy.Choice

func (f fixed) Select(strategy.Input) strategy.Choice { return strategy.Choice(f) }

// TestChoiceIsHeldAgainstZstd: what a choice promised is checked on the whole
// chunk, and the fallbacks come in their order.
func TestChoiceIsHeldAgainstZstd(t *testing.T) {
	text, random := prose(1, 300_000), noise(2, 300_000)
	all := strategy.Default()
	for _, tt := range []struct {
		name    string // the defect
		content []byte
		set     strategy.Set
		choice  strategy.Choice
		want    strategy.ID
	}{
		{"good choice is not taken", text, all, strategy.Choice{ID: strategy.LZ4}, strategy.LZ4},
		{"kept promise is doubted", text, all, strategy.Choice{ID: strategy.LZ4, Expected: 300_000}, strategy.LZ4},
		{"broken promise is not held against zstd", text, all, strategy.Choice{ID: strategy.LZ4, Expected: 1}, strategy.Zstd},
		{"broken promise loses to nothing", text, all.Only(strategy.LZ4), strategy.Choice{ID: strategy.LZ4, Expected: 1}, strategy.LZ4},
		{"shorter payload loses to zstd", make([]byte, 300_000), all, strategy.Choice{ID: strategy.RunLength, Expected: 1}, strategy.RunLength},
		{"limit is passed", text, all, strategy.Choice{ID: strategy.LZ4, Limit: 1000}, strategy.Zstd},
		{"limit of zstd is passed", text, all, strategy.Choice{ID: strategy.Zstd, Limit: 10}, strategy.Store},
		{"limit above the chunk", random, all, strategy.Choice{ID: strategy.LZ4, Limit: 1 << 30}, strategy.Store},
		{"chunk grows", random, all, strategy.Choice{ID: strategy.Zstd}, strategy.Store},
		{"missing strategy is an error", text, all, strategy.Choice{ID: strategy.Glyph}, strategy.Zstd},
		{"missing strategy and no zstd", text, all.Only(), strategy.Choice{ID: strategy.Glyph}, strategy.Store},
		{"store is not respected", text, all, strategy.Choice{ID: strategy.Store}, strategy.Store},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var decisions []sigio.Decision
			stream := write(tt.content).seal(t,
				sigio.WithSelector(fixed(tt.choice)), sigio.WithStrategies(tt.set),
				sigio.WithObserver(func(d sigio.Decision) { decisions = append(decisions, d) }))
			require.Len(t, decisions, 1)
			require.Equal(t, tt.want, decisions[0].Strategy, decisions[0].Reason)
			require.Equal(t, tt.want.String(), decisions[0].Name)
			requireSame(t, tt.content, unseal(t, stream))
		})
	}
}

// TestPiecesOfOneStrategyAreOneChunk: a cut between two pieces that any choice
// leaves to the same codec would only cost.
func TestPiecesOfOneStrategyAreOneChunk(t *testing.T) {
	content := bytes.Join([][]byte{prose(1, 500_000), measurements(2, 500_000)}, nil)
	require.Len(t, strategy.AppendCuts(nil, content), 2, "nothing to join")
	for _, tt := range []struct {
		name   string // the defect
		choice strategy.Choice
		want   int
	}{
		{"zstd is cut", strategy.Choice{ID: strategy.Zstd}, 1},
		{"a doubt is dropped", strategy.Choice{ID: strategy.Zstd, Expected: 1}, 2},
		{"a limit is dropped", strategy.Choice{ID: strategy.Zstd, Limit: 1 << 20}, 2},
		{"plans are compared as they are", strategy.Choice{ID: strategy.Zstd, Plan: []int{1}}, 1},
		{"a special codec is taken for a general one", strategy.Choice{ID: strategy.LZ4}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			chunks, covered := 0, 0
			stream := write(content).seal(t, sigio.WithSelector(fixed(tt.choice)),
				sigio.WithObserver(func(d sigio.Decision) { chunks, covered = chunks+1, covered+d.RawLen }))
			require.Equal(t, tt.want, chunks)
			require.Equal(t, len(content), covered)
			requireSame(t, content, unseal(t, stream))
		})
	}
}

// TestWholeBlocks are chunks as long as the option says.
func TestWholeBlocks(t *testing.T) {
	content := bytes.Join([][]byte{prose(1, 500_000), measurements(2, 700_000)}, nil)
	for whole, want := range map[bool]int{true: 2, false: 3} {
		opts := []sigio.WriterOption{sigio.WithChunkSize(1 << 20)}
		if whole {
			opts = append(opts, sigio.WithWholeBlocks())
		}
		var lens []int
		stream := write(content).seal(t, append(opts, sigio.WithObserver(func(d sigio.Decision) { lens = append(lens, d.RawLen) }))...)
		require.Len(t, lens, want, "%v", lens)
		requireSame(t, content, unseal(t, stream))
	}
}

// TestJoinedPiecesAreDecidedOnAsOne: the whole may be for another codec than its
// pieces.
func TestJoinedPiecesAreDecidedOnAsOne(t *testing.T) {
	content := bytes.Join([][]byte{prose(1, 500_000), measurements(2, 500_000)}, nil)
	selector := selectFunc(func(in strategy.Input) strategy.Choice {
		require.Equal(t, len(in.Chunk), in.Profile.Len)
		if len(in.Chunk) == len(content) {
			return strategy.Choice{ID: strategy.LZ4}
		}
		return strategy.Choice{ID: strategy.Zstd}
	})
	var used []strategy.ID
	stream := write(content).seal(t, sigio.WithSelector(selector), sigio.WithObserver(func(d sigio.Decision) { used = append(used, d.Strategy) }))
	require.Equal(t, []strategy.ID{strategy.LZ4}, used)
	requireSame(t, content, unseal(t, stream))
}

// quitter is a strategy that ends its goroutine, as a test's FailNow does.
type quitter struct{ strategy.Strategy }

func (quitter) ID() strategy.ID { return strategy.FirstPrivate }
func (quitter) Name() string    { return "quitter" }

type quitsEncoding struct{ quitter }

func (quitsEncoding) Encode(_, _ []byte, _ strategy.Params) ([]byte, error) {
	runtime.Goexit()
	return nil, nil
}

type quitsDecoding struct{ quitter }

func (quitsDecoding) Decode(_, _ []byte, _ int) ([]byte, error) {
	runtime.Goexit()
	return nil, nil
}

// TestGoexitDoesNotHang: a goroutine that a strategy ends still reports back.
func TestGoexitDoesNotHang(t *testing.T) {
	content := prose(1, 4*sigio.MinChunkSize)
	zstd, _ := strategy.Default().Lookup(strategy.Zstd)
	chosen := sigio.WithSelector(fixed{ID: strategy.FirstPrivate})
	last := sigio.WithSelector(selectFunc(func(in strategy.Input) strategy.Choice {
		if in.Profile.Class == strategy.ClassRandomBinary {
			return strategy.Choice{ID: strategy.FirstPrivate}
		}
		return strategy.Choice{ID: strategy.Zstd}
	}))
	small := sigio.WithChunkSize(sigio.MinChunkSize)

	bad := strategy.Default().With(quitsEncoding{quitter{zstd}})
	w := sigio.NewWriter(io.Discard, sigio.WithStrategies(bad), sigio.WithConcurrency(2), last, small)
	_, err := w.Write(append(content, noise(2, sigio.MinChunkSize)...))
	if err == nil {
		err = w.Close()
	}
	var fault *sigio.StreamError
	require.ErrorAs(t, err, &fault)
	require.ErrorIs(t, err, sigio.ErrStrategy)
	require.EqualValues(t, 4, fault.Chunk)

	good := strategy.Default().With(quitsDecoding{quitter{zstd}})
	stream := write(content).seal(t, sigio.WithStrategies(good), chosen, small)
	_, err = io.ReadAll(sigio.NewReader(bytes.NewReader(stream), sigio.WithStrategies(good), sigio.WithConcurrency(2)))
	require.ErrorIs(t, err, sigio.ErrCorrupt)
}

// TestFaultIsPlacedTheSame: where a plug-in failed does not depend on the
// concurrency.
func TestFaultIsPlacedTheSame(t *testing.T) {
	content := append(prose(1, 3*sigio.MinChunkSize), noise(2, 3*sigio.MinChunkSize)...)
	fails := selectFunc(func(in strategy.Input) strategy.Choice {
		if in.Profile.Class == strategy.ClassRandomBinary {
			panic("at noise")
		}
		return strategy.Choice{ID: strategy.Zstd}
	})
	var want *sigio.StreamError
	for _, c := range concurrencies {
		w := sigio.NewWriter(io.Discard, sigio.WithSelector(fails), sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
		_, err := w.Write(content)
		if err == nil {
			err = w.Close()
		}
		var got *sigio.StreamError
		require.ErrorAs(t, err, &got)
		require.EqualValues(t, 3, got.Chunk)
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)
	}
}

// moody is a plug-in whose name changes, and then fails.
type moody struct {
	strategy.Strategy
	calls int
}

func (m *moody) ID() strategy.ID { return strategy.FirstPrivate }

func (m *moody) Name() string {
	if m.calls++; m.calls > 1 {
		panic("no name any more")
	}
	return "moody"
}

// TestNameIsAskedForOnce: a plug-in cannot spoil a stream by its name.
func TestNameIsAskedForOnce(t *testing.T) {
	zstd, _ := strategy.Default().Lookup(strategy.Zstd)
	set := strategy.Default().With(&moody{Strategy: zstd})
	content := prose(1, 4*sigio.MinChunkSize)
	for _, c := range concurrencies {
		stream := write(content).seal(t, sigio.WithStrategies(set), sigio.WithConcurrency(c),
			sigio.WithSelector(fixed{ID: strategy.FirstPrivate}), sigio.WithChunkSize(sigio.MinChunkSize))
		require.Equal(t, "moody", chunksOf(t, stream)[0].Name)
		requireSame(t, content, unseal(t, stream, sigio.WithStrategies(set), sigio.WithConcurrency(c)))
	}
}
