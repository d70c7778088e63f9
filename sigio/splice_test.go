package sigio_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// Damage that leaves sound pieces in the wrong place: what disks, lost and
// repeated transfers, and files overwritten in part make of a stream.

// refusesCopy is refuses for a copy that may turn out to be no different, or to
// be a damaged copy of the sibling rather: nobody can tell a record of the
// sibling from the exhibit's own while all before it is the same.
func (e *examiner) refusesCopy(t testing.TB, damaged []byte, damage string, args ...any) (different bool) {
	t.Helper()
	from := divergence(e.stream, damaged)
	if e.sibling != nil {
		if d := divergence(e.sibling.stream, damaged); d > from {
			from = d
			e = newExaminer(e.sibling)
		}
	}
	if bytes.Equal(damaged, e.stream) {
		return false
	}
	e.refuses(t, damaged, from, damage, args...)
	e.lists(t, damaged, from)
	return true
}

// TestSectors damages whole sectors of streams that have some.
func TestSectors(t *testing.T) {
	alone(t)
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		for _, v := range []struct {
			name   string
			damage func(b []byte, at, size int) []byte
		}{
			{"zeroed", func(b []byte, at, size int) []byte { clear(b[at:][:size]); return b }},
			{"shifted by a byte", func(b []byte, at, size int) []byte { copy(b[at+1:at+size], b[at:]); return b }},
			{"swapped with the next", func(b []byte, at, size int) []byte {
				next := bytes.Clone(b[at+size:][:size])
				copy(b[at+size:], b[at:][:size])
				copy(b[at:], next)
				return b
			}},
			{"swapped with another", func(b []byte, at, size int) []byte {
				other := rng.IntN(len(b)/size) * size
				was := bytes.Clone(b[other:][:size])
				copy(b[other:], b[at:][:size])
				copy(b[at:], was)
				return b
			}},
			{"written over the next", func(b []byte, at, size int) []byte { copy(b[at+size:][:size], b[at:]); return b }},
			{"doubled", func(b []byte, at, size int) []byte { return slices.Insert(b, at, bytes.Clone(b[at:][:size])...) }},
			{"lost", func(b []byte, at, size int) []byte { return slices.Delete(b, at, at+size) }},
		} {
			for _, size := range []int{512, 4096} {
				sectors := len(e.stream)/size - 1 // with a neighbour
				for range min(sectors, 8+e.samples(400)) {
					at := rng.IntN(sectors) * size
					e.refusesCopy(t, v.damage(bytes.Clone(e.stream), at, size), "sector of %d at %d %s", size, at, v.name)
				}
			}
		}
	})
}

// TestRecords drops, doubles, moves and replaces records, one after the other
// and all of small streams.
func TestRecords(t *testing.T) {
	alone(t)
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		parts, foreign := e.segments(), e.sibling.segments()
		splice := func(damage string, i, n int, with ...[]byte) {
			t.Helper()
			damaged := bytes.Join(slices.Replace(slices.Clone(parts), i, i+n, with...), nil)
			e.refusesCopy(t, damaged, "record %d of %d %s", i, len(parts), damage)
		}
		few := len(parts) < 100 && !testing.Short()
		for i := range parts {
			if !few && rng.IntN(len(parts)) > 20 {
				continue
			}
			j := rng.IntN(len(parts))
			splice("dropped", i, 1)
			splice("doubled", i, 1, parts[i], parts[i])
			splice(fmt.Sprintf("overwritten by %d", j), i, 1, parts[j])
			splice(fmt.Sprintf("preceded by %d", j), i, 0, parts[j])
			if i+1 < len(parts) {
				splice("swapped with the next", i, 2, parts[i+1], parts[i])
			}
			if n := rng.IntN(len(parts) - i); n > 1 {
				splice(fmt.Sprintf("and %d more dropped", n), i, n+1)
			}
			k := rng.IntN(len(foreign))
			splice(fmt.Sprintf("overwritten by the sibling's %d", k), i, 1, foreign[k])
			splice(fmt.Sprintf("preceded by the sibling's %d", k), i, 0, foreign[k])
			if i < len(foreign) {
				splice("overwritten by the sibling's of the same place", i, 1, foreign[i])
			}
		}
	})
}

// TestStaleTail joins the beginning of one version of a file and the end of
// another, at every border of a chunk.
func TestStaleTail(t *testing.T) {
	alone(t)
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		parts, stale := e.segments(), e.sibling.segments()
		joined := 0
		for i := range parts {
			for j := range stale {
				if i != j && rng.IntN(len(parts)*len(stale)) >= e.samples(400) {
					continue // of the borders that don't match a sample
				}
				damaged := bytes.Join(slices.Concat(parts[:i], stale[j:]), nil)
				if e.refusesCopy(t, damaged, "records up to %d, then from %d of the sibling", i, j) {
					joined++
				}
			}
		}
		require.Positive(t, joined)
	})
}

// TestJunkBehindTheEnd: whatever stands there, short of a stream, all content
// is delivered first and then refused.
func TestJunkBehindTheEnd(t *testing.T) {
	alone(t)
	eachExhibit(t, func(t *testing.T, e *examiner, rng *rand.Rand) {
		e.sibling = nil // a stream behind the stream is no junk
		junk := map[string][]byte{
			"a zero byte":                 {0},
			"zero padding to a sector":    make([]byte, 512-len(e.stream)%512),
			"zero padding to a page":      make([]byte, 4096-len(e.stream)%4096),
			"a line feed":                 []byte("\n"),
			"text":                        prose(1, 100),
			"noise":                       noise(1, 5000),
			"the beginning of a header":   e.stream[:4],
			"a header without a stream":   e.stream[:16],
			"the end once more":           e.stream[e.framing[len(e.framing)-5]:],
			"a gzip member":               []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"),
			"a header of a later version": append([]byte{0xD3, '\r', '\n', '\n', 1}, make([]byte, 11)...),
		}
		for i := range min(256, e.samples(10_000)) {
			junk[fmt.Sprintf("byte %#02x and others", i)] = []byte{byte(i), byte(rng.Uint32()), byte(rng.Uint32())}
		}
		for name, j := range junk {
			e.refusesCopy(t, slices.Concat(e.stream, j), "%s behind the end", name)
		}
	})
}

// TestStreamWithinAStream: a stored Sigma file whose chunks turn up in the
// outer stream's place is not taken for it.
func TestStreamWithinAStream(t *testing.T) {
	inner := exhibitOf(t, "inner", []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}, write(noise(1, 4*sigio.MinChunkSize)))
	outer := exhibitOf(t, "outer", []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}, write(inner.stream))
	e := newExaminer(outer)
	for i, c := range outer.chunks {
		for j, d := range inner.chunks {
			damaged := slices.Concat(outer.stream[:c.Offset], inner.stream[d.Offset:])
			e.refusesCopy(t, damaged, "inner chunk %d in the place of %d", j, i)
		}
	}
}

// TestChunksFollowsLinks: Chunks cannot know the chain behind a light chunk,
// which it does not decode, but does behind the next chunk that states it.
func TestChunksFollowsLinks(t *testing.T) {
	opts := []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}
	begin := messages(noise(1, 100), 100)
	mine := exhibitOf(t, "mine", opts, append(begin, act{write: noise(2, 4*sigio.MinChunkSize)}))
	foreign := exhibitOf(t, "foreign", opts, append(begin, act{write: noise(3, 4*sigio.MinChunkSize)}))
	for i := 2; i < len(mine.chunks); i++ {
		border := mine.chunks[i].Offset
		require.Equal(t, border, foreign.chunks[i].Offset)
		n := 0
		var verdict error
		for _, err := range sigio.Chunks(bytes.NewReader(slices.Concat(mine.stream[:border], foreign.stream[border:]))) {
			if verdict = err; err == nil {
				n++
			}
		}
		require.ErrorIs(t, verdict, sigio.ErrCorrupt)
		require.Equal(t, i, n)
	}
}
