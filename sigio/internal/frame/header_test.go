package frame_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// plain is a header without anything special.
var plain = frame.Header{CapLog: 20, ID: 0x89ABCDEF}

func withFlags(flags uint8) frame.Header {
	h := plain
	h.Incompat = flags
	return h
}

var headers = []struct {
	name string
	h    frame.Header
}{
	{"smallest cap", frame.Header{CapLog: 16}},
	{"cap above the smallest", frame.Header{CapLog: 17, ID: 1}},
	{"cap below the largest", frame.Header{CapLog: 23, ID: 1<<32 - 2}},
	{"largest cap", frame.Header{CapLog: 24, ID: 1<<32 - 1}},
	{"history", withFlags(frame.FlagHistory)},
	{"transport", withFlags(frame.FlagTransport)},
	{"short", withFlags(frame.FlagShort)},
	{"history and transport", withFlags(frame.FlagHistory | frame.FlagTransport)},
	{"transport and short", withFlags(frame.FlagTransport | frame.FlagShort)},
	{"a compatible flag", frame.Header{CapLog: 20, Compat: 1}},
	{"all compatible flags", frame.Header{CapLog: 20, Compat: 255, ID: 1 << 31}},
}

func TestHeaderRoundTrip(t *testing.T) {
	for _, c := range headers {
		t.Run(c.name, func(t *testing.T) { requireHeader(t, c.h) })
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for range 10_000 {
		requireHeader(t, randomHeader(rng))
	}
}

func randomHeader(rng *rand.Rand) frame.Header {
	return frame.Header{
		Incompat: headers[rng.IntN(len(headers))].h.Incompat,
		Compat:   uint8(rng.Uint32()),
		CapLog:   uint8(frame.MinCapLog + rng.IntN(frame.MaxCapLog-frame.MinCapLog+1)),
		ID:       rng.Uint32(),
	}
}

func requireHeader(t *testing.T, h frame.Header) {
	t.Helper()
	b := h.Append([]byte("before"))
	require.Equal(t, "before", string(b[:6]))
	b = b[6:]
	require.Len(t, b, frame.HeaderLen)
	require.True(t, frame.IsHeader(b))
	got, err := frame.ParseHeader(append(b, "behind"...))
	require.NoError(t, err)
	require.Equal(t, h, got)
	require.Equal(t, crc(b[:12]), h.Check())
	require.Equal(t, 1<<h.CapLog, h.Cap())
}

// The table of FORMAT §2.1, field by field.
func TestHeaderLayout(t *testing.T) {
	h := frame.Header{Incompat: frame.FlagTransport, Compat: 0xC0, CapLog: 17, ID: 0x04030201}
	b := h.Append(nil)
	require.Equal(t, "d30d0a0a"+"00"+"02"+"c0"+"11"+"01020304", hex.EncodeToString(b[:12]))
	require.Equal(t, crc(b[:12]), binary.LittleEndian.Uint32(b[12:]))
}

func TestHeaderRefusesEveryFlippedBit(t *testing.T) {
	for _, c := range headers {
		b := c.h.Append(nil)
		for bit := range 8 * len(b) {
			reason := "stream header fails its check"
			if bit < 32 {
				reason = "no stream header"
			}
			_, err := frame.ParseHeader(flipped(b, bit))
			requireVerdict(t, err, false, reason)
		}
	}
}

// Bytes 4 to 11 with the check repaired, in a header and in an end record.
func TestHeaderFields(t *testing.T) {
	for _, c := range []struct {
		name        string
		h           frame.Header
		unsupported bool
		reason      string // empty: accepted
	}{
		{"next version read as this one", frame.Header{Version: 1, CapLog: 20}, true, "format version 1"},
		{"last version read as this one", frame.Header{Version: 255, CapLog: 20}, true, "format version 255"},
		{"lowest unknown flag ignored", frame.Header{Incompat: 1 << 3, CapLog: 20}, true, "incompatible flags 0x08"},
		{"highest unknown flag ignored", frame.Header{Incompat: 1 << 7, CapLog: 20}, true, "incompatible flags 0x80"},
		{"known flags reported as unknown", frame.Header{Incompat: 0xFF, CapLog: 20}, true, "incompatible flags 0xf8"},
		{"flags looked at before the version", frame.Header{Version: 9, Incompat: 0xFF, CapLog: 20}, true, "format version 9"},
		{"cap looked at before the flags", frame.Header{Incompat: 1 << 4, CapLog: 99}, true, "incompatible flags 0x10"},
		{"cap of one byte", frame.Header{}, false, "chunk cap 2^0"},
		{"cap below the smallest", frame.Header{CapLog: 15}, false, "chunk cap 2^15"},
		{"cap above the largest", frame.Header{CapLog: 25}, false, "chunk cap 2^25"},
		{"cap that overflows 32 bits", frame.Header{CapLog: 32}, false, "chunk cap 2^32"},
		{"cap that overflows 64 bits", frame.Header{CapLog: 255}, false, "chunk cap 2^255"},
		{"short stream with a history", withFlags(frame.FlagShort | frame.FlagHistory), false, "short stream"},
		{"compatible flags refused", frame.Header{Compat: 0xFF, CapLog: 20}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := frame.ParseHeader(c.h.Append(nil))
			e, endErr := frame.ParseEnd(frame.End{Header: c.h}.Append(nil))
			if c.reason == "" {
				require.NoError(t, err)
				require.NoError(t, endErr)
				require.Equal(t, c.h, h)
				require.Equal(t, c.h, e.Header)
				return
			}
			requireVerdict(t, err, c.unsupported, c.reason)
			requireVerdict(t, endErr, c.unsupported, c.reason)
		})
	}
}

func TestIsHeaderOfACutHeader(t *testing.T) {
	b := plain.Append(nil)
	for n := range len(b) + 1 {
		require.True(t, frame.IsHeader(b[:n]), "%d bytes", n)
	}
	for at := range 4 {
		for n := at + 1; n <= len(b); n++ {
			require.False(t, frame.IsHeader(flipped(b, 8*at)[:n]), "byte %d of %d is wrong", at, n)
		}
	}
}

// What a transfer in text mode makes of the magic (FORMAT §2.1).
func TestMagicBreaksInTextMode(t *testing.T) {
	for _, c := range []struct{ name, magic string }{
		{"high bit stripped", "\x53\r\n\n"},
		{"CR LF became LF", "\xd3\n\n\x00"},
		{"LF became CR LF", "\xd3\r\r\n"},
		{"CR LF became LF, LF became CR LF", "\xd3\n\r\n"},
		{"Latin-1 became UTF-8", "Ó\r\n\n"},
		{"invalid UTF-8 was replaced", "\ufffd\r\n\n"},
		{"LF became CR", "\xd3\r\r\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := append([]byte(c.magic), plain.Append(nil)[4:]...)
			_, err := frame.ParseHeader(b)
			requireVerdict(t, err, false, "no stream header")
		})
	}
}

func FuzzParseHeader(f *testing.F) {
	for _, c := range headers {
		f.Add(c.h.Append(nil), false)
	}
	f.Add(frame.Header{Version: 1, Incompat: 0x80, CapLog: 25}.Append(nil), true)
	f.Fuzz(func(t *testing.T, b []byte, repair bool) {
		b = append(b, make([]byte, frame.HeaderLen)...)
		if repair {
			binary.LittleEndian.PutUint32(b[12:], crc(b[:12]))
		}
		h, err := frame.ParseHeader(b)
		if err != nil {
			requireVerdict(t, err, err.(*frame.Error).Unsupported, "")
			return
		}
		require.Equal(t, b[:frame.HeaderLen], h.Append(nil))
		require.LessOrEqual(t, h.Cap(), 1<<frame.MaxCapLog)
	})
}
