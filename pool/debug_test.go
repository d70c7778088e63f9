//go:build pooldebug

package pool

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const debugging = true

func TestDebug(t *testing.T) {
	var p Pool
	b := p.Get(10_000)
	p.Put(b)
	require.PanicsWithValue(t, "pool: buffer of 10960 bytes given back twice", func() { p.Put(b) })
	b[77] = 1
	require.PanicsWithValue(t, "pool: byte 77 of a buffer of 10960 was written after it was given back", func() { p.Get(10_000) })
}
