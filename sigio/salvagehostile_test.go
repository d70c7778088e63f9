package sigio_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
)

// TestSalvageHostile: what looks like records over and over costs time in
// proportion to the input, or else this test does not end, and memory that does
// not depend on it.
func TestSalvageHostile(t *testing.T) {
	alone(t)
	header := frame.Header{CapLog: 24, ID: 7}
	chunk := func(h frame.Header, i int) []byte {
		r := frame.Record{
			Kind: frame.KindChunk, RawLen: 1 << 24, EncLen: 1 << 24,
			Seq: uint64(i), RawOffset: uint64(i) << 24, Link: 1,
		}
		return h.AppendRecord(nil, &r)
	}
	small := func(h frame.Header, i int) []byte { // one that the next one confirms, and whose content is wrong
		r := frame.Record{Kind: frame.KindChunk, RawLen: 4, EncLen: 4, Seq: uint64(i), RawOffset: 4 * uint64(i), Link: 1}
		return append(h.AppendRecord(nil, &r), 1, 2, 3, 4, 5, 6, 7, 8)
	}
	end := func(h frame.Header, i int) []byte {
		return frame.End{Header: h, Totals: frame.Totals{Chunks: uint64(i), Raw: uint64(i) << 10, Encoded: 1 << 40}}.Append(nil)
	}
	size := 1 << 20
	if testing.Short() {
		size = 40 << 10
	}
	for _, v := range []struct {
		name string
		unit func(i int) []byte
	}{
		{"chunks that claim the cap", func(i int) []byte { return chunk(header, i) }},
		{"the same chunk", func(int) []byte { return chunk(header, 0) }},
		{"chunks of any stream", func(i int) []byte { return chunk(frame.Header{CapLog: 24, ID: uint32(i)}, 0) }},
		{"two chunks of each of many streams", func(i int) []byte { return small(frame.Header{CapLog: 24, ID: uint32(i / 2)}, i%2) }},
		{"chunks with wrong content", func(i int) []byte { return small(header, i) }},
		{"headers", func(i int) []byte { return frame.Header{CapLog: 24, ID: uint32(i)}.Append(nil) }},
		{"the same header", func(int) []byte { return header.Append(nil) }},
		{"headers and a chunk", func(i int) []byte { return append(header.Append(nil), chunk(header, 0)...) }},
		{"ends", func(i int) []byte { return end(frame.Header{CapLog: 24, ID: uint32(i)}, i) }},
		{"ends that lie", func(i int) []byte { return end(frame.Header{CapLog: 16, ID: 3}, i) }},
		{"short streams", func(int) []byte { return script{}.seal(t) }},
		{"first bytes of everything", func(i int) []byte { return []byte{0x30, 0x38, 0x34, 1, 3, 8, 0xD3, byte(i)} }},
		{"zeros", func(int) []byte { return make([]byte, 64) }},
		{"light chunks", func(int) []byte { return []byte{0x81, 1} }},
	} {
		t.Run(v.name, func(t *testing.T) {
			for _, open := range []bool{true, false} {
				if testing.Short() && !open {
					break
				}
				var b []byte
				if open {
					b = header.Append(nil)
				}
				for i := 0; len(b) < size; i++ {
					b = append(b, v.unit(i)...)
				}
				for _, src := range []io.Reader{pipe(b), bytes.NewReader(b)} {
					base, highest := inUse(), int64(0)
					calls := 0
					_, err := sigio.Salvage(io.Discard, src, func(sigio.Gap) sigio.Fill {
						if calls++; calls%1000 == 1 {
							highest = max(highest, inUse())
						}
						return sigio.FillNothing
					})
					require.True(t, err == nil || isVerdict(err), "%v", err)
					require.Less(t, highest-base, int64(128<<20))
				}
				_, err := sigio.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
				require.True(t, err == nil || isVerdict(err), "%v", err)
			}
		})
	}
}

// TestManyStreams: what a ReaderAt keeps of a very long file is bounded, and
// reading in it still works.
func TestManyStreams(t *testing.T) {
	alone(t)
	count := 300_000
	if testing.Short() {
		count = 150_000
	}
	var b, content []byte
	one := new(frametest.Builder).Header(frame.Header{CapLog: 16, Incompat: frame.FlagShort}).Light(0, []byte("ab"), []byte("ab")).End().Bytes()
	for range count {
		b = append(b, one...)
		content = append(content, "ab"...)
	}
	var r *sigio.ReaderAt
	held := heldBy(func() (err error) {
		r, err = sigio.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
		return err
	})
	require.Less(t, held, int64(24<<20))
	require.EqualValues(t, len(content), r.Size())
	for _, off := range []int{0, 1, 77_777, len(content) / 2, len(content) - 1000} {
		requireReadAt(t, r, content, off, 1000)
	}
}

// heldBy returns how much more the heap holds after f.
func heldBy(f func() error) int64 {
	before := leaktest.Heap()
	check(f())
	return leaktest.Heap() - before
}

// inUse is what is alive on the heap, and in caches, in bytes.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
