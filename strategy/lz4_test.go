package strategy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLZ4Malformed(t *testing.T) {
	for _, v := range []struct {
		name    string
		payload string
		rawLen  int
	}{
		{"nothing", "", 1},
		{"empty block", "\x00", 1},
		{"literal cut off", "\x40abc", 4},
		{"literal length without end", "\xf0\xff\xff", 600},
		{"offset zero", "\x10a\x00\x00", 5},
		{"offset before the start", "\x10a\x02\x00", 5},
		{"offset cut off", "\x10a\x01", 5},
		{"match past the end", "\x1fa\x01\x00\xff\xff\x00", 10},
		{"bytes behind the end", "\x10aa", 1},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, err := decodeGuarded(t, lz4Block{}, []byte(v.payload), v.rawLen)
			require.Error(t, err)
		})
	}
}

// TestLZ4DoesNotReachBehindDst: offsets may not reach into what dst already
// holds.
func TestLZ4DoesNotReachBehindDst(t *testing.T) {
	payload := []byte("\x10a\x02\x00\x50bcdef") // one literal, a match 2 bytes back, literals
	_, err := lz4Block{}.Decode([]byte("prefix"), payload, 10)
	require.ErrorIs(t, err, ErrMalformed)
}

func TestLZ4LevelsAreOrdered(t *testing.T) {
	src := append(prose(100_000), patches(100_000)...)
	previous := len(src)
	for _, level := range []Level{LevelDefault, LevelBetter, LevelBest} {
		payload, err := lz4Block{}.Encode(nil, src, Params{Level: level, Limit: unlimited})
		require.NoError(t, err)
		require.Less(t, len(payload), previous, level)
		previous = len(payload)
	}
}
