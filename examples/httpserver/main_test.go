package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

func serve(t *testing.T) string {
	server := httptest.NewServer(newHandler(time.Millisecond))
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

func TestPagesAndAPI(t *testing.T) {
	url := serve(t)
	client := http.Client{Transport: sighttp.Transport(nil, sighttp.WithRequestCoding(sighttp.Sigma))}
	for path, contentType := range map[string]string{
		"/": "text/html", "/style.css": "text/css", "/script.js": "text/javascript", "/api/stations": "application/json",
	} {
		resp, err := client.Get(url + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		require.True(t, resp.Uncompressed, path)
		require.Contains(t, resp.Header.Get("Content-Type"), contentType)
		if path == "/api/stations" {
			require.True(t, json.Valid(body))
			resp, err := client.Post(url+path, "application/json", strings.NewReader(string(body)))
			require.NoError(t, err)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, "500\n", string(answer))
		}
	}
}

func TestEventsGoOn(t *testing.T) {
	url := serve(t)
	for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
		client := http.Client{Transport: sighttp.Transport(nil, sighttp.WithCodings(coding))}
		resp, err := client.Get(url + "/events")
		require.NoError(t, err)
		require.True(t, resp.Uncompressed)
		lines := bufio.NewScanner(resp.Body)
		for range 20 {
			require.True(t, lines.Scan())
		}
		resp.Body.Close()
	}
}
