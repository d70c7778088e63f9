package strategy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestS2Malformed(t *testing.T) {
	for _, v := range []struct {
		name    string
		payload string
		rawLen  int
		ok      bool
	}{
		{"one literal", "\x01\x00a", 1, true},
		{"a copy", "\x05\x00a\x01\x01", 5, true},
		{"nothing", "", 1, false},
		{"length alone", "\x01", 1, false},
		{"length of another chunk", "\x01\x00a", 2, false},
		{"length of 2^32-1", "\xff\xff\xff\xff\x0f\x00a", 1, false},
		{"length of 2^64", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00a", 1, false},
		{"length in two bytes", "\x81\x00\x00a", 1, false},
		{"length without end", "\x80\x80\x80", 1, false},
		{"literal cut off", "\x04\x0cabc", 4, false},
		{"literal past the end", "\x02\x08abc", 2, false},
		{"too few bytes", "\x02\x00a", 2, false},
		{"repeat without a match before", "\x05\x00a\x01\x00", 5, false},
		{"offset before the start", "\x05\x00a\x01\x02", 5, false},
		{"offset cut off", "\x05\x00a\x01", 5, false},
		{"copy past the end", "\x03\x00a\x01\x01", 3, false},
		{"bytes behind the end", "\x01\x00aa", 1, false},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, err := decodeGuarded(t, s2Block{}, []byte(v.payload), v.rawLen)
			require.Equal(t, v.ok, err == nil, "%v", err)
		})
	}
}

// TestS2DoesNotReachBehindDst: offsets may not reach into what dst already
// holds.
func TestS2DoesNotReachBehindDst(t *testing.T) {
	_, err := s2Block{}.Decode([]byte("prefix"), []byte("\x05\x00a\x01\x02"), 5)
	require.ErrorIs(t, err, ErrMalformed)
}

func TestS2AllocatesNothingForClaims(t *testing.T) {
	payload := []byte("\xff\xff\xff\x07\x00a") // 16 MiB less one
	require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = s2Block{}.Decode(nil, payload, maxChunk) }))
}

func TestS2LevelsAreOrdered(t *testing.T) {
	src := append(prose(100_000), patches(100_000)...)
	previous := len(src)
	for _, level := range []Level{LevelDefault, LevelBetter} {
		payload, err := s2Block{}.Encode(nil, src, Params{Level: level, Limit: unlimited})
		require.NoError(t, err)
		require.Less(t, len(payload), previous, level)
		previous = len(payload)
	}
}

// FuzzS2 decodes any bytes, and takes them there and back.
func FuzzS2(f *testing.F) {
	for _, src := range [][]byte{patches(300), prose(80), noise(20)} {
		payload, err := s2Block{}.Encode(nil, src, Params{Limit: unlimited})
		require.NoError(f, err)
		f.Add(payload, uint16(len(src)))
	}
	f.Fuzz(func(t *testing.T, b []byte, rawLen uint16) { requireSoundOn(t, s2Block{}, b, int(rawLen)) })
}
