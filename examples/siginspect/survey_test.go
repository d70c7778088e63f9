package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
	"github.com/stretchr/testify/require"
)

// TestFork lets both readers read at their own pace: each gets all, and what
// is kept is what lies between them.
func TestFork(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	f := newFork(bytes.NewReader(data))
	var got [2][]byte
	buf := make([]byte, 3000)
	for len(got[0])+len(got[1]) < 2*len(data) {
		i := rng.IntN(2)
		n, err := f.tines[i].Read(buf[:1+rng.IntN(len(buf)-1)])
		if err != nil {
			require.Equal(t, io.EOF, err)
			require.Len(t, got[i], len(data))
		}
		got[i] = append(got[i], buf[:n]...)
		require.Len(t, f.ahead, max(len(got[0]), len(got[1]))-min(len(got[0]), len(got[1])))
	}
	require.True(t, bytes.Equal(data, got[0]) && bytes.Equal(data, got[1]))
}

// TestStoppedTine: nothing is kept for a reader that is gone, whether it was
// ahead or behind.
func TestStoppedTine(t *testing.T) {
	for gone := range 2 {
		f := newFork(bytes.NewReader(make([]byte, 1000)))
		_, err := f.tines[0].Read(make([]byte, 100))
		require.NoError(t, err)
		f.tines[gone].stop()
		rest, err := io.ReadAll(&f.tines[1-gone])
		require.NoError(t, err)
		require.Len(t, rest, []int{1000, 900}[gone])
		require.Empty(t, f.ahead)
	}
}

// TestCellsShare: with more chunks than cells, no byte is lost and order stays.
func TestCellsShare(t *testing.T) {
	for _, n := range []int{1, 7, 8, 9, 100, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := newSurvey(8)
			raw := int64(0)
			for i := range n {
				c := chunk{ChunkInfo: sigio.ChunkInfo{Chunk: uint64(i), RawLen: 10 + i%3, EncodedLen: 5, Strategy: strategy.ID(i % 2), Flushed: true}, rawAt: raw}
				s.add(&c)
				raw += int64(c.RawLen)
			}
			require.LessOrEqual(t, len(s.cells.list), 8)
			at, chunks, flushed := int64(0), 0, 0
			for i, c := range s.cells.list {
				require.Equal(t, at, c.rawAt)
				require.Equal(t, uint64(chunks), c.first)
				if i < len(s.cells.list)-1 {
					require.Equal(t, s.cells.each, c.chunks)
				}
				at, chunks, flushed = at+c.raw, chunks+c.chunks, flushed+c.flushed
			}
			require.Equal(t, []int64{raw, int64(n), int64(n)}, []int64{at, int64(chunks), int64(flushed)})
		})
	}
}

// TestManyNames: streams that each bring names of their own do not fill memory.
func TestManyNames(t *testing.T) {
	s := newSurvey(8)
	for i := range 1000 {
		s.add(&chunk{ChunkInfo: sigio.ChunkInfo{Stream: i, Strategy: 200, Name: fmt.Sprint("n", i), RawLen: 1, EncodedLen: 1}, state: unseen})
	}
	require.Len(t, s.strategies, mostNames+1)
	require.Equal(t, otherName, s.strategies[mostNames].name)
	require.EqualValues(t, 1000-mostNames, s.strategies[mostNames].chunks)
}

// TestTotalsAddUp: payload, metadata and framing are the whole input.
func TestTotalsAddUp(t *testing.T) {
	var b bytes.Buffer
	z := sigio.NewWriter(&b)
	_, err := z.Write(bytes.Repeat([]byte("some text, "), 50_000))
	require.NoError(t, err)
	require.NoError(t, z.Flush())
	require.NoError(t, z.WriteMeta(1, []byte("a note")))
	require.NoError(t, z.Close())
	s := newSurvey(mapCells)
	size := int64(b.Len())
	s.outcome, s.err = inspect(&b, sigio.LevelDefault, s.add)
	require.NoError(t, s.err)
	require.Equal(t, size, s.input)
	require.Equal(t, size, s.encoded+s.metaBytes+s.framing())
	require.Equal(t, []int64{550_000, 1, 6}, []int64{s.raw, int64(s.metaCount), s.metaBytes})
	require.Equal(t, s.chunks, s.agreed, "the selector disagrees with the writer that asked it")
}

func TestFormats(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", 1234567: "1\u202f234\u202f567"} {
		require.Equal(t, want, grouped(n))
	}
	require.Equal(t, "-", formatRatio(1, 0))
	require.Equal(t, "12.3", formatRatio(1234, 100))
}
