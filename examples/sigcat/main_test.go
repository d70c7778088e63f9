package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/sigio"
)

// TestMain makes the test binary the command itself when a test starts it
// again, so that the tests see real exit codes, pipes and signals.
func TestMain(m *testing.M) {
	if os.Getenv("SIGCAT_RUN") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command returns sigcat, ready to run in dir.
func command(dir string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	// A program built with the race detector otherwise sleeps for a second
	// before it exits.
	c.Env = append(os.Environ(), "SIGCAT_RUN=1", "GORACE=atexit_sleep_ms=0")
	return c
}

// result is how a run ended.
type result struct {
	code           int
	stdout, stderr string
}

func runIn(t *testing.T, dir string, stdin []byte, args ...string) result {
	t.Helper()
	return finish(t, command(dir, args...), stdin)
}

func finish(t *testing.T, c *exec.Cmd, stdin []byte) result {
	t.Helper()
	var out, diag bytes.Buffer
	if c.Stdin == nil {
		c.Stdin = bytes.NewReader(stdin)
	}
	if c.Stdout == nil {
		c.Stdout = &out
	}
	c.Stderr = &diag
	if err := c.Run(); c.ProcessState == nil {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), diag.String()}
}

// want fails the test unless the run ended with the code, having said all of
// the given things, or nothing at all, on stderr.
func (r result) want(t *testing.T, code int, said ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d; stderr: %s", r.code, code, r.stderr)
	}
	if len(said) == 0 && r.stderr != "" {
		t.Errorf("stderr is not empty: %s", r.stderr)
	}
	for _, s := range said {
		if !strings.Contains(r.stderr, s) {
			t.Errorf("stderr does not say %q: %s", s, r.stderr)
		}
	}
}

// sample makes n bytes of text with some noise in it.
func sample(n int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := bytes.Repeat([]byte("every chunk is checked before it is handed out, "), n/48+1)[:n]
	for i := 0; i < n; i += 1 + rng.IntN(40) {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// stream is what a Writer with the options makes of data.
func stream(t *testing.T, data []byte, opts ...sigio.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	z := sigio.NewWriter(&b, opts...)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files makes a directory with the given files.
func files(t *testing.T, content map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, b := range content {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wantFiles fails the test unless dir holds exactly these.
func wantFiles(t *testing.T, dir string, content map[string][]byte) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		want, ok := content[e.Name()]
		got, err := os.ReadFile(filepath.Join(dir, e.Name()))
		switch {
		case !ok:
			t.Errorf("there is an unexpected file %s", e.Name())
		case err != nil:
			t.Error(err)
		case !bytes.Equal(got, want):
			t.Errorf("%s has %d bytes that are not the %d expected", e.Name(), len(got), len(want))
		}
	}
	if len(entries) < len(content) {
		t.Errorf("%d files, want %d", len(entries), len(content))
	}
}
