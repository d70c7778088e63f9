package sigio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sort"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// Damage is found before the first wrong byte: of a stream that differs from a
// sound one from some byte on, exactly the chunks that end before that byte
// are delivered, and then a verdict.

// An exhibit is a sound stream and what is known of it.
type exhibit struct {
	name    string
	stream  []byte
	content []byte
	metas   [][]byte
	seams   []int // ends of the streams that it consists of, but for the last
	chunks  []sigio.ChunkInfo
	ends    []chunkEnd
	framing []int // offsets of the bytes that are not payload
	sibling *exhibit
}

type chunkEnd struct{ encoded, raw int } // offset behind a chunk, and length of the content up to it

// exhibitOf seals the scripts one behind the other.
func exhibitOf(t testing.TB, name string, opts []sigio.WriterOption, scripts ...script) *exhibit {
	t.Helper()
	x := &exhibit{name: name}
	for i, s := range scripts {
		if i > 0 {
			x.seams = append(x.seams, len(x.stream))
		}
		x.stream = append(x.stream, s.seal(t, opts...)...)
		x.content = append(x.content, s.content()...)
		x.metas = append(x.metas, s.metas()...)
	}
	x.chunks = chunksOf(t, x.stream)
	raw, behind := 0, 0
	for _, c := range x.chunks {
		payload := int(c.Offset) + c.HeaderLen
		for at := behind; at < payload; at++ {
			x.framing = append(x.framing, at)
		}
		behind = payload + c.EncodedLen
		raw += c.RawLen
		x.ends = append(x.ends, chunkEnd{behind + tailLen(c), raw})
	}
	for at := behind; at < len(x.stream); at++ {
		x.framing = append(x.framing, at)
	}
	return x
}

// tailLen is the length of the check behind a payload.
func tailLen(c sigio.ChunkInfo) int {
	if c.Light {
		return 3
	}
	return 4
}

// wholeBefore is the length of the content of the chunks that end before the
// given offset.
func (x *exhibit) wholeBefore(offset int) int {
	n := sort.Search(len(x.ends), func(i int) bool { return x.ends[i].encoded > offset })
	if n == 0 {
		return 0
	}
	return x.ends[n-1].raw
}

// segments are the stream cut at the borders of its chunks, and behind its
// first header.
func (x *exhibit) segments() (parts [][]byte) {
	cuts := []int{0, 16}
	for i, c := range x.chunks {
		cuts = append(cuts, int(c.Offset), x.ends[i].encoded)
	}
	cuts = slices.Compact(append(cuts, len(x.stream)))
	for i, at := range cuts[1:] {
		parts = append(parts, x.stream[cuts[i]:at])
	}
	return parts
}

// exhibits are streams of every strategy in every form of chunk. Each has a
// sibling: another stream with the same lengths and, where there are several
// chunks, the same first block, so that it shares the id.
func exhibits(t testing.TB) (all []*exhibit) {
	for _, s := range []struct {
		id   strategy.ID
		set  strategy.Set
		fill func(seed uint64, n int) []byte
	}{
		{strategy.Store, strategy.Default().Only(strategy.Store), noise},
		{strategy.RunLength, strategy.Default().Only(strategy.RunLength), runs},
		{strategy.LZ4, strategy.Default().Only(strategy.LZ4), prose},
		{strategy.Zstd, strategy.Default().Only(strategy.Zstd), measurements},
		{strategy.S2, strategy.Default().Only(strategy.S2), prose},
		{strategy.Branch, strategy.Default().Only(strategy.Branch), prose},
		{ledgerID, strategy.Default().Only().With(ledger{"ledger"}), ledgerOf},
	} {
		opts := []sigio.WriterOption{sigio.WithStrategies(s.set), sigio.WithSelector(always(s.id)), sigio.WithChunkSize(sigio.MinChunkSize)}
		for _, form := range []struct {
			name    string
			scripts func(seed uint64) []script
		}{
			{"short", func(seed uint64) []script { return []script{write(s.fill(seed, 600))} }},
			{"light", func(seed uint64) []script {
				return []script{append(messages(s.fill(1, 400), 400), messages(s.fill(seed, 4000), 200, 90, 1500, 70)...)}
			}},
			{"light across a sync point", func(seed uint64) []script {
				return []script{append(messages(s.fill(1, 70), 70), messages(s.fill(seed, 279*70), 70)...)}
			}},
			{"positioned behind light", func(seed uint64) []script {
				return []script{append(messages(s.fill(1, 300), 300), act{write: s.fill(seed, 5000)})}
			}},
			{"positioned", func(seed uint64) []script {
				return []script{write(append(s.fill(1, sigio.MinChunkSize), s.fill(seed, 2*sigio.MinChunkSize+10_000)...))}
			}},
			{"metadata", func(seed uint64) []script {
				return []script{slices.Concat(
					script{{meta: []byte("first of all")}, {meta: s.fill(seed, 40)}},
					messages(s.fill(1, 300), 300), script{{meta: s.fill(seed, 100)}},
					messages(s.fill(seed, 900), 300), script{{meta: []byte("the last")}, {write: s.fill(seed, 5000)}})}
			}},
			{"concatenated", func(seed uint64) []script {
				return []script{write(s.fill(1, 500)), nil, append(messages(s.fill(seed, 700), 350), act{write: s.fill(seed, 4500)}), nil}
			}},
		} {
			x := exhibitOf(t, fmt.Sprintf("%d/%s", s.id, form.name), opts, form.scripts(2)...)
			x.sibling = exhibitOf(t, x.name, opts, form.scripts(3)...)
			uses := func(c sigio.ChunkInfo) bool { return c.Strategy == s.id }
			require.True(t, slices.ContainsFunc(x.chunks, uses), "%s: nothing is encoded by the strategy", x.name)
			all = append(all, x)
		}
	}
	x := exhibitOf(t, "adaptive", []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}, lifeScript())
	x.sibling = exhibitOf(t, x.name, []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}, lifeScript()[:8])
	all = append(all, x)
	for _, history := range []int{sigio.MinHistory, 128 << 10} {
		opts := []sigio.WriterOption{sigio.WithHistory(history)}
		talk := func(seed uint64) script {
			return slices.Concat(messages(prose(1, 2000), 90, 30, 300), messages(prose(seed, 9000), 2500, 60),
				messages(noise(seed, 100), 100), messages(prose(seed, 70*260), 70))
		}
		x := exhibitOf(t, fmt.Sprintf("history of %d", history), opts, talk(2))
		x.sibling = exhibitOf(t, x.name, opts, talk(3))
		all = append(all, x)
	}
	return all
}

// An examiner reads damaged copies of an exhibit, over and over with the same
// Readers.
type examiner struct {
	*exhibit
	readers []*sigio.Reader
	metas   [][]byte // delivered in the current reading
	out     []byte
}

func newExaminer(x *exhibit) *examiner {
	e := &examiner{exhibit: x, out: make([]byte, len(x.content)+1)}
	onMeta := sigio.WithMeta(func(kind uint8, p []byte) error {
		e.metas = append(e.metas, bytes.Clone(p))
		if kind != metaKind {
			e.metas = append(e.metas, nil)
		}
		return nil
	})
	for _, c := range concurrencies {
		e.readers = append(e.readers, sigio.NewReader(nil, withLedger(), sigio.WithConcurrency(c), onMeta))
	}
	if len(x.metas) > 0 { // decoded ahead past the metadata
		e.readers = append(e.readers, sigio.NewReader(nil, withLedger(), sigio.WithConcurrency(4)))
	}
	return e
}

// refuses holds all Readers to deliver of damaged, which differs from the
// exhibit from some byte on, the chunks before that byte and then the same
// verdict, which it returns. A payload that was changed into another encoding
// of the same content is as good as the first: then there is no verdict, and
// all of the content.
func (e *examiner) refuses(t testing.TB, damaged []byte, from int, damage string, args ...any) (verdict error) {
	t.Helper()
	for i, r := range e.readers {
		got, err := e.read(r, damaged)
		want := e.content[:e.wholeBefore(from)]
		if err == io.EOF && e.isCoded(from) {
			want, err = e.content, nil
		}
		complaint := ""
		switch {
		case !bytes.Equal(want, got):
			complaint = fmt.Sprintf("delivered %d bytes, equal up to %d; %d stand before the damage", len(got), divergence(e.content, got), len(want))
		case err != nil && !isPlacedVerdict(err):
			complaint = "neither found nor harmless"
		case i > 0 && fmt.Sprint(verdict) != fmt.Sprint(err):
			complaint = fmt.Sprintf("verdict depends on the concurrency: %v", verdict)
		case len(e.metas) > len(e.exhibit.metas) || !slices.EqualFunc(e.metas, e.exhibit.metas[:len(e.metas)], bytes.Equal):
			complaint = "delivered other metadata"
		}
		if complaint != "" {
			require.Failf(t, complaint, "%s: "+damage+"\nerror: %v", append(append([]any{e.name}, args...), err)...)
		}
		verdict = err
	}
	return verdict
}

// read returns what a Reader delivers of damaged: at most one byte more than
// the exhibit has.
func (e *examiner) read(r *sigio.Reader, damaged []byte) (content []byte, err error) {
	e.metas = e.metas[:0]
	r.Reset(bytes.NewReader(damaged))
	n := 0
	for err == nil && n < len(e.out) {
		var k int
		k, err = r.Read(e.out[n:])
		n += k
	}
	return e.out[:n], err
}

// isCoded reports whether an offset is within the payload of a chunk that is
// not stored.
func (x *exhibit) isCoded(offset int) bool {
	n := sort.Search(len(x.ends), func(i int) bool { return x.ends[i].encoded > offset })
	if n == len(x.ends) {
		return false
	}
	at := offset - int(x.chunks[n].Offset) - x.chunks[n].HeaderLen
	return at >= 0 && at < x.chunks[n].EncodedLen && x.chunks[n].Strategy != strategy.Store
}

// isPlacedVerdict reports whether err is one of the package's and says where.
func isPlacedVerdict(err error) bool {
	var placed *sigio.StreamError
	return isVerdict(err) && errors.As(err, &placed)
}

// lists holds Chunks to end, and to find in damaged what stands before the
// damage. It sees damage to headers alone.
func (e *examiner) lists(t testing.TB, damaged []byte, from int) {
	t.Helper()
	n := 0
	for info, err := range sigio.Chunks(bytes.NewReader(damaged)) {
		if err != nil {
			require.True(t, isPlacedVerdict(err), "%s: %v", e.name, err)
			break
		}
		if n < len(e.ends) && e.ends[n].encoded <= from {
			require.Equal(t, e.chunks[n], info, e.name)
		}
		n++
	}
	require.LessOrEqual(t, e.wholeBefore(from), e.rawOf(n), "%s: chunks before the damage are missing", e.name)
}

// rawOf is the length of the content of the first n chunks.
func (x *exhibit) rawOf(n int) int {
	if n = min(n, len(x.ends)); n == 0 {
		return 0
	}
	return x.ends[n-1].raw
}

// eachExhibit runs a test on every exhibit, several at a time.
func eachExhibit(t *testing.T, test func(t *testing.T, e *examiner, rng *rand.Rand)) {
	all := exhibits(t)
	t.Run("exhibit", func(t *testing.T) {
		for i, x := range all {
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				test(t, newExaminer(x), rand.New(rand.NewPCG(uint64(i), 10)))
			})
		}
	})
}

// large is the length in bytes from which a stream is examined in samples.
const large = 8_000

// samples is how many random damages of a kind an exhibit gets.
func (x *exhibit) samples(small int) int {
	if testing.Short() {
		small /= 40
	}
	if len(x.stream) > large {
		small /= 20
	}
	return small
}

// somewhere is a random offset: every second time in a header, a check, a
// control record or an end, which are few bytes and have more to lose.
func (x *exhibit) somewhere(rng *rand.Rand) int {
	if rng.IntN(2) == 0 {
		return x.framing[rng.IntN(len(x.framing))]
	}
	return rng.IntN(len(x.stream))
}

func TestExhibitsAreSound(t *testing.T) {
	eachExhibit(t, func(t *testing.T, e *examiner, _ *rand.Rand) {
		for _, x := range []*exhibit{e.exhibit, e.sibling} {
			requireSame(t, x.content, unseal(t, x.stream, withLedger()))
		}
		if len(e.chunks) > 1 {
			require.Equal(t, e.stream[:16], e.sibling.stream[:16], "header and id are the sibling's too")
		}
		require.NotEqual(t, e.stream, e.sibling.stream)
	})
}

// TestFlippedBits flips single bits: all of small streams, and in samples.
func TestFlippedBits(t *testing.T) {
	alone(t)
	var flips, harmless atomic.Int64
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		damaged := bytes.Clone(e.stream)
		flip := func(at, bit int) {
			damaged[at] ^= 1 << bit
			if e.refuses(t, damaged, at, "bit %d of byte %d of %d flipped", bit, at, len(damaged)) == nil {
				harmless.Add(1)
			}
			if flips.Add(1)%8 == 0 {
				e.lists(t, damaged, at)
			}
			damaged[at] ^= 1 << bit
		}
		if len(e.stream) < 1000 && !testing.Short() {
			for at := range damaged {
				for bit := range 8 {
					flip(at, bit)
				}
			}
			return
		}
		for range e.samples(12_000) {
			flip(e.somewhere(rng), rng.IntN(8))
		}
	})
	if !testing.Short() {
		require.GreaterOrEqual(t, flips.Load(), int64(100_000))
	}
	require.Less(t, harmless.Load(), flips.Load()/100)
	t.Logf("%d bits flipped, %d of them in payloads that mean the same", flips.Load(), harmless.Load())
}

// TestBursts changes some of 2 to 64 bits in a row, the first and last among
// them.
func TestBursts(t *testing.T) {
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		for range e.samples(600) {
			damaged := bytes.Clone(e.stream)
			n := 2 + rng.IntN(63)
			first := min(8*e.somewhere(rng)+rng.IntN(8), 8*len(damaged)-n)
			pattern := rng.Uint64() | 1 | 1<<(n-1)
			for i := range n {
				damaged[(first+i)/8] ^= byte(pattern>>i&1) << ((first + i) % 8)
			}
			e.refuses(t, damaged, first/8, "burst of %d bits from bit %d: %x", n, first, pattern)
			e.lists(t, damaged, first/8)
		}
	})
}

// TestTruncation cuts at every byte of small streams, and in samples.
func TestTruncation(t *testing.T) {
	alone(t)
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		var cuts []int
		if len(e.stream) <= large && !testing.Short() {
			for at := range e.stream {
				cuts = append(cuts, at)
			}
		} else {
			for range e.samples(12_000) {
				cuts = append(cuts, e.somewhere(rng))
			}
		}
		for _, at := range cuts {
			if slices.Contains(e.seams, at) {
				continue // a whole number of streams
			}
			verdict := e.refuses(t, e.stream[:at], at, "cut at %d of %d", at, len(e.stream))
			if !errors.Is(verdict, sigio.ErrTruncated) || !errors.Is(verdict, io.ErrUnexpectedEOF) {
				require.Failf(t, "not ErrTruncated", "%s cut at %d: %v", e.name, at, verdict)
			}
			if at%16 == 0 {
				e.lists(t, e.stream[:at], at)
			}
		}
	})
}

// TestTransportChecksFindDamageInTheEnd: without checks of their own, damaged
// messages may get out, but the stream never reads as complete.
func TestTransportChecksFindDamageInTheEnd(t *testing.T) {
	s := messages(prose(1, 8000), 100, 40, 700)
	stream := s.seal(t, sigio.WithTransportChecks())
	requireSame(t, s.content(), unseal(t, stream, sigio.WithTransportChecks()))
	rng := rand.New(rand.NewPCG(1, 11))
	for _, c := range concurrencies {
		r := sigio.NewReader(nil, sigio.WithTransportChecks(), sigio.WithConcurrency(c))
		for range 1500 {
			damaged := bytes.Clone(stream)
			at := rng.IntN(8 * len(damaged))
			damaged[at/8] ^= 1 << (at % 8)
			r.Reset(bytes.NewReader(damaged))
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(s.content(), got) {
				require.True(t, isPlacedVerdict(err), "bit %d: %v", at, err)
			}
		}
	}
}
