package frame_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

func TestSolver(t *testing.T) {
	s := frame.NewSolver()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		h := frame.Header{CapLog: 20, ID: rng.Uint32()}
		seq := rng.Uint64N(1 << 24)
		r := frame.Record{
			Kind: frame.KindChunk, Flushed: rng.IntN(2) == 0, Strategy: 5, RawLen: 2 + rng.IntN(1<<20), EncLen: 1,
			Seq: seq, RawOffset: seq * (1 + rng.Uint64N(1<<20)), Link: rng.Uint32(),
		}
		b := h.AppendRecord(nil, &r)
		require.Equal(t, h.ID, s.ID(b))
		got, parsed, ok := s.Suspect(b)
		require.True(t, ok)
		require.Equal(t, h.ID, got.ID)
		require.Equal(t, r, parsed)
	}
	for _, b := range [][]byte{nil, make([]byte, 28), append([]byte{0x30, 5}, make([]byte, 25)...)} {
		_, _, ok := s.Suspect(b)
		require.False(t, ok)
	}
}

func TestSolverOfShortEnds(t *testing.T) {
	s := frame.NewSolver()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		h := frame.Header{CapLog: 16, Incompat: frame.FlagShort, ID: rng.Uint32()}
		totals := frame.Totals{Chunks: 1, Raw: rng.Uint64N(1 << 16), Encoded: rng.Uint64N(1 << 17), Chain: rng.Uint32()}
		b := h.AppendShortEnd(nil, totals)
		unknown := totals
		unknown.Chain = 0
		require.Equal(t, totals.Chain, s.ShortEndChain(h, b, unknown))
	}
}

func TestPlausible(t *testing.T) {
	for _, v := range []struct {
		chunks, raw uint64
		want        bool
	}{
		{0, 0, true}, {0, 1, false}, {1, 0, false}, {1, 1, true}, {1, 1 << 16, true}, {1, 1<<16 + 1, false},
		{2, 1, false}, {2, 1<<16 + 1, true}, {1<<48 - 1, 1<<48 - 1, true}, {1 << 47, 1<<47 - 1, false},
	} {
		require.Equal(t, v.want, frame.Plausible(v.chunks, v.raw, 16), "%d chunks of %d bytes", v.chunks, v.raw)
	}
}
