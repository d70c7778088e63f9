package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/strategy"
)

// talkScript has messages of all kinds and lengths: short and long ones, some
// that cannot be shortened, some that are no messages at all.
func talkScript(seed uint64) (s script) {
	rng := rand.New(rand.NewPCG(seed, 5))
	for range 400 {
		var m []byte
		switch rng.IntN(12) {
		case 0:
			m = noise(rng.Uint64(), 1+rng.IntN(2000))
		case 1:
			m = prose(rng.Uint64(), 1500+rng.IntN(6000))
		case 2:
			m = runs(rng.Uint64(), 1+rng.IntN(3000))
		case 3:
			m = measurements(rng.Uint64(), 1+rng.IntN(20_000))
		default:
			m = prose(rng.Uint64(), 1+rng.IntN(300))
		}
		s = append(s, act{write: m})
		if rng.IntN(20) > 0 {
			s = append(s, act{flush: true})
		}
	}
	s = append(s, act{write: prose(1, 70_000)}, act{flush: true}, act{write: prose(2, 400)}, act{flush: true})
	s = append(s, act{write: medley(3, 3<<20)}, act{write: prose(2, 400)}, act{flush: true}, act{meta: []byte("meta")})
	return append(s, messages(prose(4, 30_000), 60, 80)...)
}

func trainedBook(t testing.TB) *glyph.Codebook {
	t.Helper()
	var samples [][]byte
	for i := range uint64(60) {
		samples = append(samples, prose(100+i, 200))
	}
	b, err := glyph.Train(samples, glyph.TrainOptions{TextLen: 2 << 10})
	require.NoError(t, err)
	return b
}

func TestHistoryRoundTrip(t *testing.T) {
	alone(t)
	s := talkScript(1)
	book := trainedBook(t)
	for name, opts := range map[string][]sigio.WriterOption{
		"16 KiB":       {sigio.WithHistory(16 << 10)},
		"64 KiB":       {sigio.WithHistory(64 << 10)},
		"1 MiB":        {sigio.WithHistory(1 << 20)},
		"fastest":      {sigio.WithHistory(1 << 20), sigio.WithLevel(sigio.LevelFastest)},
		"small chunks": {sigio.WithHistory(64 << 10), sigio.WithChunkSize(sigio.MinChunkSize)},
		"codebook":     {sigio.WithHistory(64 << 10), sigio.WithCodebook(book)},
		"embedded":     {sigio.WithHistory(64 << 10), sigio.WithCodebook(book), sigio.WithEmbeddedCodebook()},
		"alone":        {sigio.WithCodebook(book)},
		"transport":    {sigio.WithHistory(64 << 10), sigio.WithTransportChecks()},
	} {
		t.Run(name, func(t *testing.T) {
			stream := s.seal(t, opts...)
			ropts := []sigio.ReaderOption{sigio.WithTransportChecks(), sigio.WithCodebook(book)}
			requireSame(t, s.content(), unseal(t, stream, ropts...))
			requireSame(t, s.content(), unseal(t, stream, append(ropts, sigio.WithConcurrency(4))...), "parallel")
			twice, err := io.ReadAll(sigio.NewReader(iotest.OneByteReader(bytes.NewReader(append(stream, stream...))), ropts...))
			require.NoError(t, err)
			requireSame(t, append(s.content(), s.content()...), twice, "two streams, byte by byte")
		})
	}
}

// TestHistoryIsUsed: messages like those before become shorter than they could
// by themselves; documents reach further back than messages.
func TestHistoryIsUsed(t *testing.T) {
	lines := messages(prose(1, 40_000), 100)
	require.Less(t, len(lines.seal(t, sigio.WithHistory(64<<10)))*4, len(lines.seal(t))*3)

	var documents script
	for i := range 60 {
		documents = append(documents, messages(measurements(uint64(i%20), 8000), 8000)...)
	}
	require.Less(t, len(documents.seal(t, sigio.WithHistory(1<<20)))*5, len(documents.seal(t, sigio.WithHistory(64<<10)))*3,
		"twenty documents are 160 kB apart")
}

// TestHistorySyncPoints: a stream with a history has one often enough, and what
// stands alone there is understood without what was before it.
func TestHistorySyncPoints(t *testing.T) {
	for _, size := range []int{40, 5000} {
		stream := messages(prose(1, 400_000), size).seal(t, sigio.WithHistory(64<<10))
		light, raw := 0, 0
		for _, c := range chunksOf(t, stream) {
			if !c.Light {
				light, raw = 0, 0
				continue
			}
			light++
			raw += c.RawLen
			require.LessOrEqual(t, light, 255)
			require.LessOrEqual(t, raw, 64<<10)
		}
	}
}

// TestMessageFraming counts what a message takes beside its payload.
func TestMessageFraming(t *testing.T) {
	for _, tt := range []struct {
		name string
		raw  int
		opts []sigio.WriterOption
		most int
	}{
		{"history", 100, []sigio.WriterOption{sigio.WithHistory(64 << 10)}, 5},
		{"alone", 100, nil, 5},
		{"transport", 100, []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithTransportChecks()}, 2},
		{"longer", 2000, []sigio.WriterOption{sigio.WithHistory(64 << 10)}, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			w := sigio.NewWriter(&out, tt.opts...)
			require.NoError(t, messages(prose(1, 50*tt.raw), tt.raw).play(w))
			last := out.Len()
			payload := 0
			opts := []sigio.ReaderOption{sigio.WithTransportChecks()}
			for c := range sigio.Chunks(bytes.NewReader(out.Bytes()), opts...) {
				if c.Offset > 0 {
					last, payload = int(c.Offset), c.EncodedLen
				}
			}
			require.LessOrEqual(t, out.Len()-last-payload, tt.most)
		})
	}
}

// TestHistoryNeverGrows: what cannot be shortened is stored, and what comes
// behind is understood all the same.
func TestHistoryNeverGrows(t *testing.T) {
	for _, history := range []int{16 << 10, 1 << 20} {
		for _, size := range []int{1, 3, 60, 3000, 20_000} {
			s := append(messages(noise(1, 30*size), size), messages(prose(1, 3000), 100)...)
			requireBound(t, s, sigio.WithHistory(history))
		}
	}
}

func TestHistoryOptions(t *testing.T) {
	for _, tt := range []struct {
		name string // the defect
		opts []sigio.WriterOption
	}{
		{"too small", []sigio.WriterOption{sigio.WithHistory(8 << 10)}},
		{"too large", []sigio.WriterOption{sigio.WithHistory(16 << 20)}},
		{"no power of two", []sigio.WriterOption{sigio.WithHistory(48 << 10)}},
		{"negative", []sigio.WriterOption{sigio.WithHistory(-1)}},
		{"parallel", []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithConcurrency(2)}},
		{"nothing to embed", []sigio.WriterOption{sigio.WithEmbeddedCodebook()}},
		{"nil codebook", []sigio.WriterOption{sigio.WithCodebook(nil)}},
		{"history without glyph", []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithStrategies(strategy.Default().Only(strategy.Zstd))}},
		{"documents without zstd", []sigio.WriterOption{sigio.WithHistory(1 << 20), sigio.WithStrategies(strategy.Default().Only(strategy.Glyph))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sigio.NewWriter(io.Discard, tt.opts...).Write([]byte("x"))
			require.ErrorContains(t, err, "sigio: ")
		})
	}
	_, err := sigio.NewReader(bytes.NewReader(nil), sigio.WithCodebook(nil)).Read(make([]byte, 1))
	require.ErrorContains(t, err, "nil codebook")
}

func TestCodebookChoice(t *testing.T) {
	mine := trainedBook(t)
	other, err := glyph.Train([][]byte{[]byte("one sample"), []byte("and another sample")}, glyph.TrainOptions{})
	require.NoError(t, err)
	s := messages(prose(9, 3000), 100)
	for _, history := range []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithLevel(sigio.LevelDefault)} {
		stream := s.seal(t, history, sigio.WithCodebook(mine))
		requireSame(t, s.content(), unseal(t, stream, sigio.WithCodebook(other), sigio.WithCodebook(mine), sigio.WithCodebook(other)))

		_, err = io.ReadAll(sigio.NewReader(bytes.NewReader(stream), sigio.WithCodebook(other)))
		var missing *sigio.MissingError
		require.ErrorAs(t, err, &missing)
		require.Equal(t, mine.ID(), missing.Codebook)
		require.ErrorIs(t, err, sigio.ErrUnsupported)
		require.ErrorContains(t, err, mine.ID().String())

		embedded := s.seal(t, history, sigio.WithCodebook(other), sigio.WithCodebook(mine), sigio.WithEmbeddedCodebook())
		requireSame(t, s.content(), unseal(t, embedded))

		// One Reader, one stream after the other, each with its own codebook.
		var all bytes.Buffer
		for _, p := range [][]byte{stream, s.seal(t), embedded, s.seal(t, sigio.WithHistory(16<<10)), stream} {
			all.Write(p)
		}
		requireSame(t, bytes.Repeat(s.content(), 5), unseal(t, all.Bytes(), sigio.WithCodebook(mine)))
	}
	builtin := s.seal(t, sigio.WithCodebook(glyph.Builtin()))
	requireSame(t, s.content(), unseal(t, builtin), "every Reader has the built-in one")

	short := write(prose(9, 200))
	require.Less(t, len(short.seal(t, sigio.WithCodebook(mine)))-24, len(short.seal(t)), "the codebook is not used for a short stream")
	requireSame(t, short.content(), unseal(t, short.seal(t, sigio.WithCodebook(mine)), sigio.WithCodebook(mine)))
}

// TestHistoryRecordsAreRefused out of their places.
func TestHistoryRecordsAreRefused(t *testing.T) {
	history := frame.Header{Version: frame.Version, Incompat: frame.FlagHistory, CapLog: 20}
	plain := frame.Header{Version: frame.Version, CapLog: 20}
	parameters := frame.History{WindowLog: 16}.Append(nil)
	shared := frame.History{WindowLog: 16, ZstdLog: 20}.Append(nil)
	form, err := trainedBook(t).MarshalBinary()
	require.NoError(t, err)
	chunk := func(b *frametest.Builder) *frametest.Builder {
		return b.Light(uint8(strategy.Store), []byte("stored"), []byte("stored"))
	}
	type builder = frametest.Builder
	continues := func(r *frame.Record) { r.History = true }
	for _, tt := range []struct {
		name   string // the defect
		stream *builder
		want   error
	}{
		{"history without its parameters", chunk(stream(history)), sigio.ErrCorrupt},
		{"parameters without a history", stream(plain).Control(frame.TagHistory, parameters), sigio.ErrCorrupt},
		{"parameters twice", stream(history).Control(frame.TagHistory, parameters).Control(frame.TagHistory, parameters), sigio.ErrCorrupt},
		{"parameters behind a chunk", chunk(stream(history).Control(frame.TagHistory, parameters)).Control(frame.TagHistory, parameters), sigio.ErrCorrupt},
		{"parameters behind metadata", stream(history).Control(frame.TagMeta, []byte("m")).Control(frame.TagHistory, parameters), sigio.ErrCorrupt},
		{"parameters behind a codebook", stream(history).Control(frame.TagEmbeddedCodebook, form).Control(frame.TagHistory, parameters), sigio.ErrCorrupt},
		{"window too small", stream(history).Control(frame.TagHistory, []byte{13, 0, 0}), sigio.ErrCorrupt},
		{"window too large", stream(history).Control(frame.TagHistory, []byte{17, 0, 0}), sigio.ErrCorrupt},
		{"shared window too small", stream(history).Control(frame.TagHistory, []byte{16, 16, 0}), sigio.ErrCorrupt},
		{"shared window too large", stream(history).Control(frame.TagHistory, []byte{16, 24, 0}), sigio.ErrCorrupt},
		{"parameters too long", stream(history).Control(frame.TagHistory, []byte{16, 0, 0, 0}), sigio.ErrCorrupt},
		{"later built-in codebook", stream(history).Control(frame.TagHistory, []byte{16, 0, 9}), sigio.ErrUnsupported},
		{"id too short", stream(plain).Control(frame.TagCodebookID, []byte("1234567")), sigio.ErrCorrupt},
		{"two codebooks", stream(plain).Control(frame.TagEmbeddedCodebook, form).Control(frame.TagEmbeddedCodebook, form), sigio.ErrCorrupt},
		{"malformed codebook", stream(plain).Control(frame.TagEmbeddedCodebook, form[:len(form)-1]), sigio.ErrCorrupt},
		{"later codebook", stream(plain).Control(frame.TagEmbeddedCodebook, append([]byte{2}, form[1:]...)), sigio.ErrUnsupported},
		{"shared frame that was not announced", stream(history).Control(frame.TagHistory, parameters).
			Light(uint8(strategy.Zstd), []byte("\x28\xB5\x2F\xFD"), make([]byte, 100), continues), sigio.ErrCorrupt},
		{"shared frame that did not begin", stream(history).Control(frame.TagHistory, shared).
			Light(uint8(strategy.Zstd), []byte("\x03\x00\x00"), make([]byte, 100), continues), sigio.ErrCorrupt},
		{"lz4 continues a history", stream(history).Control(frame.TagHistory, shared).
			Light(uint8(strategy.LZ4), []byte("1234"), make([]byte, 100), continues), sigio.ErrCorrupt},
		{"nonsense for a message", stream(history).Control(frame.TagHistory, parameters).
			Light(uint8(strategy.Glyph), bytes.Repeat([]byte{0xFF}, 50), make([]byte, 51), continues), sigio.ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothReaders(t, func(t *testing.T, o sigio.ReaderOption) {
				_, err := deliver(tt.stream.Bytes(), o)
				require.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// TestHistoryIsLeftOutOfShortStreams: a stream of one message has nothing
// before it.
func TestHistoryIsLeftOutOfShortStreams(t *testing.T) {
	s := write(prose(1, 300))
	require.Equal(t, s.seal(t), s.seal(t, sigio.WithHistory(64<<10)))
	require.Equal(t, script{}.seal(t), script{}.seal(t, sigio.WithHistory(64<<10)))
}

// TestHistoryAfterTimeouts: wherever the destination is slow, the stream is
// the same.
func TestHistoryAfterTimeouts(t *testing.T) {
	s := slices.Concat(messages(prose(1, 6000), 90, 30, 2500), write(prose(2, 70_000)), messages(prose(3, 3000), 70))
	for _, history := range []int{16 << 10, 1 << 20} {
		want := s.seal(t, sigio.WithHistory(history))
		for every := 1; every < 4; every++ {
			timeout := &slow{timeout: true}
			out := &sink{on: func(call int, p []byte) (int, error) {
				if call%(every+1) > 0 {
					return min(len(p), call%5), timeout
				}
				return len(p), nil
			}}
			p := patient{TB: t, w: sigio.NewWriter(out, sigio.WithHistory(history)), want: timeout}
			p.run(s)
			requireSame(t, want, out.Bytes(), fmt.Sprint(history, " ", every))
		}
	}
}

// TestHistoryOfReusedWriter: Reset and Close leave nothing of the messages
// before.
func TestHistoryOfReusedWriter(t *testing.T) {
	alone(t)
	s := talkScript(2)
	for _, history := range []int{16 << 10, 1 << 20} {
		want := s.seal(t, sigio.WithHistory(history))
		var out bytes.Buffer
		w := sigio.NewWriter(nil, sigio.WithHistory(history))
		for range 3 {
			w.Reset(&out)
			require.NoError(t, messages(prose(7, 5000), 100, 2000).play(w))
			out.Reset()
			w.Reset(&out)
			require.NoError(t, s.play(w))
			require.NoError(t, w.Close())
			requireSame(t, want, out.Bytes())
			out.Reset()
		}
	}
}

// TestMessagesDoNotAllocate in steady state, at either end.
func TestMessagesDoNotAllocate(t *testing.T) {
	if racing {
		t.Skip("the race detector makes pools forget")
	}
	for name, opts := range map[string][]sigio.WriterOption{
		"history": {sigio.WithHistory(64 << 10)}, "documents": {sigio.WithHistory(1 << 20)}, "alone": {},
	} {
		t.Run(name, func(t *testing.T) {
			size := 150
			if name == "documents" {
				size = 3000
			}
			var link bytes.Buffer
			link.Grow(1 << 20)
			w, r := sigio.NewWriter(&link, opts...), sigio.NewReader(&link)
			content, buf := prose(1, 600*size), make([]byte, size)
			next := 0
			send := func() {
				m := content[next*size:][:size]
				next = (next + 1) % 600
				must(w.Write(m))
				check(w.Flush())
				must(io.ReadFull(r, buf))
				if !bytes.Equal(m, buf) {
					panic("content got lost")
				}
			}
			for range 700 {
				send()
			}
			require.Zero(t, int(testing.AllocsPerRun(600, send)))
		})
	}
}

// TestDamageDoesNotCancel: a message that copies from a damaged one is damaged
// alike. Where only the end of the stream tells, the two must not hide each
// other.
func TestDamageDoesNotCancel(t *testing.T) {
	a := noise(1, 40)
	var out bytes.Buffer
	w := sigio.NewWriter(&out, sigio.WithHistory(16<<10), sigio.WithTransportChecks())
	require.NoError(t, messages(a, 40).play(w))
	from := out.Len() - len(a) // stored
	require.NoError(t, messages(append(bytes.Clone(a), noise(2, 10)...), 50).play(w))
	require.NoError(t, w.Close())
	for bit := range 8 * len(a) {
		damaged := bytes.Clone(out.Bytes())
		damaged[from+bit/8] ^= 1 << (bit % 8)
		_, err := io.ReadAll(sigio.NewReader(bytes.NewReader(damaged), sigio.WithTransportChecks()))
		require.ErrorIs(t, err, sigio.ErrCorrupt, "bit %d", bit)
	}
}

// TestDocumentsAmongOthers: what the shared frame cannot shorten neither ends it
// nor is lost to the history.
func TestDocumentsAmongOthers(t *testing.T) {
	var documents, mixed, blobs script
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text := func(seed uint64) []byte { // as in base64
		p := noise(seed, 2000)
		for i, b := range p {
			p[i] = letters[b%64]
		}
		return p
	}
	for i := range 120 {
		document := messages(measurements(uint64(i%30), 5000), 5000)
		documents = append(documents, document...)
		mixed = append(append(mixed, document...), messages(text(uint64(i)), 2000)...)
		blobs = append(blobs, messages(noise(1, 3000), 3000)...)
	}
	size := func(s script, history int) int { return len(s.seal(t, sigio.WithHistory(history))) }
	require.Less(t, size(mixed, 1<<20), size(documents, 1<<20)+120*1650, "base64 holds 6 bits of 8")
	require.Less(t, size(blobs, 1<<20), 2*size(blobs, 64<<10))
}

// TestSharedFrameIsHeldToTheFormat: what a decoder of zstd would put up with.
func TestSharedFrameIsHeldToTheFormat(t *testing.T) {
	header := frame.Header{Version: frame.Version, Incompat: frame.FlagHistory, CapLog: 20}
	parameters := frame.History{WindowLog: 16, ZstdLog: 17}.Append(nil)
	continues := func(r *frame.Record) { r.History = true }
	magic, window := "\x28\xB5\x2F\xFD", "\x38" // 128 KiB
	run := func(n int, last byte) string {
		b := uint32(n)<<3 | 1<<1 | uint32(last)
		return string([]byte{byte(b), byte(b >> 8), byte(b >> 16), 'x'})
	}
	for _, tt := range []struct {
		name  string // the defect
		parts []string
		want  error
	}{
		{"a sound frame is refused", []string{magic + "\x00" + window + run(100, 0), run(60, 0) + run(40, 0)}, nil},
		{"a window that was not stated", []string{magic + "\x00\x40" + run(100, 0)}, sigio.ErrCorrupt},
		{"a window beyond all", []string{magic + "\x00\xFF" + run(100, 0)}, sigio.ErrCorrupt},
		{"a content size", []string{magic + "\x40" + window + "\x64\x00" + run(100, 0)}, sigio.ErrCorrupt},
		{"a checksum", []string{magic + "\x04" + window + run(100, 0)}, sigio.ErrCorrupt},
		{"a dictionary", []string{magic + "\x01" + window + "\x01" + run(100, 0)}, sigio.ErrCorrupt},
		{"a last block", []string{magic + "\x00" + window + run(100, 1)}, sigio.ErrCorrupt},
		{"an empty block", []string{magic + "\x00" + window + run(100, 0) + "\x00\x00\x00"}, sigio.ErrCorrupt},
		{"a run of nothing", []string{magic + "\x00" + window + run(0, 0) + run(100, 0)}, sigio.ErrCorrupt},
		{"a reserved block", []string{magic + "\x00" + window + "\x0E\x00\x00" + run(100, 0)}, sigio.ErrCorrupt},
		{"more than the raw length", []string{magic + "\x00" + window + run(101, 0)}, sigio.ErrCorrupt},
		{"less than the raw length", []string{magic + "\x00" + window + run(99, 0)}, sigio.ErrCorrupt},
		{"a block that is cut off", []string{magic + "\x00" + window + run(100, 0), run(100, 0)[:3]}, sigio.ErrCorrupt},
		{"no block", []string{magic + "\x00" + window}, sigio.ErrCorrupt},
		{"two frames in a part", []string{magic + "\x00" + window + run(50, 0) + magic + "\x00" + window + run(50, 0)}, sigio.ErrCorrupt},
		{"a frame that did not begin", []string{run(100, 0)}, sigio.ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := stream(header).Control(frame.TagHistory, parameters)
			for _, p := range tt.parts {
				b.Light(uint8(strategy.Zstd), []byte(p), bytes.Repeat([]byte{'x'}, 100), continues)
			}
			_, err := io.ReadAll(sigio.NewReader(bytes.NewReader(b.End().Bytes())))
			require.ErrorIs(t, err, tt.want)
		})
	}
}

// TestIdleHistoryKeepsLittle: a long message leaves no long buffers behind.
func TestIdleHistoryKeepsLittle(t *testing.T) {
	const little = 8 << 10 // two buffers, beside the history
	for _, single := range []bool{false, true} {
		var stream bytes.Buffer
		w := sigio.NewWriter(&stream, sigio.WithHistory(sigio.MinHistory))
		opts := []sigio.ReaderOption{sigio.WithMaxChunk(sigio.MaxChunkSize)}
		if single {
			opts = append(opts, sigio.WithSingleStream())
		}
		r := sigio.NewReader(late{&stream}, opts...)
		for i, n := range []int{100, 70_000, 100, 3 << 20, 20_000, 100} {
			m := medley(uint64(i), n)
			_, err := w.Write(m)
			require.NoError(t, err)
			require.NoError(t, w.Flush())
			require.LessOrEqual(t, w.Stats().Memory, int64(little))
			got := make([]byte, n)
			_, err = io.ReadFull(r, got)
			require.NoError(t, err)
			requireSame(t, m, got)
			_, err = r.Read(got)
			requireIdentical(t, os.ErrDeadlineExceeded, err)
			require.LessOrEqual(t, r.Stats().Memory, int64(little))
		}
	}
}

// late is a connection on which nothing more comes in time.
type late struct{ io.Reader }

func (l late) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if err == io.EOF {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}
