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
		level  sigio.Level
		digest string
	}{
		{sigio.LevelFastest, "abab24e59feb9199"},
		{sigio.LevelDefault, "cd28d083ce17c45b"},
		{sigio.LevelBetter, "c8db834dd01d170e"},
		{sigio.LevelBest, "6fc2de413b4bd83c"},
	} {
		t.Run(tt.level.String(), func(t *testing.T) {
			s := messages(content, 100, 3_000, 20_000, 300_000, 1_200_000)
			sum := sha256.Sum256(s.seal(t, sigio.WithLevel(tt.level)))
			require.Equal(t, tt.digest, hex.EncodeToString(sum[:8]))
		})
	}
}
