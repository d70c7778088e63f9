package frame_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

const (
	store = 0
	glyph = 3
	zstd  = 5

	cap20 = 1 << 20 // of plain
	max48 = 1<<48 - 1
)

var (
	history   = withFlags(frame.FlagHistory)
	transport = withFlags(frame.FlagTransport)
	largest   = frame.Header{CapLog: frame.MaxCapLog, ID: 7}
)

func positioned(strategy uint8, rawLen, encLen int) frame.Record {
	return frame.Record{Kind: frame.KindChunk, Strategy: strategy, RawLen: rawLen, EncLen: encLen}
}

func light(strategy uint8, rawLen, encLen int) frame.Record {
	return frame.Record{Kind: frame.KindChunk, Light: true, Flushed: true, Strategy: strategy, RawLen: rawLen, EncLen: encLen}
}

func control(tag uint8, n int) frame.Record {
	return frame.Record{Kind: frame.KindControl, Tag: tag, EncLen: n}
}

func index(n int) frame.Record {
	return frame.Record{Kind: frame.KindIndex, Tag: frame.TagIndex, EncLen: n}
}

// continuing marks a chunk as one that continues a history.
func continuing(r frame.Record) frame.Record {
	r.History = true
	return r
}

func flushed(r frame.Record) frame.Record {
	r.Flushed = true
	return r
}

func at(seq, rawOffset uint64, link uint32, r frame.Record) frame.Record {
	r.Seq, r.RawOffset, r.Link = seq, rawOffset, link
	return r
}

// records holds every form of a record at the ends of its fields' ranges.
// wire is the encoded header, of positioned chunks and control records
// without its check.
var records = []struct {
	name string
	h    frame.Header
	r    frame.Record
	wire string
}{
	{"positioned, of one byte", plain, positioned(store, 1, 1), "30 00 000000 000000 000000000000 000000000000 00000000"},
	{"positioned, of two bytes in one", plain, positioned(zstd, 2, 1), "30 05 010000 000000 000000000000 000000000000 00000000"},
	{"positioned, flushed", plain, flushed(positioned(store, 2, 2)), "38 00 010000 010000 000000000000 000000000000 00000000"},
	{"positioned, continues a history", history, continuing(positioned(glyph, 3, 1)), "34 03 020000 000000 000000000000 000000000000 00000000"},
	{"positioned, flushed, continues a history", history, flushed(continuing(positioned(255, 3, 2))), "3c ff 020000 010000 000000000000 000000000000 00000000"},
	{"positioned, stored in a history stream", history, positioned(store, 1, 1), "30 00 000000 000000 000000000000 000000000000 00000000"},
	{"positioned, below the cap", plain, positioned(store, cap20-1, cap20-1), "30 00 feff0f feff0f 000000000000 000000000000 00000000"},
	{"positioned, at the cap", plain, positioned(zstd, cap20, cap20-1), "30 05 ffff0f feff0f 000000000000 000000000000 00000000"},
	{"positioned, at the largest cap", largest, positioned(store, 1<<24, 1<<24), "30 00 ffffff ffffff 000000000000 000000000000 00000000"},
	{"positioned, place below its maximum", plain, at(max48-1, max48-1, max32-1, positioned(store, 1, 1)), "30 00 000000 000000 feffffffffff feffffffffff feffffff"},
	{"positioned, place at its maximum", plain, at(max48, max48, max32, positioned(store, 1, 1)), "30 00 000000 000000 ffffffffffff ffffffffffff ffffffff"},
	{"positioned, bytes told apart", largest, at(0x060504030201, 0x161514131211, 0x24232221, positioned(0x80, 0x040302+1, 0x030201+1)),
		"30 80 020304 010203 010203040506 111213141516 21222324"},

	{"light, stored, one byte", plain, light(store, 1, 1), "81 01"},
	{"light, stored, below seven bits", plain, light(store, 126, 126), "fe 7e"},
	{"light, stored, at seven bits", plain, light(store, 127, 127), "ff 7f"},
	{"light, stored, above seven bits", plain, light(store, 128, 128), "4080 8001"},
	{"light, stored, below fourteen bits", plain, light(store, 16382, 16382), "7ffe fe7f"},
	{"light, stored, at fourteen bits", plain, light(store, 16383, 16383), "7fff ff7f"},
	{"light, stored, above fourteen bits", plain, light(store, 16384, 16384), "28 00 808001"},
	{"light, stored, at its maximum", plain, light(store, 65536, 65536), "28 00 808004"},
	{"light, glyph, one byte", plain, light(glyph, 2, 1), "81 02"},
	{"light, glyph, one byte for the most", plain, light(glyph, 65536, 1), "81 808004"},
	{"light, glyph, at seven bits", plain, light(glyph, 128, 127), "ff 8001"},
	{"light, glyph, above seven bits", plain, light(glyph, 129, 128), "4080 8101"},
	{"light, glyph, at fourteen bits", plain, light(glyph, 65536, 16383), "7fff 808004"},
	{"light, glyph, above fourteen bits", plain, light(glyph, 65535, 16384), "28 03 ffff03 808001"},
	{"light, glyph, at its maximum", plain, light(glyph, 65536, 65535), "28 03 808004 ffff03"},
	{"light, zstd, one byte", plain, light(zstd, 2, 1), "28 05 02 01"},
	{"light, zstd, at its maximum", plain, light(zstd, 65536, 65535), "28 05 808004 ffff03"},
	{"light, runlength", plain, light(1, 128, 127), "28 01 8001 7f"},
	{"light, the user's own", plain, light(255, 128, 127), "28 ff 8001 7f"},
	{"light, glyph that continues a history", history, continuing(light(glyph, 200, 100)), "e4 c801"},
	{"light, glyph that does not", history, light(glyph, 200, 100), "28 03 c801 64"},
	{"light, glyph that continues a history, large", history, continuing(light(glyph, 60000, 20000)), "2c 03 e0d403 a09c01"},
	{"light, zstd that continues a history", history, continuing(light(zstd, 200, 100)), "2c 05 c801 64"},
	{"light, stored in a history stream", history, light(store, 100, 100), "e4 64"},
	{"light, stored, large, in a history stream", history, light(store, 20000, 20000), "28 00 a09c01"},
	{"light, without a check", transport, light(store, 5, 5), "85 05"},

	{"control, empty", plain, control(frame.TagMeta, 0), "10 000000 00000000"},
	{"control, one byte", plain, control(frame.TagMeta, 1), "10 010000 00000000"},
	{"control, below its maximum", plain, control(frame.TagMeta, 1<<17-1), "10 ffff01 00000000"},
	{"control, at its maximum", plain, control(frame.TagMeta, 1<<17), "10 000002 00000000"},
	{"control, bytes told apart", plain, at(0, 0, 0x14131211, control(frame.TagMeta, 0x010203)), "10 030201 11121314"},
	{"control, strategy name", plain, control(frame.TagStrategyName, 2), "08 020000 00000000"},
	{"control, history parameters", history, control(frame.TagHistory, 3), "09 030000 00000000"},
	{"control, codebook", plain, control(frame.TagCodebookID, 8), "0a 080000 00000000"},
	{"control, embedded codebook", plain, control(frame.TagEmbeddedCodebook, 9), "0b 090000 00000000"},
	{"control, last skippable", plain, control(0x1F, 9), "1f 090000 00000000"},

	{"index, empty", plain, index(0), "03 000000 00000000"},
	{"index, one byte", plain, index(1), "03 010000 00000000"},
	{"index, above a control record", plain, index(1<<17 + 1), "03 010002 00000000"},
	{"index, at its maximum", plain, at(0, 0, max32, index(1<<24-1)), "03 ffffff ffffffff"},
}

func TestRecordRoundTrip(t *testing.T) {
	for _, c := range records {
		t.Run(c.name, func(t *testing.T) {
			want := fromHex(t, c.wire)
			if !c.r.Light {
				want = binary.LittleEndian.AppendUint32(want, crc(c.h.ID, want))
			}
			r := c.r
			require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(c.h.AppendRecord(nil, &r)))
			requireRecord(t, c.h, c.r)
		})
	}
	rng := rand.New(rand.NewPCG(4, 0))
	for range 50_000 {
		h := randomHeader(rng)
		requireRecord(t, h, randomRecord(rng, h))
	}
}

// requireRecord requires that r is the same after its way over the wire,
// whatever follows, and sets its check.
func requireRecord(t *testing.T, h frame.Header, r frame.Record) {
	t.Helper()
	b := h.AppendRecord([]byte("before"), &r)
	require.Equal(t, "before", string(b[:6]))
	b = b[6:]
	if !r.Light {
		require.Equal(t, crc(h.ID, b[:len(b)-4]), r.Check)
	}
	got, n, err := h.ParseRecord(append(b, "behind"...))
	require.NoError(t, err, "%+v", r)
	require.Equal(t, len(b), n)
	require.Equal(t, r, got)
	require.LessOrEqual(t, n, frame.MaxRecordHeader)
}

// randomRecord returns a record that a stream with header h may hold. Small
// lengths are as likely as large ones.
func randomRecord(rng *rand.Rand, h frame.Header) (r frame.Record) {
	upTo := func(n int) int { return 1 + int(rng.Uint64N(uint64(min(n, 1<<rng.IntN(25))))) }
	r.Link = rng.Uint32()
	switch form := rng.IntN(10); form {
	case 0:
		r.Kind, r.Tag, r.EncLen = frame.KindIndex, frame.TagIndex, upTo(frame.MaxIndex)
		return r
	case 1, 2:
		tags := []uint8{frame.TagStrategyName, frame.TagHistory, frame.TagCodebookID, frame.TagEmbeddedCodebook, frame.TagMeta, 0x1F}
		r.Kind, r.Tag, r.EncLen = frame.KindControl, tags[rng.IntN(len(tags))], upTo(frame.MaxControl)
		return r
	case 3, 4, 5:
		r = positioned(uint8(rng.Uint32()), upTo(h.Cap()), 0)
		r.Seq, r.RawOffset, r.Link, r.Flushed = rng.Uint64()&max48, rng.Uint64()&max48, rng.Uint32(), rng.IntN(2) == 0
	default:
		r = light([]uint8{store, glyph, uint8(rng.Uint32())}[rng.IntN(3)], upTo(frame.MaxLight), 0)
	}
	if r.RawLen == 1 {
		r.Strategy = store
	}
	if r.Strategy == store {
		r.EncLen = r.RawLen
		return r
	}
	r.EncLen = upTo(r.RawLen - 1)
	r.History = h.Has(frame.FlagHistory) && rng.IntN(2) == 0
	return r
}

// What parses in two ways is written in one, and what means nothing is not
// accepted (FORMAT §4, §5.1, §5.3).
func TestRecordRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		h      frame.Header
		wire   string
		reason string
	}{
		{"zeroed sector", plain, "00", "unknown record tag 0x00"},
		{"tag above the index", plain, "04", "unknown record tag 0x04"},
		{"tag below the control records", plain, "07", "unknown record tag 0x07"},
		{"explicit chunk with bit 0", plain, "29", "unknown record tag 0x29"},
		{"explicit chunk with bit 1", plain, "32", "unknown record tag 0x32"},
		{"light chunk without its flush mark", plain, "20 05 02 01", "flush mark"},
		{"light chunk without its flush mark, in a history", history, "24 05 02 01", "flush mark"},
		{"history that was not announced, positioned", plain, "34", "does not announce"},
		{"history that was not announced, light", plain, "2c", "does not announce"},

		{"reserved 80", plain, "80 00", "empty light chunk"},
		{"reserved 80 with content", plain, "80 01", "empty light chunk"},
		{"fourteen bits for 0", plain, "4000 00", "shortest form"},
		{"fourteen bits for seven", plain, "407f 7f", "shortest form"},
		{"explicit for stored seven", plain, "28 00 01", "shortest form"},
		{"explicit for stored fourteen", plain, "28 00 ff7f", "shortest form"},
		{"explicit for glyph", plain, "28 03 02 01", "shortest form"},
		{"explicit for glyph that continues", history, "2c 03 02 01", "shortest form"},
		{"explicit for stored, continuing", history, "2c 00 01", "shortest form"},
		{"large stored that continues", history, "2c 00 808001", "continues a history"},
		{"explicit, stored, of nothing", plain, "28 00 00", "shortest form"},
		{"explicit, of nothing", plain, "28 05 00 00", "shortest form"},
		{"explicit, empty payload", plain, "28 05 05 00", "shortest form"},

		{"raw length in two bytes for one", plain, "81 8100", "shortest form"},
		{"raw length in three bytes for two", plain, "81 808100", "shortest form"},
		{"explicit raw length in two bytes for one", plain, "28 05 8500 01", "shortest form"},
		{"explicit payload length in two bytes for one", plain, "28 05 05 8100", "shortest form"},
		{"raw length above its maximum", plain, "81 818004", "light chunk of 65537 bytes"},
		{"raw length of 21 bits", plain, "81 ffff7f", "light chunk of 2097151 bytes"},
		{"explicit raw length above its maximum", plain, "28 05 818004 01", "light chunk of 65537 bytes"},
		{"explicit payload length above its maximum", plain, "28 05 808004 818004", "light chunk of 65537 bytes"},
		{"raw length in four bytes", plain, "81 80808001", "more than 3 bytes"},
		{"endless raw length", plain, "81 ffffffffffffffffffff", "more than 3 bytes"},
		{"endless explicit payload length", plain, "28 05 05 ffffffffffffffffffff", "more than 3 bytes"},

		{"light glyph that grows", plain, "82 01", "payload of 2 bytes for a chunk of 1"},
		{"light glyph of nothing", plain, "81 00", "payload of 1 bytes for a chunk of 0"},
		{"light zstd that does not shrink", plain, "28 05 05 05", "payload of 5 bytes for a chunk of 5"},
		{"light zstd that grows", plain, "28 05 05 06", "payload of 6 bytes for a chunk of 5"},
		{"light zstd of one byte", plain, "28 05 01 01", "payload of 1 bytes for a chunk of 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := fromHex(t, c.wire)
			_, _, err := c.h.ParseRecord(b)
			requireVerdict(t, err, false, c.reason)
			requireSteady(t, c.h, b)
		})
	}
}

// The same for headers with a check of their own, which is right here: what
// the fields say must be refused by itself.
func TestCheckedRecordRefuses(t *testing.T) {
	small := frame.Header{CapLog: frame.MinCapLog}
	const place = "000000000000 000000000000 00000000"
	for _, c := range []struct {
		name        string
		h           frame.Header
		wire        string
		unsupported bool
		reason      string
	}{
		{"one byte above the cap", plain, "30 05 000010 000000" + place, false, "chunk of 1048577 bytes above the cap of 1048576"},
		{"one byte above the smallest cap", small, "30 05 000001 000000" + place, false, "chunk of 65537 bytes above the cap of 65536"},
		{"raw length at the end of its field", plain, "30 05 ffffff 000000" + place, false, "chunk of 16777216 bytes"},
		{"payload at the end of its field", plain, "30 05 ffff0f ffffff" + place, false, "payload of 16777216 bytes"},
		{"stored, a byte missing", plain, "30 00 020000 010000" + place, false, "payload of 2 bytes for a chunk of 3"},
		{"stored, a byte too many", plain, "30 00 020000 030000" + place, false, "payload of 4 bytes for a chunk of 3"},
		{"encoded to the same length", plain, "30 05 020000 020000" + place, false, "payload of 3 bytes for a chunk of 3"},
		{"encoded to more", plain, "30 05 020000 030000" + place, false, "payload of 4 bytes for a chunk of 3"},
		{"stored, continues a history", history, "34 00 020000 020000" + place, false, "stored chunk continues a history"},
		{"control record above its maximum", plain, "10 010002 00000000", false, "control record of 131073 bytes"},
		{"control record at the end of its field", plain, "10 ffffff 00000000", false, "control record of 16777215 bytes"},
		{"first unskippable that is unknown", plain, "0c 000000 00000000", true, "control record 0x0c"},
		{"last unskippable", plain, "0f 000000 00000000", true, "control record 0x0f"},
		{"unknown looked at before its length", plain, "0f 010002 00000000", false, "control record of 131073 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := fromHex(t, c.wire)
			b = binary.LittleEndian.AppendUint32(b, crc(c.h.ID, b))
			_, _, err := c.h.ParseRecord(b)
			requireVerdict(t, err, c.unsupported, c.reason)

			other := c.h
			other.ID++
			_, _, err = other.ParseRecord(b)
			requireVerdict(t, err, false, "header fails its check")
		})
	}
}

// Fed with exactly what it asks for, the parser ends with the right header
// and has never asked for a byte that does not belong to the record.
func TestParseRecordAsksForWhatItNeeds(t *testing.T) {
	requireFrugal := func(t *testing.T, h frame.Header, r frame.Record) {
		t.Helper()
		b := h.AppendRecord(nil, &r)
		header := len(b)
		b = append(b, make([]byte, r.EncLen+h.TailLen(&r))...)
		for have := 0; ; {
			got, n, err := h.ParseRecord(b[:have])
			require.NoError(t, err)
			if n <= have {
				require.Equal(t, header, n)
				require.Equal(t, r, got)
				return
			}
			require.LessOrEqual(t, n, len(b), "%+v", r)
			have = n
		}
	}
	for _, c := range records {
		t.Run(c.name, func(t *testing.T) { requireFrugal(t, c.h, c.r) })
	}
	rng := rand.New(rand.NewPCG(5, 0))
	for range 2_000 {
		h := randomHeader(rng)
		r := randomRecord(rng, h)
		if r.EncLen < 1<<12 { // the payload is made
			requireFrugal(t, h, r)
		}
	}
}

// Whatever is cut off, a prefix asks for more than it has.
func TestParseRecordOfAPrefix(t *testing.T) {
	for _, c := range records {
		r := c.r
		b := c.h.AppendRecord(nil, &r)
		for have := range b {
			_, n, err := c.h.ParseRecord(b[:have])
			require.NoError(t, err, c.name)
			require.Greater(t, n, have, c.name)
			require.LessOrEqual(t, n, len(b)+c.r.EncLen, c.name)
		}
		requireSteady(t, c.h, b)
	}
}

// requireSteady requires that a parser which asked for n bytes makes up its
// mind at n bytes: else the verdict on a cut stream would depend on how it
// arrives.
func requireSteady(t *testing.T, h frame.Header, b []byte) {
	t.Helper()
	asked := 0
	for have := range min(len(b), frame.EndLen) + 1 {
		_, n, err := h.ParseRecord(b[:have])
		if have < asked {
			require.NoError(t, err, "has %d bytes of the %d that it asked for", have, asked)
			require.Equal(t, asked, n)
			continue
		}
		if err != nil || n <= have {
			return
		}
		asked = n
	}
}

func TestParseRecordOfEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		tag  byte
		kind frame.Kind
		n    int
	}{
		{"end", frame.TagEnd, frame.KindEnd, frame.EndLen},
		{"short end", frame.TagShortEnd, frame.KindShortEnd, frame.ShortEndLen},
	} {
		t.Run(c.name, func(t *testing.T) {
			for have := 1; have <= c.n; have++ {
				b := make([]byte, have)
				b[0] = c.tag
				r, n, err := plain.ParseRecord(b)
				require.NoError(t, err)
				require.Equal(t, c.n, n)
				require.Equal(t, frame.Record{Kind: c.kind}, r)
			}
		})
	}
}

// Every tag is what the table of FORMAT §4 says.
func TestTags(t *testing.T) {
	kindOf := func(tag int) string {
		switch {
		case tag == 0x01:
			return "end"
		case tag == 0x02:
			return "short end"
		case tag == 0x03:
			return "index"
		case 0x08 <= tag && tag <= 0x0B, 0x10 <= tag && tag <= 0x1F:
			return "control"
		case 0x0C <= tag && tag <= 0x0F:
			return "unsupported"
		case tag == 0x28, tag == 0x2C, 0x40 <= tag && tag <= 0x7F, 0x81 <= tag:
			return "light"
		case tag == 0x30, tag == 0x34, tag == 0x38, tag == 0x3C:
			return "positioned"
		}
		return "corrupt"
	}
	for tag := range 256 {
		// The bytes behind the tag make a record of it, if anything can.
		bodies := []string{"000000 00000000", "03 020000 000000 000000000000 000000000000 00000000", "05 03 02", "808004", "80 808004", "7f"}
		got := map[string]bool{}
		for _, body := range bodies {
			b := append([]byte{byte(tag)}, fromHex(t, body)...)
			if tag < 0x40 && tag&^0x0C != 0x20 {
				b = binary.LittleEndian.AppendUint32(b, crc(history.ID, b))
			}
			b = append(b, make([]byte, frame.EndLen)...)
			got[describe(history.ParseRecord(b))] = true
		}
		want := kindOf(tag)
		require.True(t, got[want], "tag %#02x: got %v, want %s", tag, got, want)
		if want == "corrupt" {
			require.Len(t, got, 1, "tag %#02x: got %v", tag, got)
		}
	}
}

func describe(r frame.Record, _ int, err error) string {
	var fe *frame.Error
	switch {
	case errors.As(err, &fe) && fe.Unsupported:
		return "unsupported"
	case err != nil:
		return "corrupt"
	case r.Light:
		return "light"
	}
	return map[frame.Kind]string{
		frame.KindChunk: "positioned", frame.KindControl: "control", frame.KindIndex: "index",
		frame.KindEnd: "end", frame.KindShortEnd: "short end",
	}[r.Kind]
}

func TestSkippable(t *testing.T) {
	for tag := range 256 {
		require.Equal(t, 0x10 <= tag && tag <= 0x1F, frame.Skippable(uint8(tag)), "tag %#02x", tag)
	}
}

// A whole record with any bit inverted, header, payload or check, is refused
// by one of the checks, or asks for more than there is.
func TestRecordRefusesEveryFlippedBit(t *testing.T) {
	const chain = 0x5EED5EED
	payload := []byte("payload")
	for _, c := range []struct {
		name string
		h    frame.Header
		r    frame.Record
	}{
		{"positioned", plain, positioned(store, 7, 7)},
		{"positioned, flushed", plain, flushed(positioned(zstd, 9, 7))},
		{"positioned, history", history, continuing(positioned(zstd, 9, 7))},
		{"positioned, far away", largest, at(1<<40, 1<<47, 0, flushed(positioned(128, 1<<24, 7)))},
		{"light, stored", plain, light(store, 7, 7)},
		{"light, glyph", plain, light(glyph, 9, 7)},
		{"light, explicit", plain, light(zstd, 9, 7)},
		{"light, explicit, long varints", plain, light(zstd, 65536, 7)},
		{"light, history", history, continuing(light(glyph, 9, 7))},
		{"light, explicit, history", history, continuing(light(zstd, 9, 7))},
		{"control", plain, control(frame.TagMeta, 7)},
		{"strategy name", plain, control(frame.TagStrategyName, 7)},
		{"index", plain, index(7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.r.Link = chain; c.r.Light {
				c.r.Link = 0
			}
			b := c.h.AppendRecord(nil, &c.r)
			b = append(b, payload...)
			if c.r.Light {
				b = append(b, put24(crc(uint32(chain), b[:len(b)-7], stirred(crc(payload))))...)
			} else {
				b = binary.LittleEndian.AppendUint32(b, frame.ContentCheck(c.r.Check, crc(payload)))
			}
			require.NoError(t, verify(c.h, chain, b))
			for bit := range 8 * len(b) {
				require.Error(t, verify(c.h, chain, flipped(b, bit)), "bit %d of byte %d", bit%8, bit/8)
			}
		})
	}
}

func put24(v uint32) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }

var errIncomplete = errors.New("asks for more")

// verify is what a reader does with the record at the start of b, for a
// strategy whose payloads are their content.
func verify(h frame.Header, chain uint32, b []byte) error {
	r, n, err := h.ParseRecord(b)
	switch {
	case err != nil:
		return err
	case n > len(b), r.Kind != frame.KindEnd && r.Kind != frame.KindShortEnd && r.EncLen+h.TailLen(&r) > len(b)-n:
		return errIncomplete
	case r.Kind == frame.KindEnd:
		_, err := frame.ParseEnd(b)
		return err
	case r.Kind == frame.KindShortEnd:
		return h.ParseShortEnd(b, frame.Totals{Chain: chain})
	case !r.Light && r.Link != chain:
		return errors.New("wrong link")
	}
	sum := frame.RawCRC(b[n : n+r.EncLen])
	tail := b[n+r.EncLen:][:h.TailLen(&r)]
	want := put24(frame.ChainLight(chain, b[:n], sum))
	if !r.Light {
		want = binary.LittleEndian.AppendUint32(nil, frame.ContentCheck(r.Check, sum))
	}
	if string(tail) != string(want) {
		return errors.New("wrong check")
	}
	return nil
}

func TestTailLen(t *testing.T) {
	for _, c := range []struct {
		name string
		h    frame.Header
		r    frame.Record
		want int
	}{
		{"positioned", plain, positioned(store, 1, 1), 4},
		{"positioned, transport", transport, positioned(store, 1, 1), 4},
		{"control, transport", transport, control(frame.TagMeta, 1), 4},
		{"index", plain, index(1), 4},
		{"light", plain, light(store, 1, 1), 3},
		{"light, transport", transport, light(store, 1, 1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, c.h.TailLen(&c.r))
		})
	}
}

// Sequence and raw offset are stated modulo 2^48 (FORMAT §5.2).
func TestAt(t *testing.T) {
	for _, c := range []struct{ seq, rawOffset uint64 }{
		{0, 0}, {1, 2}, {max48, max48 - 1}, {max48 + 1, max48 + 2}, {max64, max64 - 5},
	} {
		t.Run(fmt.Sprint(c.seq, c.rawOffset), func(t *testing.T) {
			r := at(c.seq, c.rawOffset, 0, positioned(store, 1, 1))
			got, _, err := plain.ParseRecord(plain.AppendRecord(nil, &r))
			require.NoError(t, err)
			require.True(t, got.At(c.seq, c.rawOffset))
			require.False(t, got.At(c.seq+1, c.rawOffset))
			require.False(t, got.At(c.seq-1, c.rawOffset))
			require.False(t, got.At(c.seq, c.rawOffset+1))
			require.False(t, got.At(c.seq, c.rawOffset-1))
		})
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	for _, c := range records {
		r := c.r
		b := c.h.AppendRecord(nil, &r)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if _, _, err := c.h.ParseRecord(b); err != nil {
				panic(err)
			}
		}), c.name)
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, c := range records {
		f.Add(c.h.Incompat, c.h.CapLog, c.h.AppendRecord(nil, &c.r), false)
		f.Add(c.h.Incompat, c.h.CapLog, c.h.AppendRecord(nil, &c.r), true)
	}
	f.Fuzz(func(t *testing.T, flags, capLog uint8, b []byte, repair bool) {
		h := frame.Header{
			Incompat: flags & (frame.FlagHistory | frame.FlagTransport | frame.FlagShort),
			CapLog:   frame.MinCapLog + capLog%(frame.MaxCapLog-frame.MinCapLog+1),
			ID:       plain.ID,
		}
		if repair {
			repairHeader(h, b)
		}
		requireSteady(t, h, b)
		r, n, err := h.ParseRecord(b)
		if err != nil {
			requireVerdict(t, err, err.(*frame.Error).Unsupported, "")
			return
		}
		if n > len(b) {
			require.LessOrEqual(t, n, frame.EndLen)
			return
		}
		if r.Kind == frame.KindEnd || r.Kind == frame.KindShortEnd {
			return
		}
		again := r
		require.Equal(t, b[:n], h.AppendRecord(nil, &again))
		require.Equal(t, r, again)
		if r.Kind == frame.KindChunk {
			require.True(t, 1 <= r.EncLen && r.EncLen <= r.RawLen && r.RawLen <= h.Cap(), "%+v", r)
		}
	})
}

// repairHeader gives b the check that a header of its length would have.
func repairHeader(h frame.Header, b []byte) {
	n := frame.ChunkHeaderLen
	if len(b) > 0 && b[0] < 0x20 {
		n = frame.ControlHeaderLen
	}
	if len(b) >= n {
		binary.LittleEndian.PutUint32(b[n-4:], crc(h.ID, b[:n-4]))
	}
}
