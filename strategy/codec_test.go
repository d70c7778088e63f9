package strategy

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/sigmalang/sigma/internal/freelist"
	"github.com/stretchr/testify/require"
)

// unlimited is a limit that no payload of these tests reaches.
const unlimited = 1 << 30

// codec is a built-in strategy with the levels at which it makes a difference.
type codec struct {
	Strategy
	levels []Level
}

func codecs() []codec {
	all := []Level{LevelFastest, LevelDefault, LevelBetter, LevelBest}
	return []codec{
		{store{}, []Level{LevelDefault}},
		{runLength{}, []Level{LevelDefault}},
		{lz4Block{}, all},
		{zstdFrame{}, all},
		{s2Block{}, []Level{LevelDefault, LevelBetter}},
		{branchCode{}, all},
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func prose(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"stream ", "chunk ", "of ", "the ", "reader ", "and ", "writer ", "check.\n"}
	var b []byte
	for len(b) < n {
		b = append(b, words[r.IntN(len(words))]...)
	}
	return b[:n]
}

// patches alternates noise and zeros, each up to 99 bytes long.
func patches(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := noise(n)
	for i := 0; i < n; {
		i += r.IntN(100)
		end := min(i+r.IntN(100), n)
		if i < end {
			clear(b[i:end])
		}
		i = end
	}
	return b
}

// generators make n bytes of some kind, whose first bytes are the same for all n.
var generators = map[string]func(n int) []byte{
	"noise":   noise,
	"prose":   prose,
	"patches": patches,
	"zeros":   func(n int) []byte { return make([]byte, n) },
	"period3": func(n int) []byte { return bytes.Repeat([]byte("abc"), n)[:n] },
	"period9": func(n int) []byte { return bytes.Repeat([]byte("123456789"), n/9+1)[:n] },
	"lastOdd": func(n int) []byte { b := make([]byte, n); b[n-1] = 1; return b },
}

// eachPayload calls f with inputs of all generators at many sizes, and their
// encodings by every codec at every level.
func eachPayload(t *testing.T, f func(t *testing.T, c codec, level Level, src, payload []byte)) {
	sizes := []int{511, 512, 1023, 1024, 1025, 65535, 65536, 65791, 65792, 131071, 131073, 300000}
	for n := range 300 {
		sizes = append(sizes, n+1)
	}
	if testing.Short() {
		sizes = []int{1, 2, 3, 16, 33, 255, 256, 257, 1025, 65792, 131073}
	}
	for _, c := range codecs() {
		for _, level := range c.levels {
			t.Run(fmt.Sprintf("%s/%v", c.Name(), level), func(t *testing.T) {
				for name, generate := range generators {
					for _, n := range sizes {
						src := generate(n)
						payload, err := c.Encode(nil, src, Params{Level: level, Limit: unlimited})
						require.NoError(t, err, "%s, %d bytes", name, n)
						f(t, c, level, src, payload)
					}
				}
			})
		}
	}
}

// decodeGuarded decodes between a prefix and a guard, into a slice whose
// capacity spans the guard, and fails if either is touched or if the result
// is neither an error nor rawLen bytes.
func decodeGuarded(t *testing.T, s Strategy, payload []byte, rawLen int) ([]byte, error) {
	t.Helper()
	prefix, guard := []byte("prefix"), []byte("a guard of thirty-two odd bytes ")
	buf := slices.Concat(prefix, make([]byte, rawLen), guard)
	out, err := s.Decode(buf[:len(prefix)], payload, rawLen)
	require.True(t, bytes.HasPrefix(buf, prefix), "wrote before dst: %x", payload)
	require.True(t, bytes.HasSuffix(buf, guard), "wrote beyond rawLen: %x", payload)
	if err != nil {
		require.ErrorIs(t, err, ErrMalformed)
		require.Equal(t, prefix, out, "an error must leave dst as it was")
		return nil, err
	}
	require.Len(t, out, len(prefix)+rawLen)
	return out[len(prefix):], nil
}

func TestCodecsStandUnderTheirNumbers(t *testing.T) {
	for _, c := range codecs() {
		built, ok := Default().Lookup(c.ID())
		require.True(t, ok, c.Name())
		require.Equal(t, c.Strategy, built)
		require.Equal(t, c.ID().String(), c.Name())
	}
	require.NoError(t, Default().Check())
}

func TestRoundTrip(t *testing.T) {
	eachPayload(t, func(t *testing.T, c codec, _ Level, src, payload []byte) {
		got, err := decodeGuarded(t, c, payload, len(src))
		require.NoError(t, err)
		require.True(t, bytes.Equal(src, got), "%d bytes come back changed", len(src))
	})
}

func TestDecodeGrowsShortDst(t *testing.T) {
	src := prose(1000)
	for _, c := range codecs() {
		payload, err := c.Encode(nil, src, Params{Limit: unlimited})
		require.NoError(t, err)
		got, err := c.Decode([]byte("prefix"), payload, len(src))
		require.NoError(t, err)
		require.Equal(t, "prefix"+string(src), string(got))
	}
}

func TestEncodeAppendsAndKeepsSrc(t *testing.T) {
	eachPayload(t, func(t *testing.T, c codec, level Level, src, payload []byte) {
		before := bytes.Clone(src)
		got, err := c.Encode([]byte("prefix"), src, Params{Level: level, Limit: unlimited})
		require.NoError(t, err)
		require.True(t, bytes.Equal(append([]byte("prefix"), payload...), got))
		require.True(t, bytes.Equal(before, src))
	})
}

func TestLimitIsExact(t *testing.T) {
	eachPayload(t, func(t *testing.T, c codec, level Level, src, payload []byte) {
		got, err := c.Encode(nil, src, Params{Level: level, Limit: len(payload)})
		require.NoError(t, err, "%d bytes do not fit a limit of as many", len(payload))
		require.True(t, bytes.Equal(payload, got), "the limit changes the payload")

		dst := []byte("prefix")
		got, err = c.Encode(dst, src, Params{Level: level, Limit: len(payload) - 1})
		require.ErrorIs(t, err, ErrSkip)
		require.Equal(t, dst, got, "a skip must leave dst as it was")
	})
}

func TestSenselessLimitSkips(t *testing.T) {
	for _, c := range codecs() {
		for _, limit := range []int{0, -1, -1 << 31} {
			_, err := c.Encode(nil, make([]byte, 100), Params{Limit: limit})
			require.ErrorIs(t, err, ErrSkip, c.Name())
		}
	}
}

func TestSenselessRawLenIsRefused(t *testing.T) {
	for _, c := range codecs() {
		payload, err := c.Encode(nil, make([]byte, 100), Params{Limit: unlimited})
		require.NoError(t, err)
		for _, rawLen := range []int{-1 << 31, -1, 0, 99, 101, maxChunk + 1, 1<<31 - 1} {
			_, err := c.Decode(nil, payload, rawLen)
			require.ErrorIs(t, err, ErrMalformed, "%s, %d", c.Name(), rawLen)
		}
	}
}

func TestOverlongChunkIsSkipped(t *testing.T) {
	for _, c := range codecs()[1:] { // store has no part in the cap
		_, err := c.Encode(nil, make([]byte, maxChunk+1), Params{Limit: unlimited})
		require.ErrorIs(t, err, ErrSkip, c.Name())
	}
}

func TestLargestChunk(t *testing.T) {
	src := bytes.Repeat(prose(1<<20), maxChunk>>20)
	for _, c := range codecs() {
		payload, err := c.Encode(nil, src, Params{Level: LevelFastest, Limit: unlimited})
		require.NoError(t, err, c.Name())
		got, err := c.Decode(nil, payload, len(src))
		require.NoError(t, err, c.Name())
		require.True(t, bytes.Equal(src, got), c.Name())
	}
}

// TestDamage: whatever becomes of a payload, decoding it gives an error or
// exactly rawLen bytes, and the next good payload decodes as ever.
func TestDamage(t *testing.T) {
	for _, c := range codecs() {
		for name, generate := range generators {
			t.Run(c.Name()+"/"+name, func(t *testing.T) {
				src := generate(400)
				good, err := c.Encode(nil, src, Params{Limit: unlimited})
				require.NoError(t, err)
				for bit := range 8 * len(good) {
					bad := bytes.Clone(good)
					bad[bit/8] ^= 1 << (bit % 8)
					_, _ = decodeGuarded(t, c, bad, len(src))
				}
				for n := range good {
					_, err := decodeGuarded(t, c, good[:n], len(src))
					require.Error(t, err, "cut to %d of %d bytes", n, len(good))
				}
				for _, rawLen := range []int{len(src) - 1, len(src) + 1, 10 * len(src)} {
					_, err := decodeGuarded(t, c, good, rawLen)
					require.Error(t, err, "decodes as %d bytes", rawLen)
				}
				got, err := decodeGuarded(t, c, good, len(src))
				require.NoError(t, err, "not usable after errors")
				require.True(t, bytes.Equal(src, got))
			})
		}
	}
}

// TestDamageLarge puts random damage into payloads of several blocks.
func TestDamageLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	src := append(prose(150_000), patches(150_000)...)
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for _, c := range codecs() {
		good, err := c.Encode(nil, src, Params{Limit: unlimited})
		require.NoError(t, err)
		for range rounds {
			bad := bytes.Clone(good)
			for range 1 + r.IntN(4) {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			_, _ = decodeGuarded(t, c, bad, len(src))
		}
	}
}

// TestPayloadDependsOnChunkAloneConcurrently: a borrowed encoder that has seen other
// chunks, shorter and longer, gives what a new one gives; so do several
// goroutines at once.
func TestPayloadDependsOnChunkAloneConcurrently(t *testing.T) {
	var chunks [][]byte
	for _, n := range []int{5, 70_000, 300, 200_000, 1000} {
		chunks = append(chunks, prose(n), patches(n), noise(n))
	}
	for _, c := range codecs() {
		for _, level := range c.levels {
			var want [][]byte
			for _, chunk := range chunks {
				dropIdle()
				payload, err := c.Encode(nil, chunk, Params{Level: level, Limit: unlimited})
				require.NoError(t, err)
				want = append(want, payload)
			}
			var wg sync.WaitGroup
			for first := range 3 {
				wg.Go(func() {
					for i := range chunks {
						i = (i*7 + first) % len(chunks)
						got, err := c.Encode(nil, chunks[i], Params{Level: level, Limit: unlimited})
						if err != nil || !bytes.Equal(want[i], got) {
							t.Errorf("%s at %v: chunk %d differs (%v)", c.Name(), level, i, err)
						}
					}
				})
			}
			wg.Wait()
		}
	}
}

// dropIdle empties the free lists, so that what is borrowed next is new.
func dropIdle() {
	drop(&lz4Compressors)
	drop(&lz4CompressorsHigh)
	drop(&zstdEncoders)
	drop(&zstdDecoders)

}

func drop[T any](l *freelist.List[T]) {
	for ok := true; ok; {
		_, ok = l.Get(func(T) bool { return true })
	}
}

// idle counts what a free list holds.
func idle[T any](l *freelist.List[T]) int {
	var all []T
	for v, ok := l.Get(func(T) bool { return true }); ok; v, ok = l.Get(func(T) bool { return true }) {
		all = append(all, v)
	}
	for _, v := range all {
		l.Put(v)
	}
	return len(all)
}

func TestCodecsStartNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	src := prose(300_000)
	for _, c := range codecs() {
		for _, level := range c.levels {
			payload, err := c.Encode(nil, src, Params{Level: level, Limit: unlimited})
			require.NoError(t, err)
			_, err = c.Decode(nil, payload, len(src))
			require.NoError(t, err)
			require.LessOrEqual(t, runtime.NumGoroutine(), before, c.Name())
		}
	}
}
