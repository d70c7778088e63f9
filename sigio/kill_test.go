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
)

// victimContent is what the process that is killed writes, over and over.
func victimContent() []byte { return append(prose(1, 400_000), medley(2, 300_000)...) }

// victim appends to a file until it is killed, and tells after each Flush how
// much it has written.
func victim(path, kind string) {
	opts := []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithIndex()}
	switch kind {
	case "history":
		opts = append(opts, sigio.WithHistory(64<<10))
	case "parallel":
		opts = append(opts, sigio.WithConcurrency(3))
	}
	content := victimContent()
	f := must(os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600))
	w := must(sigio.OpenAppend(f, opts...))
	rng := rand.New(rand.NewPCG(1, 1))
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

// TestKilledWriter kills a process that appends to a file, at random moments.
// The file is never complete, all that was flushed is read and salvaged, and
// it can be repaired and appended to. SIGMA_KILLS is how often: 300 take a
// minute.
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
	for i := range kills {
		flushed := kill(t, path, kinds[i%len(kinds)], time.Duration(rng.IntN(40_000))*time.Microsecond)

		stream, err := os.ReadFile(path)
		require.NoError(t, err)
		got, err := io.ReadAll(sigio.NewReader(bytes.NewReader(stream)))
		if len(stream) > 0 {
			require.ErrorIs(t, err, sigio.ErrTruncated)
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
		require.Len(t, gaps, 1)

		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		_, err = sigio.Repair(f)
		require.NoError(t, err)
		w, err := sigio.OpenAppend(f)
		require.NoError(t, err)
		require.NoError(t, write([]byte("and more")).play(w))
		require.NoError(t, w.Close())
		require.NoError(t, f.Close())
		before = append(got, "and more"...)
		stream, err = os.ReadFile(path)
		require.NoError(t, err)
		requireSame(t, before, unseal(t, stream))
		if len(before) > 8<<20 {
			require.NoError(t, os.Remove(path))
			before = nil
		}
	}
}

// kill runs a victim, kills it some time after it has begun to write, and
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
