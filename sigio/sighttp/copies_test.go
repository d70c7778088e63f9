package sighttp_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"testing"

	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// Both ends pass on copies of requests. These tests are about what a copy may
// not lose.

// reading is an io.Reader.
type reading func([]byte) (int, error)

func (f reading) Read(p []byte) (int, error) { return f(p) }

// Trailers get their values while the body is read, in the caller's request.
func TestRequestTrailers(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(body), " ", err, " ", r.Trailer.Get("X-Sum"))
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		base := client.Transport
		for _, sending := range []sighttp.Coding{0, sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
			client.Transport = sighttp.Transport(base, sighttp.WithRequestCoding(sending))
			r, err := http.NewRequest(http.MethodPost, url, nil)
			require.NoError(t, err)
			r.Trailer = http.Header{"X-Sum": nil}
			end := reading(func([]byte) (int, error) {
				r.Trailer.Set("X-Sum", "42")
				return 0, io.EOF
			})
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(page(3000)), end))
			r.ContentLength = -1
			resp, err := client.Do(r)
			require.NoError(t, err)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, "3000 <nil> 42", string(answer))
		}
	}, sighttp.WithRequestBodies(1<<20))
}

// A response names the request that the caller made. Its connection is used
// again, until CloseIdleConnections.
func TestCallersRequest(t *testing.T) {
	each(t, sized, func(t *testing.T, url string, client *http.Client) {
		for i, n := range []int{5000, 100_000, 500_000, 10} {
			reused := false
			r, err := http.NewRequest(http.MethodGet, fmt.Sprint(url, "/", n), nil)
			require.NoError(t, err)
			r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused },
			}))
			resp, err := client.Do(r)
			require.NoError(t, err)
			require.Same(t, r, resp.Request)
			_, err = io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, i > 0, reused)
		}
	})
	idle := new(idleCounter)
	client := http.Client{Transport: sighttp.Transport(idle)}
	client.CloseIdleConnections()
	require.Equal(t, 1, idle.closed)
	sighttp.Transport(roundTripper(nil)).(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

type idleCounter struct {
	http.RoundTripper
	closed int
}

func (c *idleCounter) CloseIdleConnections() { c.closed++ }

func TestRequestWithoutHeader(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "http://localhost/", nil)
	require.NoError(t, err)
	r.Header = nil
	_, err = sighttp.Transport(nil).RoundTrip(r)
	require.ErrorContains(t, err, "nil Request.Header")
}

// The server removes the files of a form when the request is over.
func TestFilesOfAFormAreRemoved(t *testing.T) {
	var name string
	server := httptest.NewServer(sighttp.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1000); err != nil {
			panic(err)
		}
		f, err := r.MultipartForm.File["part"][0].Open()
		if err != nil {
			panic(err)
		}
		defer f.Close()
		name = f.(*os.File).Name()
	}), sighttp.WithRequestBodies(100<<20)))
	defer server.Close()
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	part, err := m.CreateFormFile("part", "a.json")
	require.NoError(t, err)
	for range 4 { // longer than the server keeps in memory in any case
		_, err = part.Write(page(3_000_000))
		require.NoError(t, err)
	}
	require.NoError(t, m.Close())
	client := http.Client{Transport: sighttp.Transport(server.Client().Transport, sighttp.WithRequestCoding(sighttp.Gzip))}
	resp, err := client.Post(server.URL, m.FormDataContentType(), &form)
	require.NoError(t, err)
	resp.Body.Close()
	server.Close() // and with it the request has ended
	require.NotEmpty(t, name)
	_, err = os.Stat(name)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Those around Handler count requests by the pattern that served them.
func TestPatternIsToldBack(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{page}", func(http.ResponseWriter, *http.Request) {})
	r := httptest.NewRequest(http.MethodGet, "/a", nil)
	r.Header.Set("Accept-Encoding", "sigma")
	r.Header.Set("If-None-Match", `"v1-sigma"`)
	sighttp.Handler(mux).ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "GET /{page}", r.Pattern)
}
