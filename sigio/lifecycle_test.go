package sigio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/strategy"
)

// The rules of a Writer's and a Reader's life: what each call returns in each
// state, what reaches the wrapped stream, and what is left behind.

// requireIdentical holds an error to be the very value, not one like it.
func requireIdentical(t testing.TB, want, got error, msg ...any) {
	t.Helper()
	if want != got {
		require.Failf(t, "not the identical error", "want %#v\ngot  %#v\n%v", want, got, fmt.Sprint(msg...))
	}
}

// requireStuck holds a Writer to return err from every method, and to leave
// the sink alone.
func requireStuck(t testing.TB, w *sigio.Writer, out *sink, err error) {
	t.Helper()
	calls, written := out.calls, out.Len()
	_, got := w.Write([]byte("more"))
	requireIdentical(t, err, got, "Write")
	_, got = w.Write(nil)
	requireIdentical(t, err, got, "Write of nothing")
	_, got = w.ReadFrom(bytes.NewReader([]byte("more")))
	requireIdentical(t, err, got, "ReadFrom")
	requireIdentical(t, err, w.Flush(), "Flush")
	requireIdentical(t, err, w.WriteMeta(1, nil), "WriteMeta")
	requireIdentical(t, err, w.Close(), "Close")
	requireIdentical(t, err, w.Close(), "second Close")
	requireClosed(t, w)
	require.Equal(t, calls, out.calls, "calls of the sink behind its fatal error")
	require.Equal(t, written, out.Len())
}

// requireClosed holds every method that adds something to return ErrClosed.
func requireClosed(t testing.TB, w *sigio.Writer) {
	t.Helper()
	n, err := w.Write([]byte("more"))
	requireIdentical(t, sigio.ErrClosed, err, "Write")
	require.Zero(t, n)
	_, err = w.Write(nil)
	requireIdentical(t, sigio.ErrClosed, err, "Write of nothing")
	taken, err := w.ReadFrom(iotest.ErrReader(errUntouched))
	requireIdentical(t, sigio.ErrClosed, err, "ReadFrom")
	require.Zero(t, taken)
	requireIdentical(t, sigio.ErrClosed, w.Flush(), "Flush")
	requireIdentical(t, sigio.ErrClosed, w.WriteMeta(1, nil), "WriteMeta")
}

var errUntouched = errors.New("the wrapped stream was touched")

// requireBadOption holds a bad option to be the error of the first call,
// whichever it is, and of all later ones. The functions make the option; one
// of them may be nil.
func requireBadOption[W sigio.WriterOption, R sigio.ReaderOption](t *testing.T, forWriter func() W, forReader func() R) {
	t.Helper()
	if forWriter != nil {
		calls := map[string]func(*sigio.Writer) error{
			"Write":     func(w *sigio.Writer) error { _, err := w.Write([]byte("a")); return err },
			"Write nil": func(w *sigio.Writer) error { _, err := w.Write(nil); return err },
			"ReadFrom":  func(w *sigio.Writer) error { _, err := w.ReadFrom(iotest.ErrReader(errUntouched)); return err },
			"Flush":     (*sigio.Writer).Flush,
			"WriteMeta": func(w *sigio.Writer) error { return w.WriteMeta(1, nil) },
			"Close":     (*sigio.Writer).Close,
		}
		for name, call := range calls {
			var out sink
			w := sigio.NewWriter(&out, forWriter())
			err := call(w)
			require.Error(t, err, name)
			require.NotErrorIs(t, err, sigio.ErrClosed, name)
			if name != "Close" {
				requireStuck(t, w, &out, err)
			}
			requireIdentical(t, err, w.Close(), name)
			w.Reset(&out)
			err = call(w)
			require.Error(t, err, "a Reset mends no option: ", name)
			require.NotErrorIs(t, err, sigio.ErrClosed, name)
			require.Zero(t, out.calls, name)
		}
	}
	if forReader != nil {
		source := &spring{rest: write([]byte("content")).seal(t)}
		r := sigio.NewReader(source, forReader())
		n, first := r.Read(make([]byte, 10))
		require.Error(t, first)
		require.Zero(t, n)
		_, err := r.WriteTo(io.Discard)
		requireIdentical(t, first, err, "WriteTo")
		r.Reset(source)
		_, err = r.WriteTo(io.Discard)
		require.Error(t, err, "a Reset mends no option")
		for _, err := range sigio.Chunks(source, forReader()) {
			require.Error(t, err)
		}
		require.Zero(t, source.calls)
	}
}

func TestBadOptions(t *testing.T) {
	type w = sigio.WriterOption
	type r = sigio.ReaderOption
	for _, v := range []struct {
		name   string
		writer w
		reader r
	}{
		{"no concurrency", sigio.WithConcurrency(0), sigio.WithConcurrency(0)},
		{"negative concurrency", sigio.WithConcurrency(-1), sigio.WithConcurrency(-1)},
		{"concurrency by a slip of the pen", sigio.WithConcurrency(1 << 20), sigio.WithConcurrency(1 << 20)},
		{"chunk below the smallest", sigio.WithChunkSize(sigio.MinChunkSize - 1), nil},
		{"chunk above the largest", sigio.WithChunkSize(sigio.MaxChunkSize + 1), nil},
		{"negative chunk", sigio.WithChunkSize(-1), nil},
		{"level below the fastest", sigio.WithLevel(sigio.LevelFastest - 1), nil},
		{"level above the best", sigio.WithLevel(sigio.LevelBest + 1), nil},
		{"no selector", sigio.WithSelector(nil), nil},
		{"no chunk admitted", nil, sigio.WithMaxChunk(0)},
		{"negative output", nil, sigio.WithMaxOutput(-1)},
	} {
		t.Run(v.name, func(t *testing.T) {
			var forWriter func() w
			var forReader func() r
			if v.writer != nil {
				forWriter = func() w { return v.writer }
			}
			if v.reader != nil {
				forReader = func() r { return v.reader }
			}
			requireBadOption(t, forWriter, forReader)
		})
	}
}

// lifeScript makes use of every method. With chunks of 64 KiB it leads to
// some twenty writes.
func lifeScript() script {
	s := script{
		{meta: []byte("before all")},
		{write: prose(1, 100)}, {flush: true},
		{write: noise(2, 150_000)},
		{meta: []byte("within")},
		{from: measurements(3, 90_000)}, {flush: true},
		{write: medley(4, 2*sigio.MinChunkSize)}, {flush: true},
		{meta: []byte("behind a flush")}, {flush: true},
		{from: noise(5, 70_000)},
	}
	s = append(s, messages(prose(6, 2000), 200, 1)...)
	return append(s, act{write: noise(7, 100_000)})
}

var (
	errNoSpace = &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	errReset   = &fs.PathError{Op: "read", Path: "peer", Err: syscall.ECONNRESET}
)

// TestWriterKeepsTheFirstFatalError fails the k-th write for every k, and for
// every third in a short run.
func TestWriterKeepsTheFirstFatalError(t *testing.T) {
	s, plainly := lifeScript(), sigio.WithSelector(always(strategy.Store)) // the encoding does not matter
	whole := s.seal(t, plainly, sigio.WithChunkSize(sigio.MinChunkSize))
	step := 1
	if testing.Short() {
		step = 3
	}
	for _, v := range []struct {
		name string
		want error // nil: any but a verdict on a stream
		fail func(p []byte) (int, error)
	}{
		{"full disk, nothing taken", errNoSpace, func([]byte) (int, error) { return 0, errNoSpace }},
		{"full disk, a part taken", errNoSpace, func(p []byte) (int, error) { return len(p) / 2, errNoSpace }},
		{"full disk, all taken", errNoSpace, func(p []byte) (int, error) { return len(p), errNoSpace }},
		{"short write without an error", io.ErrShortWrite, func(p []byte) (int, error) { return len(p) - 1, nil }},
		{"nothing written without an error", io.ErrShortWrite, func([]byte) (int, error) { return 0, nil }},
		{"negative count", nil, func([]byte) (int, error) { return -1, nil }},
		{"count of more than there was", nil, func(p []byte) (int, error) { return len(p) + 1, nil }},
		{"count of more than there was beside an error", nil, func(p []byte) (int, error) { return len(p) + 1, errNoSpace }},
	} {
		for _, c := range concurrencies {
			t.Run(fmt.Sprintf("%s/%d", v.name, c), func(t *testing.T) {
				before := runtime.NumGoroutine()
				w := sigio.NewWriter(nil, plainly, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
				for k := 0; ; k += step {
					out := &sink{}
					out.on = func(call int, p []byte) (int, error) {
						if call == k {
							return v.fail(p)
						}
						return len(p), nil
					}
					w.Reset(out)
					var err error
					for i := 0; err == nil && i < len(s); i++ {
						err = s[i].play(w)
					}
					if err == nil {
						err = w.Close()
					}
					if out.calls <= k { // never got that far
						require.NoError(t, err)
						requireSame(t, whole, out.Bytes())
						require.Greater(t, k, 10, "writes that could fail")
						break
					}
					require.Error(t, err, k)
					if v.want != nil {
						requireIdentical(t, v.want, err)
					}
					var verdict *sigio.StreamError
					require.NotErrorAs(t, err, &verdict)
					require.Equal(t, k+1, out.calls)
					require.True(t, bytes.HasPrefix(whole, out.Bytes()), "what reached the sink is a prefix of the stream")
					if w.Flush() == sigio.ErrClosed { // it was Close that failed
						requireIdentical(t, err, w.Close())
						requireClosed(t, w)
						require.Equal(t, k+1, out.calls)
					} else {
						requireStuck(t, w, out, err)
					}
				}
				leaktest.Goroutines(t, before)
			})
		}
	}
}

// TestFullDevice: the same with a real device.
func TestFullDevice(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is always full:", err)
	}
	defer f.Close()
	for _, c := range concurrencies {
		w := sigio.NewWriter(f, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
		err = lifeScript().play(w)
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.IsType(t, &fs.PathError{}, errors.Unwrap(err), "the device's own error, unwrapped")
		requireIdentical(t, errors.Unwrap(err), w.Close())
	}
}

func TestWriterAfterClose(t *testing.T) {
	for _, c := range concurrencies {
		var out sink
		w := sigio.NewWriter(&out, sigio.WithConcurrency(c))
		require.NoError(t, write(prose(1, 1000)).play(w))
		require.NoError(t, w.Close())
		calls := out.calls
		for range 3 {
			require.NoError(t, w.Close())
			requireClosed(t, w)
		}
		require.Equal(t, calls, out.calls, "a second Close writes nothing")
		require.Zero(t, w.Stats().Memory)
	}
}

func TestReaderAfterClose(t *testing.T) {
	stream := write(medley(1, 300_000)).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, c := range concurrencies {
		for _, read := range []int{0, 1, 100_000} {
			before := runtime.NumGoroutine()
			source := &spring{rest: stream}
			r := sigio.NewReader(source, sigio.WithConcurrency(c))
			_, err := io.ReadFull(r, make([]byte, read))
			require.NoError(t, err)
			calls := source.calls
			for range 2 {
				require.NoError(t, r.Close())
				_, err = r.Read(make([]byte, 1))
				requireIdentical(t, sigio.ErrClosed, err, "Read")
				n, err := r.WriteTo(io.Discard)
				requireIdentical(t, sigio.ErrClosed, err, "WriteTo")
				require.Zero(t, n)
			}
			require.Equal(t, calls, source.calls)
			require.Zero(t, r.Stats().Memory)
			require.Zero(t, r.Stats().Buffered)
			leaktest.Goroutines(t, before)
			r.Reset(bytes.NewReader(stream))
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			requireSame(t, medley(1, 300_000), got, "after a Reset")
		}
	}
}

func TestNilUntilReset(t *testing.T) {
	stream := write([]byte("content")).seal(t)
	w := sigio.NewWriter(nil)
	requireClosed(t, w)
	require.NoError(t, w.Close(), "there is nothing to seal")
	var out sink
	w.Reset(&out)
	require.NoError(t, write([]byte("content")).play(w))
	w.Reset(nil)
	requireClosed(t, w)
	require.NoError(t, w.Close())
	require.Zero(t, out.calls, "Reset(nil) discards")
	w.Reset(&out)
	require.NoError(t, write([]byte("content")).play(w))
	require.NoError(t, w.Close())
	requireSame(t, stream, out.Bytes())

	r := sigio.NewReader(nil)
	for range 2 {
		_, err := r.Read(make([]byte, 1))
		requireIdentical(t, sigio.ErrClosed, err)
		_, err = r.WriteTo(io.Discard)
		requireIdentical(t, sigio.ErrClosed, err)
		r.Reset(bytes.NewReader(stream))
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "content", string(got))
		r.Reset(nil)
	}
}

// closer is a wrapped stream that must not be closed.
type closer struct {
	io.ReadWriter
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestCloseLeavesTheWrappedStreamOpen(t *testing.T) {
	for _, c := range concurrencies {
		wrapped := &closer{ReadWriter: &bytes.Buffer{}}
		w := sigio.NewWriter(wrapped, sigio.WithConcurrency(c))
		require.NoError(t, write(prose(1, 100)).play(w))
		require.NoError(t, w.Close())
		w.Reset(nil)
		r := sigio.NewReader(wrapped, sigio.WithConcurrency(c))
		_, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		r.Reset(nil)
		require.False(t, wrapped.closed)
	}
}

// TestNothingIsWrittenWithoutNeed: making a Writer and flushing nothing leave
// no trace.
func TestNothingIsWrittenWithoutNeed(t *testing.T) {
	for _, c := range concurrencies {
		var out sink
		w := sigio.NewWriter(&out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
		idle := func(what string) {
			t.Helper()
			calls := out.calls
			for range 3 {
				require.NoError(t, w.Flush(), what)
				_, err := w.Write(nil)
				require.NoError(t, err, what)
				n, err := w.ReadFrom(bytes.NewReader(nil))
				require.NoError(t, err, what)
				require.Zero(t, n)
			}
			require.Equal(t, calls, out.calls, what)
		}
		idle("new")
		require.Zero(t, out.calls)
		require.NoError(t, w.WriteMeta(1, []byte("waits for the header")))
		idle("metadata before any content")
		require.Zero(t, out.calls)
		require.NoError(t, messages(prose(1, 100), 100).play(w))
		require.Equal(t, 1, out.calls, "one Flush, one write")
		idle("flushed")
		require.NoError(t, messages(prose(1, 3*sigio.MinChunkSize), 3*sigio.MinChunkSize).play(w))
		idle("flushed at the end of a block")
		require.NoError(t, w.Close())
		require.Len(t, chunksOf(t, out.Bytes()), 4)
	}
}

func TestEmptyStream(t *testing.T) {
	for _, c := range concurrencies {
		for _, v := range []struct {
			name   string
			script script
		}{
			{"nothing", nil},
			{"flushes", script{{flush: true}, {flush: true}}},
			{"empty writes", script{{write: []byte{}}, {from: []byte{}}, {flush: true}}},
		} {
			stream := v.script.seal(t, sigio.WithConcurrency(c))
			require.Len(t, stream, 21, v.name)
			require.Empty(t, unseal(t, stream, sigio.WithConcurrency(c)))
			require.Empty(t, unseal(t, bytes.Repeat(stream, 100), sigio.WithConcurrency(c)), "a hundred of them")
			require.Empty(t, chunksOf(t, stream))
		}
		_, err := io.ReadAll(sigio.NewReader(bytes.NewReader(nil), sigio.WithConcurrency(c)))
		require.ErrorIs(t, err, sigio.ErrTruncated, "empty input is not an empty stream")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}
