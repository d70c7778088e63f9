package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestText(t *testing.T) {
	dir := write(t, "mixed.sigma", mixed(t))
	r := runIn(t, dir, nil, "-l", "mixed.sigma")
	r.want(t, exitOK)
	golden(t, "mixed.txt", r.stdout)

	piped := runIn(t, dir, mixed(t), "-l")
	require.Equal(t, strings.ReplaceAll(r.stdout, "mixed.sigma:", "stdin:"), piped.stdout)
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestColour: colours add nothing that the letters don't say.
func TestColour(t *testing.T) {
	plain := runIn(t, "", mixed(t), "-color", "never")
	coloured := runIn(t, "", mixed(t), "-color", "always")
	require.NotEqual(t, plain.stdout, coloured.stdout)
	require.Equal(t, plain.stdout, colour.ReplaceAllString(coloured.stdout, ""))
	require.Equal(t, plain, runIn(t, "", mixed(t)), "a pipe gets colours")
}

// TestEmpty: streams without content are sound.
func TestEmpty(t *testing.T) {
	r := runIn(t, "", stream(t, nil))
	r.want(t, exitOK)
	require.Contains(t, r.stdout, "stdin: no chunks, 0 bytes in 21, ratio -\n")
}

// TestDamage: what can be read up to the damage is shown, then where it is.
func TestDamage(t *testing.T) {
	data := mixed(t)
	flipped := bytes.Clone(data)
	flipped[30_000] ^= 0x10
	later := bytes.Clone(data)
	later[66_500] ^= 1 // beyond the first chunk and the second's few bytes
	for _, c := range []struct {
		name   string
		stream []byte
		said   string // on stderr
		shown  string // on stdout
	}{
		{"nothing", nil, "truncated", "no chunks"},
		{"something else", []byte("PK\x03\x04 is another format"), "corrupt", "no chunks"},
		{"cut in the first chunk", data[:1000], "truncated", "no chunks"},
		{"cut later", data[:66_500], "truncated", "4 chunks"},
		{"without the end", data[:len(data)-1], "truncated", "2 streams, 8 chunks"},
		{"content of the first chunk", flipped, "content fails its check (chunk 0, offset 16)", "0  !\n"},
		{"content later", later, "corrupt", "0  SRss!\n"},
		{"junk behind", append(data[:len(data):len(data)], "junk"...), "junk", "2 streams, 8 chunks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runIn(t, "", c.stream)
			r.want(t, exitFailed, "siginspect: stdin: sigio: ", c.said)
			require.Equal(t, 1, strings.Count(r.stderr, "\n"))
			require.Contains(t, r.stdout, c.shown)
		})
	}
}

// TestMissingStrategy: the headers tell most of it, and the name is harmless.
func TestMissingStrategy(t *testing.T) {
	r := runIn(t, "", plugged(t), "-l")
	r.want(t, exitFailed, "unsupported", "is missing (chunk 1,")
	golden(t, "plugged.txt", r.stdout)
}

// TestBehindAMissingStrategy: of a file that is whole, what stands behind the
// chunks that cannot be decoded is looked at.
func TestBehindAMissingStrategy(t *testing.T) {
	data := append(stream(t, []part{
		{bytes.Repeat([]byte("p"), 64<<10), false}, {make([]byte, 64<<10), true}, {bytes.Repeat([]byte("p"), 64<<10), true}, {make([]byte, 64<<10), false},
	}), mixed(t)...)
	const all, some = "it is the strategy in the stream for 6 of 10 chunks", "selector"
	r := runIn(t, write(t, "whole.sigma", data), nil, "whole.sigma")
	r.want(t, exitFailed, "unsupported", "is missing (chunk 0,")
	require.Contains(t, r.stdout, all)
	for name, torn := range map[string]result{
		"torn":   runIn(t, write(t, "torn.sigma", data[:len(data)-1]), nil, "torn.sigma"),
		"a pipe": runIn(t, "", data),
	} {
		torn.want(t, exitFailed, "sigio: ")
		require.NotContains(t, torn.stdout, some, name)
		require.Contains(t, torn.stdout, "3 streams, 12 chunks", name)
	}
}

// TestTransportChecks: streams whose checks are left to the transport can be
// looked at, too.
func TestTransportChecks(t *testing.T) {
	data := stream(t, []part{{[]byte("one"), true}, {[]byte("two"), true}}, sigio.WithTransportChecks())
	r := runIn(t, "", data)
	r.want(t, exitOK)
	require.Contains(t, r.stdout, "light chunks             2\n")
}
