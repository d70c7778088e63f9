package fuzz_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
	"github.com/stretchr/testify/require"
)

// script is a program for a Writer, drawn from the fuzzer's bytes: options,
// then steps. When the bytes have run out it goes on with zeros, which mean
// the plainest choice.
type script struct{ rest []byte }

func (s *script) next() byte {
	if len(s.rest) == 0 {
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return b
}

func (s *script) options() []sigio.WriterOption {
	level := sigio.LevelFastest + sigio.Level(s.next()%4)
	opts := []sigio.WriterOption{
		sigio.WithLevel(level),
		sigio.WithConcurrency(1 + int(s.next()%4)),
		sigio.WithChunkSize(sigio.MinChunkSize << (s.next() % 3)),
	}
	only := [][]strategy.ID{
		nil, {strategy.Store}, {strategy.RunLength}, {strategy.LZ4}, {strategy.Zstd}, {strategy.RunLength, strategy.LZ4},
		{strategy.Zstd, halves{}.ID()},
	}
	ids := only[int(s.next())%len(only)]
	if ids != nil {
		opts = append(opts, sigio.WithStrategies(plugged.Only(ids...)))
	}
	if s.next()%4 == 1 {
		opts = append(opts, sigio.WithTransportChecks())
	}
	if history := s.next() % 8; history > 0 && history < 4 && ids == nil {
		sizes := [...]int{16 << 10, 64 << 10, 128 << 10}
		opts = append(opts, sigio.WithHistory(sizes[history-1]), sigio.WithConcurrency(1))
	}
	return opts
}

// plugged is all that the targets read with.
var plugged = strategy.Default().With(halves{})

// halves is a plug-in that takes any chunk whose halves are the same.
type halves struct{}

func (halves) ID() strategy.ID { return strategy.FirstPrivate }
func (halves) Name() string    { return "halves" }

func (halves) Encode(dst, src []byte, p strategy.Params) ([]byte, error) {
	n := len(src) / 2
	if len(src)%2 != 0 || n > p.Limit || !bytes.Equal(src[:n], src[n:]) {
		return dst, strategy.ErrSkip
	}
	return append(dst, src[:n]...), nil
}

func (halves) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if 2*len(src) != rawLen {
		return dst, strategy.ErrMalformed
	}
	return append(append(dst, src...), src...), nil
}

func (halves) Estimate(p *strategy.Profile, _ []byte) (strategy.Estimate, bool) {
	return strategy.Estimate{EncodedLen: p.Len / 2}, p.Len%2 == 0
}

// content makes bytes of many kinds and lengths from few.
func (s *script) content() []byte {
	n := 1 + int(s.next())<<(s.next()%11)
	seed := uint32(s.next())
	p := make([]byte, n)
	switch s.next() % 5 {
	case 0: // the fuzzer's own, repeated
		own := s.rest[:min(len(s.rest), 1+int(seed)%64)]
		s.rest = s.rest[len(own):]
		for i := range p {
			if len(own) > 0 {
				p[i] = own[i%len(own)]
			}
		}
	case 1: // noise
		for i := range p {
			seed = seed*1664525 + 1013904223
			p[i] = byte(seed >> 24)
		}
	case 2: // noise with few values
		for i := range p {
			seed = seed*1664525 + 1013904223
			p[i] = "etaoin shrdlu\n"[seed>>24%14]
		}
	case 3: // a counter
		for i := range p {
			p[i] = byte(i >> (seed % 8))
		}
	case 4: // runs
		for i := range p {
			p[i] = byte(i / (1 + int(seed)) * 17)
		}
	}
	return p
}

// FuzzRoundTrip writes what the script says and requires that a Reader gives
// it back, however both are cut, and that the output depends neither on the
// splits nor on the concurrency.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 1, 0, 90, 2, 7, 2, 0, 2, 0, 90, 2, 7, 2, 0, 2, 0, 9, 10, 9, 2, 0, 2, 0, 90, 2, 7, 2, 0, 2})
	f.Add([]byte{1, 0, 0, 0, 0, 3, 0, 90, 5, 7, 2, 0, 2, 0, 90, 2, 7, 2, 0, 2, 0, 90, 5, 7, 2, 0, 2})
	f.Add([]byte{1, 1, 0, 0, 0, 0, 200, 8, 7, 1, 1, 0, 100, 10, 3, 2})
	f.Add([]byte{2, 3, 1, 3, 1, 0, 255, 10, 1, 3, 2, 9, 1, 0, 20, 2, 5, 4})
	f.Add([]byte{0, 2, 2, 5, 0, 0, 255, 10, 200, 4, 0, 255, 10, 9, 1, 3, 0, 7, 0, 5, 0, 'h', 'e', 'l', 'l', 'o'})
	f.Fuzz(func(t *testing.T, program []byte) {
		s := script{program}
		opts := s.options()
		var parallel, plain bytes.Buffer
		w := sigio.NewWriter(&parallel, opts...)
		single := sigio.NewWriter(&plain, append(opts, sigio.WithConcurrency(1))...)
		var want, metas []byte
		for range 20 {
			if len(s.rest) == 0 {
				break
			}
			switch s.next() % 6 {
			case 0, 1:
				p := s.content()
				want = append(want, p...)
				write(t, w, p, 1+int(s.next())<<6)
				write(t, single, p, len(p))
			case 2:
				require.NoError(t, w.Flush())
				require.NoError(t, single.Flush())
			case 3:
				kind := s.next()
				metas = append(metas, kind)
				require.NoError(t, w.WriteMeta(kind, program))
				require.NoError(t, single.WriteMeta(kind, program))
			case 4:
				p := s.content()
				want = append(want, p...)
				n, err := w.ReadFrom(bytes.NewReader(p))
				require.NoError(t, err)
				require.EqualValues(t, len(p), n)
				write(t, single, p, 1000)
			case 5: // the next stream, behind the one before
				require.NoError(t, w.Close())
				require.NoError(t, single.Close())
				w.Reset(&parallel)
				single.Reset(&plain)
			}
		}
		require.NoError(t, w.Close())
		require.NoError(t, single.Close())
		require.True(t, bytes.Equal(plain.Bytes(), parallel.Bytes()), "output depends on splits or concurrency")

		for _, n := range []int{1, 3} {
			var kinds []byte
			r := sigio.NewReader(bytes.NewReader(plain.Bytes()), sigio.WithConcurrency(n), sigio.WithTransportChecks(), sigio.WithStrategies(plugged),
				sigio.WithMeta(func(kind uint8, p []byte) error {
					require.True(t, bytes.Equal(program, p))
					kinds = append(kinds, kind)
					return nil
				}))
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "content differs")
			require.Equal(t, metas, kinds)
		}
	})
}

// write writes p in pieces of at most n bytes.
func write(t *testing.T, w *sigio.Writer, p []byte, n int) {
	for len(p) > 0 {
		k, err := w.Write(p[:min(n, len(p))])
		require.NoError(t, err)
		p = p[k:]
	}
}
