package sighttp

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
)

// FuzzAccept holds the parser against rules that need no parser.
func FuzzAccept(f *testing.F) {
	for _, row := range negotiations {
		f.Add(strings.Join(row.lines, "\n"))
	}
	f.Fuzz(func(t *testing.T, lines string) {
		all := []Coding{Sigma, Zstd, Gzip}
		split := strings.Split(lines, "\n")
		a := parseAccept(split)
		for _, w := range append(a.weight[:], a.wildcard) {
			if w < unmentioned || w > 1000 {
				t.Fatalf("weight %d", w)
			}
		}
		coding, ok := a.choose(all)
		if joined := parseAccept([]string{strings.Join(split, ",")}); joined != a {
			t.Fatal("lines differ from a list")
		}
		lower := strings.ToLower(lines)
		if coding != identity && !strings.Contains(lower, coding.String()) && !(coding == Gzip && strings.Contains(lines, "*")) {
			t.Fatalf("%v was not asked for", coding)
		}
		if !ok && !strings.Contains(lines, "0") {
			t.Fatal("nothing was refused")
		}
		refused := parseAccept(append(split, coding.String()+";q=0"))
		if again, _ := refused.choose(all); coding != identity && again == coding {
			t.Fatalf("%v was refused", coding)
		}
	})
}

// FuzzHeaders gives a handler's header, status and writes to the wrapper: the
// body must come back, whatever they are.
func FuzzHeaders(f *testing.F) {
	f.Add("gzip", `"a-gzip"`, "text/html", `"a"`, "", 200, uint16(3000), uint16(100), false)
	f.Add("zstd", "", "", `W/"a"`, "no-transform", 200, uint16(5), uint16(5), true)
	f.Add("sigma", "*", "text/event-stream", "a", "", 206, uint16(9000), uint16(77), true)
	f.Add("identity;q=0, *", "", "image/png", `"`, ",", 404, uint16(0), uint16(0), true)
	f.Fuzz(func(t *testing.T, accept, match, contentType, tag, cache string, status int, n, piece uint16, flush bool) {
		if status < 200 || status > 599 || status == http.StatusNoContent || status == http.StatusNotModified {
			return
		}
		body := bytes.Repeat([]byte("some words. "), int(n)/12+1)[:n]
		next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range map[string]string{"Content-Type": contentType, "Etag": tag, "Cache-Control": cache} {
				if value != "" {
					w.Header().Set(name, value)
				}
			}
			w.WriteHeader(status)
			for p := body; len(p) > 0; {
				k := min(len(p), int(piece)+1)
				if _, err := w.Write(p[:k]); err != nil {
					t.Error(err)
				}
				p = p[k:]
				if flush {
					_ = http.NewResponseController(w).Flush()
				}
			}
		})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Accept-Encoding"] = []string{accept}
		r.Header["If-None-Match"] = []string{match}
		r.Header["If-Match"] = []string{match}
		w := httptest.NewRecorder()
		Handler(next, WithMinSize(100)).ServeHTTP(w, r)
		if w.Code == http.StatusNotAcceptable && status != http.StatusNotAcceptable {
			return
		}
		got, err := decodeAll(w.Header().Get("Content-Encoding"), w.Body.Bytes())
		if err != nil || !bytes.Equal(body, got) || w.Code != status {
			t.Fatalf("status %d, %d bytes, %v", w.Code, len(got), err)
		}
	})
}

func decodeAll(coding string, p []byte) ([]byte, error) {
	var r io.Reader = bytes.NewReader(p)
	var err error
	switch coding {
	case "sigma":
		r = sigio.NewReader(r)
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
