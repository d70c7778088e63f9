package strategy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStoreIsTheBytes(t *testing.T) {
	src := noise(100)
	got, err := store{}.Encode(nil, src, Params{Limit: len(src)})
	require.NoError(t, err)
	require.Equal(t, src, got)
}

func BenchmarkStore(b *testing.B) {
	src := noise(1 << 20)
	dst := make([]byte, 0, len(src))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		_, _ = store{}.Encode(dst, src, Params{Limit: len(src)})
	}
}
