package sighttp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

var fixed = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// each runs a test over HTTP/1.1 and over HTTP/2 with TLS, for every coding.
func each(t *testing.T, h http.Handler, test func(t *testing.T, url string, client *http.Client), opts ...sighttp.HandlerOption) {
	for _, http2 := range []bool{false, true} {
		for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
			t.Run(fmt.Sprintf("http2 %t, %v", http2, coding), func(t *testing.T) {
				server := httptest.NewUnstartedServer(sighttp.Handler(h, opts...))
				server.EnableHTTP2 = http2
				if http2 {
					server.StartTLS()
				} else {
					server.Start()
				}
				defer server.Close()
				client := server.Client()
				client.Transport = sighttp.Transport(client.Transport, sighttp.WithCodings(coding))
				test(t, server.URL, client)
			})
		}
	}
}

// Every event arrives before the next one is made.
func TestEventsArriveOneByOne(t *testing.T) {
	const events = 20
	step := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w).Flush
		_ = flush()
		for i := range events {
			<-step
			fmt.Fprintf(w, "data: event %d\n\n", i)
			_ = flush()
			_ = flush() // nothing new
		}
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		resp, err := client.Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.True(t, resp.Uncompressed)
		lines := bufio.NewScanner(resp.Body)
		for i := range events {
			step <- struct{}{}
			require.True(t, lines.Scan(), "%v", lines.Err())
			require.Equal(t, fmt.Sprintf("data: event %d", i), lines.Text())
			require.True(t, lines.Scan())
		}
		require.False(t, lines.Scan())
		require.NoError(t, lines.Err())
	})
}

// What the handler does to the header too late must not count, but as trailers.
func TestHeaderIsFrozen(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("X-Early", "yes")
		w.WriteHeader(http.StatusAccepted)
		w.Header().Set("X-Late", "no")
		w.Header().Set("X-Early", "changed")
		_, _ = w.Write(text)
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-More", "43")
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		resp, err := client.Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, string(text), string(body))
		require.True(t, resp.Uncompressed)
		require.Equal(t, http.StatusAccepted, resp.StatusCode)
		require.Equal(t, "yes", resp.Header.Get("X-Early"))
		require.Empty(t, resp.Header.Get("X-Late"))
		require.Equal(t, "42", resp.Trailer.Get("X-Sum"))
		require.Equal(t, "43", resp.Trailer.Get("X-More"))
	})
}

func TestInformationalResponses(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = w.Write(text)
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		resp, err := client.Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, string(text), string(body))
		require.Equal(t, http.StatusOK, resp.StatusCode)
	})
}

func TestFilesAreServed(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, r.URL.Path, fixed, strings.NewReader(strings.Repeat(string(text), 50)))
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		for path, compressed := range map[string]bool{"/a.html": true, "/a.png": false} {
			resp, err := client.Get(url + path)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			require.Len(t, body, 50*len(text))
			require.Equal(t, compressed, resp.Uncompressed)
			require.Equal(t, compressed, resp.Header.Get("Accept-Ranges") == "")
		}
	})
}

func TestResponseController(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		for _, err := range []error{
			c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Now().Add(time.Hour)), c.EnableFullDuplex(), c.Flush(),
		} {
			if err != nil && !errors.Is(err, http.ErrNotSupported) {
				panic(err)
			}
		}
		_, flusher := w.(http.Flusher)
		_, readerFrom := w.(io.ReaderFrom)
		fmt.Fprint(w, flusher, readerFrom)
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		resp, err := client.Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "true true", string(body))
	})
}

func TestHijack(t *testing.T) {
	for name, upgrade := range map[string]bool{"plain request": false, "upgrade": true} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					panic(err)
				}
				defer conn.Close()
				fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
				rw.Flush()
				if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrHijacked) {
					panic("wrote behind a hijack")
				}
			})))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Start()
			defer server.Close()
			r, err := http.NewRequest(http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", "sigma")
			if upgrade {
				r.Header.Set("Connection", "keep-alive, Upgrade")
				r.Header.Set("Upgrade", "echo")
			}
			resp, err := server.Client().Do(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "hello", string(body))
		})
	}
}
