package sigio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/strategy"
)

var (
	longHeader  = frame.Header{CapLog: frame.MaxCapLog, ID: 1}
	shortHeader = frame.Header{CapLog: frame.MaxCapLog, ID: 1, Incompat: frame.FlagShort}
)

// stream starts one.
func stream(h frame.Header) *frametest.Builder { return new(frametest.Builder).Header(h) }

// zeroRun is the runlength payload of n zero bytes.
func zeroRun(n int) []byte { return append(binary.AppendUvarint(nil, uint64(n)<<4|1), 0) }

// bothReaders runs a test with a Reader that decodes on the caller's goroutine
// and with one that decodes ahead.
func bothReaders(t *testing.T, f func(t *testing.T, o sigio.ReaderOption)) {
	for _, n := range []int{1, 4} {
		t.Run(fmt.Sprintf("concurrency %d", n), func(t *testing.T) { f(t, sigio.WithConcurrency(n)) })
	}
}

// deliver reads b to its end and returns how much came, and why no more.
func deliver(b []byte, opts ...sigio.ReaderOption) (n int64, err error) {
	return io.Copy(io.Discard, struct{ io.Reader }{sigio.NewReader(bytes.NewReader(b), opts...)})
}

// allocated is what f allocates, in bytes.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func isVerdict(err error) bool {
	for _, verdict := range []error{sigio.ErrCorrupt, sigio.ErrTruncated, sigio.ErrUnsupported, sigio.ErrTooLarge} {
		if errors.Is(err, verdict) {
			return true
		}
	}
	return false
}

// Every length and count at the ends of its range, with all checks right. The
// input is a few hundred bytes, and so must be what is allocated on its word:
// only a chunk whose payload is there may claim its content.
func TestHostileFields(t *testing.T) {
	content := []byte("sixteen bytes of")
	sound := stream(longHeader).
		Stored(string(content)).                                         // at 16
		Chunk(uint8(strategy.RunLength), zeroRun(64), make([]byte, 64)). // at 64
		Control(frame.TagMeta, []byte("\x01note")).                      // at 99
		Control(0x1F, nil).                                              // at 120
		Index([]byte("\x01\x01\x10\x00")).                               // at 136
		End().Bytes()                                                    // at 156
	n, err := deliver(sound)
	require.NoError(t, err)
	require.EqualValues(t, len(content)+64, n)
	for at, tag := range map[int]byte{16: 0x30, 64: 0x30, 99: frame.TagMeta, 120: 0x1F, 136: frame.TagIndex, 156: frame.TagEnd} {
		require.Equal(t, tag, sound[at], "record at %d", at)
	}

	light := stream(shortHeader).
		Light(uint8(strategy.RunLength), zeroRun(300), make([]byte, 300)). // at 16: tag, strategy, 2 and 1 of varint
		End().Bytes()
	_, err = deliver(light)
	require.NoError(t, err)

	for _, c := range []struct {
		field string
		base  []byte
		at    int
		width int // bytes
	}{
		{"chunk cap", sound, 7, 1},
		{"raw length of a stored chunk", sound, 16 + 2, 3},
		{"payload length of a stored chunk", sound, 16 + 5, 3},
		{"sequence", sound, 16 + 8, 6},
		{"raw offset", sound, 16 + 14, 6},
		{"raw length of an encoded chunk", sound, 64 + 2, 3},
		{"payload length of an encoded chunk", sound, 64 + 5, 3},
		{"body length of metadata", sound, 99 + 1, 3},
		{"body length of a skippable record", sound, 120 + 1, 3},
		{"body length of an index", sound, 136 + 1, 3},
		{"count of an index", sound, 136 + 12, 1},
		{"index length", sound, 156 + 12, 4},
		{"chunk count", sound, 156 + 16, 8},
		{"content length", sound, 156 + 24, 8},
		{"encoded length", sound, 156 + 32, 8},
		{"raw length of a light chunk", light, 16 + 2, 2},
		{"payload length of a light chunk", light, 16 + 4, 1},
	} {
		t.Run(c.field, func(t *testing.T) {
			var original [8]byte
			copy(original[:], c.base[c.at:c.at+c.width])
			top := uint64(1)<<(8*c.width) - 1 // 2^64-1 for a width of 8
			for _, v := range []uint64{0, 1, top - 1, top, math.MaxInt32, 1 << 31, math.MaxUint32, math.MaxInt64, 1 << 63} {
				if v > top || v == binary.LittleEndian.Uint64(original[:]) {
					continue
				}
				damaged := bytes.Clone(c.base)
				var value [8]byte
				binary.LittleEndian.PutUint64(value[:], v)
				copy(damaged[c.at:c.at+c.width], value[:])
				damaged = frametest.Repair(damaged, decodeBuiltin)
				t.Run(fmt.Sprintf("%#x", v), func(t *testing.T) {
					requireRefusal(t, damaged, c.field == "count of an index")
				})
			}
		})
	}
}

// requireRefusal reads a damaged stream of a few hundred bytes under a tight
// limit and under the widest. A harmless one is accepted.
func requireRefusal(t *testing.T, damaged []byte, harmless bool) {
	const overhead = 64 << 10 // Reader, error, buffers of a few hundred bytes
	bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
		for _, limit := range []int{sigio.MinChunkSize, sigio.MaxChunkSize} {
			var err error
			spent := allocated(func() { _, err = deliver(damaged, sigio.WithMaxChunk(limit), o) })
			require.Equal(t, harmless, err == nil)
			require.True(t, harmless || isVerdict(err), "%v", err)
			require.LessOrEqual(t, spent, int64(overhead+2*limit), "%v", err)
		}
	})
}

// A claim that the input does not keep costs what has come of it.
func TestHostileClaimsAreNotBelieved(t *testing.T) {
	const claim = sigio.MaxChunkSize
	lying := func(rawLen, encLen int) func(*frame.Record) {
		return func(r *frame.Record) { r.RawLen, r.EncLen = rawLen, encLen }
	}
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"stored chunk", stream(longHeader).Chunk(0, []byte("x"), []byte("x"), lying(claim, claim)).Bytes()},
		{"encoded chunk", stream(longHeader).Chunk(5, []byte("x"), []byte("x"), lying(claim, claim-1)).Bytes()},
		{"metadata", stream(longHeader).Control(frame.TagMeta, []byte("x"), lying(0, frame.MaxControl)).Bytes()},
		{"skippable record", stream(longHeader).Control(0x1F, []byte("x"), lying(0, frame.MaxControl)).Bytes()},
		{"strategy name", stream(longHeader).Control(frame.TagStrategyName, []byte("x"), lying(0, frame.MaxControl)).Bytes()},
		{"index", stream(longHeader).Index([]byte("x"), lying(0, frame.MaxIndex)).Bytes()},
		{"light chunk", stream(shortHeader).Raw(0x28, 0x05, 0x80, 0x80, 0x04, 0xff, 0xff, 0x03, 'x').Bytes()},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				var err error
				spent := allocated(func() { _, err = deliver(c.b, o) })
				require.ErrorIs(t, err, sigio.ErrTruncated)
				require.Less(t, spent, int64(64<<10))
			})
		})
	}
}

// A few bytes that mean as much as a chunk can hold.
func TestHostileBombIsBoundedByTheLimit(t *testing.T) {
	const limit = 1 << 20
	bomb := stream(longHeader)
	for range 64 {
		bomb.Chunk(uint8(strategy.RunLength), zeroRun(limit), make([]byte, limit))
	}
	b := bomb.End().Bytes()
	require.Less(t, len(b), 4<<10)
	bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
		spent := allocated(func() {
			n, err := deliver(b, o, sigio.WithMaxChunk(limit))
			require.NoError(t, err)
			require.EqualValues(t, 64*limit, n)
		})
		require.Less(t, spent, int64(1<<20+5*(2*limit)))
	})
}

func TestMaxChunkIsExact(t *testing.T) {
	const n = 70_000
	content := noise(1, n)
	for _, c := range []struct {
		name  string
		b     []byte
		limit int
	}{
		{"stored", stream(longHeader).Chunk(0, content, content).End().Bytes(), n},
		{"encoded", stream(longHeader).Chunk(1, zeroRun(n), make([]byte, n)).End().Bytes(), n},
		{"light", stream(shortHeader).Light(1, zeroRun(1<<16), make([]byte, 1<<16)).End().Bytes(), 1 << 16},
		{"one byte", stream(longHeader).Stored("ab").End().Bytes(), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				got, err := deliver(c.b, o, sigio.WithMaxChunk(c.limit))
				require.NoError(t, err)
				require.EqualValues(t, c.limit, got)

				got, err = deliver(c.b, o, sigio.WithMaxChunk(c.limit-1))
				require.ErrorIs(t, err, sigio.ErrTooLarge)
				require.ErrorContains(t, err, fmt.Sprintf("chunk of %d bytes, of which %d are allowed", c.limit, c.limit-1))
				require.Zero(t, got)
			})
		})
	}
}

func TestMaxOutputIsExact(t *testing.T) {
	four := stream(longHeader).Stored("1234", "5678", "9").End().Bytes()
	short := stream(shortHeader).Light(0, []byte("short"), []byte("short")).End().Bytes()
	empty := stream(shortHeader).End().Bytes()
	join := func(b ...[]byte) []byte { return bytes.Join(b, nil) }
	for _, c := range []struct {
		name   string
		b      []byte
		length int64
		last   int64 // length of the last chunk
	}{
		{"one stream", four, 9, 1},
		{"a short stream", short, 5, 5},
		{"a limit for each stream", join(four, four, four), 27, 1},
		{"short streams not counted", join(short, short, short), 15, 5},
		{"streams of all kinds", join(four, empty, short, empty), 14, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				for _, limit := range []int64{c.length, c.length + 1, math.MaxInt64} {
					n, err := deliver(c.b, o, sigio.WithMaxOutput(limit))
					require.NoError(t, err)
					require.Equal(t, c.length, n)
				}
				n, err := deliver(c.b, o, sigio.WithMaxOutput(c.length-1))
				require.ErrorIs(t, err, sigio.ErrTooLarge)
				require.ErrorContains(t, err, fmt.Sprintf("content of more than %d bytes", c.length-1))
				require.Equal(t, c.length-c.last, n)

				n, err = deliver(c.b, o, sigio.WithMaxOutput(0))
				require.ErrorIs(t, err, sigio.ErrTooLarge)
				require.Zero(t, n)
			})
		})
	}
	n, err := deliver(join(empty, empty), sigio.WithMaxOutput(0))
	require.NoError(t, err, "nothing is more than 0 bytes")
	require.Zero(t, n)
}

// A record that yields nothing must not cost stack: a million of them do not
// need more than one.
func TestHostileManyEmptyRecords(t *testing.T) {
	alone(t)
	const million = 1_000_000
	many := stream(longHeader)
	for range million {
		many.Control(0x1F, nil)
	}
	skippable := many.End().Bytes()
	names := stream(longHeader)
	for range million / 10 {
		names.Name(128, "a").Name(255, "b")
	}
	empty := stream(shortHeader).End().Bytes()

	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"skippable records", skippable},
		{"strategy names", names.End().Bytes()},
		{"streams", bytes.Repeat(empty, million)},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				defer debug.SetMaxStack(debug.SetMaxStack(256 << 10))
				spent := allocated(func() {
					n, err := deliver(c.b, o)
					require.NoError(t, err)
					require.Zero(t, n)
				})
				require.Less(t, spent, int64(64*million), "allocates without bound")
			})
		})
	}
}

// What a Reader lacks is named, with its number, also when the name is the
// only thing that differs from what the Reader has.
func TestMissingStrategyIsNamed(t *testing.T) {
	content, payload := make([]byte, 64), zeroRun(64)
	private := strategy.FirstPrivate + 1
	for _, c := range []struct {
		name string
		b    []byte
		id   strategy.ID
		want string
	}{
		{"reserved number", stream(longHeader).Chunk(8, payload, content).End().Bytes(), 8, "strategy(8)"},
		{"last reserved number", stream(shortHeader).Light(127, payload, content).End().Bytes(), 127, "strategy(127)"},
		{"built-in left out of the set", stream(longHeader).Chunk(1, payload, content).End().Bytes(), 1, "runlength"},
		{"the user's own", stream(longHeader).Name(200, "ours").Chunk(200, payload, content).End().Bytes(), 200, "ours"},
		{"another name under a known number", stream(longHeader).Name(uint8(private), "theirs").Chunk(uint8(private), payload, content).End().Bytes(), private, "theirs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				set := strategy.Default().Only(strategy.Zstd).With(renamed{private, "mine"})
				_, err := deliver(c.b, o, sigio.WithStrategies(set))
				require.ErrorIs(t, err, sigio.ErrUnsupported)
				var missing *sigio.MissingError
				require.ErrorAs(t, err, &missing)
				require.Equal(t, &sigio.MissingError{Strategy: c.id, Name: c.want}, missing)
				require.ErrorContains(t, err, c.want)
			})
		})
	}
}

// renamed is runlength under another number and name.
type renamed struct {
	id   strategy.ID
	name string
}

func (r renamed) ID() strategy.ID { return r.id }
func (r renamed) Name() string    { return r.name }

func (r renamed) Encode(dst, src []byte, p strategy.Params) ([]byte, error) {
	return runlength().Encode(dst, src, p)
}

func (r renamed) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	return runlength().Decode(dst, src, rawLen)
}

func runlength() strategy.Strategy {
	st, _ := strategy.Default().Lookup(strategy.RunLength)
	return st
}

// A name belongs to its stream, and to what stands behind it.
func TestStrategyNames(t *testing.T) {
	const id = 200
	content, payload := make([]byte, 64), zeroRun(64)
	named := func() *frametest.Builder { return stream(longHeader).Name(id, "ours") }
	join := func(b ...*frametest.Builder) (all []byte) {
		for _, s := range b {
			all = append(all, s.End().Bytes()...)
		}
		return all
	}
	for _, c := range []struct {
		name   string
		b      []byte
		reason string // empty: whole
	}{
		{"named", join(named().Chunk(id, payload, content)), ""},
		{"named twice", join(named().Name(id, "ours").Chunk(id, payload, content)), ""},
		{"named once for many", join(named().Chunk(id, payload, content).Stored("x").Light(id, payload, content)), ""},
		{"named in each stream", join(named().Chunk(id, payload, content), named().Chunk(id, payload, content)), ""},
		{"not named", join(stream(longHeader).Chunk(id, payload, content)), "used before it is named"},
		{"named behind its use", join(stream(longHeader).Chunk(id, payload, content).Name(id, "ours")), "used before it is named"},
		{"another was named", join(stream(longHeader).Name(id+1, "ours").Chunk(id, payload, content)), "used before it is named"},
		{"named in the stream before", join(named().Chunk(id, payload, content), stream(longHeader).Chunk(id, payload, content)), "used before it is named"},
		{"renamed", join(named().Chunk(id, payload, content).Name(id, "other")), "two names"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				set := sigio.WithStrategies(strategy.Default().With(renamed{id, "ours"}))
				_, err := deliver(c.b, o, set)
				if c.reason == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, sigio.ErrCorrupt)
				require.ErrorContains(t, err, c.reason)
			})
		})
	}

	t.Run("stale after Reset", func(t *testing.T) {
		r := sigio.NewReader(bytes.NewReader(join(named())), sigio.WithStrategies(strategy.Default().With(renamed{id, "ours"})))
		_, err := io.Copy(io.Discard, r)
		require.NoError(t, err)
		r.Reset(bytes.NewReader(join(stream(longHeader).Chunk(id, payload, content))))
		_, err = io.Copy(io.Discard, r)
		require.ErrorIs(t, err, sigio.ErrCorrupt)
		require.ErrorContains(t, err, "used before it is named")
	})
}

// An index is a hint: whatever it says, a sequential reader delivers the same
// bytes or, if the index is not in its place, a verdict.
func TestHostileIndexBody(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"empty", ""},
		{"claims 2^64-1 entries", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
		{"points beyond the stream", "\x01\xff\xff\x7f\xff\xff\x7f\x00"},
		{"points into a payload", "\x01\x01\x30\x00"},
		{"swaps chunks", "\x02\x05\x33\x01\x01\x00"},
		{"loops", "\x02\x01\x10\x00\x00\x00"},
		{"names a built-in", "\x00\x01\x05\x05zstd"},
		{"larger than a control record", string(bytes.Repeat([]byte{0xFF}, frame.MaxControl+1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := stream(longHeader).Stored("one", "two").Index([]byte(c.body)).End().Bytes()
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				require.Equal(t, "onetwo", string(unseal(t, b, o)))
			})
		})
	}
}
