package strategy

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppendCuts(t *testing.T) {
	noise := func(n int) []byte { return randomBytes(n, uint64(n)) }
	text := func(n int) []byte { return english(n, uint64(n)) }
	zero := func(n int) []byte { return make([]byte, n) }
	tests := []struct {
		name  string // the defect
		block []byte
		want  []int // in KiB; nil: the whole block
	}{
		{"one kind is cut: text", text(mib), nil},
		{"one kind is cut: random", noise(mib), nil},
		{"one kind is cut: zeros", zero(mib), nil},
		{"one kind is cut: jpeg", jpegLike(mib, 1), nil},
		{"a table stays with text", join(text(512*kib), int32Series(512*kib, 1)), []int{512, 1024}},
		{"a short table stays with text", join(text(444*kib), records(100*kib, 1), text(480*kib)), []int{444, 544, 1024}},
		{"tables of other records stay together", join(int32Series(500*kib, 1), records(524*kib, 2)), []int{500, 1024}},
		{"numbers of other widths stay together", join(series16(500*kib, 1), int32Series(524*kib, 2)), []int{500, 1024}},
		{"a table that goes on is cut off", join(int32Series(40*kib, 1), text(984*kib)), []int{40, 1024}},
		{"one kind is cut: numbers", int32Series(mib, 3), nil},
		{"one kind is cut: records", records(mib, 3), nil},
		{"one kind is cut: code", program(mib, 3), nil},
		{"one kind is cut: UTF-16", utf16(text(mib / 2)), nil},
		{"tables that repeat are cut out of what they repeat", pages(mib), nil},
		{"numbers as text stay with prose", join(text(512*kib), digits(512*kib)), []int{512, 1024}},
		{"a program stays with prose", join(program(512*kib, 1), text(512*kib)), []int{512, 1024}},
		{"few numbers as text are cut off", join(text(480*kib), digits(64*kib), text(480*kib)), nil},
		{"what repeats behind other data is cut off", repeated(string(join(text(128*kib), digits(128*kib))), mib), nil},
		{"a mixture is cut", mixture(mib), nil},
		{"a short end is a mixture", text(mib + 3*segmentLen), nil},
		{"a small block is cut", join(text(255*kib), noise(256*kib)), nil},
		{"text and photo stay together", join(text(512*kib), noise(512*kib)), []int{512, 1024}},
		{"zeros stay with text", join(zero(256*kib), text(768*kib)), []int{256, 1024}},
		{"three kinds are not told apart", join(text(256*kib), noise(448*kib), zero(320*kib)), []int{256, 704, 1024}},
		{"a short piece is cut off", join(text(832*kib), noise(192*kib)), nil},
		{"a short head is cut off", join(noise(192*kib), text(832*kib)), nil},
		{"a short middle is cut out", join(text(448*kib), noise(128*kib), text(448*kib)), nil},
		{"one odd segment is a border", join(noise(256*kib), text(64*kib), noise(704*kib)), nil},
		{"a short stretch hides a border", join(text(384*kib), zero(128*kib), noise(512*kib)), []int{512, 1024}},
		{"the rest of a segment is lost", join(text(512*kib), noise(512*kib+100)), []int{512, 0}},
		{"a large block is not cut", join(noise(8*mib), text(8*mib)), []int{8 * kib, 16 * kib}},
		{"alternation is not seen", join(noise(256*kib), text(256*kib), randomBytes(256*kib, 1), english(256*kib, 1)), []int{256, 512, 768, 1024}},
		{"copies are cut apart: random", join(noise(300*kib), text(300*kib), noise(300*kib)), nil},
		{"copies are cut apart: tables", join(records(300*kib, 1), text(300*kib), records(300*kib, 1)), nil},
		{"a short copy keeps all together", join(text(512*kib), noise(512*kib-10*kib), text(512 * kib)[:10*kib]), []int{512, 1024}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := []int{-1}
			for _, end := range tt.want {
				want = append(want, end*kib)
			}
			if len(want) == 1 {
				want = append(want, 0)
			}
			want[len(want)-1] = len(tt.block)
			cuts := AppendCuts([]int{-1}, tt.block)
			require.Len(t, cuts, len(want), "%v", cuts)
			for i, at := range cuts {
				require.InDelta(t, want[i], at, 2*borderGrain, "%v", cuts)
			}
		})
	}
	require.Empty(t, AppendCuts(nil, nil), "an empty block has no pieces")
	require.Equal(t, []int{1}, AppendCuts(nil, []byte{0}))
}

// digits are numbers as text.
func digits(n int) []byte {
	r := seeded(9)
	var b []byte
	for len(b) < n {
		b = append(strconv.AppendInt(b, r.Int64N(1<<40), 10), ',')
	}
	return b[:n]
}

// series16 is a random walk in 16 bits.
func series16(n int, seed uint64) []byte {
	r, v := seeded(seed), 0
	var b []byte
	for len(b) < n {
		v += r.IntN(101) - 50
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b[:n]
}

// pages are of records and of text, each of which occurs several times.
func pages(n int) []byte {
	tables, text := records(64*kib, 1), english(64*kib, 2)
	var b []byte
	for len(b) < n {
		b = append(append(b, tables...), tables...)
		b = append(append(b, text...), text...)
	}
	return b[:n]
}

// mixture changes all the time.
func mixture(n int) []byte {
	var b []byte
	for seed := uint64(0); len(b) < n; seed++ {
		b = append(b, machineCode(40*kib, seed)...)
		b = append(b, records(48*kib, seed)...)
		b = append(b, english(24*kib, seed)...)
	}
	return b[:n]
}

// TestCutsPartitionTheBlock, whatever the segments are.
func TestCutsPartitionTheBlock(t *testing.T) {
	parts := [][]byte{
		randomBytes(segmentLen, 1), english(segmentLen, 2), make([]byte, segmentLen),
		int32Series(segmentLen, 3), records(segmentLen, 4), series16(segmentLen, 5),
	}
	for seed := range uint64(200) {
		r := seeded(seed)
		var block []byte
		for segments := 8 + r.IntN(20); segments > 0; {
			part := parts[r.IntN(len(parts))]
			for range min(1+r.IntN(16), segments) {
				block = append(block, part...)
				segments--
			}
		}
		block = block[:len(block)-r.IntN(segmentLen)]
		from := 0
		cuts := AppendCuts(nil, block)
		for _, end := range cuts {
			require.Greater(t, end, from, "seed %d: %v", seed, cuts)
			from = end
		}
		require.Equal(t, len(block), from)
		require.LessOrEqual(t, len(cuts), (len(block)+64*kib-1)/(64*kib), "seed %d: %v", seed, cuts)
	}
}

func BenchmarkAppendCuts(b *testing.B) {
	for _, s := range specimens() {
		if len(s.data) < mib {
			continue
		}
		b.Run(s.name, func(b *testing.B) {
			var cuts [32]int
			b.SetBytes(int64(len(s.data)))
			for b.Loop() {
				AppendCuts(cuts[:0], s.data)
			}
		})
	}
}
