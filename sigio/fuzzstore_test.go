package sigio_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
)

// fuzzOptions are what a fuzzed file is read with.
func fuzzOptions() []sigio.ReaderOption {
	return []sigio.ReaderOption{sigio.WithMaxOutput(fuzzLimit), sigio.WithTransportChecks()}
}

// storeSeeds are the seeds for whole files: also several streams, with an
// index, and damaged.
func storeSeeds(t testing.TB) (seeds [][]byte) {
	seeds = fuzzSeeds(t)
	text := prose(1, 200_000)
	indexed := write(text).seal(t, sigio.WithIndex(), sigio.WithChunkSize(sigio.MinChunkSize))
	short := write([]byte("Sigma.")).seal(t)
	damaged := bytes.Clone(indexed)
	damaged[len(damaged)/2] ^= 1
	clear(damaged[:16])
	return append(seeds, indexed, append(bytes.Clone(indexed), short...), append(short, indexed...),
		damaged, indexed[:len(indexed)-30], indexed[700:])
}

// FuzzOpenReaderAt gives it any bytes. What a Reader reads completely it must
// read too, in whole and in parts; otherwise it must end in a verdict.
func FuzzOpenReaderAt(f *testing.F) {
	for _, seed := range storeSeeds(f) {
		f.Add(true, uint32(100), seed)
		f.Add(false, uint32(len(seed)/2), seed)
	}
	f.Fuzz(func(t *testing.T, repair bool, at uint32, stream []byte) {
		if repair {
			stream = frametest.Repair(stream, decodeBuiltin)
		}
		want, sequential := io.ReadAll(sigio.NewReader(bytes.NewReader(stream), fuzzOptions()...))
		r, err := sigio.OpenReaderAt(bytes.NewReader(stream), int64(len(stream)), fuzzOptions()...)
		if err != nil {
			require.True(t, isVerdict(err), "not a verdict: %v", err)
			require.Error(t, sequential, "a Reader reads it: %v", err)
			return
		}
		require.LessOrEqual(t, r.Size(), int64(fuzzLimit))
		p := make([]byte, 1000)
		n, err := r.ReadAt(p, int64(at))
		require.True(t, err == nil || err == io.EOF || isVerdict(err), "not a verdict: %v", err)
		if sequential == nil {
			require.EqualValues(t, len(want), r.Size())
			off := min(int(at), len(want))
			requireSame(t, want[off:min(off+len(p), len(want))], p[:n])
			whole, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
			require.NoError(t, err)
			requireSame(t, want, whole)
		}
	})
}

// FuzzSalvage gives it any bytes. It must end and recover all that a
// Reader delivers.
func FuzzSalvage(f *testing.F) {
	for _, seed := range storeSeeds(f) {
		f.Add(true, false, seed)
		f.Add(false, true, seed)
	}
	f.Fuzz(func(t *testing.T, repair, seeks bool, stream []byte) {
		if repair {
			stream = frametest.Repair(stream, decodeBuiltin)
		}
		want, verdict := io.ReadAll(sigio.NewReader(bytes.NewReader(stream), fuzzOptions()...))
		src := pipe(stream)
		if seeks {
			src = bytes.NewReader(stream)
		}
		var out bytes.Buffer
		gaps, end := 0, int64(0)
		stats, err := sigio.Salvage(&out, src, func(g sigio.Gap) sigio.Fill {
			gaps++
			require.GreaterOrEqual(t, g.EncodedOffset, end)
			require.GreaterOrEqual(t, g.EncodedLen, int64(0))
			require.GreaterOrEqual(t, g.RawLen, int64(-1))
			end = g.EncodedOffset + g.EncodedLen
			require.LessOrEqual(t, end, int64(len(stream)))
			return sigio.FillNothing
		}, fuzzOptions()...)
		require.True(t, err == nil || isVerdict(err), "not a verdict: %v", err)
		require.LessOrEqual(t, out.Len(), fuzzLimit)
		require.EqualValues(t, out.Len(), stats.Raw)
		if err == nil {
			require.EqualValues(t, len(stream), stats.Encoded)
			require.True(t, bytes.HasPrefix(out.Bytes(), want), "a Reader reads more: %d of %d bytes", len(want), out.Len())
		}
		if verdict == nil {
			require.NoError(t, err)
			require.Zero(t, gaps)
			requireSame(t, want, out.Bytes())
		}
	})
}
