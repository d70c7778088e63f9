package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// A part is a sealed stream from which files are put together.
type part struct {
	name    string
	stream  []byte
	content []byte
	inner   []byte // content of streams that are stored in it
}

// parts are streams of all forms, small, so that damage hits all places.
func parts(t testing.TB) []part {
	madeParts.Do(func() {
		for seed := range uint64(4) {
			madeParts.all = append(madeParts.all, makeParts(t, 100*seed)...)
		}
	})
	return madeParts.all
}

var madeParts struct {
	sync.Once
	all []part
}

func makeParts(t testing.TB, seed uint64) (all []part) {
	note := script{{meta: noise(seed, 300)}}
	add := func(name string, made func() script, opts ...sigio.WriterOption) {
		seed++ // the same beginning would give the same id
		s := made()
		all = append(all, part{name: name, stream: s.seal(t, opts...), content: s.content()})
	}
	add("empty", func() script { return nil })
	add("note", func() script { return note })
	add("short", func() script { return write(prose(seed, 300)) })
	add("tiny", func() script { return write(noise(seed, 5)) })
	add("note and short", func() script { return slices.Concat(note, write(noise(seed, 900))) })
	add("messages", func() script {
		return slices.Concat(messages(prose(seed, 3000), 70), note, messages(noise(seed, 900), 50))
	})
	add("long messages", func() script {
		return slices.Concat(messages(prose(seed, 9000), 300), messages(noise(seed, 70_000), 5000), messages(prose(seed, 3000), 300))
	}, sigio.WithIndex())
	add("history", func() script {
		return slices.Concat(messages(prose(seed, 5000), 70), note, messages(prose(seed+9, 70_000), 900))
	}, sigio.WithHistory(64<<10))
	add("shared frame", func() script {
		return slices.Concat(messages(prose(seed, 9000), 2000, 70), note, messages(prose(seed+9, 90_000), 4500))
	}, sigio.WithHistory(128<<10), sigio.WithIndex())

	add("embedded codebook", func() script {
		return slices.Concat(messages(prose(seed, 4000), 90), note, messages(prose(seed+9, 70_000), 700))
	}, sigio.WithCodebook(trainedBook(t)), sigio.WithEmbeddedCodebook())
	add("plug-in", func() script {
		return slices.Concat(messages(ledgerOf(seed, 30_000), 900, 9000), note, write(ledgerOf(seed, 20_000)))
	}, withLedger(), sigio.WithIndex())
	add("blend", func() script {
		var s script
		for kind := range ofZeros + 1 {
			s = append(s, messages(must(io.ReadAll(newBlend(seed, kind, 30_000))), 15_000)...)
		}
		return s
	}, sigio.WithIndex())

	row := stream(frame.Header{CapLog: 16, ID: 1000 + uint32(seed)})
	var content []byte
	for i := range uint64(12) {
		c := noise(seed<<8+i, 200+int(i)*100)
		if i%5 == 4 {
			row.Control(frame.TagMeta, []byte("a note"))
		}
		if i%4 == 3 {
			c = c[:90]
			row.Light(0, c, c)
		} else {
			row.Chunk(0, c, c)
		}
		content = append(content, c...)
	}
	all = append(all, part{name: "row", stream: bytes.Clone(row.Index(frame.Index{Entries: row.Positions()[:3]}.Append(nil)).End().Bytes()), content: content})

	var inner part
	for _, s := range []script{write(prose(seed+90, 300)), messages(prose(seed+90, 3000), 70), write(noise(seed+90, 9000)), write(noise(seed+90, 5))} {
		inner.stream, inner.content = append(inner.stream, s.seal(t)...), append(inner.content, s.content()...)
	}
	for name, s := range map[string]script{
		"holds streams":              write(slices.Concat(noise(seed+80, 30_000), inner.stream)),
		"holds streams, and goes on": write(slices.Concat(noise(seed+81, 60_000), inner.stream, noise(seed, 50_000))),
		"holds a short stream":       write(write(prose(seed+90, 300)).seal(t)),
	} {
		p := part{name, s.seal(t, sigio.WithSelector(always(strategy.Store)), sigio.WithChunkSize(sigio.MinChunkSize)), s.content(), inner.content}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b part) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return all
}

// A wreck is a file that was put together, torn and damaged.
type wreck struct {
	story   []string
	b       []byte
	content []byte // of all its streams, as they were
	bases   []int  // where theirs begins in it
	seams   []int  // where they begin in the file
	inner   []byte
	damaged bool // and not just torn at the end
}

var magic = frame.Header{}.Append(nil)[:4]

func makeWreck(rng *rand.Rand, all []part) (x wreck) {
	tell := func(format string, args ...any) { x.story = append(x.story, fmt.Sprintf(format, args...)) }
	chosen := rng.Perm(len(all)) // none twice, with the same id
	for n := 1 + rng.IntN(4); n > 0; n-- {
		p := all[chosen[n]]
		tell("%s at %d", p.name, len(x.b))
		x.bases, x.seams = append(x.bases, len(x.content)), append(x.seams, len(x.b))
		x.content = append(x.content, p.content...)
		x.inner = append(x.inner, p.inner...)
		keep := len(p.stream)
		if n > 1 && rng.IntN(12) == 0 {
			keep = 1 + rng.IntN(keep-1)
			x.damaged = true
			tell("torn after %d", keep)
		}
		x.b = append(x.b, p.stream[:keep]...)
		if n == 1 && rng.IntN(2) == 0 {
			x.b = x.b[:len(x.b)-rng.IntN(keep)]
			tell("torn at %d", len(x.b))
		}
	}
	if rng.IntN(6) == 0 {
		n := 1 + rng.IntN(1000)
		x.b = append(x.b, make([]byte, n)...)
		tell("%d zeros", n)
	}
	for n := rng.IntN(3); n > 0; n-- {
		x.damaged = true
		at := rng.IntN(len(x.b) + 1)
		size := 1 + rng.IntN(1+rng.IntN(700))
		switch rng.IntN(4) {
		case 0:
			at = max(0, len(x.b)-rng.IntN(200)) // near the end
		case 1:
			at = min(len(x.b), max(0, x.seams[rng.IntN(len(x.seams))]-rng.IntN(size))) // across a seam
		case 2:
			at, size = at&^511, 512
		}
		switch end := min(len(x.b), at+size); rng.IntN(6) {
		case 0:
			if at < len(x.b) {
				x.b[at] ^= 1 << rng.IntN(8)
				tell("bit at %d", at)
			}
		case 1:
			clear(x.b[at:end])
			tell("zeros from %d to %d", at, end)
		case 2:
			copy(x.b[at:end], noise(rng.Uint64(), size))
			tell("noise from %d to %d", at, end)
		case 3:
			// Whole streams twice would be sound.
			if b := slices.Insert(bytes.Clone(x.b), at, x.b[at:end]...); bytes.Count(b, magic) == bytes.Count(x.b, magic) {
				x.b = b
				tell("doubled from %d to %d", at, end)
			}
		case 4: // what belongs elsewhere
			from := rng.IntN(len(x.b) + 1)
			if b := bytes.Clone(x.b); rng.IntN(2) == 0 {
				copy(b[at:end], x.b[from:])
				if bytes.Count(b, magic) <= bytes.Count(x.b, magic) {
					x.b = b
					tell("from %d to %d what is at %d", at, end, from)
				}
			} else if from = min(from, len(x.b)-(end-at)); from >= end || from+end-at <= at {
				copy(x.b[at:end], b[from:])
				copy(x.b[from:], b[at:end])
				tell("swapped %d to %d with what is at %d", at, end, from)
			}
		default:
			if x.splices(at, end) {
				continue // what is left is sound
			}
			x.b = slices.Delete(x.b, at, end)
			tell("missing from %d to %d", at, end)
		}
	}
	return x
}

// splices reports whether a header that begins before from goes on, as another
// does, behind to: then what stands between are whole streams.
func (x *wreck) splices(from, to int) bool {
	for _, a := range x.seams {
		for _, b := range x.seams {
			if a < b && from-a == to-b && from-a >= 0 && from-a < frame.HeaderLen {
				return true
			}
		}
	}
	return false
}

// TestHavoc wrecks files in all ways at once. SIGMA_HAVOC is how often.
func TestHavoc(t *testing.T) {
	rounds, first := 500, 0
	if testing.Short() {
		rounds = 100
	}
	if n, err := strconv.Atoi(os.Getenv("SIGMA_HAVOC")); err == nil {
		rounds = n
	}
	if n, err := strconv.Atoi(os.Getenv("SIGMA_HAVOC_FROM")); err == nil {
		first = n
	}
	all := parts(t)
	repaired, cut := 0, 0
	for seed := first; seed < first+rounds; seed++ {
		x := makeWreck(rand.New(rand.NewPCG(uint64(seed), 1)), all)
		ok := t.Run(strconv.Itoa(seed), func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("%q", x.story)
				}
			}()
			x.checkReadAt(t)
			bothSources(x.b, func(src io.Reader, seeks string) { x.checkSalvage(t, src, seeks) })
			n, err := x.checkRepair(t)
			if err == nil {
				repaired++
			}
			cut += boolInt(n > 0)
		})
		if !ok && os.Getenv("SIGMA_HAVOC") == "" {
			return
		}
	}
	t.Logf("%d rounds: %d files are or were made sound, %d of them cut", rounds, repaired, cut)
}

// checkReadAt: what is read is what a Reader reads, or what was there before
// the damage.
func (x *wreck) checkReadAt(t *testing.T) {
	want, sequential := io.ReadAll(sigio.NewReader(bytes.NewReader(x.b), withLedger()))
	if sequential != nil {
		if len(x.inner) > 0 && x.damaged && x.isStored(want) && !bytes.HasPrefix(x.content, want) {
			return // what stood before a stored stream is gone
		}
		require.True(t, bytes.HasPrefix(x.content, want) || x.isShifted(want), "a Reader gives other bytes")
		want = x.content
	}
	r, err := sigio.OpenReaderAt(bytes.NewReader(x.b), int64(len(x.b)), withLedger())
	if err != nil {
		require.Error(t, sequential, "a Reader reads it: %v", err)
		return
	}
	rng := rand.New(rand.NewPCG(uint64(len(x.b)), 2))
	for off := int64(0); off < r.Size(); {
		p := make([]byte, 1+rng.IntN(9000))
		n, err := r.ReadAt(p, off)
		require.True(t, bytes.HasPrefix(want[min(off, int64(len(want))):], p[:n]), "wrong bytes at %d", off)
		if err == nil || sequential == nil {
			require.True(t, err == nil || err == io.EOF && off+int64(n) == r.Size(), "%v", err)
			off += int64(n)
			continue
		}
		off += int64(n) + 1 + int64(rng.IntN(500))
	}
}

// isShifted reports whether p consists of the beginnings of streams.
func (x *wreck) isShifted(p []byte) bool {
	for k, base := range x.bases {
		if n := divergence(x.content[base:], p); k > 0 && n == len(p) {
			return true
		}
	}
	return false
}
