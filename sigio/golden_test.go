package sigio_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// TestOutputIsTheSameEverywhere holds the output to digests that were taken
// on amd64: every architecture must reach them. They change with the encoders,
// ours or the libraries'; a change that nobody meant is a defect.
func TestOutputIsTheSameEverywhere(t *testing.T) {
	content := bytes.Join([][]byte{
		prose(1, 700_000), measurements(2, 500_000), runs(3, 600_000), noise(4, 600_000), medley(5, 300_000),
	}, nil)
	for _, tt := range []struct {
		name   string
		option sigio.WriterOption
		digest string
	}{
		{"fastest", sigio.WithLevel(sigio.LevelFastest), "caf944caf7109733"},
		{"default", sigio.WithLevel(sigio.LevelDefault), "e75944843961c6ea"},
		{"better", sigio.WithLevel(sigio.LevelBetter), "110a1434d77b14a2"},
		{"best", sigio.WithLevel(sigio.LevelBest), "a30693446638cf85"},
		{"history", sigio.WithHistory(64 << 10), "ebd864bab7a4849c"},
		{"shared frame", sigio.WithHistory(1 << 20), "e717638807387e82"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := messages(content, 100, 3_000, 200, 20_000, 300_000, 1_200_000)
			sum := sha256.Sum256(s.seal(t, tt.option))
			require.Equal(t, tt.digest, hex.EncodeToString(sum[:8]))
		})
	}
}
