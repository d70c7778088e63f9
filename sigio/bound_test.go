package sigio_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// The first promise: whatever the bytes and wherever they are flushed, the
// output is the input, the stream's header and end, 32 bytes for each started
// 64 KiB and 8 for each Flush, at most.

const (
	streamCost  = 16 + 48
	chunkCost   = 32
	chunkGrain  = 64 << 10
	flushCost   = 8
	grudgingID  = strategy.ID(201)
	grudgingGap = 100 // zero bytes at the end of each message for the plug-in
)

// bound is the largest output allowed for n bytes in that many flushes.
func bound(n, flushes int) int {
	return n + streamCost + (n+chunkGrain-1)/chunkGrain*chunkCost + flushes*flushCost
}

// requireBound holds the script's stream to the promise, and to its content.
func requireBound(t testing.TB, s script, opts ...sigio.WriterOption) {
	t.Helper()
	flushes := 0
	for _, a := range s {
		if a.flush {
			flushes++
		}
	}
	content := s.content()
	stream := s.seal(t, opts...)
	require.LessOrEqual(t, len(stream), bound(len(content), flushes), "%d bytes in %d flushes", len(content), flushes)
	requireSame(t, content, unseal(t, stream, sigio.WithStrategies(strategy.Default().With(grudging{}))))
}

// grudging is the plug-in that profits least: its payload is always as long
// as is just allowed. It drops zero bytes from the end.
type grudging struct{}

func (grudging) ID() strategy.ID { return grudgingID }
func (grudging) Name() string    { return "g" }

func (grudging) Encode(dst, src []byte, p strategy.Params) ([]byte, error) {
	for _, c := range src[max(0, min(p.Limit, len(src))):] {
		if c != 0 {
			return dst, strategy.ErrSkip
		}
	}
	return append(dst, src[:min(p.Limit, len(src))]...), nil
}

func (grudging) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	dst = append(dst, src...)
	return append(dst, make([]byte, rawLen-len(src))...), nil
}

// flushSizes are the distances of flushes that the forms of chunks, their
// lengths' encodings and the sync points make critical.
var flushSizes = []int{1, 2, 127, 128, 4095, 4096, 4097, 5000, 16_383, 16_384, 33_000, 40_000, 65_535, 65_536, 65_537, 70_000, 131_072}

func TestOutputIsBounded(t *testing.T) {
	for _, size := range []int{sigio.MinChunkSize, 1 << 20} {
		for _, every := range flushSizes {
			for _, v := range []struct {
				name string
				set  sigio.WriterOption
				pick sigio.WriterOption
				fill func(n int) []byte
			}{
				{"noise", sigio.WithStrategies(strategy.Default()), nil, func(n int) []byte { return noise(1, n) }},
				{"noise that a plug-in just shortens", sigio.WithStrategies(strategy.Default().Only().With(grudging{})), sigio.WithSelector(always(grudgingID)),
					func(n int) []byte { return gapped(2, n, every) }},
			} {
				t.Run(fmt.Sprintf("%s/%d/%d", v.name, size, every), func(t *testing.T) {
					opts := []sigio.WriterOption{sigio.WithChunkSize(size), v.set}
					if v.pick != nil {
						opts = append(opts, v.pick)
					}
					for _, n := range []int{every, 3*every - 1, 260 * min(every, 600), max(3*every, min(300_000, 1000*every))} {
						requireBound(t, messages(v.fill(n), every), opts...)
					}
				})
			}
		}
	}
}

func TestOutputIsBoundedWithoutFlushes(t *testing.T) {
	for _, size := range []int{sigio.MinChunkSize, 100_000, 1 << 20} {
		for _, n := range append([]int{0, 200_000, 1 << 20, 1<<20 + 1}, flushSizes...) {
			requireBound(t, write(noise(1, n)), sigio.WithChunkSize(size))
		}
	}
}

// gapped is noise with zero bytes at the end of each piece of the given size.
func gapped(seed uint64, n, every int) []byte {
	b := noise(seed, n)
	for end := every; end <= n; end += every {
		clear(b[max(0, end-grudgingGap, end-every):end])
	}
	return b
}

// TestOutputIsBoundedForAnyMix draws the distances at random, among the
// critical ones and others, and leaves some ends unflushed.
func TestOutputIsBoundedForAnyMix(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 40
	}
	rng := rand.New(rand.NewPCG(6, 6))
	for i := range rounds {
		content := noise(uint64(i), 1+rng.IntN(500_000))
		var s script
		palette := flushSizes[rng.IntN(len(flushSizes)):]
		for len(content) > 0 {
			n := palette[rng.IntN(min(len(palette), 3))]
			if rng.IntN(4) == 0 {
				n = 1 + rng.IntN(70_000)
			}
			n = min(n, len(content))
			s = append(s, act{write: content[:n]})
			if rng.IntN(5) > 0 {
				s = append(s, act{flush: true})
			}
			content = content[n:]
		}
		requireBound(t, s, sigio.WithChunkSize([]int{sigio.MinChunkSize, 100_000, 1 << 20}[i%3]))
	}
}
