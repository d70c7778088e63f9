package sighttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/link"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// BenchmarkTraffic fetches JSON over one connection of 1, 10 and 100 Mbit/s, one
// body after the other, and reports of every contestant the bytes that came
// over the wire, headers included, and the time from the first request to the
// last byte decoded: the medians over rounds in which all take turns.
//
// With SIGMA_CORPUS set to a folder that has a sub-folder json, the bodies are
// made of the records of those files; else they are made up. Codebooks are
// trained on records that are not fetched.
//
//	SIGMA_CORPUS=... go test -run '^$' -bench Traffic -benchtime 5x ./sigio/sighttp
func BenchmarkTraffic(b *testing.B) {
	origin := startServer(b)
	for _, t := range traffics() {
		for _, mbit := range []float64{1, 10, 100} {
			b.Run(fmt.Sprintf("%s/%vMbit", t.name, mbit), func(b *testing.B) {
				race(b, t, origin, mbit*1e6)
			})
		}
	}
}

// traffic is what is fetched, and what a codebook for it is trained on.
type traffic struct {
	name          string
	bodies, train [][]byte
}

func traffics() []traffic {
	sets := records()
	return []traffic{
		{"small", sets.bodies(48, 300, 8000, 1), sets.bodies(400, 300, 8000, 0)},
		{"large", sets.bodies(3, 200_000, 1_500_000, 1), nil},
	}
}

// contestant is a way to send bodies, at its default level unless its name says
// another: that of gzhttp is its fastest for zstd, ours is for slow connections.
type contestant struct {
	name      string
	handler   func(http.Handler) http.Handler
	transport func(http.RoundTripper) http.RoundTripper
}

func contestants(t traffic) []contestant {
	peer := func(gzip bool) func(http.RoundTripper) http.RoundTripper {
		return func(base http.RoundTripper) http.RoundTripper {
			return gzhttp.Transport(base, gzhttp.TransportEnableGzip(gzip), gzhttp.TransportEnableZstd(!gzip))
		}
	}
	gzhttpHandler := func(h http.Handler) http.Handler { return gzhttp.GzipHandler(h) }
	handler := func(opts ...sighttp.HandlerOption) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler { return sighttp.Handler(h, opts...) }
	}
	transport := func(opts ...sighttp.TransportOption) func(http.RoundTripper) http.RoundTripper {
		return func(base http.RoundTripper) http.RoundTripper { return sighttp.Transport(base, opts...) }
	}
	all := []contestant{
		{"plain", func(h http.Handler) http.Handler { return h }, func(base http.RoundTripper) http.RoundTripper { return base }},
		{"gzip", gzhttpHandler, peer(true)},
		{"zstd", gzhttpHandler, peer(false)},
		{"our-zstd", handler(), transport(sighttp.WithCodings(sighttp.Zstd))},
		{"sigma", handler(), transport()},
		{"sigma-fastest", handler(fastest), transport()},
	}
	if t.train != nil {
		book, err := glyph.Train(t.train, glyph.TrainOptions{})
		if err != nil {
			panic(err)
		}
		with := sighttp.WithCodebook(book)
		all = append(all,
			contestant{"sigma-book", handler(with), transport(with)},
			contestant{"sigma-book-fastest", handler(with, fastest), transport(with)})
	}
	return all
}

// serveVariable is set in the environment of the process that serves. It is
// another one than the client's, so that neither waits for the other's
// scheduler.
const serveVariable = "SIGHTTP_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	mux := http.NewServeMux()
	for _, t := range traffics() {
		serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			i, err := strconv.Atoi(r.PathValue("body"))
			if err != nil || i >= len(t.bodies) {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(t.bodies[i])
		})
		for _, c := range contestants(t) {
			mux.Handle("/"+t.name+"/"+c.name+"/{body}", c.handler(serve))
		}
	}
	server := httptest.NewServer(mux)
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the client ends
}

// startServer runs the test binary as the server, and returns its address.
func startServer(b *testing.B) string {
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), serveVariable+"=1")
	stdin, err := server.StdinPipe()
	require.NoError(b, err)
	stdout, err := server.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, server.Start())
	b.Cleanup(func() {
		stdin.Close()
		_ = server.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(b, err)
	return strings.TrimSpace(address)
}

// lane is a contestant's connection, and what came of it.
type lane struct {
	link     link.Link
	url      string
	client   http.Client
	times    []float64 // in ms
	received int64     // bytes in a round
}

func race(b *testing.B, t traffic, origin string, bitsPerSecond float64) {
	all := contestants(t)
	lanes := make([]lane, len(all))
	for i, c := range all {
		l := &lanes[i]
		l.link.BitsPerSecond = bitsPerSecond
		base := &http.Transport{DialContext: l.link.DialContext, DisableCompression: true}
		defer base.CloseIdleConnections()
		l.url = origin + "/" + t.name + "/" + c.name + "/"
		l.client.Transport = c.transport(base)
	}
	for b.Loop() {
		for i := range lanes {
			l := &lanes[i]
			// As on a busy server, no encoder is built for the first request.
			fetch(b, &l.client, l.url+"0", len(t.bodies[0]))
			before, begin := l.link.Received.Load(), time.Now()
			for k, body := range t.bodies {
				fetch(b, &l.client, l.url+strconv.Itoa(k), len(body))
			}
			l.times = append(l.times, float64(time.Since(begin).Microseconds())/1e3)
			l.received = l.link.Received.Load() - before
		}
	}
	for i, c := range all {
		l := &lanes[i]
		slices.Sort(l.times)
		b.ReportMetric(l.times[len(l.times)/2], c.name+"-ms")
		b.ReportMetric(float64(l.received), c.name+"-B")
	}
	b.ReportMetric(0, "ns/op")
}

func fetch(b *testing.B, client *http.Client, url string, want int) {
	resp, err := client.Get(url)
	require.NoError(b, err)
	n, err := io.Copy(io.Discard, resp.Body)
	require.NoError(b, err)
	resp.Body.Close()
	require.EqualValues(b, want, n)
}
