package sigio_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/stretchr/testify/require"
)

// onceFailing fails before its first byte, once.
type onceFailing struct {
	io.Reader
	err error
}

func (f *onceFailing) Read(p []byte) (int, error) {
	if err := f.err; err != nil {
		f.err = nil
		return 0, err
	}
	return f.Reader.Read(p)
}

// TestVerdictOfTheSourceDoesNotStick: a source may itself be a Reader. Its
// verdicts are errors of the source, not ours.
func TestVerdictOfTheSourceDoesNotStick(t *testing.T) {
	stream := write(prose(1, 1000)).seal(t)
	for _, c := range concurrencies {
		cause := &sigio.StreamError{Err: sigio.ErrCorrupt}
		r := sigio.NewReader(&onceFailing{bytes.NewReader(stream), cause}, sigio.WithConcurrency(c))
		_, err := io.ReadAll(r)
		require.Same(t, cause, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		requireSame(t, prose(1, 1000), content)
	}
}

func TestZeroReaderAndWriterAreClosed(t *testing.T) {
	_, err := new(sigio.Reader).Read(make([]byte, 1))
	require.Equal(t, sigio.ErrClosed, err)
	_, err = new(sigio.Writer).Write(make([]byte, 1))
	require.Equal(t, sigio.ErrClosed, err)
}

// countingReader counts the calls that reach it.
type countingReader struct {
	io.Reader
	calls int
}

func (c *countingReader) Read(p []byte) (int, error) {
	c.calls++
	return c.Reader.Read(p)
}

// TestIndexIsNotReadByTheByte: an exact reader skips an index in blocks.
func TestIndexIsNotReadByTheByte(t *testing.T) {
	stream := new(frametest.Builder).
		Header(frame.Header{CapLog: frame.MinCapLog}).Stored("content").
		Index(make([]byte, 1<<20)).End().Bytes()
	source := &countingReader{Reader: bytes.NewReader(stream)}
	_, err := io.Copy(io.Discard, sigio.NewReader(source, sigio.WithSingleStream()))
	require.NoError(t, err)
	require.Less(t, source.calls, 1000)
}
