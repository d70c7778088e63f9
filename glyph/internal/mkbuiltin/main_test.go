package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBuiltinIsReproducible: the samples give exactly the codebook that is
// built in.
func TestBuiltinIsReproducible(t *testing.T) {
	out := filepath.Join(t.TempDir(), "builtin.bin")
	require.NoError(t, build(out, "samples"))
	want, err := os.ReadFile("../../builtin.bin")
	require.NoError(t, err)
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
