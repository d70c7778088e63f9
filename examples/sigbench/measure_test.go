package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCodecsKeepGoing: every codec takes one file after another, empty and
// long ones too.
func TestCodecsKeepGoing(t *testing.T) {
	long := bytes.Repeat(prose, 200)
	for _, c := range allCodecs() {
		t.Run(c.name, func(t *testing.T) {
			e, err := c.newEncoder()
			require.NoError(t, err)
			d, err := c.newDecoder()
			require.NoError(t, err)
			for _, data := range [][]byte{prose, nil, {1}, long, prose} {
				var encoded, decoded sink
				require.NoError(t, e(&encoded, bytes.NewReader(data)))
				require.NoError(t, d(&decoded, bytes.NewReader(encoded.b)))
				require.True(t, bytes.Equal(data, decoded.b))
			}
		})
	}
}

func copying(dst io.Writer, src io.Reader) error {
	_, err := io.Copy(dst, src)
	return err
}

// changing is a codec's half that copies what change makes of the content.
func changing(change func([]byte) []byte) func(io.Writer, io.Reader) error {
	return func(dst io.Writer, src io.Reader) error {
		content, err := io.ReadAll(src)
		if err != nil {
			return err
		}
		return copying(dst, bytes.NewReader(change(content)))
	}
}

// faulty is a codec that does as it is told.
func faulty(name string, e encode, d decode) codec {
	return codec{name, "faulty",
		func() (encode, error) { return e, nil },
		func() (decode, error) { return d, nil }}
}

// TestEveryOutputIsVerified: a codec that changes a byte, or fails, is told by
// its name and the file's, and has no result.
func TestEveryOutputIsVerified(t *testing.T) {
	broken := errors.New("broken")
	fails := func(io.Writer, io.Reader) error { return broken }
	codecs := []codec{
		faulty("sound", copying, copying),
		faulty("liar", copying, changing(func(b []byte) []byte { b[len(b)/2]++; return b })),
		faulty("miser", copying, changing(func(b []byte) []byte { return b[1:] })),
		faulty("cannot encode", fails, copying),
		faulty("cannot decode", copying, fails),
	}
	b, err := newBench(codecs, 2, 0)
	require.NoError(t, err)
	path := filepath.Join(folder(t), "text", "prose")
	results, err := b.run(t.Context(), []input{{path, "text", int64(len(prose))}}, func(int) {})
	require.Len(t, results, 1)
	require.Zero(t, results[0].codec)
	require.EqualValues(t, len(prose), results[0].encoded)
	require.ErrorIs(t, err, errDiffers)
	require.ErrorIs(t, err, broken)
	for _, c := range codecs[1:] {
		require.ErrorContains(t, err, path+": "+c.name)
	}
}

// TestInterrupt: it leaves no results.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b, err := newBench(allCodecs(), 1, 0)
	require.NoError(t, err)
	path := filepath.Join(folder(t), "text", "prose")
	results, err := b.run(ctx, []input{{path, "text", 1}, {path, "text", 1}}, func(int) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, results)
}

// TestHeapPass: a codec that takes a megabyte is seen to do so.
func TestHeapPass(t *testing.T) {
	const taken = 1 << 20
	greedy := changing(func(b []byte) []byte { return append(bytes.Repeat(b[:1], taken)[:0], b...) })
	path := filepath.Join(folder(t), "text", "prose")
	peaks, err := heapPass(t.Context(), []codec{faulty("greedy", greedy, greedy)},
		[]input{{path, "text", int64(len(prose))}, {"missing", "text", 1}}, func(int) {})
	require.NoError(t, err)
	require.Len(t, peaks, 1)
	require.GreaterOrEqual(t, peaks[0].compress, int64(taken))
	require.GreaterOrEqual(t, peaks[0].decompress, int64(taken))
}

func TestFind(t *testing.T) {
	dir := folder(t)
	found, err := find([]string{dir, filepath.Join(dir, "zeros", "z")})
	require.NoError(t, err)
	var got []string
	for _, in := range found {
		got = append(got, in.class+"/"+filepath.Base(in.path))
	}
	require.Equal(t, []string{"text/empty", "text/prose", "zeros/z", "zeros/z"}, got)

	found, err = find([]string{"missing", dir})
	require.ErrorContains(t, err, "missing")
	require.Len(t, found, 3)
}

// TestFindFollowsLinks that were named, and no others.
func TestFindFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(folder(t), "text"), link); err != nil {
		t.Skip(err)
	}
	found, err := find([]string{link, filepath.Join(link, "prose")})
	require.NoError(t, err)
	require.Len(t, found, 3)
	require.Equal(t, filepath.Join(link, "empty"), found[0].path)
	found, err = find([]string{dir})
	require.NoError(t, err)
	require.Empty(t, found)
}
