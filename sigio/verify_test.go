package sigio_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/strategy"
)

// TestVerifyStoresWhatDoesNotDecode: a plug-in that spoils content costs its
// gain, not the content.
func TestVerifyStoresWhatDoesNotDecode(t *testing.T) {
	good := ledger{"ledger"}
	for _, v := range []struct {
		name string // the defect
		u    unruly
	}{
		{"encoder changes a byte", unruly{encode: func(dst, src []byte, p strategy.Params) ([]byte, error) {
			other := bytes.Clone(src)
			other[3] ^= 1
			return append(dst, other[:18]...), nil
		}}},
		{"encoder panics", unruly{encode: func(_, _ []byte, _ strategy.Params) ([]byte, error) { panic("at work") }}},
		{"encoder fails", unruly{encode: func(dst, _ []byte, _ strategy.Params) ([]byte, error) { return dst, errPlugin }}},
		{"encoder makes nothing", unruly{encode: func(dst, _ []byte, _ strategy.Params) ([]byte, error) { return dst, nil }}},
		{"decoder panics", unruly{decode: func(_, _ []byte, _ int) ([]byte, error) { panic("at work") }}},
		{"decoder fails", unruly{decode: func(_, _ []byte, _ int) ([]byte, error) { return nil, errPlugin }}},
		{"decoder changes a byte", unruly{decode: func(dst, src []byte, n int) ([]byte, error) {
			out, err := good.Decode(dst, src, n)
			if err == nil {
				out[len(out)-1] ^= 1
			}
			return out, err
		}}},
		{"decoder stops early", unruly{decode: func(dst, src []byte, n int) ([]byte, error) {
			out, err := good.Decode(dst, src, n)
			return out[:max(len(out)-1, 0)], err
		}}},
		{"decoder makes nothing", unruly{decode: func(dst, _ []byte, _ int) ([]byte, error) { return dst, nil }}},
	} {
		t.Run(v.name, func(t *testing.T) {
			content := append(noise(1, 3*sigio.MinChunkSize), ledgerOf(2, 3*sigio.MinChunkSize)...)
			for _, c := range concurrencies {
				before := runtime.NumGoroutine()
				u := v.u
				u.ledger = good
				reasons := 0
				var out bytes.Buffer
				w := sigio.NewWriter(&out, sigio.WithVerify(), sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize),
					sigio.WithStrategies(strategy.Default().With(&u)), sigio.WithSelector(always(ledgerID)),
					sigio.WithObserver(func(d sigio.Decision) {
						if bytes.Contains([]byte(d.Reason), []byte(`"ledger" failed`)) && d.Strategy == strategy.Store {
							reasons++
						}
					}))
				require.NoError(t, write(content).play(w))
				require.NoError(t, w.Close())
				require.Positive(t, reasons)
				require.EqualValues(t, reasons, w.Stats().Rejected)
				requireSame(t, content, unseal(t, out.Bytes()))
				leaktest.Goroutines(t, before)
			}
		})
	}
}

// TestVerifyLeavesNoTrace: where nothing is wrong it changes nothing.
func TestVerifyLeavesNoTrace(t *testing.T) {
	talk := 500
	if testing.Short() {
		talk = 100
	}
	for _, v := range []struct {
		name   string
		script script
		opts   []sigio.WriterOption
	}{
		{"blocks", lifeScript(), []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}},
		{"history", talkScript(1)[:talk], []sigio.WriterOption{sigio.WithHistory(64 << 10)}},
		{"shared frame", talkScript(2)[:talk], []sigio.WriterOption{sigio.WithHistory(128 << 10)}},
		{"codebook", talkScript(3)[:talk], []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithCodebook(trainedBook(t)), sigio.WithEmbeddedCodebook()}},
	} {
		var out bytes.Buffer
		w := sigio.NewWriter(&out, append(v.opts, sigio.WithVerify())...)
		for range 2 {
			out.Reset()
			w.Reset(&out)
			require.NoError(t, v.script.play(w), v.name)
			require.NoError(t, w.Close(), v.name)
			require.Zero(t, w.Stats().Rejected, v.name)
			requireSame(t, v.script.seal(t, v.opts...), out.Bytes(), v.name)
		}
	}
}

// TestVerifyRefusesWhatWasChanged: what a plug-in does to the content itself
// cannot be taken back. It is not written.
func TestVerifyRefusesWhatWasChanged(t *testing.T) {
	for _, c := range concurrencies {
		u := &unruly{ledger: ledger{"ledger"}, encode: func(dst, src []byte, p strategy.Params) ([]byte, error) {
			src[len(src)/2] ^= 1
			return ledger{"ledger"}.Encode(dst, src, p)
		}}
		var out bytes.Buffer
		w := sigio.NewWriter(&out, sigio.WithVerify(), sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize),
			sigio.WithStrategies(strategy.Default().With(u)), sigio.WithSelector(always(ledgerID)))
		_ = write(ledgerOf(2, 3*sigio.MinChunkSize)).play(w)
		err := w.Close()
		require.ErrorIs(t, err, sigio.ErrStrategy)
		require.ErrorContains(t, err, "content changed")
	}
}
