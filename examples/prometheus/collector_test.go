package prometheus

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// The figures are scraped through the handler that they are about.
func TestScrape(t *testing.T) {
	responses := NewResponses()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(responses)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("line\n", 1000))
	})
	// Without its own compression, of which sighttp keeps its hands.
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true}))
	server := httptest.NewServer(sighttp.Handler(mux, sighttp.WithObserver(responses.Observe)))
	defer server.Close()

	get := func(path string, coding sighttp.Coding) string {
		client := http.Client{Transport: sighttp.Transport(server.Client().Transport, sighttp.WithCodings(coding))}
		resp, err := client.Get(server.URL + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}
	get("/", sighttp.Sigma)
	get("/", sighttp.Sigma)
	get("/", sighttp.Zstd)
	figures := get("/metrics", sighttp.Gzip)
	require.Contains(t, figures, `sighttp_responses_total{coding="sigma"} 2`)
	require.Contains(t, figures, `sighttp_responses_total{coding="zstd"} 1`)
	require.Contains(t, figures, `sighttp_response_raw_bytes_total{coding="sigma"} 10000`)
	require.Contains(t, figures, `sighttp_response_encoded_bytes_total{coding="zstd"}`)
}
