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
		{"fastest", sigio.WithLevel(sigio.LevelFastest), "ad83bc869ec569ed"},
		{"default", sigio.WithLevel(sigio.LevelDefault), "e4197046ecc5ac2c"},
		{"better", sigio.WithLevel(sigio.LevelBetter), "a7581f282637db6b"},
		{"best", sigio.WithLevel(sigio.LevelBest), "8ad0f4ae629067a9"},
		{"history", sigio.WithHistory(64 << 10), "d7c32f33704840ba"},
		{"shared frame", sigio.WithHistory(1 << 20), "de34acc3c7e23eb0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := messages(content, 100, 3_000, 200, 20_000, 300_000, 1_200_000)
			sum := sha256.Sum256(s.seal(t, tt.option))
			require.Equal(t, tt.digest, hex.EncodeToString(sum[:8]))
		})
	}
}
