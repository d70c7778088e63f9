package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/strategy"
)

// fuzzSeeds are small sound streams: every strategy, every form of chunk, and
// what stands between chunks.
func fuzzSeeds(t testing.TB) (seeds [][]byte) {
	text, zeros := prose(1, 3_000), make([]byte, 3_000)
	everything := append(append(prose(2, 700), zeros[:700]...), measurements(3, 700)...)
	for st := range strategy.Default().All() {
		set := sigio.WithStrategies(strategy.Default().Only(st.ID()))
		selector := sigio.WithSelector(always(st.ID()))
		seeds = append(seeds,
			write(text).seal(t, set, selector),
			write(zeros).seal(t, set, selector),
			script{{write: everything}, {flush: true}, {write: text}, {flush: true}, {meta: []byte("m")}, {write: zeros}}.seal(t, set, selector),
			stream(frame.Header{CapLog: 16}).Chunk(uint8(st.ID()), encoded(t, st, zeros), zeros).End().Bytes())
	}
	short := write([]byte("Sigma.")).seal(t)
	return append(seeds,
		script{}.seal(t),
		short,
		bytes.Repeat(short, 3),
		messages(text[:300], 7, 1, 40).seal(t),
		messages(text, 70, 300).seal(t, sigio.WithHistory(16<<10)),
		messages(everything, 1700, 90).seal(t, sigio.WithHistory(128<<10)),
		messages(text[:500], 100).seal(t, sigio.WithHistory(16<<10), sigio.WithCodebook(trainedBook(t)), sigio.WithEmbeddedCodebook()),
		stream(longHeader).Stored("S", "i", "g", "m", "a").End().Bytes(),
		stream(longHeader).Control(0x1F, []byte("future")).Name(200, "ours").Stored("x").Index([]byte("\x01\x01\x10\x00")).End().Bytes(),
		stream(frame.Header{CapLog: 20, Incompat: frame.FlagTransport}).Light(0, []byte("x"), []byte("x")).Stored("y").End().Bytes(),
	)
}

// encoded is a strategy's payload for p.
func encoded(t testing.TB, st strategy.Strategy, p []byte) []byte {
	profile := strategy.Profile{}
	payload, err := st.Encode(nil, p, strategy.Params{Limit: len(p), Profile: &profile})
	require.NoError(t, err)
	return payload
}

// FuzzReader gives a Reader any bytes, half of the time with their checks
// repaired, so that mutations reach what stands behind the checks. It must
// end in a verdict, and decode ahead to the same bytes and the same verdict.
func FuzzReader(f *testing.F) {
	for i, seed := range fuzzSeeds(f) {
		f.Add(true, uint8(i), seed)
		f.Add(false, uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, repair bool, shape uint8, stream []byte) {
		if repair {
			stream = frametest.Repair(stream, decodeBuiltin)
		}
		inline, inlineMeta, verdict := fuzzRead(bytes.NewReader(stream), 1, shape)
		require.True(t, verdict == nil || isVerdict(verdict), "neither the end nor a verdict: %v", verdict)
		require.LessOrEqual(t, len(inline), fuzzLimit)

		n := 2 + int(shape>>4)%4
		// A source that gives few bytes at a time must not matter either.
		parallel, parallelMeta, again := fuzzRead(&drip{stream, 1 + int(shape)*7}, n, shape)
		requireSame(t, inline, parallel)
		require.Equal(t, inlineMeta, parallelMeta)
		require.Equal(t, verdict, again, "at concurrency %d", n)
	})
}

const fuzzLimit = 1 << 20

// fuzzRead reads all of src with a Reader whose options bits of shape choose.
func fuzzRead(src io.Reader, concurrency int, shape uint8) (content []byte, metas []string, err error) {
	opts := []sigio.ReaderOption{
		sigio.WithConcurrency(concurrency), sigio.WithMaxOutput(fuzzLimit), sigio.WithMaxChunk(fuzzLimit),
	}
	if shape&1 != 0 {
		opts = append(opts, sigio.WithTransportChecks())
	}
	if shape&2 != 0 {
		opts = append(opts, sigio.WithMeta(func(kind uint8, p []byte) error {
			metas = append(metas, string(kind)+string(p))
			return nil
		}))
	}
	r := sigio.NewReader(src, opts...)
	content, err = io.ReadAll(r)
	if _, again := r.Read(make([]byte, 1)); err != nil && again != err || err == nil && again != io.EOF {
		return content, metas, errors.New("the end does not stick")
	}
	return content, metas, err
}

// drip is a source that gives at most n bytes a call.
type drip struct {
	rest []byte
	n    int
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), d.n)], d.rest)
	d.rest = d.rest[n:]
	return n, nil
}
