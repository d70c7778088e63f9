package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/pool"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// TestOptionsTogether has streams with all kinds of options, contents and
// calls written and read at the same time, by Writers and Readers that are
// reset and lend buffers from one pool. What comes out is what comes out of a
// Writer that is alone and has no pool, verifies nothing and needs to wait for
// nobody; and nobody's slice is changed. SIGMA_TOGETHER is how many there are.
func TestOptionsTogether(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 16
	}
	if n, err := strconv.Atoi(os.Getenv("SIGMA_TOGETHER")); err == nil {
		rounds = n
	}
	var lent pool.Pool
	var all sync.WaitGroup
	const workers = 4
	for k := range workers {
		all.Go(func() {
			for seed := k; seed < rounds; seed += workers {
				ok := t.Run(strconv.Itoa(seed), func(t *testing.T) {
					newTogether(uint64(seed)).run(t, &lent)
				})
				if !ok {
					return
				}
			}
		})
	}
	all.Wait()
}

// together is one pair of a Writer and a Reader, and what they are to do.
type together struct {
	rng     *rand.Rand
	story   []string
	plain   []sigio.WriterOption // what decides about the stream
	fancy   []sigio.WriterOption // what must not
	readers []sigio.ReaderOption
	slow    bool
}

func newTogether(seed uint64) *together {
	x := &together{rng: rand.New(rand.NewPCG(seed, 6))}
	plain := func(o sigio.WriterOption, format string, args ...any) {
		x.plain = append(x.plain, o)
		x.story = append(x.story, fmt.Sprintf(format, args...))
	}
	if n := x.rng.IntN(8); n < 5 {
		plain(sigio.WithChunkSize(sigio.MinChunkSize<<n), "chunks of %d", sigio.MinChunkSize<<n)
	}
	if n := x.rng.IntN(6); n < 3 {
		level := []sigio.Level{sigio.LevelFastest, sigio.LevelBetter, sigio.LevelBest}[n]
		plain(sigio.WithLevel(level), "%v", level)
	}
	if x.chance(4) {
		plain(sigio.WithIndex(), "index")
	}
	if x.chance(6) {
		plain(sigio.WithTransportChecks(), "transport")
		x.readers = append(x.readers, sigio.WithTransportChecks())
	}
	if x.chance(3) {
		plain(withLedger(), "plug-in")
		x.readers = append(x.readers, withLedger())
	}
	if x.chance(5) {
		id := []strategy.ID{strategy.Branch, strategy.Delta, strategy.RunLength, strategy.LZ4, strategy.Glyph, strategy.S2}[x.rng.IntN(6)]
		plain(sigio.WithSelector(always(id)), "always %v", id)
	}
	if x.chance(3) {
		n := []int{sigio.MinHistory, 64 << 10, 256 << 10}[x.rng.IntN(3)]
		plain(sigio.WithHistory(n), "history %d", n)
	} else if n := 1 + x.rng.IntN(4); n > 1 {
		x.fancy = append(x.fancy, sigio.WithConcurrency(n))
		x.story = append(x.story, fmt.Sprintf("%d workers", n))
	}
	if x.chance(2) {
		x.fancy = append(x.fancy, sigio.WithVerify())
		x.story = append(x.story, "verified")
	}
	x.slow = x.chance(2)
	x.readers = append(x.readers, sigio.WithConcurrency(1+x.rng.IntN(3)))
	return x
}

func (x *together) chance(n int) bool { return x.rng.IntN(n) == 0 }

// script is calls with content of all kinds.
func (x *together) script() (s script) {
	for n := 1 + x.rng.IntN(12); n > 0; n-- {
		size := x.rng.IntN(1 << (1 + x.rng.IntN(21)))
		var b []byte
		switch seed := x.rng.Uint64(); x.rng.IntN(4) {
		case 0:
			b = medley(seed, size)
		case 1:
			b = ledgerOf(seed, size)
		default:
			b = must(io.ReadAll(newBlend(seed, x.rng.IntN(ofZeros+2)-1, int64(size))))
		}
		switch x.rng.IntN(5) {
		case 0:
			s = append(s, act{from: b})
		case 1:
			s = append(s, messages(b[:min(len(b), 100_000)], 1+x.rng.IntN(5000))...)
		default:
			s = append(s, act{write: b})
		}
		if x.chance(4) {
			s = append(s, act{flush: true})
		}
		if x.chance(6) {
			s = append(s, act{meta: noise(1, 100)})
		}
	}
	return s
}

func (x *together) run(t *testing.T, lent *pool.Pool) {
	defer func() {
		if t.Failed() {
			t.Logf("%q", x.story)
		}
	}()
	x.fancy = append(append(x.fancy, x.plain...), sigio.WithPool(lent))
	out := &sputter{rng: x.rng}
	w := sigio.NewWriter(out, x.fancy...)
	r := sigio.NewReader(nil, append(x.readers, sigio.WithPool(lent))...)
	for range 3 {
		s := x.script()
		content := s.content()
		if x.chance(3) { // discarded half way
			w.Reset(io.Discard)
			for _, a := range x.script()[:1] {
				require.NoError(t, a.play(w))
			}
		}
		out.slow = x.slow
		out.made.Reset()
		w.Reset(out)
		p := &patient{TB: t, w: w, want: os.ErrDeadlineExceeded}
		p.run(s)
		out.slow = false
		requireSame(t, content, s.content(), "the caller's slices")
		requireSame(t, s.seal(t, x.plain...), out.made.Bytes(), "the stream")
		r.Reset(&sputter{rng: x.rng, slow: x.slow, left: out.made.Bytes()})
		requireSame(t, content, x.read(t, r), "the content")
		if x.chance(2) {
			require.NoError(t, r.Close())
		}
	}
	w.Reset(nil)
	r.Reset(nil)
}

func (x *together) read(t *testing.T, r *sigio.Reader) []byte {
	var got bytes.Buffer
	buf := make([]byte, 1+x.rng.IntN(300_000))
	for {
		var err error
		if x.chance(2) {
			var n int
			n, err = r.Read(buf)
			got.Write(buf[:n])
		} else if _, err = r.WriteTo(&got); err == nil {
			err = io.EOF
		}
		if err == io.EOF {
			return got.Bytes()
		}
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
	}
}

// sputter is either end of a connection that times out now and then.
type sputter struct {
	rng  *rand.Rand
	slow bool
	made bytes.Buffer
	left []byte
}

func (c *sputter) Write(p []byte) (int, error) {
	if c.slow && c.rng.IntN(3) == 0 {
		n := c.rng.IntN(len(p) + 1)
		c.made.Write(p[:n])
		return n, os.ErrDeadlineExceeded
	}
	return c.made.Write(p)
}

func (c *sputter) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(c.left), 1+c.rng.IntN(1<<18))
	if c.slow && c.rng.IntN(3) == 0 {
		return copy(p, c.left[:0]), os.ErrDeadlineExceeded
	}
	n = copy(p, c.left[:n])
	c.left = c.left[n:]
	return n, nil
}
