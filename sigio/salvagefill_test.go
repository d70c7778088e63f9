package sigio_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
)

// meter counts what is written.
type meter int64

func (m *meter) Write(p []byte) (int, error) {
	*m += meter(len(p))
	return len(p), nil
}

// TestSalvageIsNoBomb: a few bytes that claim terabytes are not believed, and
// the caller is asked first.
func TestSalvageIsNoBomb(t *testing.T) {
	far := func(seq uint64) func(*frame.Record) {
		return func(r *frame.Record) { r.Seq, r.RawOffset = seq, seq<<15 }
	}
	totals := func(e *frame.End) { e.Totals.Chunks, e.Totals.Raw = 1<<40, 1<<55 }
	content := noise(1, 100)
	plain := func() *frametest.Builder { return stream(frame.Header{CapLog: 16, ID: 7}).Stored("some content") }
	var steps []byte
	b := plain()
	for i := range uint64(30) {
		b.Chunk(0, content, content, far((i+1)<<20))
	}
	steps = b.Bytes()
	var streams []byte
	for range 30 {
		streams = append(streams, plain().End(totals).Bytes()...)
	}
	for _, v := range []struct {
		name  string
		b     []byte
		bytes int64 // that there is room for, with the largest chunks
	}{
		{"end that states too much", plain().End(totals).Bytes(), 5 << 16},
		{"chunk that is far away", plain().Chunk(0, content, content, far(1<<30)).Bytes(), 5 << 16},
		{"chunks that are far away", steps, 120 << 16},
		{"streams that state too much", streams, 200 << 16},
		{"no header, and a cap that may be anything", plain().Chunk(0, content, content, far(1<<30)).Bytes()[16:], 10 << 24},
	} {
		t.Run(v.name, func(t *testing.T) {
			bothSources(v.b, func(src io.Reader, seeks string) {
				var n meter
				_, err := sigio.Salvage(&n, src, nil)
				require.ErrorIs(t, err, sigio.ErrTooLarge, seeks)
				require.True(t, isPlacedVerdict(err))
				require.LessOrEqual(t, int64(n), v.bytes)
			})
			asked := int64(0)
			_, err := sigio.Salvage(new(meter), bytes.NewReader(v.b), func(g sigio.Gap) sigio.Fill {
				asked = max(asked, g.RawLen)
				return sigio.FillNothing
			})
			require.NoError(t, err)
			require.Greater(t, asked, v.bytes)
		})
	}
}

// TestSalvageFillsWhatCanHaveBeen: the bound is of no account where something
// was lost.
func TestSalvageFillsWhatCanHaveBeen(t *testing.T) {
	content := make([]byte, 300<<16) // the shortest that a stream can be for its content
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	chunks := chunksOf(t, stream)
	require.Len(t, chunks, 300)
	at := func(i int) int { return int(chunks[i].Offset) }
	r := rows(t, 100)[0]
	for _, v := range []struct {
		name    string
		b, want []byte
	}{
		{"most of it is zeros", slices.Concat(stream[:at(3)], make([]byte, at(297)-at(3)), stream[at(297):]), content},
		{"most of it is gone", slices.Concat(stream[:at(100)], stream[at(205):]), content},
		{"every other chunk is damaged", func() []byte {
			b := bytes.Clone(stream)
			for i := 0; i < 300; i += 2 {
				b[at(i)+28] ^= 1
			}
			return b
		}(), content},
		{"most of what cannot be shortened is gone", slices.Concat(r.stream[:r.chunks[2].Offset], r.stream[r.chunks[99].Offset:]),
			r.without(int(r.chunks[2].Offset), int(r.chunks[99].Offset))},
	} {
		t.Run(v.name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := sigio.Salvage(&out, pipe(v.b), nil)
			require.NoError(t, err)
			requireSame(t, v.want, out.Bytes())
		})
	}
}

// TestSalvageOfDamagedShortStreams: a short stream whose content is damaged is
// as long as it was, and what stands behind it is where it was.
func TestSalvageOfDamagedShortStreams(t *testing.T) {
	var b, content []byte
	var starts []int
	for i := range uint64(5) {
		starts = append(starts, len(b))
		b = append(b, write(prose(i, 300)).seal(t)...)
		content = append(content, prose(i, 300)...)
	}
	for k, start := range starts {
		damaged := bytes.Clone(b)
		damaged[start+40] ^= 1
		want := bytes.Clone(content)
		clear(want[k*300:][:300])
		bothSources(damaged, func(src io.Reader, seeks string) {
			got, gaps := salvage(t, src)
			requireSame(t, want, got, seeks)
			require.Len(t, gaps, 1)
			require.EqualValues(t, 300, gaps[0].RawLen)
		})
	}
}

// TestSalvageTellsWhatItCannotKnow: where whole streams may be lost before a
// chunk, a gap of unknown length stands before it.
func TestSalvageTellsWhatItCannotKnow(t *testing.T) {
	first, lost := write(prose(1, 300)).seal(t), write(prose(2, 300)).seal(t)
	r := rows(t, 10)[0]
	behind := len(first) + len(lost)
	for _, v := range []struct {
		name     string
		from, to int // that is gone
		unknown  bool
	}{
		{"a stream and the next header", len(first), behind + 16, true},
		{"a stream and the next header, and more", len(first), int(r.chunks[3].Offset) + behind, true},
		{"a stream but for its header", len(first) + 16, behind + 16, true},
		{"the next header alone", behind, behind + 16, false},
	} {
		t.Run(v.name, func(t *testing.T) {
			damaged := slices.Concat(first, lost, r.stream)
			clear(damaged[v.from:v.to])
			got, gaps := salvage(t, bytes.NewReader(damaged))
			require.True(t, bytes.HasPrefix(got, prose(1, 300)))
			require.True(t, bytes.HasSuffix(got, r.content[r.chunks[3].RawOffset:]))
			require.NotEmpty(t, gaps)
			require.Equal(t, v.unknown, gaps[0].RawLen < 0, "%+v", gaps)
		})
	}
}

// TestSalvageCountsWhatItWrites, not what it decodes to see whether it belongs
// behind a damaged chunk.
func TestSalvageCountsWhatItWrites(t *testing.T) {
	stream := messages(prose(1, 100_000), 100).seal(t)
	tried := 0
	for i, c := range chunksOf(t, stream) {
		if c.Light || i == 0 {
			continue
		}
		tried++
		damaged := bytes.Clone(stream)
		damaged[c.Offset+int64(c.HeaderLen)] ^= 1
		var out bytes.Buffer
		stats, err := sigio.Salvage(&out, bytes.NewReader(damaged), func(sigio.Gap) sigio.Fill { return sigio.FillNothing })
		require.NoError(t, err)
		require.EqualValues(t, out.Len(), stats.Raw, "damage in chunk %d", i)
	}
	require.NotZero(t, tried)
}
