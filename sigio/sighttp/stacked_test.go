package sighttp_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// stack applies codings in the order of their list.
func stack(t *testing.T, codings string, body []byte) []byte {
	for coding := range strings.SplitSeq(codings, ",") {
		var out bytes.Buffer
		var w io.WriteCloser
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "sigma":
			w = sigio.NewWriter(&out)
		case "gzip", "x-gzip":
			w = gzip.NewWriter(&out)
		case "zstd":
			var err error
			w, err = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
			require.NoError(t, err)
		default:
			continue
		}
		_, err := w.Write(body)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		body = out.Bytes()
	}
	return body
}

func TestStackedResponse(t *testing.T) {
	for name, row := range map[string]struct {
		lines []string
		left  string // in Content-Encoding
	}{
		"two codings left":                 {[]string{"gzip, sigma"}, ""},
		"two lines left":                   {[]string{"gzip", "sigma"}, ""},
		"three codings left":               {[]string{"zstd,x-gzip , Sigma"}, ""},
		"identity counted":                 {[]string{"identity, gzip, identity"}, ""},
		"empty items counted":              {[]string{",gzip,,"}, ""},
		"coding over one not known left":   {[]string{"br, sigma"}, "br"},
		"coding beneath it undone":         {[]string{"gzip, br"}, "gzip, br"},
		"both sides of one not known":      {[]string{"gzip, br, zstd, sigma"}, "gzip, br"},
		"bomb of many codings decoded":     {[]string{"gzip,gzip,gzip,gzip,gzip"}, "gzip,gzip,gzip,gzip,gzip"},
		"as many codings as allowed, left": {[]string{"gzip,gzip,gzip,gzip"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := page(5000)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Encoding"] = row.lines
				_, _ = w.Write(stack(t, strings.Join(row.lines, ","), body))
			}))
			defer server.Close()
			client := &http.Client{Transport: sighttp.Transport(server.Client().Transport)}
			resp, got := get(t, client, server.URL)
			require.Equal(t, row.left == "", resp.Uncompressed)
			require.Equal(t, row.left, strings.Join(resp.Header["Content-Encoding"], ", "))
			require.True(t, bytes.Equal(stack(t, row.left, body), got))
		})
	}
}

func TestStackedRequest(t *testing.T) {
	const most = 100_000
	post := func(codings string, body []byte) (*http.Response, []byte) {
		return roundTrip(t, http.HandlerFunc(echo), func(r *http.Request) {
			r.Method = http.MethodPost
			r.Body = io.NopCloser(bytes.NewReader(body))
			r.Header.Set("Content-Encoding", codings)
			r.Header.Set("Accept-Encoding", "identity")
		}, sighttp.WithRequestBodies(most))
	}
	for _, codings := range []string{"gzip, sigma", "sigma,zstd,gzip", "zstd, identity"} {
		resp, got := post(codings, stack(t, codings, page(most)))
		require.Equal(t, http.StatusOK, resp.StatusCode, codings)
		require.True(t, bytes.Equal(page(most), got))
		resp, _ = post(codings, stack(t, codings, page(most+1)))
		require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode, codings)
		resp, _ = post(codings, stack(t, codings, page(most))[:100])
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, codings)
	}
	for _, codings := range []string{"br, gzip", "gzip, br", "gzip,gzip,gzip,gzip,gzip"} {
		resp, _ := post(codings, stack(t, codings, page(most)))
		require.Equal(t, http.StatusUnsupportedMediaType, resp.StatusCode, codings)
	}
}

// Few bytes that become many, and then few again, are refused for the many.
func TestStackedBomb(t *testing.T) {
	for coding, inner := range map[string][]byte{
		"gzip": bytes.Repeat(emptyMember, 100_000),
		"zstd": append([]byte("\x50\x2a\x4d\x18\x00\x00\x10\x00"), make([]byte, 1<<20)...), // a skippable frame
	} {
		for _, over := range []string{"sigma", "zstd", "gzip"} {
			bomb := stack(t, over, inner)
			require.Less(t, len(bomb), 10_000)
			resp, _ := roundTrip(t, http.HandlerFunc(echo), func(r *http.Request) {
				r.Method = http.MethodPost
				r.Body = io.NopCloser(bytes.NewReader(bomb))
				r.Header.Set("Content-Encoding", coding+", "+over)
			}, sighttp.WithRequestBodies(100_000))
			require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode, "%s over %s", over, coding)
		}
	}
}

// emptyMember is a gzip member without content.
var emptyMember = func() []byte {
	var b bytes.Buffer
	_ = gzip.NewWriter(&b).Close()
	return b.Bytes()
}()
