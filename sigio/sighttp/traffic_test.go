package sighttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/sigmalang/sigma/glyph"
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
	for _, traffic := range []struct {
		name   string
		bodies [][]byte
		train  [][]byte
	}{
		{"small", records(b).bodies(48, 300, 8000, 1), records(b).bodies(400, 300, 8000, 0)},
		{"large", records(b).bodies(3, 200_000, 1_500_000, 1), nil},
	} {
		contestants := contestants(b, traffic.bodies, traffic.train)
		for _, mbit := range []float64{1, 10, 100} {
			b.Run(fmt.Sprintf("%s/%vMbit", traffic.name, mbit), func(b *testing.B) {
				race(b, contestants, traffic.bodies, mbit*1e6)
			})
		}
	}
}

// contestant is a way to send bodies.
type contestant struct {
	name      string
	handler   http.Handler
	transport func(http.RoundTripper) http.RoundTripper
}

func contestants(b *testing.B, bodies, train [][]byte) []contestant {
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || i >= len(bodies) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(bodies[i])
	})
	peer := func(gzip bool) func(http.RoundTripper) http.RoundTripper {
		return func(base http.RoundTripper) http.RoundTripper {
			return gzhttp.Transport(base, gzhttp.TransportEnableGzip(gzip), gzhttp.TransportEnableZstd(!gzip))
		}
	}
	ours := func(opts ...sighttp.TransportOption) func(http.RoundTripper) http.RoundTripper {
		return func(base http.RoundTripper) http.RoundTripper { return sighttp.Transport(base, opts...) }
	}
	all := []contestant{
		{"plain", serve, func(base http.RoundTripper) http.RoundTripper { return base }},
		{"gzip", gzhttp.GzipHandler(serve), peer(true)},
		{"zstd", gzhttp.GzipHandler(serve), peer(false)},
		{"our-zstd", sighttp.Handler(serve), ours(sighttp.WithCodings(sighttp.Zstd))},
		{"sigma", sighttp.Handler(serve), ours()},
	}
	if train != nil {
		book, err := glyph.Train(train, glyph.TrainOptions{})
		require.NoError(b, err)
		all = append(all, contestant{"sigma-book", sighttp.Handler(serve, sighttp.WithCodebook(book)), ours(sighttp.WithCodebook(book))})
	}
	return all
}

func race(b *testing.B, all []contestant, bodies [][]byte, bitsPerSecond float64) {
	type lane struct {
		link   link
		url    string
		client http.Client
		times  []float64 // in ms
	}
	lanes := make([]lane, len(all))
	for i, c := range all {
		l := &lanes[i]
		l.link.bitsPerSecond = bitsPerSecond
		server := httptest.NewServer(c.handler)
		defer server.Close()
		base := &http.Transport{DialContext: l.link.dial, DisableCompression: true}
		defer base.CloseIdleConnections()
		l.url = server.URL
		l.client.Transport = c.transport(base)
	}
	rounds := 0
	for b.Loop() {
		rounds++
		for i := range lanes {
			l := &lanes[i]
			begin := time.Now()
			for k, body := range bodies {
				fetch(b, &l.client, l.url+"/"+strconv.Itoa(k), len(body))
			}
			l.times = append(l.times, float64(time.Since(begin).Microseconds())/1e3)
		}
	}
	for i, c := range all {
		l := &lanes[i]
		slices.Sort(l.times)
		b.ReportMetric(l.times[len(l.times)/2], c.name+"-ms")
		b.ReportMetric(float64(l.link.received.Load())/float64(rounds), c.name+"-B")
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

// recordSets are the records of several files or kinds.
type recordSets [][]json.RawMessage

// bodies returns n arrays of records of one set each, with lengths from least
// to most bytes where there are enough, made of every other record: the odd or the even ones.
func (sets recordSets) bodies(n, least, most, parity int) [][]byte {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(most)))
	bodies := make([][]byte, n)
	for i := range bodies {
		set := sets[i%len(sets)]
		length := least
		if n > 1 { // many short ones, few long ones
			length += (most - least) * i * i / ((n - 1) * (n - 1))
		}
		at := rng.IntN(len(set))
		body := []byte(`{"page":` + strconv.Itoa(i) + `,"items":[`)
		for taken := 0; len(body) < length && taken < len(set); taken += 2 { // none twice
			body = append(append(body, set[(at&^1+parity)%len(set)]...), ',')
			at += 2
		}
		body[len(body)-1] = ']'
		bodies[i] = append(body, '}')
	}
	return bodies
}

func records(b *testing.B) recordSets {
	root := os.Getenv("SIGMA_CORPUS")
	if root == "" {
		return recordSets{madeUsers(12000), madeEvents(15000)}
	}
	names, err := filepath.Glob(filepath.Join(root, "json", "*"))
	require.NoError(b, err)
	var sets recordSets
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(b, err)
		if set := recordsIn(content); len(set) >= 100 {
			sets = append(sets, set)
		}
	}
	require.NotEmpty(b, sets, "no records in %s/json", root)
	return sets
}

// recordsIn returns the elements of an array, or of the longest one in an
// object, or the lines of JSON. Of a file that was cut it returns those that are
// whole.
func recordsIn(content []byte) (set []json.RawMessage) {
	d := json.NewDecoder(bytes.NewReader(content))
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("[")) {
		_, _ = d.Token()
	}
	for d.More() {
		var record json.RawMessage
		if d.Decode(&record) != nil {
			break
		}
		var compact bytes.Buffer
		_ = json.Compact(&compact, record)
		set = append(set, compact.Bytes())
	}
	if len(set) != 1 {
		return set
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(set[0], &object) != nil {
		return nil
	}
	set = nil
	for _, value := range object {
		if value[0] == '[' {
			if inner := recordsIn(value); len(inner) > len(set) {
				set = inner
			}
		}
	}
	return set
}

var (
	firstNames = strings.Fields("Ada Alan Barbara Claude Dennis Edsger Frances Grace Ivan John Karen Leslie Margaret Niklaus Radia Shafi Tony Ursula")
	lastNames  = strings.Fields("Allen Backus Dijkstra Goldwasser Hamilton Hoare Hopper Kay Knuth Lamport Liskov Lovelace McCarthy Perlman Ritchie Shannon Turing Wirth")
	words      = strings.Fields("the order was shipped late customer asked refund parcel damaged delivered to neighbour invoice missing address changed twice payment failed again please call back thanks")
)

func madeUsers(n int) (set []json.RawMessage) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		first, last := firstNames[rng.IntN(len(firstNames))], lastNames[rng.IntN(len(lastNames))]
		set = append(set, fmt.Appendf(nil, `{"id":%d,"login":"%s.%s%d","name":"%s %s","email":"%s@example.com","created_at":"20%02d-%02d-%02dT%02d:%02d:%02dZ","balance":%d.%02d,"active":%t,"roles":["user"%s],"address":{"city":"Springfield","zip":"%05d"},"avatar_url":"https://cdn.example.com/avatars/%08x.png"}`,
			10000+i, strings.ToLower(first), strings.ToLower(last), rng.IntN(100), first, last, strings.ToLower(last),
			10+rng.IntN(15), 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(1000), rng.IntN(100),
			rng.IntN(3) > 0, []string{"", `,"admin"`, `,"editor"`}[rng.IntN(3)], rng.IntN(100000), rng.Uint32()))
	}
	return set
}

func madeEvents(n int) (set []json.RawMessage) {
	rng := rand.New(rand.NewPCG(2, 2))
	at := int64(1_700_000_000_000)
	for range n {
		at += rng.Int64N(5000)
		note := make([]string, 3+rng.IntN(12))
		for k := range note {
			note[k] = words[rng.IntN(len(words))]
		}
		set = append(set, fmt.Appendf(nil, `{"event_id":"%016x","ts":%d,"type":"%s","user":{"id":%d},"value":%.4f,"tags":{"region":"eu-%d","host":"web-%02d"},"note":"%s"}`,
			rng.Uint64(), at, []string{"order.created", "order.shipped", "ticket.opened", "ticket.closed"}[rng.IntN(4)],
			10000+rng.IntN(4000), rng.Float64()*500, 1+rng.IntN(3), rng.IntN(40), strings.Join(note, " ")))
	}
	return set
}
