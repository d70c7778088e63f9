package strategy

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func encodeRunLength(t *testing.T, src []byte) []byte {
	t.Helper()
	payload, err := runLength{}.Encode(nil, src, Params{Limit: unlimited})
	require.NoError(t, err)
	got, err := decodeGuarded(t, runLength{}, payload, len(src))
	require.NoError(t, err)
	require.True(t, bytes.Equal(src, got))
	return payload
}

// TestRunLengthVectors pins the payload grammar.
func TestRunLengthVectors(t *testing.T) {
	for _, v := range []struct {
		name    string
		src     string
		payload string
	}{
		{"one byte literal", "a", "\x10a"},
		{"longest literal with a header of one byte", "abcdefg", "\x70abcdefg"},
		{"shortest literal with a header of two bytes", "abcdefgh", "\x80\x01abcdefgh"},
		{"run of a byte", zeros(32), "\x81\x04\x00"},
		{"too short for a run", zeros(31), "\xf0\x03" + zeros(31)},
		{"run of the smallest period", repeat("ab", 40), "\x82\x05ab"},
		{"cut pattern", repeat("abc", 40), "\x83\x05abc"},
		{"run begins as its bytes do", "x" + repeat("abcd", 64), "\x10x\x84\x08abcd"},
		{"literal, run, literal", "ab" + zeros(64) + "cd", "\x20ab\x81\x08\x00\x20cd"},
		{"run after run", repeat("ab", 64) + repeat("c", 64), "\x82\x08ab\x81\x08c"},
		{"length of three header bytes", zeros(1 << 20), "\x81\x80\x80\x08\x00"},
	} {
		t.Run(v.name, func(t *testing.T) {
			require.Equal(t, v.payload, string(encodeRunLength(t, []byte(v.src))))
		})
	}
}

func zeros(n int) string                  { return string(make([]byte, n)) }
func repeat(pattern string, n int) string { return string(bytes.Repeat([]byte(pattern), n)[:n]) }

// TestRunLengthFindsEveryRun: wherever a run of minRun bytes or more begins
// and ends, it is taken, whole and with its smallest period.
func TestRunLengthFindsEveryRun(t *testing.T) {
	const head, tail = "\x91\xb5\xe3", "\x77\x19\xc4"
	for period := 1; period <= maxPeriod; period++ {
		pattern := "ABCDEFGH"[:period]
		for offset := range 2*scanStride + 3 {
			for length := minRun; length < minRun+70; length++ {
				before, after := string(noise(offset)), tail
				if offset > 0 { // the byte before must not belong to the run
					before = before[:offset-1] + head[:1]
				}
				payload := encodeRunLength(t, []byte(before+repeat(pattern, length)+after))
				run := string(appendOp(nil, period, length, []byte(pattern)))
				want := string(appendOp(nil, literalKind, offset, []byte(before))) + run +
					string(appendOp(nil, literalKind, len(after), []byte(after)))
				require.Equal(t, want, string(payload), "period %d, offset %d, length %d", period, offset, length)
			}
		}
	}
}

// TestRunLengthBreaks: one byte that differs, anywhere in a run or at its end.
func TestRunLengthBreaks(t *testing.T) {
	for period := 1; period <= maxPeriod; period++ {
		for at := range 200 {
			src := []byte(repeat("ABCDEFGH"[:period], 200))
			src[at] ^= 0x20
			payload := encodeRunLength(t, src)
			require.Less(t, len(payload), 2*minRun+4*8, "period %d, break at %d", period, at)
		}
	}
}

// TestRunLengthStopsComparingAtTheBreak: breaks around the sizes of the blocks
// in which a long run is compared.
func TestRunLengthStopsComparingAtTheBreak(t *testing.T) {
	src := make([]byte, 200_000)
	for _, at := range []int{63, 64, 65, 79, 80, 81, 319, 320, 335, 336, 337, 4000, 65_607, 65_608, 131_071, 131_080, 199_998, 199_999} {
		src[at] = 1
		payload := encodeRunLength(t, src)
		require.Less(t, len(payload), 16, "break at %d", at)
		src[at] = 0
	}
}

// TestRunLengthSkipsEarly: what the literals alone carry past the limit is not
// scanned to its end, however long.
func TestRunLengthSkipsEarly(t *testing.T) {
	src := append(noise(1000), make([]byte, 1<<20)...)
	_, err := runLength{}.Encode(nil, src, Params{Limit: 500})
	require.ErrorIs(t, err, ErrSkip)
	at, lag := findRepeat(src, 0, 500)
	require.Zero(t, lag, "found a run at %d", at)
}

func TestRunLengthMalformed(t *testing.T) {
	for _, v := range []struct {
		name    string
		payload string
		rawLen  int
	}{
		{"nothing", "", 1},
		{"header alone", "\x10", 1},
		{"header without end", "\x81", 1},
		{"literal cut off", "\x30ab", 3},
		{"pattern cut off", "\x83\x04ab", 64},
		{"pattern missing", "\x81\x04", 64},
		{"empty literal", "\x00\x10a", 1},
		{"empty run", "\x01a\x10a", 1},
		{"empty literal behind", "\x10a\x00", 1},
		{"run as long as its pattern", "\x32abc", 3},
		{"run shorter than its pattern", "\x28ABCDEFGH", 2},
		{"reserved kind 9", "\x89\x04ABCDEFGHI", 64},
		{"reserved kind 15", "\x8f\x04ABCDEFGHIJKLMNO", 64},
		{"too short", "\x81\x04\x00", 65},
		{"too long", "\x81\x04\x00", 63},
		{"longer than an int", "\xf1\xff\xff\xff\x0f\x00", 64},
		{"operation behind the end", "\x81\x04\x00\x10a", 64},
		{"byte behind the end", "\x81\x04\x00\x00", 64},
		{"padded header", "\x90\x00a", 1},
		{"header of 33 bits", "\x91\x80\x80\x80\x10\x00", 1},
		{"header of six bytes", "\x91\x80\x80\x80\x80\x00\x00", 1},
		{"header that never ends", repeat("\xff", 100), 64},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, err := decodeGuarded(t, runLength{}, []byte(v.payload), v.rawLen)
			require.Error(t, err)
		})
	}
}

// TestRunLengthKeepsShortRunsLiteral: runs that every scan stumbles over, but
// just too short to pay.
func TestRunLengthKeepsShortRunsLiteral(t *testing.T) {
	src := noise(1 << 16)
	for i := 0; i+64 <= len(src); i += 64 {
		copy(src[i:], slices.Repeat([]byte{1}, minRun-2))
		src[i+minRun-2] = 2
	}
	require.Len(t, encodeRunLength(t, src), len(src)+3)
}

// BenchmarkRunLength compares with the memmove of the same bytes.
func BenchmarkRunLength(b *testing.B) {
	short := noise(1 << 20)
	for i := 0; i < len(short); i += 64 {
		clear(short[i : i+minRun-1])
	}
	for _, in := range []struct {
		name string
		src  []byte
	}{
		{"zeros", make([]byte, 1<<20)},
		{"period3", bytes.Repeat([]byte("abc"), 1<<20/3)},
		{"noise", noise(1 << 20)},
		{"shortRuns", short},
	} {
		dst := make([]byte, 0, len(in.src)+16)
		payload, err := runLength{}.Encode(nil, in.src, Params{Limit: unlimited})
		require.NoError(b, err)
		for _, op := range []struct {
			name string
			run  func()
		}{
			{"memmove", func() { copy(dst[:len(in.src)], in.src) }},
			{"encode", func() { _, _ = runLength{}.Encode(dst, in.src, Params{Limit: unlimited}) }},
			{"decode", func() { _, _ = runLength{}.Decode(dst, payload, len(in.src)) }},
		} {
			b.Run(fmt.Sprintf("%s/%s", in.name, op.name), func(b *testing.B) {
				b.SetBytes(int64(len(in.src)))
				for b.Loop() {
					op.run()
				}
			})
		}
	}
}
