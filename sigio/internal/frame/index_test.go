package frame_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

var unbounded = frame.Totals{Chunks: max64, Raw: max64, Encoded: max64}

var longName = strings.Repeat("~", 64)

var indexes = []struct {
	name string
	x    frame.Index
	wire string // hex
}{
	{"nothing", frame.Index{}, "00 00"},
	{"the only chunk", frame.Index{Entries: []frame.IndexEntry{{0, 16}}}, "01 01 10 00"},
	{"neighbours", frame.Index{Entries: []frame.IndexEntry{{0, 16}, {1, 17}}}, "02 01 10 01 01 00"},
	{"varints of two bytes", frame.Index{Entries: []frame.IndexEntry{{127, 128}, {255, 256}}}, "02 8001 8001 8001 8001 00"},
	{"largest second entry", frame.Index{Entries: []frame.IndexEntry{{0, 1}, {max64 - 1, max64 - 1}}},
		"02 01 01 feffffffffffffffff01 fdffffffffffffffff01 00"},
	{"largest first entry", frame.Index{Entries: []frame.IndexEntry{{max64 - 1, max64 - 1}}},
		"01 ffffffffffffffffff01 feffffffffffffffff01 00"},
	{"shortest name", frame.Index{Strategies: []frame.StrategyName{{128, "!"}}}, "00 01 02 80 21"},
	{"longest name", frame.Index{Strategies: []frame.StrategyName{{255, longName}}}, "00 01 41 ff " + strings.Repeat("7e", 64)},
	{"entries and names", frame.Index{
		Entries:    []frame.IndexEntry{{0, 16}, {65536, 100}},
		Strategies: []frame.StrategyName{{128, "a"}, {129, "b"}},
	}, "02 01 10 808004 54 02 02 80 61 02 81 62"},
}

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestIndexRoundTrip(t *testing.T) {
	for _, c := range indexes {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, fromHex(t, c.wire), c.x.Append(nil))
			requireIndex(t, c.x)
		})
	}
	t.Run("a name for each number", func(t *testing.T) {
		var x frame.Index
		for id := 128; id <= 255; id++ {
			x.Strategies = append(x.Strategies, frame.StrategyName{ID: uint8(id), Name: "a"})
		}
		requireIndex(t, x)
	})
	rng := rand.New(rand.NewPCG(3, 0))
	for range 2_000 {
		requireIndex(t, randomIndex(rng))
	}
}

func randomIndex(rng *rand.Rand) (x frame.Index) {
	last := frame.IndexEntry{}
	for range rng.IntN(20) {
		last.Raw += 1 + rng.Uint64N(1<<rng.IntN(58))
		last.Encoded += 1 + rng.Uint64N(1<<rng.IntN(58))
		x.Entries = append(x.Entries, last)
	}
	for id := 128 + rng.IntN(128); id < 256; id += 1 + rng.IntN(128) {
		name := make([]byte, 1+rng.IntN(64))
		for i := range name {
			name[i] = byte('!' + rng.IntN('~'-'!'+1))
		}
		x.Strategies = append(x.Strategies, frame.StrategyName{ID: uint8(id), Name: string(name)})
	}
	return x
}

func requireIndex(t *testing.T, x frame.Index) {
	t.Helper()
	got, err := frame.ParseIndex(x.Append(nil), unbounded, 1<<30)
	require.NoError(t, err)
	require.Equal(t, len(x.Entries), len(got.Entries))
	require.ElementsMatch(t, x.Entries, got.Entries)
	require.Equal(t, x.Strategies, got.Strategies)
}

// A cut index is refused at every length: no count of it is believed.
func TestIndexRefusesEveryPrefix(t *testing.T) {
	for _, c := range indexes {
		body := fromHex(t, c.wire)
		for n := range body {
			_, err := frame.ParseIndex(body[:n], unbounded, 1<<30)
			requireVerdict(t, err, false, "")
		}
	}
}

func TestIndexHostile(t *testing.T) {
	totals := frame.Totals{Chunks: 10, Raw: 1000, Encoded: 100}
	for _, c := range []struct{ name, body, reason string }{
		{"empty body", "", "malformed"},
		{"count of entries above the bytes", "02 01 10 00", "2 entries in 3 bytes"},
		{"count of entries of 2^31", "8080808008 01 10 00", "2147483648 entries in 3 bytes"},
		{"count of entries of 2^64-1", "ffffffffffffffffff01 01 10 00", "18446744073709551615 entries"},
		{"count of entries that overflows", "ffffffffffffffffff02 01 10 00", "malformed"},
		{"count of entries in a longer form", "8100 01 10 00", "malformed"},
		{"first raw delta of 0", "01 00 10 00", "entry 0"},
		{"raw delta of 0", "02 01 10 00 01 00", "entry 1"},
		{"encoded delta of 0", "02 01 10 01 00 00", "entry 1"},
		{"raw delta in a longer form", "01 8100 10 00", "entry 0"},
		{"encoded delta in a longer form", "01 01 9000 00", "entry 0"},
		{"content beyond the stream", "01 e907 10 00", "entry 0"},              // 1001 - 1
		{"second content beyond the stream", "02 e807 10 01 01 00", "entry 1"}, // 999 + 1
		{"header beyond the stream", "01 01 64 00", "entry 0"},                 // 100
		{"second header beyond the stream", "02 01 63 01 01 00", "entry 1"},    // 99 + 1
		{"raw deltas that wrap around", "02 02 10 ffffffffffffffffff01 01 00", "entry 1"},
		{"encoded deltas that wrap around", "02 01 10 01 ffffffffffffffffff01 00", "entry 1"},
		{"delta of more than 64 bits", "01 ffffffffffffffffff7f 10 00", "entry 0"},
		{"endless varint", "01 80808080808080808080808080", "entry 0"},
		{"entries run out of bytes", "02 01 80 80 01", "entry 0"},
		{"no count of names", "01 01 10", "malformed"},
		{"count of names above the bytes", "00 02 02 80 61", "malformed"},
		{"count of names of 2^64-1", "00 ffffffffffffffffff01 02 80 61", "malformed"},
		{"more names than numbers", "00 8101" + strings.Repeat("02 80 61", 129), "not in order"},
		{"names out of order", "00 02 02 81 61 02 80 61", "not in order"},
		{"count of names in a longer form", "00 8100 02 80 61", "malformed"},
		{"name length of 2^64-1", "00 01 ffffffffffffffffff01 80 61", "malformed"},
		{"name beyond the body", "00 01 03 80 61", "malformed"},
		{"name without a strategy", "00 01 00", "malformed"},
		{"empty name", "00 01 01 80", "malformed"},
		{"name of a built-in", "00 01 02 7f 61", "malformed"},
		{"name with a space", "00 01 02 80 20", "malformed"},
		{"name that is not ASCII", "00 01 02 80 7f", "malformed"},
		{"name of 65 bytes", "00 01 42 80" + strings.Repeat("61", 65), "malformed"},
		{"bytes behind the names", "00 00 00", "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := frame.ParseIndex(fromHex(t, c.body), totals, 1<<30)
			requireVerdict(t, err, false, c.reason)
		})
	}
}

func TestIndexAtTheTotals(t *testing.T) {
	x := frame.Index{Entries: []frame.IndexEntry{{1, 16}, {999, 99}}}
	_, err := frame.ParseIndex(x.Append(nil), frame.Totals{Chunks: 2, Raw: 1000, Encoded: 100}, 1<<30)
	require.NoError(t, err)
	_, err = frame.ParseIndex(x.Append(nil), frame.Totals{Chunks: 2, Raw: 999, Encoded: 100}, 1<<30)
	requireVerdict(t, err, false, "entry 1")
	_, err = frame.ParseIndex(x.Append(nil), frame.Totals{Chunks: 2, Raw: 1000, Encoded: 99}, 1<<30)
	requireVerdict(t, err, false, "entry 1")
}

// Whatever an index claims, what is allocated stays in proportion to its
// bytes: 16 for an entry of 2.
func TestIndexAllocatesByItsBytes(t *testing.T) {
	count := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	filler := bytes.Repeat([]byte{1}, 1<<10)
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"2^64-1 entries", append(count(max64), filler...)},
		{"2^31 entries", append(count(1<<31), filler...)},
		{"2^20 entries", append(count(1<<20), filler...)},
		{"one entry too many", append(count(1<<9+1), filler...)},
		{"as many entries as fit", append(count(1<<9), filler...)},
		{"2^64-1 names", append(append([]byte{0}, count(max64)...), filler...)},
		{"a name of 2^64-1 bytes", append(append([]byte{0, 1}, count(max64)...), filler...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := frame.ParseIndex(c.body, unbounded, 1<<30)
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16*len(c.body)+4<<10))
		})
	}
}

func TestStrategyName(t *testing.T) {
	for _, c := range []struct {
		name string
		s    frame.StrategyName
		ok   bool
	}{
		{"first of the user's own", frame.StrategyName{128, "a"}, true},
		{"last of the user's own", frame.StrategyName{255, "a"}, true},
		{"last that is reserved", frame.StrategyName{127, "a"}, false},
		{"store", frame.StrategyName{0, "a"}, false},
		{"no name", frame.StrategyName{128, ""}, false},
		{"longest name", frame.StrategyName{128, longName}, true},
		{"name above the longest", frame.StrategyName{128, longName + "~"}, false},
		{"lowest and highest character", frame.StrategyName{128, "!~"}, true},
		{"space", frame.StrategyName{128, "a b"}, false},
		{"delete", frame.StrategyName{128, "ab\x7f"}, false},
		{"control character first", frame.StrategyName{128, "\x00ab"}, false},
		{"high bit", frame.StrategyName{128, "a\xff"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := frame.AppendStrategyName(nil, c.s)
			got, err := frame.ParseStrategyName(body)
			if !c.ok {
				requireVerdict(t, err, false, "malformed strategy name")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.s, got)
		})
	}
	_, err := frame.ParseStrategyName(nil)
	requireVerdict(t, err, false, "malformed strategy name")
}

func FuzzParseIndex(f *testing.F) {
	for _, c := range indexes {
		f.Add(fromHex(f, c.wire), uint64(max64), uint64(max64))
	}
	f.Add(fromHex(f, "02 01 10 ffffffffffffffffff01 01 00"), uint64(1000), uint64(100))
	f.Fuzz(func(t *testing.T, body []byte, raw, encoded uint64) {
		x, err := frame.ParseIndex(body, frame.Totals{Raw: raw, Encoded: encoded}, 1<<30)
		if err != nil {
			requireVerdict(t, err, false, "")
			return
		}
		require.Equal(t, body, x.Append(nil))
		last := frame.IndexEntry{}
		for i, e := range x.Entries {
			require.True(t, i == 0 || e.Raw > last.Raw, "entry %d", i)
			require.Greater(t, e.Encoded, last.Encoded)
			last = e
		}
		require.LessOrEqual(t, last.Raw, raw)
		require.LessOrEqual(t, last.Encoded, encoded)
	})
}

// TestParseIndexKeepsFew: what is left of a long index is spread evenly, and
// no memory is taken for the rest.
func TestParseIndexKeepsFew(t *testing.T) {
	var x frame.Index
	for i := range uint64(1000) {
		x.Entries = append(x.Entries, frame.IndexEntry{Raw: i * i, Encoded: 16 + 3*i})
	}
	body := x.Append(nil)
	for _, v := range []struct{ keep, stride int }{{1000, 1}, {999, 2}, {500, 2}, {499, 4}, {3, 512}, {1, 1024}} {
		got, err := frame.ParseIndex(body, unbounded, v.keep)
		require.NoError(t, err)
		require.LessOrEqual(t, cap(got.Entries), v.keep)
		for i, e := range got.Entries {
			require.Equal(t, x.Entries[i*v.stride], e)
		}
		require.Len(t, got.Entries, (1000+v.stride-1)/v.stride)
	}
}
