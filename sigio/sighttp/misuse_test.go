package sighttp_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// record has a handler answer a request without a connection.
func record(h http.HandlerFunc, opts ...sighttp.HandlerOption) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "sigma")
	sighttp.Handler(h, opts...).ServeHTTP(w, r)
	return w
}

func TestLevels(t *testing.T) {
	body := page(100_000)
	for _, level := range []sigio.Level{sigio.LevelFastest, sigio.LevelDefault, sigio.LevelBetter, sigio.LevelBest} {
		for _, coding := range []string{"sigma", "zstd", "gzip"} {
			_, got := roundTrip(t, writing(body), accepting(coding), sighttp.WithLevel(level))
			back, err := decode(coding, got)
			require.NoError(t, err)
			require.True(t, bytes.Equal(body, back), "%v, %s", level, coding)
		}
	}
}

// No more than was declared is accepted, as without Handler.
func TestMoreThanDeclared(t *testing.T) {
	for name, body := range map[string][]byte{"held": page(5000), "streamed": page(100_000)} {
		t.Run(name, func(t *testing.T) {
			var err error
			w := record(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "5000")
				if name == "streamed" {
					w.Header().Set("Content-Length", "100000")
				}
				_, _ = w.Write(body)
				_, err = w.Write([]byte("x"))
			})
			require.ErrorIs(t, err, http.ErrContentLength)
			back, err := decode("sigma", w.Body.Bytes())
			require.NoError(t, err)
			require.Equal(t, body, back)
		})
	}
}

func TestWriteBehindReturn(t *testing.T) {
	var kept http.ResponseWriter
	w := record(func(w http.ResponseWriter, _ *http.Request) {
		kept = w
		_, _ = w.Write(text)
	})
	sent := w.Body.Len()
	_, err := kept.Write([]byte("x"))
	require.Error(t, err)
	require.Equal(t, sent, w.Body.Len())
}

// A client that went away is an error of Write, and of all that follow.
func TestClientGone(t *testing.T) {
	gone := errors.New("gone")
	var first, second, flush error
	h := sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(text)
		first = http.NewResponseController(w).Flush()
		_, second = w.Write(text)
		flush = http.NewResponseController(w).Flush()
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, coding := range []string{"sigma", "zstd", "gzip"} {
		r.Header.Set("Accept-Encoding", coding)
		h.ServeHTTP(deaf{httptest.NewRecorder(), gone}, r)
		require.ErrorIs(t, first, gone)
		require.ErrorIs(t, second, gone)
		require.ErrorIs(t, flush, gone)
	}
}

type deaf struct {
	*httptest.ResponseRecorder
	err error
}

func (d deaf) Write([]byte) (int, error) { return 0, d.err }

func TestReadFrom(t *testing.T) {
	failed := errors.New("disk gone")
	for name, row := range map[string]struct {
		contentType string
		source      io.Reader
		n           int
		err         error
	}{
		"held body lost":          {"text/plain", strings.NewReader(string(text)), len(text), nil},
		"streamed body lost":      {"text/plain", bytes.NewReader(page(200_000)), 200_000, nil},
		"image lost":              {"image/png", bytes.NewReader(page(200_000)), 200_000, nil},
		"image by content lost":   {"", io.MultiReader(strings.NewReader("\x89PNG\r\n\x1a\n"), bytes.NewReader(page(200_000))), 200_008, nil},
		"one byte at a time lost": {"text/plain", iotest.OneByteReader(bytes.NewReader(page(2000))), 2000, nil},
		"error of the source":     {"text/plain", io.MultiReader(strings.NewReader("abc"), failing{failed}), 3, failed},
	} {
		t.Run(name, func(t *testing.T) {
			var n int64
			var err error
			w := record(func(w http.ResponseWriter, _ *http.Request) {
				if row.contentType != "" {
					w.Header().Set("Content-Type", row.contentType)
				}
				n, err = w.(io.ReaderFrom).ReadFrom(row.source)
			})
			require.Equal(t, row.err, err)
			require.EqualValues(t, row.n, n)
			back, err := decode(w.Header().Get("Content-Encoding"), w.Body.Bytes())
			require.NoError(t, err)
			require.Len(t, back, row.n)
		})
	}
}

// What was written before a hijack is not lost, and not compressed.
func TestHijackBehindWrite(t *testing.T) {
	server := httptest.NewServer(sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "8000")
		_, _ = w.Write(text)
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = rw.Write(text)
		_ = rw.Flush()
	})))
	defer server.Close()
	r, err := http.NewRequest(http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "sigma")
	resp, err := server.Client().Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, string(text)+string(text), string(body))

	record(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err = w.(http.Hijacker).Hijack()
	})
	require.ErrorIs(t, err, http.ErrNotSupported)
}

// A handler that reads too much and says nothing answers 413.
func TestSilentHandlerAnswers413(t *testing.T) {
	silent := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			panic("not refused")
		}
	})
	server := httptest.NewServer(sighttp.Handler(silent, sighttp.WithRequestBodies(5000)))
	defer server.Close()
	client := http.Client{Transport: sighttp.Transport(nil, sighttp.WithRequestCoding(sighttp.Gzip))}
	resp, err := client.Post(server.URL, "text/plain", bytes.NewReader(page(5001)))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
}
