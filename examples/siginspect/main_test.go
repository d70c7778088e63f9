package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the command itself when a test starts it
// again, so that the tests see real exit codes and pipes.
func TestMain(m *testing.M) {
	if os.Getenv("SIGINSPECT_RUN") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// result is how a run ended.
type result struct {
	code           int
	stdout, stderr string
}

func runIn(t *testing.T, dir string, stdin []byte, args ...string) result {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	// A program built with the race detector otherwise sleeps for a second
	// before it exits.
	c.Env = append(os.Environ(), "SIGINSPECT_RUN=1", "GORACE=atexit_sleep_ms=0")
	var out, diag bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(stdin), &out, &diag
	if err := c.Run(); c.ProcessState == nil {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), diag.String()}
}

// want fails the test unless the run ended with the code, having said all of
// the given things, or nothing at all, on stderr.
func (r result) want(t *testing.T, code int, said ...string) {
	t.Helper()
	require.Equal(t, code, r.code, "stderr: %s", r.stderr)
	if len(said) == 0 {
		require.Empty(t, r.stderr)
	}
	for _, s := range said {
		require.Contains(t, r.stderr, s)
	}
}

// fixed chooses by the first byte, so that the streams of the tests do not
// depend on what the detector thinks.
type fixed struct{}

func (fixed) Select(in strategy.Input) strategy.Choice {
	switch in.Chunk[0] {
	case 0:
		return strategy.Choice{ID: strategy.RunLength}
	case 'p':
		return strategy.Choice{ID: hostile{}.ID()}
	}
	return strategy.Choice{ID: strategy.Store}
}

// hostile is a strategy that siginspect lacks, and whose name attacks pages.
type hostile struct{}

func (hostile) ID() strategy.ID { return strategy.FirstPrivate + 7 }
func (hostile) Name() string    { return `</script><img/src=x/onerror=alert(1)>'"&{{.}}` }
func (hostile) Encode(dst, src []byte, _ strategy.Params) ([]byte, error) {
	return append(dst, src[0]), nil
}
func (hostile) Decode(dst, src []byte, n int) ([]byte, error) {
	return append(dst, bytes.Repeat(src, n)...), nil
}

// part is what is written at once.
type part struct {
	data  []byte
	flush bool
}

func stream(t *testing.T, parts []part, opts ...sigio.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	z := sigio.NewWriter(&b, append([]sigio.WriterOption{sigio.WithChunkSize(64 << 10), sigio.WithSelector(fixed{}),
		sigio.WithStrategies(strategy.Default().With(hostile{}))}, opts...)...)
	for _, p := range parts {
		_, err := z.Write(p.data)
		require.NoError(t, err)
		if p.flush {
			require.NoError(t, z.Flush())
		}
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// mixed has every kind of chunk but plug-ins', and a short stream behind it.
func mixed(t *testing.T) []byte {
	return append(stream(t, []part{
		{bytes.Repeat([]byte{1}, 64<<10), false},
		{make([]byte, 64<<10), false},
		{[]byte("a message"), true},
		{[]byte("another message"), true},
		{bytes.Repeat([]byte{2, 3}, 10_000), true},
		{make([]byte, 100_000), false},
	}), stream(t, []part{{[]byte{42}, false}})...)
}

// plugged has chunks of a strategy that is missing, behind one that is not.
func plugged(t *testing.T) []byte {
	return stream(t, []part{{make([]byte, 64<<10), true}, {bytes.Repeat([]byte("p"), 200_000), false}})
}

func write(t *testing.T, name string, data []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	return dir
}

func TestExitCodes(t *testing.T) {
	good := mixed(t)
	for _, c := range []struct {
		args string
		code int
		said []string
	}{
		{"", exitOK, nil},
		{"-", exitOK, nil},
		{"-l -level best -color never", exitOK, nil},
		{"-q -html x.html", exitOK, nil},
		{"-h", exitOK, []string{"usage", "-html"}},
		{"-x", exitUsage, []string{"not defined: -x", "usage"}},
		{"-level worst", exitUsage, []string{"unknown level"}},
		{"-color red", exitUsage, []string{"auto, always or never"}},
		{"-q", exitUsage, []string{"tell nothing"}},
		{"-q -l -html x", exitUsage, []string{"exclude"}},
		{"a b", exitUsage, []string{"one input"}},
		{"missing", exitFailed, []string{"missing"}},
		{".", exitFailed, []string{"directory"}},
		{"-html no/where", exitFailed, []string{"where"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			runIn(t, t.TempDir(), good, strings.Fields(c.args)...).want(t, c.code, c.said...)
		})
	}
}

// TestPageAppearsComplete: nothing else is left in the folder, and a page that
// was there is replaced.
func TestPageAppearsComplete(t *testing.T) {
	dir := write(t, "page.html", []byte("old"))
	runIn(t, dir, mixed(t), "-q", "-html", "page.html").want(t, exitOK)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	page, err := os.ReadFile(filepath.Join(dir, "page.html"))
	require.NoError(t, err)
	require.True(t, bytes.HasSuffix(bytes.TrimSpace(page), []byte("</html>")))
}
