package delta

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// lengthFor makes a length of data for a plan: mostly a few records, now and
// then so many that rows and segments come to an end.
func lengthFor(c *rand.Rand, p *Plan) int {
	switch c.IntN(8) {
	case 0, 1, 2:
		return 1 + c.IntN(3*p.Stride)
	case 3, 4, 5:
		return 1 + c.IntN(4<<10)
	case 6:
		return 1 + c.IntN(40<<10)
	}
	return 1 + min((segmentRecords(p.Stride)+c.IntN(600))*p.Stride, 200<<10) + c.IntN(p.Stride)
}

// TestAnyPlanRoundTrips uses one Encoder and one Decoder for all cases, and
// holds them against new ones.
func TestAnyPlanRoundTrips(t *testing.T) {
	cases := 1500
	if testing.Short() {
		cases = 300
	}
	backend := newFrames(t)
	var e Encoder
	var d Decoder
	for i := range cases {
		c := seeded(uint64(i))
		plan := anyPlan(c, maxStride)
		kind := kinds[c.IntN(len(kinds))]
		src := make([]byte, lengthFor(c, plan))
		kind.fill(c, src)
		before := bytes.Clone(src)
		about := fmt.Sprintf("case %d: %s, %d bytes, %+v", i, kind.name, len(src), *plan)

		payload := encodeBy(t, &e, src, plan, backend)
		require.True(t, bytes.Equal(before, src), "spoils src: %s", about)
		got, err := decodeGuarded(t, &d, payload, len(src), backend)
		require.NoError(t, err, about)
		requireSame(t, src, got, about)
		if i%4 == 0 {
			require.True(t, bytes.Equal(encodeBy(t, new(Encoder), src, plan, backend), payload),
				"a new encoder writes otherwise: %s", about)
			got, err := decodeGuarded(t, new(Decoder), payload, len(src), backend)
			require.NoError(t, err, about)
			requireSame(t, src, got, about)
		}
		require.Empty(t, e.arena.bytes, "scratch not given back: %s", about)
		require.Empty(t, e.arena.columns, "scratch not given back: %s", about)
		require.Empty(t, d.arena.bytes, "scratch not given back: %s", about)
		require.Empty(t, d.arena.columns, "scratch not given back: %s", about)
	}
}

func requireSame(t testing.TB, want, got []byte, about string) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	t.Fatalf("byte %d of %d differs: %s", at, len(want), about)
}

// TestSegmentBorders ends tables around the end of a segment, for fields that
// go on from what stands before it.
func TestSegmentBorders(t *testing.T) {
	backend := newFrames(t)
	rows := []int{2, 500, maxRow}
	if testing.Short() {
		rows = []int{500}
	}
	var e Encoder
	var d Decoder
	for _, f := range predictions() {
		for _, width := range []uint8{1, 2} {
			for _, row := range rows {
				f.Width = width
				minus := f
				minus.Minus = true
				p := &Plan{Stride: 2*int(width) + 2, Head: 1, Row: row, Fields: []Field{f, minus, {Width: 1}, {Width: 1}}}
				n := segmentRecords(p.Stride)
				for _, records := range []int{n, n + 1, 2*n + 700} {
					src := make([]byte, records*p.Stride+2)
					for i := range src {
						src[i] = byte(i*i>>12) + byte(i>>3) // smooth, and different everywhere
					}
					about := fmt.Sprintf("%+v, %d records, row %d", f, records, row)
					payload := encodeBy(t, &e, src, p, backend)
					got, err := decodeGuarded(t, &d, payload, len(src), backend)
					require.NoError(t, err, about)
					requireSame(t, src, got, about)
				}
			}
		}
	}
}
