package delta

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOutputIsTheSameEverywhere holds payloads to digests that were taken on
// amd64: every architecture must reach them, whatever its floating point does.
// They change with the encoder and with huff0; a change that nobody meant is a
// defect.
func TestOutputIsTheSameEverywhere(t *testing.T) {
	chunks := [][]byte{
		samples16(200_000), walk32(50_000), quotes(50_000), temperatures(25_000), packed24(60_000),
		prefixed(137+5, records24(8000)), image(320, 200), timestamps(25_000),
	}
	for effort, want := range []string{"8bdbaee57ff62288", "9a2b6ec63aa4945f", "9a2b6ec63aa4945f", "42d4f0d634a5b2a4"} {
		sum := sha256.New()
		var e Encoder
		for _, src := range chunks {
			out, err := e.Append(nil, src, Start{}, Effort(effort), plainBytes{})
			require.NoError(t, err)
			sum.Write(out)
		}
		require.Equal(t, want, hex.EncodeToString(sum.Sum(nil)[:8]), "effort %d", effort)
	}
}
