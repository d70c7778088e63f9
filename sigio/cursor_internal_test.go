package sigio

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// TestMeasureWantsAllSound: what looks like a short stream but for its content
// is none.
func TestMeasureWantsAllSound(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	_, err := w.Write([]byte("Sigma."))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	cfg := defaults()
	measure := func(b []byte) (int64, error) {
		return newCursor(&cfg, bytes.NewReader(b), int64(len(b))).measure()
	}
	n, err := measure(out.Bytes())
	require.NoError(t, err)
	require.EqualValues(t, 6, n)
	for at := range out.Len() {
		b := bytes.Clone(out.Bytes())
		b[at] ^= 1
		_, err = measure(b)
		require.Error(t, err, "byte %d is damaged", at)
	}
	clear(out.Bytes()[out.Len()-4:])
	b := out.Bytes()
	b[20] ^= 1
	_, err = measure(b)
	require.Error(t, err, "any end is as good where the content is not decoded")
}

// TestJumpTakesNamesOfItsOwn: those of one call are not changed by another that
// comes to a further stream.
func TestJumpTakesNamesOfItsOwn(t *testing.T) {
	cfg := defaults()
	c := newCursor(&cfg, bytes.NewReader(nil), 0)
	names := []frame.StrategyName{{ID: 128, Name: "first"}}
	c.jump(spot{at: 100, start: 16}, &streamMap{}, names)
	s := &c.z.walker.state
	require.Equal(t, names, s.names)
	s.names = append(s.names[:0], frame.StrategyName{ID: 128, Name: "another"}) // as at a header
	require.Equal(t, "first", names[0].Name)
}
