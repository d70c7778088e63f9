package sigio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// The contents that the tests of this package compress. Each is a function of
// its seed and length alone.

// prose is text: words of a small vocabulary, the short ones more often.
func prose(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	words := strings.Fields("the of a to in is chunk stream reader writer check content " +
		"header payload sequence boundary deterministic concurrency compression")
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[min(rng.IntN(len(words)), rng.IntN(len(words)))])
		b.WriteString([]string{" ", " ", " ", ", ", ".\n"}[rng.IntN(5)])
	}
	return b.Bytes()[:n]
}

// measurements is records of 16 bytes: a counter, a time, a slow signal with
// noise, and flags.
func measurements(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, 0, n+16)
	at, signal := rng.Uint32(), uint32(1<<20)
	for i := uint32(0); len(b) < n; i++ {
		at += 1000 + rng.Uint32N(16)
		signal += rng.Uint32N(65) - 32
		b = binary.LittleEndian.AppendUint32(b, i)
		b = binary.LittleEndian.AppendUint32(b, at)
		b = binary.LittleEndian.AppendUint32(b, signal)
		b = binary.LittleEndian.AppendUint32(b, rng.Uint32N(2))
	}
	return b[:n]
}

// runs is long runs of one byte.
func runs(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 3))
	b := make([]byte, 0, n+400)
	for len(b) < n {
		b = append(b, bytes.Repeat([]byte{byte(rng.Uint32())}, 20+rng.IntN(380))...)
	}
	return b[:n]
}

// noise is what no strategy can shorten.
func noise(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 4))
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, rng.Uint64())
	}
	return b[:n]
}

// medley is all of them in turn, in pieces of 40 000 bytes.
func medley(seed uint64, n int) []byte {
	makers := []func(uint64, int) []byte{prose, noise, measurements, runs}
	b := make([]byte, 0, n)
	for i := 0; len(b) < n; i++ {
		b = append(b, makers[i%len(makers)](seed+uint64(i), min(40_000, n-len(b)))...)
	}
	return b
}

// A script is what a user does with a Writer before closing it.
type script []act

// An act is one call: the first of its fields that is set.
type act struct {
	write []byte // Write it
	from  []byte // ReadFrom it
	meta  []byte // WriteMeta, of kind metaKind
	flush bool
}

const metaKind = 7

func (a act) String() string {
	switch {
	case a.write != nil:
		return fmt.Sprintf("Write %d bytes", len(a.write))
	case a.from != nil:
		return fmt.Sprintf("ReadFrom %d bytes", len(a.from))
	case a.meta != nil:
		return fmt.Sprintf("WriteMeta %d bytes", len(a.meta))
	}
	return "Flush"
}

func (a act) play(w *sigio.Writer) error {
	var err error
	switch {
	case a.write != nil:
		_, err = w.Write(a.write)
	case a.from != nil:
		_, err = w.ReadFrom(bytes.NewReader(a.from))
	case a.meta != nil:
		err = w.WriteMeta(metaKind, a.meta)
	default:
		err = w.Flush()
	}
	return err
}

// write is the script of one Write.
func write(p []byte) script { return script{{write: p}} }

// messages is the script that writes p in pieces of the given sizes, in turn,
// and flushes each.
func messages(p []byte, sizes ...int) (s script) {
	for i := 0; len(p) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(p))
		s = append(s, act{write: p[:n]}, act{flush: true})
		p = p[n:]
	}
	return s
}

func (s script) play(w *sigio.Writer) error {
	for _, a := range s {
		if err := a.play(w); err != nil {
			return fmt.Errorf("%v: %w", a, err)
		}
	}
	return nil
}

// content is what a Reader of the script's stream must deliver.
func (s script) content() (content []byte) {
	for _, a := range s {
		content = append(append(content, a.write...), a.from...)
	}
	return content
}

func (s script) metas() (metas [][]byte) {
	for _, a := range s {
		if a.meta != nil {
			metas = append(metas, a.meta)
		}
	}
	return metas
}

// seal returns the script's stream.
func (s script) seal(t testing.TB, opts ...sigio.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := sigio.NewWriter(&b, opts...)
	require.NoError(t, s.play(w))
	require.NoError(t, w.Close())
	return b.Bytes()
}

// unseal returns the content of a sound stream.
func unseal(t testing.TB, stream []byte, opts ...sigio.ReaderOption) []byte {
	t.Helper()
	content, err := io.ReadAll(sigio.NewReader(bytes.NewReader(stream), opts...))
	require.NoError(t, err)
	return content
}

// requireSame is require.Equal for byte slices that are too long to print.
func requireSame(t testing.TB, want, got []byte, msg ...any) {
	t.Helper()
	if !bytes.Equal(want, got) {
		require.Failf(t, "bytes differ", "want %d bytes, got %d, first difference at %d\n%v",
			len(want), len(got), divergence(want, got), fmt.Sprint(msg...))
	}
}

// divergence is the offset of the first byte in which a and b differ: the
// length of the shorter one if that is a prefix of the other.
func divergence(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// chunksOf lists the chunks of a sound stream.
func chunksOf(t testing.TB, stream []byte, opts ...sigio.ReaderOption) (infos []sigio.ChunkInfo) {
	t.Helper()
	for info, err := range sigio.Chunks(bytes.NewReader(stream), opts...) {
		require.NoError(t, err)
		infos = append(infos, info)
	}
	return infos
}

// always is a Selector that names one strategy for everything.
type always strategy.ID

func (a always) Select(strategy.Input) strategy.Choice {
	return strategy.Choice{ID: strategy.ID(a), Confidence: 100, Reason: "always"}
}

// A sink is a destination that does what a test tells it to.
type sink struct {
	bytes.Buffer
	calls int
	// on is asked at each call, from 0, how many bytes of p to take and what
	// to return. When nil, all is well.
	on func(call int, p []byte) (n int, err error)
}

func (s *sink) Write(p []byte) (n int, err error) {
	n = len(p)
	if s.on != nil {
		n, err = s.on(s.calls, p)
	}
	s.calls++
	s.Buffer.Write(p[:max(0, min(n, len(p)))])
	return n, err
}

// A spring is a source that does what a test tells it to.
type spring struct {
	rest  []byte
	calls int
	// on is asked at each call, from 0, for at most how many bytes to give
	// and which error to return with them. When nil, all is well.
	on func(call int, p []byte) (limit int, err error)
}

func (s *spring) Read(p []byte) (n int, err error) {
	limit := len(p)
	if s.on != nil {
		limit, err = s.on(s.calls, p)
	}
	s.calls++
	n = copy(p[:min(limit, len(p))], s.rest)
	s.rest = s.rest[n:]
	if err == nil && n == 0 && limit > 0 && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}
