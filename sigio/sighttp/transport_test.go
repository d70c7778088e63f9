package sighttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// sized answers as many bytes of JSON as the path says.
var sized = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(page(n))
})

func get(t *testing.T, client *http.Client, url string) (*http.Response, []byte) {
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, body
}

func TestTransportDecodes(t *testing.T) {
	each(t, sized, func(t *testing.T, url string, client *http.Client) {
		for _, n := range []int{10, 5000, 500_000} {
			resp, body := get(t, client, url+"/"+strconv.Itoa(n))
			require.True(t, bytes.Equal(page(n), body))
			require.Equal(t, n > 1000, resp.Uncompressed)
			require.Empty(t, resp.Header.Get("Content-Encoding"))
			if resp.Uncompressed {
				require.Empty(t, resp.Header.Get("Content-Length"))
				require.EqualValues(t, -1, resp.ContentLength)
			}
		}
	}, sighttp.WithPadding(100))
}

func TestTransportLeavesAlone(t *testing.T) {
	server := httptest.NewServer(sighttp.Handler(sized))
	defer server.Close()
	client := server.Client()
	client.Transport = sighttp.Transport(client.Transport)
	for name, change := range map[string]func(*http.Request){
		"own Accept-Encoding": accepting("sigma"),
		"HEAD":                func(r *http.Request) { r.Method = http.MethodHead },
		"range":               func(r *http.Request) { r.Header.Set("Range", "bytes=0-9") },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodGet, server.URL+"/5000", nil)
			require.NoError(t, err)
			change(r)
			before := r.Header.Clone()
			resp, err := client.Do(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, before, r.Header)
			require.Equal(t, name == "own Accept-Encoding", resp.Header.Get("Content-Encoding") == "sigma")
		})
	}
}

// A response that ends too early must not look complete, although HTTP says it
// is.
func TestTruncatedResponse(t *testing.T) {
	body := page(20_000)
	for _, coding := range []string{"sigma", "zstd", "gzip"} {
		_, encoded := roundTrip(t, writing(body), accepting(coding))
		for n := 0; n < len(encoded); n += 1 + len(encoded)/40 {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", coding)
				w.WriteHeader(200)
				_ = http.NewResponseController(w).Flush()
				_, _ = w.Write(encoded[:n])
			}))
			client := server.Client()
			client.Transport = sighttp.Transport(client.Transport)
			resp, err := client.Get(server.URL)
			require.NoError(t, err)
			got, err := io.ReadAll(resp.Body)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s cut at %d of %d", coding, n, len(encoded))
			require.True(t, bytes.HasPrefix(body, got))
			resp.Body.Close()
			server.Close()
		}
	}
}

func TestResponseLimit(t *testing.T) {
	server := httptest.NewServer(sighttp.Handler(sized))
	defer server.Close()
	for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
		client := &http.Client{Transport: sighttp.Transport(server.Client().Transport, sighttp.WithCodings(coding), sighttp.WithMaxResponse(5000))}
		_, body := get(t, client, server.URL+"/5000")
		require.Len(t, body, 5000)
		resp, err := client.Get(server.URL + "/5001")
		require.NoError(t, err)
		body, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		var tooLarge *http.MaxBytesError
		require.ErrorAs(t, err, &tooLarge)
		require.EqualValues(t, 5000, tooLarge.Limit)
		require.LessOrEqual(t, len(body), 5000)
	}
}

// Bodies that are closed unread, or while they are read, leave nothing behind.
func TestCloseReleases(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(page(100_000))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	each(t, h, func(t *testing.T, url string, client *http.Client) {
		var wait sync.WaitGroup
		for i := range 8 {
			resp, err := client.Get(url)
			require.NoError(t, err)
			if i%2 == 1 {
				first := make([]byte, 1)
				_, err := resp.Body.Read(first)
				require.NoError(t, err)
				wait.Go(func() {
					_, err := io.Copy(io.Discard, resp.Body)
					require.Error(t, err)
				})
			}
			require.NoError(t, resp.Body.Close())
			_, err = resp.Body.Read(make([]byte, 1))
			require.Error(t, err)
			_ = resp.Body.Close()
		}
		wait.Wait()
	})
}

func TestNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine() // those of other tests may yet end
	h := sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(page(200_000))
		require.LessOrEqual(t, runtime.NumGoroutine(), before)
	}))
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		record := httptest.NewRecorder()
		h.ServeHTTP(record, r)
		return record.Result(), nil
	})
	for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
		client := http.Client{Transport: sighttp.Transport(base, sighttp.WithCodings(coding))}
		for range 3 {
			resp, err := client.Get("http://in.process/")
			require.NoError(t, err)
			_, err = io.CopyN(io.Discard, resp.Body, 1000)
			require.NoError(t, err)
			require.LessOrEqual(t, runtime.NumGoroutine(), before)
			if coding != sighttp.Zstd { // one abandoned, the others closed
				require.NoError(t, resp.Body.Close())
			}
		}
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Seen", r.Header.Get("Content-Encoding")+strconv.FormatInt(r.ContentLength, 10))
	_, _ = w.Write(body)
}

func TestRequestBodies(t *testing.T) {
	const most = 150_000
	each(t, http.HandlerFunc(echo), func(t *testing.T, url string, client *http.Client) {
		base := client.Transport
		for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
			client.Transport = sighttp.Transport(base, sighttp.WithRequestCoding(coding))
			for _, n := range []int{0, 100, 5000, most} {
				resp, err := client.Post(url, "text/plain", bytes.NewReader(page(n)))
				require.NoError(t, err)
				back, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				resp.Body.Close()
				require.Equal(t, http.StatusOK, resp.StatusCode)
				require.True(t, bytes.Equal(page(n), back))
				if n >= 1024 {
					require.Equal(t, "-1", resp.Header.Get("X-Seen"))
				}
			}
			resp, err := client.Post(url, "text/plain", bytes.NewReader(page(most+1)))
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
		}
	}, sighttp.WithRequestBodies(most))
}

// A redirect that repeats the body encodes it again.
func TestRequestBodyIsRepeated(t *testing.T) {
	server := httptest.NewServer(sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		echo(w, r)
	}), sighttp.WithRequestBodies(1<<20)))
	defer server.Close()
	client := server.Client()
	client.Transport = sighttp.Transport(client.Transport, sighttp.WithRequestCoding(sighttp.Sigma))
	resp, err := client.Post(server.URL, "text/plain", bytes.NewReader(page(5000)))
	require.NoError(t, err)
	defer resp.Body.Close()
	back, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, string(page(5000)), string(back))
}

func TestRequestRefusals(t *testing.T) {
	for name, row := range map[string]struct {
		coding, body string
		status       int
	}{
		"unknown coding let through":     {"br", "x", http.StatusUnsupportedMediaType},
		"identity refused":               {"identity", "x", http.StatusOK},
		"junk accepted":                  {"gzip", "this is not gzip at all", http.StatusBadRequest},
		"sigma junk accepted":            {"sigma", "this is not a stream at all", http.StatusBadRequest},
		"empty gzip accepted":            {"gzip", " ", http.StatusBadRequest},
		"zstd window of 32 MiB accepted": {"zstd", "\x28\xb5\x2f\xfd\x00\x78\x01\x00\x00", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			resp, _ := roundTrip(t, http.HandlerFunc(echo), func(r *http.Request) {
				r.Method = http.MethodPost
				r.Body = io.NopCloser(strings.NewReader(row.body))
				r.Header.Set("Content-Encoding", row.coding)
			}, sighttp.WithRequestBodies(1000))
			require.Equal(t, row.status, resp.StatusCode)
			if row.status == http.StatusUnsupportedMediaType {
				require.Equal(t, "sigma,zstd,gzip", resp.Header.Get("Accept-Encoding"))
			}
		})
	}
}

// A request body that fails must not arrive as a complete one.
func TestRequestBodyIsNotSealed(t *testing.T) {
	for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
		failed := errors.New("disk gone")
		var sent []byte
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			var err error
			sent, err = io.ReadAll(r.Body)
			r.Body.Close()
			return nil, err
		})
		client := http.Client{Transport: sighttp.Transport(base, sighttp.WithRequestCoding(coding))}
		_, err := client.Post("http://in.process/", "text/plain", io.MultiReader(bytes.NewReader(page(300_000)), failing{failed}))
		require.ErrorIs(t, err, failed)
		_, err = decode(coding.String(), sent)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestCodebook(t *testing.T) {
	var samples [][]byte
	for i := range 400 {
		samples = append(samples, page(500+i))
	}
	book, err := glyph.Train(samples, glyph.TrainOptions{})
	require.NoError(t, err)
	var last sighttp.Sent
	server := httptest.NewServer(sighttp.Handler(sized, sighttp.WithCodebook(book),
		sighttp.WithObserver(func(_ *http.Request, s sighttp.Sent) { last = s })))
	defer server.Close()
	with := &http.Client{Transport: sighttp.Transport(server.Client().Transport, sighttp.WithCodebook(book))}
	without := &http.Client{Transport: sighttp.Transport(server.Client().Transport)}
	for _, n := range []int{200, 1500, 9000} {
		path := server.URL + "/" + strconv.Itoa(n)
		resp, body := get(t, without, path)
		require.True(t, bytes.Equal(page(n), body))
		require.Equal(t, []string{"Accept-Encoding", "Sigma-Codebook"}, resp.Header["Vary"])
		plain := last.Encoded
		_, body = get(t, with, path)
		require.True(t, bytes.Equal(page(n), body))
		require.Equal(t, sighttp.Sigma, last.Coding)
		require.EqualValues(t, n, last.Raw)
		if n <= 8<<10 {
			require.Less(t, last.Encoded, plain)
		}
	}
}

func TestBadOptionFailsRequests(t *testing.T) {
	for _, o := range []sighttp.TransportOption{
		sighttp.WithCodings(), sighttp.WithMaxResponse(0), sighttp.WithRequestCoding(9), sighttp.WithLevel(9), sighttp.WithCodebook(nil),
	} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://in.process/", nil)
		require.NoError(t, err)
		_, err = sighttp.Transport(nil, o).RoundTrip(r)
		require.ErrorContains(t, err, "sighttp: ")
	}
}

// Many at once share encoders and decoders.
func TestManyAtOnce(t *testing.T) {
	each(t, sized, func(t *testing.T, url string, client *http.Client) {
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				for k := range 4 {
					n := 1 + (i*7919+k*104729)%150_000
					resp, err := client.Get(url + "/" + strconv.Itoa(n))
					if err != nil {
						t.Error(err)
						return
					}
					body, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || !bytes.Equal(page(n), body) {
						t.Errorf("%d bytes: %v", n, err)
					}
				}
			})
		}
		wait.Wait()
	})
}
