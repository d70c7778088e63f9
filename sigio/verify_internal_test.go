package sigio

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/strategy"
)

// TestVerifyOfHistory upsets what the Writer knows of its Reader, as a defect
// of either coder would: the message is stored, and the history starts afresh.
func TestVerifyOfHistory(t *testing.T) {
	message := func(i int) []byte {
		return bytes.Repeat(fmt.Appendf(nil, "message %d of many, much like the others; ", i), 1+i%2*50)
	}
	for _, v := range []struct {
		name  string
		id    strategy.ID
		upset func(m *mirror)
	}{
		{"short message", strategy.Glyph, func(m *mirror) { m.glyph.Restart(); m.glyph.Observe([]byte("another")) }},
		{"long message", strategy.Zstd, func(m *mirror) { m.shared.begun = false }},
	} {
		t.Run(v.name, func(t *testing.T) {
			var out bytes.Buffer
			var decisions []Decision
			w := NewWriter(&out, WithHistory(128<<10), WithVerify(), WithObserver(func(d Decision) { decisions = append(decisions, d) }))
			var want []byte
			for i := range 40 {
				if i == 20 {
					v.upset(w.history.mirror)
				}
				want = append(want, message(i)...)
				_, err := w.Write(message(i))
				require.NoError(t, err)
				require.NoError(t, w.Flush())
			}
			require.NoError(t, w.Close())
			require.EqualValues(t, 1, w.Stats().Rejected)
			continued := 0
			for _, d := range decisions[22:] {
				if d.Strategy == v.id {
					continued++
				}
			}
			require.Greater(t, continued, 5, "the history does not start again")
			got, err := io.ReadAll(NewReader(&out))
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		})
	}
}

// TestMirrorSurvivesPanics: a decoder of a history that panics has failed.
func TestMirrorSurvivesPanics(t *testing.T) {
	_, err := new(mirror).decode(&chunk{id: strategy.Glyph, rawLen: 1}, []byte{1})
	require.ErrorContains(t, err, "panicked")
}
