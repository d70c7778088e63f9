package sigio_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// TestAdaptiveEffortIsSound: whatever the level becomes under way. When it
// changes is for TestEffort, since here it depends on the machine.
func TestAdaptiveEffortIsSound(t *testing.T) {
	content := prose(1, 8<<20)
	for _, wait := range []time.Duration{0, 5 * time.Millisecond} {
		out := &sink{on: func(_ int, p []byte) (int, error) {
			time.Sleep(wait)
			return len(p), nil
		}}
		w := sigio.NewWriter(out, sigio.WithAdaptiveEffort(sigio.LevelBetter), sigio.WithChunkSize(256<<10))
		_, err := w.Write(content)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		requireSame(t, content, unseal(t, out.Bytes()))
	}
}

func TestAdaptiveEffortOptions(t *testing.T) {
	for name, opts := range map[string][]sigio.WriterOption{
		"ceiling below the level": {sigio.WithLevel(sigio.LevelBetter), sigio.WithAdaptiveEffort(sigio.LevelDefault)},
		"no such ceiling":         {sigio.WithAdaptiveEffort(9)},
		"parallel":                {sigio.WithAdaptiveEffort(sigio.LevelBest), sigio.WithConcurrency(2)},
	} {
		_, err := sigio.NewWriter(io.Discard, opts...).Write([]byte("x"))
		require.ErrorContains(t, err, "sigio: ", name)
	}
}
