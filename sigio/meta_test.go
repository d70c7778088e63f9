package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// TestMetadataDoesNotPileUp: records whose place has come are sent as they
// come, and those that wait are bounded, also when they are empty.
func TestMetadataDoesNotPileUp(t *testing.T) {
	record := make([]byte, 100_000)
	for _, c := range concurrencies {
		var out sink
		w := sigio.NewWriter(&out, sigio.WithConcurrency(c))
		require.NoError(t, write(prose(1, 1000)).play(w))
		require.NoError(t, w.Flush())
		for i := range 200 {
			require.NoError(t, w.WriteMeta(1, record))
			require.Less(t, w.Stats().Memory, int64(1<<20), i)
		}
		require.Greater(t, out.Len(), 190*len(record))
		require.NoError(t, w.Close())
		require.Len(t, unseal(t, out.Bytes()), 1000)

		w.Reset(&out)
		var err error
		accepted := 0
		for ; err == nil && accepted < 1<<20; accepted++ {
			err = w.WriteMeta(1, nil)
		}
		require.ErrorIs(t, err, sigio.ErrTooLarge)
		require.Greater(t, accepted, 10_000)
		require.Less(t, w.Stats().Memory, int64(2<<20))
		require.NoError(t, write(prose(1, 10)).play(w), "the refusal sticks")
	}
}

// TestMetadataFunctionCannotEndTheContent: whatever it returns, what was read
// so far is not taken for all there is.
func TestMetadataFunctionCannotEndTheContent(t *testing.T) {
	stream := script{{write: []byte("abc")}, {flush: true}, {meta: []byte("x")}, {write: []byte("def")}}.seal(t)
	own := errors.New("own")
	for _, c := range concurrencies {
		for _, cause := range []error{own, io.EOF, &sigio.StreamError{Err: sigio.ErrTooLarge}} {
			r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c),
				sigio.WithMeta(func(uint8, []byte) error { return cause }))
			content, err := io.ReadAll(r)
			require.Equal(t, "abc", string(content))
			require.Error(t, err)
			if cause != io.EOF {
				require.Same(t, cause, err)
			}
			_, again := r.Read(make([]byte, 1))
			require.Same(t, err, again)
		}
		for _, err := range sigio.Chunks(bytes.NewReader(stream), sigio.WithMeta(func(uint8, []byte) error { return own })) {
			if err != nil {
				require.Same(t, own, err)
			}
		}
	}
}
