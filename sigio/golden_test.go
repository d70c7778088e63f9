package sigio_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// TestOutputIsTheSameEverywhere holds the output to digests that were taken on
// amd64: every architecture must reach them, except at LevelFastest, since the
// library's S2 has an assembly of its own there. They change with the encoders,
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
		{"fastest", sigio.WithLevel(sigio.LevelFastest), "8612140319b525c7"},
		{"default", sigio.WithLevel(sigio.LevelDefault), "c99cf8dc0f00c9f0"},
		{"better", sigio.WithLevel(sigio.LevelBetter), "fa1a9440a8787a56"},
		{"best", sigio.WithLevel(sigio.LevelBest), "305a99c928ad0899"},
		{"history", sigio.WithHistory(64 << 10), "0afb8ba993f7d2c8"},
		{"shared frame", sigio.WithHistory(1 << 20), "194f96a95f402c76"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "fastest" && runtime.GOARCH != "amd64" {
				t.Skip("the output of S2 depends on the architecture")
			}
			s := messages(content, 100, 3_000, 200, 20_000, 300_000, 1_200_000)
			sum := sha256.Sum256(s.seal(t, tt.option))
			require.Equal(t, tt.digest, hex.EncodeToString(sum[:8]))
		})
	}
}
