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
		{"fastest", sigio.WithLevel(sigio.LevelFastest), "4ef709bb43dcf672"},
		{"default", sigio.WithLevel(sigio.LevelDefault), "f73e25f072ff1fe2"},
		{"better", sigio.WithLevel(sigio.LevelBetter), "fde43f583c2505ef"},
		{"best", sigio.WithLevel(sigio.LevelBest), "c37e4e6a0a27cba5"},
		{"history", sigio.WithHistory(64 << 10), "651e15546d58f462"},
		{"shared frame", sigio.WithHistory(1 << 20), "e8d8e69f480f76fc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := messages(content, 100, 3_000, 200, 20_000, 300_000, 1_200_000)
			sum := sha256.Sum256(s.seal(t, tt.option))
			require.Equal(t, tt.digest, hex.EncodeToString(sum[:8]))
		})
	}
}
