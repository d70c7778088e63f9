package sigio_test

import (
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
