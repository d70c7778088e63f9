package sigio_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/pool"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/strategy"
)

// blend is a stream of any length that calls for every strategy in turn and
// takes next to no memory: prose, numbers, records, machine code, noise and
// zeros, up to three blocks of each.
type blend struct {
	left  int64 // bytes to come
	rng   *rand.Rand
	made  []byte // of them, those that wait in scratch
	only  int    // the one kind, or all in turn
	kind  int
	more  int // bytes of the kind
	count uint32
	value uint32
	buf   [1 << 10]byte
}

// Kinds of content in a blend.
const (
	all = iota - 1
	ofProse
	ofNumbers
	ofRecords
	ofCode
	ofNoise
	ofZeros
)

func newBlend(seed uint64, only int, n int64) *blend {
	return &blend{left: n, only: only, rng: rand.New(rand.NewPCG(seed, 0xB1E4D))}
}

func (s *blend) Read(p []byte) (n int, err error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.left)]
	for n < len(p) {
		if len(s.made) == 0 {
			s.make()
		}
		k := copy(p[n:], s.made)
		n, s.made = n+k, s.made[k:]
	}
	s.left -= int64(n)
	return n, nil
}

// make makes the next few hundred bytes.
func (s *blend) make() {
	if s.more <= 0 {
		if s.kind = s.rng.IntN(ofZeros + 1); s.only != all {
			s.kind = s.only
		}
		s.more = s.rng.IntN(3 << 20)
	}
	b := s.buf[:0]
	operand := func(target int) { b = binary.LittleEndian.AppendUint32(b, uint32(target+s.more-len(b))) }
	for len(b) < len(s.buf)-64 {
		r := s.rng.Uint64()
		switch s.kind {
		case ofProse: // words
			word := r % 2000 * (r >> 32 % 2000) / 2000
			for x := (word + 77) * 2654435761; x > 7; x /= 97 {
				b = append(b, "bcdfghklmnprstvw"[x%16], "aeiouy"[x/16%6])
			}
			b = append(b, " \n"[r>>60/15])
		case ofNumbers:
			s.value += uint32(r%2001) - 1000
			b = binary.LittleEndian.AppendUint32(b, 1<<24+s.value)
		case ofRecords:
			s.count++
			b = binary.LittleEndian.AppendUint32(b, s.count)
			b = binary.LittleEndian.AppendUint64(b, r)
			b = append(b, "AAPL\x00\x00\x00\x00"...)
			b = binary.LittleEndian.AppendUint32(b, uint32(r>>8%100))
		case ofCode: // x86-64: calls, variables, and moves
			switch r % 20 {
			case 0, 1:
				b = append(b, 0xE8)
				operand(int(min(r>>8%400, r>>24%400)) * 2500)
			case 2:
				b = append(b, 0x48, 0x8B, 0x05|byte(r>>8%8<<3))
				operand(4<<20 + int(min(r>>16%500, r>>32%500))*8)
			default:
				b = append(b, "\x48\x40\x49"[r>>8%3], "\x89\x31\x85\x01"[r>>16%4], byte(0xC0|r>>24%64))
				b = append(b, "\x50\x51\x5D\xC3"[:r>>32%5]...)
			}
		case ofNoise:
			b = binary.LittleEndian.AppendUint64(b, r)
		default:
			b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		}
	}
	s.more -= len(b)
	s.made = b
}

// heapGauge tells what is taken on the heap, by what is in use and by what was
// not collected yet, and takes nothing itself. It is for one goroutine.
type heapGauge []metrics.Sample

func newHeapGauge() heapGauge { return heapGauge{{Name: "/memory/classes/heap/objects:bytes"}} }

func (g heapGauge) read() int64 {
	metrics.Read(g)
	return int64(g[0].Value.Uint64())
}

// peakOf returns how far the heap rose above what was there before while f
// ran, with the collector at Go's own setting. f calls look at every turn.
func peakOf(f func(look func())) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	leaktest.Collect()
	quit, gone := make(chan struct{}), make(chan int64)
	gauge := newHeapGauge()
	before := gauge.read()
	go func() {
		gauge, highest := newHeapGauge(), before
		tick := time.NewTicker(200 * time.Microsecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				highest = max(highest, gauge.read())
			case <-quit:
				gone <- max(highest, gauge.read())
				return
			}
		}
	}()
	highest := before
	f(func() { highest = max(highest, gauge.read()) })
	close(quit)
	return max(highest, <-gone) - before
}

// TestPeakHeap measures whole streams at LevelDefault and concurrency 1, from a
// generator to nowhere, and back from a file. What they take depends on which
// strategies they need, not on their length. Of a Writer's, a block and the room
// for its chunks are 1.1 MB each, the zstd encoder 3.1 MB, and what that left
// behind while its buffers grew up to 1.1 MB. The search for tables and a second
// candidate take 1.1 MB each beside it.
func TestPeakHeap(t *testing.T) {
	if racing {
		t.Skip("the race detector's own memory is counted")
	}
	const MB = 1_000_000
	for _, tt := range []struct {
		name          string
		only          int
		writes, reads int64 // at most
	}{
		{"prose", ofProse, 6.2 * MB, 2.5 * MB},
		{"numbers", ofNumbers, 6.2 * MB, 3.5 * MB},
		{"records", ofRecords, 6.2 * MB, 3.5 * MB},
		{"machine code", ofCode, 7.5 * MB, 3.7 * MB},
		{"noise", ofNoise, 3.2 * MB, 2.5 * MB},
		{"zeros", ofZeros, 3.2 * MB, 2 * MB},
		{"all in turn", all, 10.5 * MB, 6.2 * MB},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int64{1 << 20, 24 << 20} {
				if testing.Short() && n > 1<<20 {
					break
				}
				wrote, read := peaks(t, tt.only, n)
				require.LessOrEqual(t, wrote, tt.writes, "Writer, stream of %d bytes", n)
				require.LessOrEqual(t, read, tt.reads, "Reader, stream of %d bytes", n)
				t.Logf("%d MiB: Writer %.2f MB, Reader %.2f MB", n>>20, float64(wrote)/MB, float64(read)/MB)
			}
		})
	}
}

// peaks are those of writing and of reading a stream.
func peaks(t *testing.T, only int, n int64) (wrote, read int64) {
	file := must(os.Create(filepath.Join(t.TempDir(), "stream")))
	defer file.Close()
	wrote = peakOf(func(look func()) {
		w := sigio.NewWriter(file, sigio.WithObserver(func(sigio.Decision) { look() }))
		must(io.Copy(w, newBlend(1, only, n)))
		look()
		check(w.Close())
		if only == all && n > 10<<20 {
			used := w.Stats().ByStrategy
			for _, id := range []strategy.ID{strategy.Store, strategy.RunLength, strategy.Delta, strategy.Zstd, strategy.Branch} {
				require.NotZero(t, used[id].Chunks, "the blend lacks %v", id)
			}
		}
	})
	read = peakOf(func(look func()) {
		must(file.Seek(0, io.SeekStart))
		r := sigio.NewReader(file)
		must(io.Copy(writerFunc(func(p []byte) (int, error) { look(); return len(p), nil }), r))
	})
	return wrote, read
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestBuffersOfWorkers holds the formula for n workers: n+1 times a block and
// its chunks, each with the room that the pool adds.
func TestBuffersOfWorkers(t *testing.T) {
	const chunk = 128 << 10
	const room = chunk + chunk/8
	length := int64(6 << 20)
	if racing {
		length = 2 << 20
	}
	content := must(io.ReadAll(newBlend(2, all, length)))
	for _, n := range []int{1, 2, 4, 7} {
		for _, size := range []int{1_000, chunk, 5*chunk + 1, len(content)} {
			var stream bytes.Buffer
			w := sigio.NewWriter(&stream, sigio.WithConcurrency(n), sigio.WithChunkSize(chunk), sigio.WithPool(new(pool.Pool)))
			for p := content; len(p) > 0; p = p[min(size, len(p)):] {
				must(w.Write(p[:min(size, len(p))]))
			}
			require.LessOrEqual(t, w.Stats().PeakMemory, int64(n+1)*2*room, "Writer of %d, written by %d", n, size)
			check(w.Close())
			r := sigio.NewReader(&stream, sigio.WithConcurrency(n), sigio.WithPool(new(pool.Pool)))
			buf := make([]byte, size)
			for {
				if _, err := r.Read(buf); err == io.EOF {
					break
				} else {
					check(err)
				}
			}
			require.LessOrEqual(t, r.Stats().PeakMemory, int64(n+1)*2*room, "Reader of %d, read by %d", n, size)
		}
	}
}
