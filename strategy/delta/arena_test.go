package delta

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArenaKeepsPiecesApart takes pieces of many sizes, fills each, and sees
// that none changes another, also when the arena grows.
func TestArenaKeepsPiecesApart(t *testing.T) {
	var a arena
	r := seeded(1)
	for range 10 {
		m := a.mark()
		var pieces [][]byte
		var columns [][]uint64
		for i := range 20 {
			b, c := a.take(r.IntN(1000)), a.takeColumn(r.IntN(1000))
			paint(b, byte(i))
			for j := range c {
				c[j] = uint64(i)
			}
			require.Equal(t, len(b), cap(b), "append would run into the next piece")
			require.Equal(t, len(c), cap(c), "append would run into the next piece")
			pieces, columns = append(pieces, b), append(columns, c)
		}
		for i := range pieces {
			for _, b := range pieces[i] {
				require.Equal(t, byte(i), b)
			}
			for _, x := range columns[i] {
				require.Equal(t, uint64(i), x)
			}
		}
		a.release(m)
	}
	require.Empty(t, a.bytes)
	require.Empty(t, a.columns)
}

func TestArenaIsReused(t *testing.T) {
	var a arena
	use := func() {
		m := a.mark()
		a.take(100_000)
		a.takeColumn(30_000)
		inner := a.mark()
		a.take(50_000)
		a.release(inner)
		a.take(50_000)
		a.release(m)
	}
	use()
	require.Zero(t, testing.AllocsPerRun(10, use))
}

// TestSteadyState: once they have seen a chunk, an Encoder and a Decoder
// allocate nothing for another like it, but what the backend and huff0 do.
func TestSteadyState(t *testing.T) {
	src := make([]byte, 100_000)
	kinds[7].fill(seeded(1), src)
	var e Encoder
	var d Decoder
	plan := &Plan{Stride: 8, Fields: []Field{
		{Width: 4, Code: CodeBuckets, X: 1}, {Width: 4, Minus: true, Predict: PredictLinear, Code: CodeBuckets},
	}}
	payload := encodeBy(t, &e, src, plan, plainBytes{})
	dst, out := make([]byte, 0, len(src)), make([]byte, 0, len(payload))
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() {
		e.begin(out[:0])
		e.table(src, plan)
		out, _ = e.finish(0)
	}), 20.0)
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { d.Decode(dst, payload, len(src), plainBytes{}) }), 20.0)
}
