package chi

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

func serve(t *testing.T) (url string, client *http.Client) {
	compressor := middleware.NewCompressor(5, "text/*")
	SetEncoder(compressor, sigio.WithLevel(sigio.LevelFastest))
	r := chi.NewRouter()
	r.Use(compressor.Handler)
	r.Get("/lines/{word}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, strings.Repeat(chi.URLParam(r, "word")+"\n", 1000))
	})
	r.Get("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 0; r.Context().Err() == nil; i++ {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
		}
	})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return server.URL, &http.Client{Transport: sighttp.Transport(server.Client().Transport)}
}

func TestThroughChi(t *testing.T) {
	url, client := serve(t)
	var wait sync.WaitGroup
	for i := range 50 { // encoders are reused
		wait.Go(func() {
			word := fmt.Sprintf("word%d", i)
			resp, err := client.Get(url + "/lines/" + word)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || !resp.Uncompressed || string(body) != strings.Repeat(word+"\n", 1000) {
				t.Errorf("%s: %d bytes, %v", word, len(body), err)
			}
		})
	}
	wait.Wait()
}

func TestSigmaIsSent(t *testing.T) {
	url, _ := serve(t)
	r, err := http.NewRequest(http.MethodGet, url+"/lines/x", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip, sigma")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "sigma", resp.Header.Get("Content-Encoding"))
	body, err := io.ReadAll(sigio.NewReader(resp.Body))
	require.NoError(t, err)
	require.Len(t, body, 2000)
}

func TestEventsThroughChi(t *testing.T) {
	url, client := serve(t)
	resp, err := client.Get(url + "/events")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.True(t, resp.Uncompressed)
	lines := bufio.NewScanner(resp.Body)
	for range 40 {
		require.True(t, lines.Scan())
	}
}
