package frame_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

const max32, max64 = 1<<32 - 1, 1<<64 - 1

var ends = []struct {
	name string
	e    frame.End
}{
	{"all zero", frame.End{Header: plain}},
	{"all one", frame.End{plain, 1, frame.Totals{1, 1, 1, 1}}},
	{"index length below its maximum", frame.End{Header: plain, IndexLen: max32 - 1}},
	{"index length at its maximum", frame.End{Header: plain, IndexLen: max32}},
	{"index length that is negative as int32", frame.End{Header: plain, IndexLen: 1 << 31}},
	{"totals below their maximum", frame.End{plain, 0, frame.Totals{max64 - 1, max64 - 1, max64 - 1, max32 - 1}}},
	{"totals at their maximum", frame.End{plain, 0, frame.Totals{max64, max64, max64, max32}}},
	{"totals that are negative as int64", frame.End{plain, 0, frame.Totals{1 << 63, 1 << 63, 1 << 63, 1 << 31}}},
	{"fields that are told apart", frame.End{plain, 1, frame.Totals{2, 3, 4, 5}}},
}

func TestEndRoundTrip(t *testing.T) {
	for _, c := range ends {
		t.Run(c.name, func(t *testing.T) { requireEnd(t, c.e) })
	}
	rng := rand.New(rand.NewPCG(2, 0))
	for range 10_000 {
		requireEnd(t, frame.End{randomHeader(rng), rng.Uint32(), frame.Totals{
			Chunks: rng.Uint64(), Raw: rng.Uint64(), Encoded: rng.Uint64(), Chain: rng.Uint32(),
		}})
	}
}

func requireEnd(t *testing.T, e frame.End) {
	t.Helper()
	b := e.Append([]byte("before"))
	require.Equal(t, "before", string(b[:6]))
	b = b[6:]
	require.Len(t, b, frame.EndLen)
	got, err := frame.ParseEnd(append(b, "behind"...))
	require.NoError(t, err)
	require.Equal(t, e, got)
}

// The table of FORMAT §7.1, field by field.
func TestEndLayout(t *testing.T) {
	h := frame.Header{Incompat: frame.FlagHistory, Compat: 0x80, CapLog: 24, ID: 0x04030201}
	b := frame.End{h, 0x14131211, frame.Totals{
		Chunks: 0x2827262524232221, Raw: 0x3837363534333231, Encoded: 0x4847464544434241, Chain: 0x54535251,
	}}.Append(nil)
	require.Equal(t, "01454e44"+hex.EncodeToString(h.Append(nil)[4:12])+
		"11121314"+"2122232425262728"+"3132333435363738"+"4142434445464748"+"51525354",
		hex.EncodeToString(b[:44]))
	require.Equal(t, crc(b[:44]), binary.LittleEndian.Uint32(b[44:]))
}

func TestEndRefusesEveryFlippedBit(t *testing.T) {
	for _, c := range ends {
		b := c.e.Append(nil)
		for bit := range 8 * len(b) {
			reason := "end record fails its check"
			if bit < 32 {
				reason = "no end record"
			}
			_, err := frame.ParseEnd(flipped(b, bit))
			requireVerdict(t, err, false, reason)
		}
	}
}

// FORMAT §7.2: the check is over the id and what the end record would say.
func TestShortEnd(t *testing.T) {
	for _, c := range ends {
		t.Run(c.name, func(t *testing.T) {
			h := c.e.Header
			b := h.AppendShortEnd([]byte("before"), c.e.Totals)[6:]
			require.Len(t, b, frame.ShortEndLen)
			require.Equal(t, byte(frame.TagShortEnd), b[0])
			require.Equal(t, crc(h.ID, c.e.Append(nil)[16:44]), binary.LittleEndian.Uint32(b[1:]))
			require.NoError(t, h.ParseShortEnd(append(b, "behind"...), c.e.Totals))
			for bit := range 8 * len(b) {
				requireVerdict(t, h.ParseShortEnd(flipped(b, bit), c.e.Totals), false, "short end fails its check")
			}
		})
	}
}

func TestShortEndOfOtherTotals(t *testing.T) {
	totals := frame.Totals{Chunks: 1, Raw: 2, Encoded: 3, Chain: 4}
	b := plain.AppendShortEnd(nil, totals)
	foreign := plain
	foreign.ID++
	for _, c := range []struct {
		name string
		h    frame.Header
		t    frame.Totals
	}{
		{"a chunk more", plain, frame.Totals{2, 2, 3, 4}},
		{"a byte of content more", plain, frame.Totals{1, 3, 3, 4}},
		{"an encoded byte more", plain, frame.Totals{1, 2, 4, 4}},
		{"another chain", plain, frame.Totals{1, 2, 3, 5}},
		{"another stream", foreign, totals},
	} {
		t.Run(c.name, func(t *testing.T) {
			requireVerdict(t, c.h.ParseShortEnd(b, c.t), false, "short end fails its check")
		})
	}
}

func FuzzParseEnd(f *testing.F) {
	for _, c := range ends {
		f.Add(c.e.Append(nil), false)
	}
	f.Add(frame.End{Header: frame.Header{Version: 1}}.Append(nil), true)
	f.Fuzz(func(t *testing.T, b []byte, repair bool) {
		b = append(b, make([]byte, frame.EndLen)...)
		if repair {
			copy(b, "\x01END")
			binary.LittleEndian.PutUint32(b[44:], crc(b[:44]))
		}
		e, err := frame.ParseEnd(b)
		if err != nil {
			requireVerdict(t, err, err.(*frame.Error).Unsupported, "")
			return
		}
		require.Equal(t, b[:frame.EndLen], e.Append(nil))
	})
}
