package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the command itself when a test starts it
// again, so that the tests see real exit codes.
func TestMain(m *testing.M) {
	if os.Getenv("SIGBENCH_RUN") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// ending is how a run ended.
type ending struct {
	code           int
	stdout, stderr string
}

func runIn(t *testing.T, dir string, args ...string) ending {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	// A program built with the race detector otherwise sleeps for a second
	// before it exits.
	c.Env = append(os.Environ(), "SIGBENCH_RUN=1", "GORACE=atexit_sleep_ms=0")
	var out, diag bytes.Buffer
	c.Stdout, c.Stderr = &out, &diag
	if err := c.Run(); c.ProcessState == nil {
		t.Fatal(err)
	}
	return ending{c.ProcessState.ExitCode(), out.String(), diag.String()}
}

// want fails the test unless the run ended with the code, having said all of
// the given things, or nothing at all, on stderr.
func (r ending) want(t *testing.T, code int, said ...string) {
	t.Helper()
	require.Equal(t, code, r.code, "stderr: %s", r.stderr)
	if len(said) == 0 {
		require.Empty(t, r.stderr)
	}
	for _, s := range said {
		require.Contains(t, r.stderr, s)
	}
}

var prose = bytes.Repeat([]byte("every output is decoded and compared, "), 500)

// folder makes files of two classes, one of them empty.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"text/prose": prose, "text/empty": nil, "zeros/z": make([]byte, 10_000),
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o644))
	}
	return dir
}

func TestExitCodes(t *testing.T) {
	dir := folder(t)
	for _, c := range []struct {
		args string
		code int
		said []string
	}{
		{"-n 1 -min 0 -heap=false -codecs lz4 text -q", exitFailed, []string{"-q: "}}, // flags stand before the names
		{"-h", exitOK, []string{"usage", "-codecs"}},
		{"-x", exitUsage, []string{"not defined: -x", "usage"}},
		{"", exitUsage, []string{"no file or folder"}},
		{"-n 0 text", exitUsage, []string{"-n"}},
		{"-min 2h text", exitUsage, []string{"-min"}},
		{"-codecs ( text", exitUsage, []string{"missing closing"}},
		{"-codecs brotli text", exitUsage, []string{"no codec matches", "zstd-best"}},
		{"-csv x -html x text", exitUsage, []string{"same file"}},
		{"-n 1 -min 0 -codecs lz4 missing", exitFailed, []string{"missing", "nothing to report"}},
		{"-n 1 -min 0 -codecs lz4 missing text", exitFailed, []string{"missing"}},
		{"-n 1 -min 0 -codecs lz4 -html no/where text", exitFailed, []string{"where"}},
		{"-n 1 -min 0 -codecs lz4 text/empty", exitOK, nil},
	} {
		t.Run(c.args, func(t *testing.T) {
			runIn(t, dir, strings.Fields(c.args)...).want(t, c.code, c.said...)
		})
	}
}

// TestUnreadableFile: it is an error with its name, and the others are
// measured all the same.
func TestUnreadableFile(t *testing.T) {
	dir := folder(t)
	secret := filepath.Join(dir, "text", "secret")
	require.NoError(t, os.WriteFile(secret, prose, 0))
	if f, err := os.Open(secret); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	r := runIn(t, dir, "-n", "1", "-min", "0", "-codecs", "lz4", ".")
	r.want(t, exitFailed, "secret")
	require.Contains(t, r.stdout, "zeros")
}

// TestClaims: the choice of strategies is checked only when asked for.
func TestClaims(t *testing.T) {
	dir := folder(t)
	r := runIn(t, dir, "-claims", "-heap=false", "-n", "1", "-min", "0", "-codecs", "sigma-default", ".")
	r.want(t, exitOK)
	require.Contains(t, r.stdout, "one strategy for all chunks")
	require.Regexp(t, `detection and choice of 2 chunks`, r.stdout)
	require.Regexp(t, `(?m)^ *zeros .* 100$`, r.stdout)
	r = runIn(t, dir, "-heap=false", "-n", "1", "-min", "0", "-codecs", "sigma-default", ".")
	require.NotContains(t, r.stdout, "one strategy")
}
