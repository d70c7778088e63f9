package sighttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/sigio/sighttp"
)

// TestManyRequests has many clients send and fetch bodies at once, each over a
// connection of its own, with random cancellations, aborts by the server, and
// bodies that are closed half-read: nothing is lost, and nothing left behind.
// With SIGHTTP_SOAK set it is 1000 clients with 100 requests each.
func TestManyRequests(t *testing.T) {
	clients, requests := 200, 10
	switch {
	case os.Getenv("SIGHTTP_SOAK") != "":
		clients, requests = 1000, 100
	case testing.Short():
		clients, requests = 50, 5
	}
	var c crowd
	leaktest.Soak(t, func() { new(crowd).talk(t, clients, min(requests, 10)) }, func() { c.talk(t, clients, requests) })
	t.Logf("%d clients, up to %d connections at once, %d bodies arrived, %d cancelled, %d aborted, %d left half-read",
		clients, c.peak.Load(), c.arrived.Load(), c.cancelled.Load(), c.aborted.Load(), c.left.Load())
	require.Positive(t, c.arrived.Load())
	require.Positive(t, c.aborted.Load())
	require.Positive(t, c.left.Load())
}

// crowd counts what becomes of all requests.
type crowd struct{ arrived, cancelled, aborted, left, open, peak atomic.Int64 }

const longestBody = 200_000

var fastest = sighttp.WithLevel(sigio.LevelFastest) // what is encoded is not the point here

func (c *crowd) talk(t *testing.T, clients, requests int) {
	server := httptest.NewUnstartedServer(sighttp.Handler(http.HandlerFunc(converse), sighttp.WithRequestBodies(longestBody), fastest))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	base := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer base.CloseIdleConnections()
	var transports []http.RoundTripper
	for _, asked := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
		for _, sent := range []sighttp.Coding{0, sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
			transports = append(transports, sighttp.Transport(base, sighttp.WithCodings(asked), sighttp.WithRequestCoding(sent), fastest))
		}
	}
	leaktest.Crowd(t, clients, func(i int) error {
		rng := rand.New(rand.NewPCG(uint64(i), 3))
		for range requests {
			client := http.Client{Transport: transports[rng.IntN(len(transports))]}
			if err := c.fetch(t.Context(), &client, server.URL, rng); err != nil {
				return fmt.Errorf("client %d: %w", i, err)
			}
		}
		return nil
	})
}

// converse compares what it is sent with what the request says it is, and
// answers as it is told, in pieces, to the end or up to where it aborts.
func converse(w http.ResponseWriter, r *http.Request) {
	number := func(name string) int {
		n, _ := strconv.Atoi(r.Header.Get(name))
		return n
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !bytes.Equal(body, page(number("X-Sent"))) {
		http.Error(w, "wrong bytes", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	abort := number("X-Abort")
	for answer := page(number("X-Wanted")); len(answer) > 0; {
		if abort -= 1; abort == 0 {
			panic(http.ErrAbortHandler)
		}
		n := min(len(answer), number("X-Piece"))
		if _, err := w.Write(answer[:n]); err != nil {
			return
		}
		if r.Header.Get("X-Flush") != "" {
			_ = http.NewResponseController(w).Flush()
		}
		answer = answer[n:]
	}
}

// length is a random length of a body, most of which are short.
func length(rng *rand.Rand) int {
	if rng.IntN(10) == 0 {
		return 1 + rng.IntN(longestBody)
	}
	return 1 + rng.IntN(6000)
}

var errCancelled = errors.New("cancelled by the test")

// fetch makes a request with a random fate.
func (c *crowd) fetch(ctx context.Context, client *http.Client, url string, rng *rand.Rand) error {
	c.peak.Store(max(c.peak.Load(), c.open.Add(1)))
	defer c.open.Add(-1)
	sent, wanted, piece := length(rng), length(rng), 500+rng.IntN(70_000)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(page(sent)))
	if err != nil {
		return err
	}
	aborts := rng.IntN(12) == 0
	for name, n := range map[string]int{"X-Sent": sent, "X-Wanted": wanted, "X-Piece": piece} {
		r.Header.Set(name, strconv.Itoa(n))
	}
	if aborts {
		r.Header.Set("X-Abort", strconv.Itoa(1+rng.IntN((wanted+piece-1)/piece)))
	}
	if rng.IntN(2) == 0 {
		r.Header.Set("X-Flush", "1")
	}
	if rng.IntN(10) == 0 {
		time.AfterFunc(time.Duration(rng.IntN(2000))*time.Microsecond, func() { cancel(errCancelled) })
	}
	leaves := -1 // after so many bytes
	if rng.IntN(10) == 0 {
		leaves = rng.IntN(wanted)
	}
	got, whole, err := read(client, r, leaves)
	switch {
	case !bytes.HasPrefix(page(wanted), got):
		return errors.New("wrong bytes")
	case context.Cause(ctx) == errCancelled && err != nil:
		c.cancelled.Add(1)
	case aborts && err != nil:
		c.aborted.Add(1)
	case err != nil:
		return err
	case !whole:
		c.left.Add(1)
	case len(got) != wanted:
		return fmt.Errorf("clean end after %d bytes of %d", len(got), wanted)
	case aborts:
		return errors.New("what was aborted arrived")
	default:
		c.arrived.Add(1)
	}
	return nil
}

// read returns what it reads of an answer, and whether that is all.
func read(client *http.Client, r *http.Request, leaves int) (got []byte, whole bool, err error) {
	resp, err := client.Do(r)
	if err != nil {
		return nil, false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, false, fmt.Errorf("answer %s", resp.Status)
	}
	if leaves >= 0 {
		got, err = io.ReadAll(io.LimitReader(resp.Body, int64(leaves)))
		return got, false, err
	}
	got, err = io.ReadAll(resp.Body)
	return got, true, err
}
