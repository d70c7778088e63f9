package sigio

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEffort(t *testing.T) {
	const slow, fast = 100 * time.Millisecond, time.Millisecond
	type step struct{ encoding, writing time.Duration }
	repeat := func(n int, s step) (all []step) {
		for range n {
			all = append(all, s)
		}
		return all
	}
	for _, tt := range []struct {
		name  string // the defect
		steps []step
		want  Level
	}{
		{"climbs at once", repeat(2, step{fast, slow}), LevelDefault},
		{"does not climb", repeat(3, step{fast, slow}), LevelBetter},
		{"climbs over the ceiling", repeat(30, step{fast, slow}), LevelBetter},
		{"does not come down", repeat(3, step{slow, fast}), LevelFastest},
		{"falls below the ground", repeat(30, step{slow, fast}), LevelFastest},
		{"swings", append(repeat(2, step{fast, slow}), append(repeat(2, step{slow, fast}), repeat(2, step{fast, slow})...)...), LevelDefault},
		{"moves between the limits", repeat(30, step{slow, 2 * slow}), LevelDefault},
		{"forgets that it climbed", append(repeat(3, step{fast, slow}), repeat(3, step{slow, fast})...), LevelDefault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := effort{level: LevelDefault, ceiling: LevelBetter}
			for _, s := range tt.steps {
				e.encoded(effortStep, s.encoding)
				e.wrote(s.writing)
				e.next()
			}
			require.Equal(t, tt.want, e.level)
		})
	}
	e := effort{level: LevelDefault, ceiling: LevelBest}
	for range 100 {
		e.encoded(effortStep/1000, fast)
		e.wrote(slow)
		e.next()
	}
	require.Equal(t, LevelDefault, e.level, "a step is taken for a few bytes")
}
