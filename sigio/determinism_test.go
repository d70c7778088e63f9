package sigio_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// TestSplitsLeaveNoTrace: how content is divided among Writes and ReadFroms
// is not seen in the stream.
func TestSplitsLeaveNoTrace(t *testing.T) {
	alone(t)
	const chunk = sigio.MinChunkSize
	small, large := prose(1, 700), medley(2, 3*chunk+100)
	near := func(borders ...int) (at []int) {
		for _, b := range borders {
			for d := -2; d <= 2; d++ {
				at = append(at, max(0, min(b+d, len(large))))
			}
		}
		return at
	}
	every := make([]int, len(small)+1)
	for i := range every {
		every[i] = i
	}
	for _, v := range []struct {
		name    string
		content []byte
		splits  []int
	}{
		{"every offset of a short stream", small, every},
		{"around the ends of blocks", large, near(0, chunk, 2*chunk, 3*chunk, len(large))},
	} {
		want := write(v.content).seal(t, sigio.WithChunkSize(chunk))
		for _, c := range concurrencies {
			var out sink
			w := sigio.NewWriter(nil, sigio.WithConcurrency(c), sigio.WithChunkSize(chunk))
			for _, at := range v.splits {
				for _, s := range []script{
					{{write: v.content[:at]}, {write: v.content[at:]}},
					{{from: v.content[:at]}, {write: v.content[at:]}},
					{{write: v.content[:at]}, {from: v.content[at:]}},
				} {
					out.Reset()
					w.Reset(&out)
					require.NoError(t, s.play(w))
					require.NoError(t, w.Close())
					requireSame(t, want, out.Bytes(), v.name, at, c)
				}
			}
		}
	}
}

// TestConcurrencyLeavesNoTrace: nor is the number of goroutines.
func TestConcurrencyLeavesNoTrace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	random := script{}
	for content := medley(5, 900_000); len(content) > 0; {
		n := min(1+rng.IntN(150_000), len(content))
		random = append(random, act{write: content[:n]})
		switch rng.IntN(4) {
		case 0:
			random = append(random, act{flush: true})
		case 1:
			random = append(random, act{meta: noise(uint64(n), rng.IntN(50))})
		}
		content = content[n:]
	}
	for _, level := range []sigio.Level{sigio.LevelFastest, sigio.LevelDefault, sigio.LevelBetter, sigio.LevelBest} {
		for _, size := range []int{sigio.MinChunkSize, 100_000, 1 << 20} {
			for _, s := range []script{lifeScript(), random} {
				opts := []sigio.WriterOption{sigio.WithLevel(level), sigio.WithChunkSize(size)}
				want := s.seal(t, opts...)
				requireSame(t, s.content(), unseal(t, want))
				for _, c := range []int{2, 4} {
					requireSame(t, want, s.seal(t, append(opts, sigio.WithConcurrency(c))...), level, size, c)
				}
			}
			if testing.Short() && level > sigio.LevelDefault {
				break
			}
		}
	}
}

// TestWriteKeepsNothingOfItsArgument overwrites it as soon as Write returns.
func TestWriteKeepsNothingOfItsArgument(t *testing.T) {
	const chunk = sigio.MinChunkSize
	for _, c := range concurrencies {
		for _, size := range []int{100, chunk, 3 * chunk, 3*chunk + 5} {
			content := medley(1, 20*size/3)
			var out sink
			w := sigio.NewWriter(&out, sigio.WithConcurrency(c), sigio.WithChunkSize(chunk))
			p := make([]byte, size)
			for piece := range slices.Chunk(content, size) {
				n := copy(p, piece)
				_, err := w.Write(p[:n])
				require.NoError(t, err)
				copy(p, noise(9, size))
			}
			require.NoError(t, w.Close())
			requireSame(t, content, unseal(t, out.Bytes()), c, size)
		}
	}
}
