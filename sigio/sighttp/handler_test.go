package sighttp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// decode decodes a whole body.
func decode(coding string, p []byte) ([]byte, error) {
	switch coding {
	case "sigma":
		return io.ReadAll(sigio.NewReader(bytes.NewReader(p)))
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(p), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return io.ReadAll(z)
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(p))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	}
	return p, nil
}

// page returns n bytes of JSON, which are not to be changed.
func page(n int) []byte { return library()[:n] }

var library = sync.OnceValue(func() []byte {
	const most = 3_000_000
	rng := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	for b.Len() < most {
		fmt.Fprintf(&b, `{"id":%d,"name":"user %d","active":%t,"score":%d},`, b.Len(), rng.IntN(1000), rng.IntN(2) == 0, rng.IntN(100))
	}
	return b.Bytes()[:most]
})

var text = page(4000)

// roundTrip has a handler answer one request of HTTP/1.1 over a connection.
func roundTrip(t *testing.T, h http.Handler, change func(*http.Request), opts ...sighttp.HandlerOption) (*http.Response, []byte) {
	server := httptest.NewUnstartedServer(sighttp.Handler(h, opts...))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	r, err := http.NewRequest(http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "zstd")
	if change != nil {
		change(r)
	}
	resp, err := server.Client().Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, body
}

func accepting(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Encoding", value) }
}

// writing returns a handler that sets headers and writes body.
func writing(body []byte, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = w.Write(body)
	}
}

func TestBodiesComeBack(t *testing.T) {
	for _, coding := range []string{"sigma", "zstd", "gzip"} {
		for _, n := range []int{1024, 5000, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 300_000, 3_000_000} {
			for _, piece := range []int{n, 1000, 70_000} {
				for _, pad := range []int{0, 500} {
					if pad > 0 && piece < n {
						continue
					}
					body := page(n)
					resp, got := roundTrip(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						for p := body; len(p) > 0; p = p[min(len(p), piece):] {
							_, _ = w.Write(p[:min(len(p), piece)])
						}
					}), accepting(coding), sighttp.WithPadding(pad))
					require.Equal(t, coding, resp.Header.Get("Content-Encoding"))
					require.Equal(t, "Accept-Encoding", resp.Header.Get("Vary"))
					require.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"))
					require.Less(t, len(got), n)
					back, err := decode(coding, got)
					require.NoError(t, err)
					require.True(t, bytes.Equal(body, back), "%s, %d bytes in pieces of %d", coding, n, piece)
				}
			}
		}
	}
}

// TestShortBodies: what is long enough depends on the coding.
func TestShortBodies(t *testing.T) {
	for coding, shortest := range map[string]int{"sigma": 256, "zstd": 1024, "gzip": 1024} {
		for n, want := range map[int]string{shortest - 1: "", shortest: coding} {
			resp, _ := roundTrip(t, writing(page(n)), accepting(coding))
			require.Equal(t, want, resp.Header.Get("Content-Encoding"), "%s, %d bytes", coding, n)
		}
	}
	for n, want := range map[int]string{199: "", 200: "sigma"} {
		resp, _ := roundTrip(t, writing(page(n)), accepting("sigma"), sighttp.WithMinSize(200))
		require.Equal(t, want, resp.Header.Get("Content-Encoding"), "%d bytes", n)
	}
	resp, _ := roundTrip(t, writing(page(2000)), accepting("sigma"), sighttp.WithMinSize(2001))
	require.Empty(t, resp.Header.Get("Content-Encoding"), "WithMinSize is not heeded")
}

// TestFlushedEarly: who flushes a few hundred bytes sends events, and may do so
// for hours: the history is that of a stream, without a window for texts.
func TestFlushedEarly(t *testing.T) {
	const windowLog = 16 + 12 + 1 // FORMAT 6: in the parameters of the history, behind the header
	for first, want := range map[int]byte{300: 0, 1023: 0, 1024: 20} {
		_, body := roundTrip(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(page(first))
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(page(3000))
		}), accepting("sigma"))
		require.Equal(t, want, body[windowLog], "%d bytes first", first)
	}
}

// Whatever is in this table passes as if Handler weren't there, except for Vary.
func TestLeftAlone(t *testing.T) {
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(rand.N(256))
	}
	gzipMagic := append([]byte("\x1f\x8b\x08"), text...)
	zstdMagic := append([]byte("\x28\xb5\x2f\xfd"), text...)
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			if code != 204 && code != 304 {
				_, _ = w.Write(text)
			}
		}
	}
	for name, row := range map[string]struct {
		h      http.HandlerFunc
		change func(*http.Request)
	}{
		"small body compressed":               {h: writing(text[:1023])},
		"empty body compressed":               {h: writing(nil)},
		"no call at all compressed":           {h: func(http.ResponseWriter, *http.Request) {}},
		"declared small body compressed":      {h: writing(text[:500], "Content-Length", "500")},
		"HEAD changed":                        {h: writing(text, "Content-Length", "4000", "Etag", `"a"`), change: func(r *http.Request) { r.Method = "HEAD" }},
		"204 compressed":                      {h: status(204)},
		"304 compressed":                      {h: status(304, "Etag", `"a"`)},
		"206 compressed":                      {h: status(206, "Content-Range", "bytes 0-3999/9000", "Accept-Ranges", "bytes")},
		"Content-Range compressed":            {h: status(416, "Content-Range", "bytes */9000")},
		"compressed twice":                    {h: writing(text, "Content-Encoding", "br", "Etag", `"a"`)},
		"digest made wrong":                   {h: writing(text, "Content-Digest", "sha-256=:AA==:")},
		"digest of representation made wrong": {h: writing(text, "Repr-Digest", "sha-256=:AA==:")},
		"no-transform transformed":            {h: writing(text, "Cache-Control", "max-age=60, No-Transform")},
		"image compressed":                    {h: writing(text, "Content-Type", "image/png")},
		"gzip by content compressed":          {h: writing(gzipMagic)},
		"zstd by content compressed":          {h: writing(zstdMagic, "Content-Type", "application/octet-stream")},
		"noise became larger":                 {h: writing(noise, "Content-Type", "text/plain")},
		"not asked for":                       {h: writing(text, "Accept-Ranges", "bytes", "Etag", `"a"`), change: func(r *http.Request) { r.Header.Set("Accept-Encoding", "br") }},
		"shorter than declared, made to fit":  {h: writing(text, "Content-Type", "image/png", "Content-Length", "4000")},
		"content type removed for no content": {h: func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil; w.Write(text[:10]) }},
	} {
		t.Run(name, func(t *testing.T) {
			got, body := roundTrip(t, row.h, row.change)
			plain := httptest.NewServer(row.h)
			defer plain.Close()
			r, err := http.NewRequest(http.MethodGet, plain.URL, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", "zstd")
			if row.change != nil {
				row.change(r)
			}
			want, err := plain.Client().Do(r)
			require.NoError(t, err)
			defer want.Body.Close()
			wantBody, err := io.ReadAll(want.Body)
			require.NoError(t, err)
			require.Equal(t, want.StatusCode, got.StatusCode)
			require.Equal(t, "Accept-Encoding", got.Header.Get("Vary"))
			got.Header.Del("Vary")
			got.Header.Del("Date")
			want.Header.Del("Date")
			require.Equal(t, want.Header, got.Header)
			require.Equal(t, want.ContentLength, got.ContentLength)
			require.Equal(t, wantBody, body)
		})
	}
}

func TestCompressedHeader(t *testing.T) {
	resp, body := roundTrip(t, writing(text, "Content-Length", "4000", "Accept-Ranges", "bytes", "Etag", `"a"`, "Vary", "Origin"), nil)
	require.Equal(t, "zstd", resp.Header.Get("Content-Encoding"))
	require.Equal(t, strconv.Itoa(len(body)), resp.Header.Get("Content-Length"))
	require.Empty(t, resp.Header.Get("Accept-Ranges"))
	require.Equal(t, `"a-zstd"`, resp.Header.Get("Etag"))
	require.Equal(t, []string{"Origin", "Accept-Encoding"}, resp.Header["Vary"])

	resp, _ = roundTrip(t, writing(page(100_000), "Content-Length", "100000", "Etag", `W/"a"`), nil)
	require.Equal(t, "zstd", resp.Header.Get("Content-Encoding"))
	require.EqualValues(t, -1, resp.ContentLength)
	require.Equal(t, `W/"a"`, resp.Header.Get("Etag"), "a weak tag may stay")
}

func TestRefusal(t *testing.T) {
	called := false
	resp, _ := roundTrip(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }), accepting("identity;q=0, br"))
	require.Equal(t, http.StatusNotAcceptable, resp.StatusCode)
	require.Equal(t, "Accept-Encoding", resp.Header.Get("Vary"))
	require.False(t, called)

	// Who refuses identity gets even what is small, and what does not shrink.
	resp, body := roundTrip(t, writing([]byte("x"), "Content-Type", "image/png"), accepting("gzip, identity;q=0"))
	require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	back, err := decode("gzip", body)
	require.NoError(t, err)
	require.Equal(t, "x", string(back))
}

func TestConditions(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"v1"`)
		if r.Method == http.MethodPut {
			if !strings.Contains(r.Header.Get("If-Match"), `"v1"`) {
				w.WriteHeader(http.StatusPreconditionFailed)
			}
			return
		}
		http.ServeContent(w, r, "page.json", fixed, bytes.NewReader(text))
	})
	for name, row := range map[string]struct {
		method, header, tags string
		status               int
		tag                  string
	}{
		"first answer without suffix":         {"GET", "If-None-Match", "", 200, `"v1-zstd"`},
		"suffixed tag not recognised":         {"GET", "If-None-Match", `"v1-zstd"`, 304, `"v1-zstd"`},
		"weakened tag not recognised":         {"GET", "If-None-Match", `W/"v1-zstd"`, 304, `"v1-zstd"`},
		"plain tag suffixed":                  {"GET", "If-None-Match", `"v1"`, 304, `"v1"`},
		"tag of another coding recognised":    {"GET", "If-None-Match", `"v1-gzip"`, 200, `"v1-zstd"`},
		"other version recognised":            {"GET", "If-None-Match", `"v0-zstd"`, 200, `"v1-zstd"`},
		"list not read":                       {"GET", "If-None-Match", `"v0", "v1-zstd"`, 304, `"v1-zstd"`},
		"HEAD not recognised":                 {"HEAD", "If-None-Match", `"v1-zstd"`, 304, `"v1-zstd"`},
		"guarded change refused":              {"PUT", "If-Match", `"v1-gzip"`, 200, `"v1"`},
		"change of another version not held":  {"PUT", "If-Match", `"v0-gzip"`, 412, `"v1"`},
		"range of a compressed body composed": {"GET", "If-Range", `"v1-zstd"`, 200, `"v1-zstd"`},
		"range of the plain body refused":     {"GET", "If-Range", `"v1"`, 206, `"v1"`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, _ := roundTrip(t, h, func(r *http.Request) {
				r.Method = row.method
				if row.tags != "" {
					r.Header.Set(row.header, row.tags)
				}
				if row.header == "If-Range" {
					r.Header.Set("Range", "bytes=0-99")
				}
			})
			require.Equal(t, row.status, resp.StatusCode)
			require.Equal(t, row.tag, resp.Header.Get("Etag"))
		})
	}
}

// A panic before the header was sent leaves the response to who recovers it.
func TestPanicCommitsNothing(t *testing.T) {
	inner := sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"a"`)
		_, _ = w.Write(text)
		panic("halfway")
	}))
	record := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "sigma")
	func() {
		defer func() {
			require.Equal(t, "halfway", recover())
			http.Error(record, "sorry", http.StatusInternalServerError)
		}()
		inner.ServeHTTP(record, r)
	}()
	require.Equal(t, http.StatusInternalServerError, record.Code)
	require.Empty(t, record.Header().Get("Content-Encoding"))
	require.Equal(t, "sorry\n", record.Body.String())
}

// A panic that somebody recovers behind a sent header, and a body shorter than
// was declared, must not look complete.
func TestNotSealed(t *testing.T) {
	long := page(200_000)
	for name, h := range map[string]http.HandlerFunc{
		"panic sealed": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(long)
			panic(errors.New("halfway"))
		},
		"panic behind a flush sealed": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(long)
			_ = http.NewResponseController(w).Flush()
			panic(errors.New("halfway"))
		},
		"short body sealed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "200001")
			_, _ = w.Write(long)
		},
	} {
		for _, coding := range []string{"sigma", "zstd", "gzip"} {
			t.Run(name+", "+coding, func(t *testing.T) {
				record := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Accept-Encoding", coding)
				func() {
					defer func() { _ = recover() }()
					sighttp.Handler(h).ServeHTTP(record, r)
				}()
				_, err := decode(coding, record.Body.Bytes())
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			})
		}
	}
}

// A body shorter than was declared is cut also for who does not decode it.
func TestShortBodyIsAborted(t *testing.T) {
	h := writing(page(100_000), "Content-Length", "100001")
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		for _, coding := range []string{"identity", "sigma", "zstd", "gzip"} {
			r, err := http.NewRequest(http.MethodGet, url, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", coding) // so that nothing is decoded
			resp, err := client.Do(r)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			require.Error(t, err, coding)
		}
	})
}

func TestBadOptionAnswers500(t *testing.T) {
	for _, o := range []sighttp.HandlerOption{
		sighttp.WithCodings(), sighttp.WithCodings(77), sighttp.WithLevel(99), sighttp.WithMinSize(-1), sighttp.WithPadding(-1),
		sighttp.WithPadding(1 << 20), sighttp.WithRequestBodies(0), sighttp.WithCodebook(nil), sighttp.WithContentTypes(nil),
	} {
		resp, _ := roundTrip(t, writing(text), nil, o)
		require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	}
}
