package sigio_test

import (
	"bytes"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// TestStatsFromOtherGoroutines is for the race detector.
func TestStatsFromOtherGoroutines(t *testing.T) {
	s := lifeScript()
	for _, c := range concurrencies {
		var out sink
		w := sigio.NewWriter(&out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
		r := sigio.NewReader(nil, sigio.WithConcurrency(c))
		done := make(chan struct{})
		var onlookers sync.WaitGroup
		for range 4 {
			onlookers.Add(1)
			go func() {
				defer onlookers.Done()
				for {
					for _, st := range []sigio.Stats{w.Stats(), r.Stats()} {
						if st.Raw < 0 || st.Encoded < 0 || st.Buffered < 0 || st.PeakMemory < st.Memory {
							t.Errorf("impossible figures: %+v", st)
							return
						}
					}
					select {
					case <-done:
						return
					default:
						runtime.Gosched()
					}
				}
			}()
		}
		require.NoError(t, s.play(w))
		require.NoError(t, w.Close())
		r.Reset(bytes.NewReader(out.Bytes()))
		got, err := io.ReadAll(r)
		close(done)
		onlookers.Wait()
		require.NoError(t, err)
		requireSame(t, s.content(), got)
	}
}

// TestObserverAgreesWithTheStream: decisions come in order, before their chunk
// is written, and add up to Stats and to what Chunks finds.
func TestObserverAgreesWithTheStream(t *testing.T) {
	s := append(lifeScript(), act{write: ledgerOf(1, 200_000)})
	for _, c := range concurrencies {
		var out sink
		var decisions []sigio.Decision
		var seen []int // bytes that had left when a decision came
		w := sigio.NewWriter(&out, withLedger(), sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize),
			sigio.WithObserver(func(d sigio.Decision) {
				decisions = append(decisions, d)
				seen = append(seen, out.Len())
			}))
		require.NoError(t, s.play(w))
		require.NoError(t, w.Close())

		infos := chunksOf(t, out.Bytes())
		require.Len(t, decisions, len(infos))
		want := sigio.Stats{ByStrategy: map[strategy.ID]sigio.Usage{}, ByClass: map[strategy.Class]sigio.Usage{}}
		for i, d := range decisions {
			info := infos[i]
			require.Equal(t, sigio.Decision{
				Chunk: uint64(i), RawOffset: info.RawOffset, RawLen: info.RawLen, EncodedLen: info.EncodedLen,
				Strategy: info.Strategy, Name: info.Name,
				Class: d.Class, Confidence: d.Confidence, Reason: d.Reason, Detection: d.Detection, Encoding: d.Encoding,
			}, d)
			require.LessOrEqual(t, d.Confidence, uint8(100))
			require.NotEmpty(t, d.Reason)
			require.LessOrEqual(t, int64(seen[i]), info.Offset, "told before it was written")
			want.Chunks++
			want.Raw += int64(d.RawLen)
			want.Detection += d.Detection
			want.Coding += d.Encoding
			want.ByStrategy[d.Strategy] = plus(want.ByStrategy[d.Strategy], d)
			want.ByClass[d.Class] = plus(want.ByClass[d.Class], d)
		}
		got := w.Stats()
		require.Positive(t, got.PeakMemory)
		want.Encoded = int64(out.Len())
		want.Memory, want.PeakMemory, want.Pool = got.Memory, got.PeakMemory, got.Pool
		require.Equal(t, want, got)
		require.EqualValues(t, len(s.content()), got.Raw)
		require.Zero(t, got.Buffered)

		r := sigio.NewReader(bytes.NewReader(out.Bytes()), withLedger(), sigio.WithConcurrency(c))
		_, err := io.ReadAll(r)
		require.NoError(t, err)
		read := r.Stats()
		require.Equal(t, want.Chunks, read.Chunks)
		require.Equal(t, want.Raw, read.Raw)
		require.Equal(t, want.Encoded, read.Encoded)
		require.Equal(t, want.ByStrategy, read.ByStrategy)
		require.Zero(t, read.Buffered)
	}
}

func plus(u sigio.Usage, d sigio.Decision) sigio.Usage {
	return sigio.Usage{Chunks: u.Chunks + 1, Raw: u.Raw + int64(d.RawLen), Encoded: u.Encoded + int64(d.EncodedLen)}
}

// TestStatsOfIndex: what the index takes is part of the memory, and grows by
// 16 bytes a chunk.
func TestStatsOfIndex(t *testing.T) {
	for _, indexed := range []bool{false, true} {
		opts := []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}
		if indexed {
			opts = append(opts, sigio.WithIndex())
		}
		w := sigio.NewWriter(io.Discard, opts...)
		for range 40 {
			must(w.Write(prose(1, sigio.MinChunkSize)))
		}
		check(w.Flush())
		s := w.Stats()
		if !indexed {
			require.Zero(t, s.Index)
			continue
		}
		require.GreaterOrEqual(t, s.Index, int64(40*16))
		require.Less(t, s.Index, int64(2*40*16))
		require.GreaterOrEqual(t, s.Memory, s.Index)
	}
}
