package sigio_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// TestReadFromReturnsItsSourcesError: it is not the Writer's, which goes on.
func TestReadFromReturnsItsSourcesError(t *testing.T) {
	content := medley(1, 200_000)
	want := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, c := range concurrencies {
		for _, given := range []int{0, 1, 5000} { // bytes beside the error
			var out sink
			w := sigio.NewWriter(&out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
			source := &spring{rest: content}
			source.on = func(call int, p []byte) (int, error) {
				if call%2 == 1 {
					return given, errReset
				}
				return min(len(p), 7000), nil
			}
			var taken int64
			for {
				n, err := w.ReadFrom(source)
				taken += n
				require.EqualValues(t, len(content)-len(source.rest), taken, "all that was taken is counted")
				if err == nil {
					break
				}
				requireIdentical(t, errReset, err)
			}
			require.NoError(t, w.Close())
			requireSame(t, want, out.Bytes(), c, given)
		}
	}
}

// TestSourceWithoutProgress: a source that gives neither bytes nor an error is
// given up, and one that counts wrong is not believed.
func TestSourceWithoutProgress(t *testing.T) {
	stream := write(prose(1, 1000)).seal(t)
	for _, c := range concurrencies {
		for _, single := range []bool{false, true} {
			opts := []sigio.ReaderOption{sigio.WithConcurrency(c)}
			if single {
				opts = append(opts, sigio.WithSingleStream())
			}
			empty := &spring{on: func(int, []byte) (int, error) { return 0, nil }}
			_, err := sigio.NewReader(empty, opts...).Read(make([]byte, 1))
			requireIdentical(t, io.ErrNoProgress, err)

			for _, count := range []int{-1, 1} {
				n, err := sigio.NewReader(liar{bytes.NewReader(stream), count}, opts...).Read(make([]byte, 1))
				require.Zero(t, n)
				require.Error(t, err)
				var verdict *sigio.StreamError
				require.NotErrorAs(t, err, &verdict, "a source's wrong count is no verdict on the stream (single %v, %+d)", single, count)
			}
		}
		w := sigio.NewWriter(io.Discard, sigio.WithConcurrency(c))
		n, err := w.ReadFrom(&spring{on: func(int, []byte) (int, error) { return 0, nil }})
		requireIdentical(t, io.ErrNoProgress, err)
		require.Zero(t, n)
		for _, count := range []int{-1, 1} {
			_, err = w.ReadFrom(liar{bytes.NewReader(stream), count})
			require.Error(t, err)
		}
		require.NoError(t, w.Close(), "the Writer is none the worse for it")
	}
}

// liar fills the slice and states a count outside of it.
type liar struct {
	src   io.Reader
	count int
}

func (l liar) Read(p []byte) (int, error) {
	if l.count < 0 {
		return l.count, nil
	}
	n, err := l.src.Read(p)
	if n == len(p) {
		n += l.count
	} else if n > 0 {
		n = len(p) + l.count
	}
	return n, err
}

// TestReaderGoesOnAfterASourcesError fails every k-th read.
func TestReaderGoesOnAfterASourcesError(t *testing.T) {
	alone(t)
	s := lifeScript()
	stream, content := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), s.content()
	for _, c := range concurrencies {
		for _, every := range []int{1, 2, 5} {
			for _, beside := range []int{0, 1, 100} { // bytes given beside the error
				if every == 1 && beside == 0 {
					continue // nothing would ever come
				}
				for _, whole := range []bool{false, true} { // read by WriteTo
					source := &spring{rest: stream}
					source.on = func(call int, p []byte) (int, error) {
						if call%every == every-1 && len(source.rest) > 0 {
							return beside, errReset
						}
						return min(len(p), 10_000), nil
					}
					r := sigio.NewReader(source, sigio.WithConcurrency(c))
					got, failures := readOn(t, r, whole, errReset, len(source.rest))
					requireSame(t, content, got, c, every, beside, whole)
					require.Positive(t, failures)
				}
			}
		}
	}
}

// readOn reads to the end and goes on after want, which must come through as
// it is. It returns the content and how often want came.
func readOn(t testing.TB, r *sigio.Reader, byWriteTo bool, want error, size int) (content []byte, failures int) {
	t.Helper()
	var b bytes.Buffer
	p := make([]byte, 1000)
	for {
		var n int64
		var err error
		if byWriteTo {
			before := b.Len()
			n, err = r.WriteTo(&b)
			require.EqualValues(t, b.Len()-before, n)
			if err == nil {
				return b.Bytes(), failures
			}
		} else {
			var k int
			k, err = r.Read(p)
			b.Write(p[:k])
		}
		if err == io.EOF {
			return b.Bytes(), failures
		}
		if err != nil {
			requireIdentical(t, want, err)
			if failures++; failures > 10*size {
				require.Fail(t, "no progress")
			}
		}
	}
}

// TestTruncationSticks: the end of the input within a stream is a verdict, not
// an error of the source, which may find more input later.
func TestTruncationSticks(t *testing.T) {
	stream := write(prose(1, 1000)).seal(t)
	for _, c := range concurrencies {
		source := &spring{rest: stream[:len(stream)-1]}
		r := sigio.NewReader(source, sigio.WithConcurrency(c))
		_, err := io.ReadAll(r)
		require.ErrorIs(t, err, sigio.ErrTruncated)
		source.rest = stream[len(stream)-1:]
		_, again := r.Read(make([]byte, 1))
		requireIdentical(t, err, again)
	}
}

func TestIotestReaders(t *testing.T) {
	alone(t)
	s := lifeScript()
	stream, content := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), s.content()
	for _, v := range []struct {
		name string
		wrap func(io.Reader) io.Reader
	}{
		{"plain", func(r io.Reader) io.Reader { return r }},
		{"one byte a call", iotest.OneByteReader},
		{"half of what is asked", iotest.HalfReader},
		{"end beside the last bytes", iotest.DataErrReader},
		{"one byte a call, end beside the last", func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) }},
	} {
		for _, c := range concurrencies {
			for _, opts := range [][]sigio.ReaderOption{
				{sigio.WithConcurrency(c)},
				{sigio.WithConcurrency(c), sigio.WithSingleStream()},
			} {
				r := sigio.NewReader(v.wrap(bytes.NewReader(stream)), opts...)
				require.NoError(t, iotest.TestReader(r, content), v.name)

				var out sink
				w := sigio.NewWriter(&out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
				n, err := w.ReadFrom(v.wrap(bytes.NewReader(content)))
				require.NoError(t, err, v.name)
				require.EqualValues(t, len(content), n)
				require.NoError(t, w.Close())
				requireSame(t, write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), out.Bytes(), v.name)
			}
		}
	}
}

func TestIotestErrors(t *testing.T) {
	stream, content := write(noise(1, 100_000)).seal(t), noise(1, 100_000)
	for _, c := range concurrencies {
		r := sigio.NewReader(iotest.TimeoutReader(bytes.NewReader(stream)), sigio.WithConcurrency(c))
		got, failures := readOn(t, r, false, iotest.ErrTimeout, len(stream))
		requireSame(t, content, got)
		require.Equal(t, 1, failures)

		r = sigio.NewReader(iotest.ErrReader(errReset), sigio.WithConcurrency(c))
		for range 3 {
			_, err := r.Read(make([]byte, 1))
			requireIdentical(t, errReset, err)
		}
		r = sigio.NewReader(iotest.ErrReader(io.ErrUnexpectedEOF), sigio.WithConcurrency(c))
		_, err := r.Read(make([]byte, 1))
		requireIdentical(t, io.ErrUnexpectedEOF, err, "the source's own, not our verdict")
	}
}
