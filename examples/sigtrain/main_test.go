package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

func samples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "station=%d temperature=%d.%d humidity=%d%%\n", i%7, 10+i%13, i%10, 40+i%37)
	}
	return b.String()
}

// TestTrain: the codebook that is written is one, and serves for messages like
// the samples.
func TestTrain(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "lines"), filepath.Join(dir, "book")
	require.NoError(t, os.WriteFile(in, []byte(samples(500)), 0o600))
	var report bytes.Buffer
	require.NoError(t, run([]string{"-o", out, "-text", "1024", in}, nil, &report, io.Discard))
	require.Contains(t, report.String(), "from 404 messages")
	require.Contains(t, report.String(), "96 messages held back")
	require.Contains(t, report.String(), "each alone, codebook")

	form, err := os.ReadFile(out)
	require.NoError(t, err)
	book, err := glyph.Parse(form)
	require.NoError(t, err)
	require.Contains(t, report.String(), book.ID().String())
	_, held := split(lines([]byte(samples(500))))
	with, err := send(held, sigio.WithCodebook(book))
	require.NoError(t, err)
	without, err := send(held)
	require.NoError(t, err)
	require.Less(t, with*3, without*2)
}

func TestTrainOnFiles(t *testing.T) {
	dir := t.TempDir()
	names := []string{"-whole"}
	for i := range 10 {
		name := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(name, []byte(samples(3+i)), 0o600))
		names = append(names, name)
	}
	var report bytes.Buffer
	require.NoError(t, run(names, nil, &report, io.Discard))
	require.Contains(t, report.String(), "from 8 messages")
}

func TestTrainRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string // the defect
		args  []string
		stdin string
	}{
		{"no messages", nil, ""},
		{"too few", nil, samples(4)},
		{"no such file", []string{"does/not/exist"}, ""},
		{"text too long", []string{"-text", "70000"}, samples(100)},
		{"no such flag", []string{"-loud"}, samples(100)},
		{"nowhere to write", []string{"-o", "does/not/exist"}, samples(100)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Error(t, run(tt.args, strings.NewReader(tt.stdin), io.Discard, io.Discard))
		})
	}
}
