package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// foreign is a strategy that sigcat lacks.
type foreign struct{}

func (foreign) ID() strategy.ID { return strategy.FirstPrivate }
func (foreign) Name() string    { return "foreign" }
func (foreign) Encode(dst, src []byte, _ strategy.Params) ([]byte, error) {
	return append(dst, src[0]), nil
}
func (foreign) Decode(dst, src []byte, n int) ([]byte, error) {
	return append(dst, bytes.Repeat(src, n)...), nil
}

// Select chooses it for everything.
func (foreign) Select(strategy.Input) strategy.Choice {
	return strategy.Choice{ID: strategy.FirstPrivate}
}

// TestBadStreams: every kind of bad input is told by -t, and leaves nothing
// but verified bytes on stdout and no file anywhere.
func TestBadStreams(t *testing.T) {
	data := sample(300_000)
	good := stream(t, data, sigio.WithChunkSize(64<<10))
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 0x10
	for _, c := range []struct {
		name, said string
		stream     []byte
	}{
		{"empty", "truncated", nil},
		{"within the header", "truncated", good[:9]},
		{"half", "truncated", good[:len(good)/2]},
		{"without its end", "truncated", good[:len(good)-1]},
		{"flipped bit", "corrupt", flipped},
		{"junk behind", "corrupt", append(good[:len(good):len(good)], "junk"...)},
		{"half a stream behind", "truncated", append(good[:len(good):len(good)], good[:1000]...)},
		{"something else", "corrupt", []byte("PK\x03\x04 is another format")},
		{"needs a strategy", "unsupported", stream(t, data, sigio.WithStrategies(strategy.Default().With(foreign{})), sigio.WithSelector(foreign{}))},
		{"leaves checks out", "unsupported", stream(t, data, sigio.WithTransportChecks())},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := contents{"bad.sigma": c.stream}
			dir := files(t, before)
			r := runIn(t, dir, nil, "-t", "bad.sigma")
			r.want(t, exitVerdict, "sigcat: bad.sigma: ", c.said)
			if r.stdout != "" || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("-t says %q and %q", r.stdout, r.stderr)
			}
			if c.name != "needs a strategy" && !strings.Contains(r.stderr, "offset ") {
				t.Errorf("-t does not say where: %s", r.stderr)
			}
			runIn(t, dir, nil, "-d", "bad.sigma").want(t, exitVerdict, c.said)
			runIn(t, dir, nil, "-d", "-f", "-o", "x", "bad.sigma").want(t, exitVerdict, c.said)
			wantFiles(t, dir, before)

			r = runIn(t, dir, c.stream, "-d")
			r.want(t, exitVerdict, "sigcat: stdin: ", c.said)
			if twice := string(data) + string(data); !strings.HasPrefix(twice, r.stdout) {
				t.Error("bytes that are not the content's reached stdout")
			}
		})
	}
}

// TestExitCodes covers what goes wrong outside of a stream, and several files
// of which some do.
func TestExitCodes(t *testing.T) {
	good, bad := stream(t, sample(10)), []byte("not a stream at all")
	before := contents{"a": sample(10), "good.sigma": good, "bad.sigma": bad, "taken": nil, "taken.sigma": good}
	for _, c := range []struct {
		args []string
		code int
		said []string
		made contents
	}{
		{[]string{"-t", "good.sigma", "bad.sigma", "missing"}, exitVerdict, []string{"bad.sigma: ", "missing"}, nil},
		{[]string{"-d", "missing.sigma", "good.sigma"}, exitIO, []string{"missing.sigma"}, contents{"good": sample(10)}},
		{[]string{"-d", "bad.sigma", "good.sigma", "missing.sigma"}, exitVerdict, []string{"bad.sigma", "missing.sigma"}, contents{"good": sample(10)}},
		{[]string{"."}, exitIO, []string{"directory"}, nil},
		{[]string{"-o", filepath.Join("no", "where"), "a"}, exitIO, []string{"where"}, nil},
		{[]string{"-f", "-o", ".", "a"}, exitIO, []string{"directory"}, nil},
		{[]string{"taken"}, exitIO, []string{"taken.sigma", "exists", "-f"}, nil},
		{[]string{"-d", "taken.sigma"}, exitIO, []string{"taken", "exists", "-f"}, nil},

		{[]string{"-h"}, exitOK, []string{"usage", "-level"}, nil},
		{[]string{"-x"}, exitUsage, []string{"not defined: -x", "usage"}, nil},
		{[]string{"-level", "worst"}, exitUsage, []string{"unknown level"}, nil},
		{[]string{"-p", "many"}, exitUsage, []string{"-p"}, nil},
		{[]string{"-p", "-1"}, exitUsage, []string{"concurrency"}, nil},
		{[]string{"-p", "100000", "a"}, exitUsage, []string{"concurrency"}, nil},
		{[]string{"-chunk", "7", "a"}, exitUsage, []string{"chunk size"}, nil},
		{[]string{"-chunk", "4G", "a"}, exitUsage, []string{"not a size"}, nil},
		{[]string{"-chunk", "1048576M", "a"}, exitUsage, []string{"not a size"}, nil},
		{[]string{"-d", "-t", "good.sigma"}, exitUsage, []string{"exclude"}, nil},
		{[]string{"-c", "-o", "x", "a"}, exitUsage, []string{"exclude"}, nil},
		{[]string{"-t", "-c", "good.sigma"}, exitUsage, []string{"no output"}, nil},
		{[]string{"-l", "-o", "x", "good.sigma"}, exitUsage, []string{"no output"}, nil},
		{[]string{"-o", "x", "a", "a"}, exitUsage, []string{"one input"}, nil},
		{[]string{"-d", "good.sigma", "a"}, exitUsage, []string{"a does not end in .sigma"}, nil},
		{[]string{"-d", ".sigma"}, exitUsage, []string{"does not end in .sigma"}, nil},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			dir := files(t, before)
			runIn(t, dir, nil, c.args...).want(t, c.code, c.said...)
			after := contents{}
			for _, m := range []contents{before, c.made} {
				for name, content := range m {
					after[name] = content
				}
			}
			wantFiles(t, dir, after)
		})
	}
}

// TestStdoutStopsBehindHalfAFile: what would follow would pass for the rest of
// it, but a file that could not even be opened leaves no gap.
func TestStdoutStopsBehindHalfAFile(t *testing.T) {
	data := sample(200_000)
	good := stream(t, data, sigio.WithChunkSize(64<<10))
	dir := files(t, contents{"half": good[:len(good)-1], "good": good})

	r := runIn(t, dir, nil, "-d", "-c", "half", "good")
	r.want(t, exitVerdict, "half: ", "skipped")
	if r.stdout != string(data) {
		t.Error("stdout is not the content of the first file")
	}
	r = runIn(t, dir, nil, "-d", "-c", "missing", "good")
	r.want(t, exitIO, "missing")
	if r.stdout != string(data) {
		t.Error("stdout is not the content of the second file")
	}
}

// TestFailingInputIsNotSealed: half a file must not read as a whole one.
func TestFailingInputIsNotSealed(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, n := range []int{0, 10, 100_000, 3_000_000} {
		var b bytes.Buffer
		src := io.MultiReader(bytes.NewReader(sample(n)), iotest.ErrReader(broken))
		if err := compress(&b, src, nil, &meter{}); err != broken {
			t.Errorf("%d bytes: got error %v", n, err)
		}
		if err := decompress(io.Discard, &b, nil, &meter{}); !errors.Is(err, sigio.ErrTruncated) {
			t.Errorf("%d bytes: what was written reads with error %v", n, err)
		}
	}

	dir := t.TempDir()
	stdin, err := os.Open(dir) // reading a directory fails
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	c := command(dir, "-o", "x")
	c.Stdin = stdin
	finish(t, c, nil).want(t, exitIO, "stdin")
	wantFiles(t, dir, nil)
}

// TestTerminals uses a device that, like a terminal, is not the null device.
func TestTerminals(t *testing.T) {
	zero, err := os.OpenFile("/dev/zero", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer zero.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	dir := files(t, contents{"a": sample(10), "a.sigma": stream(t, sample(10))})
	for _, c := range []struct {
		args          []string
		stdin, stdout *os.File
		code          int
	}{
		{[]string{"-c", "a"}, nil, zero, exitUsage},
		{[]string{"-c", "a"}, nil, null, exitOK},
		{[]string{"-f", "-c", "a"}, nil, zero, exitOK},
		{[]string{"-o", "/dev/zero", "a"}, nil, nil, exitUsage},
		{[]string{"-d", "-c", "a.sigma"}, nil, zero, exitOK},
		{[]string{"-d"}, zero, nil, exitUsage},
		{[]string{"-t", "a.sigma", "-"}, zero, nil, exitUsage},
		{[]string{"-f", "-t"}, zero, nil, exitVerdict},
		{[]string{"-t"}, null, nil, exitVerdict},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			cmd := command(dir, c.args...)
			if c.stdin != nil {
				cmd.Stdin = c.stdin
			}
			if c.stdout != nil {
				cmd.Stdout = c.stdout
			}
			var said []string
			if c.code != exitOK {
				said = []string{"sigcat: "}
			}
			finish(t, cmd, nil).want(t, c.code, said...)
		})
	}
}

// TestReaderGone: the way of the shell's pipes, head -c 10 for one.
func TestReaderGone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGPIPE")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	c := command("")
	c.Stdout = w
	const killed = -1 // by a signal
	finish(t, c, sample(100_000)).want(t, killed)
}
