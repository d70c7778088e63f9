package glyph

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEffort: more of it makes messages smaller, or hardly larger, and none makes
// them others.
func TestEffort(t *testing.T) {
	messages := records(newRand(1), 3000)
	var sizes [4]int
	for i, effort := range []Effort{-1, 0, 1, 2} {
		e, d := NewEncoder(Builtin(), MinHistory), NewDecoder(Builtin(), MinHistory)
		for _, m := range messages {
			p, ok := e.Append(nil, m, 2*len(m)+8, effort)
			require.True(t, ok)
			got, err := d.Decode(nil, p, len(m))
			require.NoError(t, err)
			require.Equal(t, m, got)
			sizes[i] += len(p)
		}
		require.Less(t, sizes[i], sizes[max(i-1, 0)]*101/100, "effort %d", effort)
	}
	require.Less(t, sizes[3], sizes[0]*98/100)
	for beyond, limit := range map[Effort]Effort{-2: -1, 3: 2} {
		p, _ := Builtin().Append(nil, messages[0], 1000, beyond)
		q, _ := Builtin().Append(nil, messages[0], 1000, limit)
		require.Equal(t, q, p)
	}
}
