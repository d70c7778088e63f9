package sigio_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// indexOf returns what the index of a stream says, and where it begins.
func indexOf(t testing.TB, stream []byte) (frame.Index, int) {
	t.Helper()
	e, err := frame.ParseEnd(stream[len(stream)-frame.EndLen:])
	require.NoError(t, err)
	at := len(stream) - frame.EndLen - int(e.IndexLen)
	if e.IndexLen == 0 {
		return frame.Index{}, at
	}
	body := stream[at+frame.ControlHeaderLen : len(stream)-frame.EndLen-frame.CheckLen]
	x, err := frame.ParseIndex(body, e.Totals, 1<<30)
	require.NoError(t, err)
	return x, at
}

// TestIndex: every positioned chunk that stands alone is in the index and
// nothing else is; without it the stream is what it was.
func TestIndex(t *testing.T) {
	small, talk := sigio.WithChunkSize(sigio.MinChunkSize), 500
	if testing.Short() {
		talk = 200
	}
	for _, v := range []struct {
		name   string
		script script
		opts   []sigio.WriterOption
		names  []frame.StrategyName
	}{
		{"blocks", lifeScript(), []sigio.WriterOption{small}, nil},
		{"plug-in", write(append(noise(1, 100_000), ledgerOf(2, 300_000)...)), []sigio.WriterOption{small, withLedger()},
			[]frame.StrategyName{{ID: uint8(ledgerID), Name: "ledger"}}},
		{"history", talkScript(1)[:talk], []sigio.WriterOption{sigio.WithHistory(64 << 10)}, nil},
		{"shared frame", talkScript(1)[:talk], []sigio.WriterOption{sigio.WithHistory(128 << 10)}, nil},
		{"light chunks alone", messages(prose(1, 3000), 100), nil, nil},
		{"short stream", write(prose(1, 3000)), nil, nil},
		{"empty stream", nil, nil, nil},
		{"light chunks between", append(messages(prose(1, 3000), 100), act{write: prose(2, 300_000)}), []sigio.WriterOption{small}, nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			plain := v.script.seal(t, v.opts...)
			stream := v.script.seal(t, append(v.opts, sigio.WithIndex())...)
			requireSame(t, v.script.content(), unseal(t, stream, withLedger()))
			var want []frame.IndexEntry
			continued := map[uint64]bool{}
			for _, c := range chunksOf(t, stream) {
				if !c.Light {
					want = append(want, frame.IndexEntry{Raw: uint64(c.RawOffset), Encoded: uint64(c.Offset)})
					continued[uint64(c.Offset)] = stream[c.Offset]&4 != 0
				}
			}
			want = slices.DeleteFunc(want, func(e frame.IndexEntry) bool { return continued[e.Encoded] })
			if len(want) == 0 {
				requireSame(t, plain, stream)
				return
			}
			x, at := indexOf(t, stream)
			require.Equal(t, want, x.Entries)
			require.Equal(t, v.names, x.Strategies)
			requireSame(t, plain[:len(plain)-frame.EndLen], stream[:at])
			require.Less(t, len(stream)-len(plain), 20*len(want)+100)
			if v.name == "blocks" || v.name == "plug-in" {
				for _, c := range concurrencies {
					requireSame(t, stream, v.script.seal(t, append(v.opts, sigio.WithIndex(), sigio.WithConcurrency(c))...), "concurrency ", c)
				}
			}
		})
	}
}

// TestIndexOfReusedWriter: nothing of an earlier stream is in the index.
func TestIndexOfReusedWriter(t *testing.T) {
	var out sink
	w := sigio.NewWriter(&out, sigio.WithIndex(), withLedger())
	require.NoError(t, write(ledgerOf(1, 3<<20)).play(w))
	require.NoError(t, w.Close())
	for range 2 {
		out.Reset()
		w.Reset(&out)
		s := write(prose(1, 1_500_000))
		require.NoError(t, s.play(w))
		require.NoError(t, w.Close())
		requireSame(t, s.seal(t, sigio.WithIndex(), sigio.WithStrategies(strategy.Default())), out.Bytes())
	}
}
