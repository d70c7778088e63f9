package sighttp_test

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"testing"

	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// Sigma passes a proxy that does not know it; and a proxy can speak it on
// behalf of others.
func TestThroughReverseProxy(t *testing.T) {
	origin := httptest.NewServer(sighttp.Handler(sized))
	defer origin.Close()
	target, err := url.Parse(origin.URL)
	require.NoError(t, err)
	for name, proxy := range map[string]http.Handler{
		"as it is":       httputil.NewSingleHostReverseProxy(target),
		"with a Handler": sighttp.Handler(httputil.NewSingleHostReverseProxy(target)),
		"decoding": sighttp.Handler(&httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Header.Del("Accept-Encoding") },
			Transport: sighttp.Transport(nil),
		}),
	} {
		t.Run(name, func(t *testing.T) {
			each(t, proxy, func(t *testing.T, url string, client *http.Client) {
				for _, n := range []int{10, 5000, 500_000} {
					resp, body := get(t, client, url+"/"+strconv.Itoa(n))
					require.True(t, bytes.Equal(page(n), body))
					require.Equal(t, n > 1000, resp.Uncompressed)
				}
			})
		})
	}
}

// An origin that fails halfway fails behind a proxy as well.
func TestAbortPassesReverseProxy(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(page(200_000))
		panic(http.ErrAbortHandler)
	}))
	defer origin.Close()
	target, err := url.Parse(origin.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	each(t, proxy, func(t *testing.T, url string, client *http.Client) {
		resp, err := client.Get(url)
		if err == nil { // else it failed before the header
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		require.Error(t, err)
	})
}
