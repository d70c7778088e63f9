package sigio_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// victimContent is what the process that is killed writes, over and over.
func victimContent() []byte { return append(prose(1, 400_000), medley(2, 300_000)...) }

// A dribble writes in pieces, at first of a few bytes, so that its process can
// be killed in the middle of any record.
type dribble struct {
	*os.File
	rng     *rand.Rand
	written int
}

func (d *dribble) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		most := 100_000
		if d.written < 1000 {
			most = 3
		}
		var k int
		k, err = d.File.Write(p[n:min(len(p), n+1+d.rng.IntN(most))])
		n, d.written = n+k, d.written+k
	}
	return n, err
}

// victim appends to a file until it is killed, and tells before it begins and
// after each Flush how much it has written.
func victim(path, kind string) {
	opts := []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithIndex()}
	switch kind {
	case "history":
		opts = append(opts, sigio.WithHistory(64<<10))
	case "parallel":
		opts = append(opts, sigio.WithConcurrency(3))
	}
	content := victimContent()
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	f := &dribble{File: must(os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)), rng: rng}
	fmt.Println(0)
	w := must(sigio.OpenAppend(f, opts...))
	for total := 0; ; {
		n := 1 + rng.IntN(2000)
		if rng.IntN(4) == 0 {
			n *= 100
		}
		for n > 0 {
			at := total % len(content)
			k := must(w.Write(content[at:min(at+n, len(content))]))
			total, n = total+k, n-k
		}
		check(w.Flush())
		fmt.Println(total)
	}
}

// TestKilledWriter kills a process that appends to a file, at random moments,
// before its first byte and within the header among them. What it has added is
// never complete, all that was flushed is read and salvaged, and the file can be
// repaired and appended to. SIGMA_KILLS is how often: 300 take a minute.
func TestKilledWriter(t *testing.T) {
	if path := os.Getenv("SIGMA_VICTIM"); path != "" {
		victim(path, os.Getenv("SIGMA_VICTIM_KIND"))
	}
	kills := 12
	if testing.Short() {
		kills = 3
	}
	if n, err := strconv.Atoi(os.Getenv("SIGMA_KILLS")); err == nil {
		kills = n
	}
	kinds := []string{"blocks", "history", "parallel"}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	content := victimContent()
	path := filepath.Join(t.TempDir(), "file")
	var before []byte // content of the streams that are sealed
	sound := 0        // length of the file up to where they end
	untouched, headless := 0, 0
	for i := range kills {
		latest := 40_000
		if rng.IntN(2) == 0 {
			latest = 2_000 // mostly before the first Flush
		}
		flushed := kill(t, path, kinds[i%len(kinds)], time.Duration(rng.IntN(latest))*time.Microsecond)

		stream, err := os.ReadFile(path)
		require.NoError(t, err)
		torn := len(stream) > sound
		untouched += boolInt(!torn)
		headless += boolInt(torn && len(stream) < sound+frame.HeaderLen)
		got, err := io.ReadAll(sigio.NewReader(bytes.NewReader(stream)))
		if !torn && sound > 0 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, sigio.ErrTruncated)
		}
		if torn {
			_, err = sigio.OpenReaderAt(bytes.NewReader(stream), int64(len(stream)))
			require.ErrorIs(t, err, sigio.ErrTruncated)
		}
		require.True(t, bytes.HasPrefix(got, before))
		added := got[len(before):]
		require.GreaterOrEqual(t, len(added), flushed)
		want := bytes.Repeat(content, 1+len(added)/len(content))[:len(added)]
		requireSame(t, want, added)
		salvaged, gaps := salvage(t, bytes.NewReader(stream))
		requireSame(t, got, salvaged)
		require.Len(t, gaps, boolInt(torn || sound == 0))

		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		cut, err := sigio.Repair(f)
		require.NoError(t, err)
		require.LessOrEqual(t, int(cut), len(stream)-sound)
		w, err := sigio.OpenAppend(f)
		require.NoError(t, err)
		require.NoError(t, write([]byte("and more")).play(w))
		require.NoError(t, w.Close())
		require.NoError(t, f.Close())
		before = append(got, "and more"...)
		stream, err = os.ReadFile(path)
		require.NoError(t, err)
		requireSame(t, before, unseal(t, stream))
		sound = len(stream)
		if len(before) > 8<<20 {
			require.NoError(t, os.Remove(path))
			before, sound = nil, 0
		}
	}
	t.Logf("%d kills: %d before the first byte, %d within the header", kills, untouched, headless)
}

// kill runs a victim, kills it some time after it has opened its file, and
// returns how much it has flushed.
func kill(t *testing.T, path, kind string, after time.Duration) (flushed int) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
	c.Env = append(os.Environ(), "SIGMA_VICTIM="+path, "SIGMA_VICTIM_KIND="+kind)
	var complaints strings.Builder
	c.Stderr = &complaints
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err, complaints.String())
	timer := time.AfterFunc(after, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	for line := first; ; line, err = lines.ReadString('\n') {
		if err != nil {
			break // the last line may be cut short
		}
		flushed, err = strconv.Atoi(strings.TrimSpace(line))
		require.NoError(t, err, line)
	}
	require.Error(t, c.Wait(), "it was killed")
	return flushed
}
