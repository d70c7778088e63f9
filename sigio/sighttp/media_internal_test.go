package sighttp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	repeat := func(one func(b []byte, i int) []byte) (b []byte) {
		for i := 0; len(b) < 64<<10; i++ {
			b = one(b, i)
		}
		return b
	}
	for name, row := range map[string]struct {
		content []byte
		text    bool
	}{
		"JSON": {repeat(func(b []byte, i int) []byte {
			return fmt.Appendf(b, `{"id":%d,"name":"user %d","score":%d},`, i, rng.IntN(1000), rng.IntN(100))
		}), true},
		"Russian": {repeat(func(b []byte, _ int) []byte {
			return append(b, []string{"глава ", "первая ", "о том, ", "как "}[rng.IntN(4)]...)
		}), true},
		"time stamps": {repeat(func(b []byte, i int) []byte {
			return fmt.Appendf(b, "%d,%d\n", i, 1_231_006_505+600*i+rng.IntN(600))
		}), false},
		"samples": {repeat(func(b []byte, i int) []byte {
			return binary.LittleEndian.AppendUint16(b, uint16(i*7+rng.IntN(50)))
		}), false},
		"noise":   {repeat(func(b []byte, _ int) []byte { return binary.LittleEndian.AppendUint64(b, rng.Uint64()) }), false},
		"nothing": {nil, false},
	} {
		require.Equal(t, row.text, isText(row.content), name)
	}
}

// The memory of a stream of events is small, whatever is sent first.
func TestEventsAreLive(t *testing.T) {
	for contentType, want := range map[string]shape{
		"text/event-stream": live, "Text/Event-Stream ; charset=utf-8": live, "text/event-streams": text, "text/html": text,
	} {
		for _, size := range []int{3000, 100_000} {
			h := Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", contentType)
				_, _ = w.Write(bytes.Repeat([]byte("data: a news item\n\n"), size/19))
				w.(http.Flusher).Flush()
				require.Equal(t, want, w.(*response).key.shape, contentType)
			}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", "sigma")
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
}

// A text may repeat what is further away than the first chunks are long.
func TestTextHasAHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var words bytes.Buffer
	for words.Len() < 400_000 {
		fmt.Fprintf(&words, "%c%c%c%c%c ", 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26))
	}
	encoded := func(body []byte) int {
		e := newEncoders(defaults().level, []Coding{Sigma}, nil)
		out := new(appender)
		key := encoderKey{coding: Sigma, shape: e.shapeOf(body)}
		require.Equal(t, text, key.shape)
		z, err := e.get(key, out)
		require.NoError(t, err)
		for _, p := range [][]byte{body[:100], body[100:70_000], body[70_000:]} { // however it comes
			_, err = z.Write(p)
			require.NoError(t, err)
		}
		require.NoError(t, z.Close())
		back, err := decodeAll("sigma", out.p)
		require.NoError(t, err)
		require.True(t, bytes.Equal(body, back))
		return len(out.p)
	}
	once := encoded(words.Bytes())
	require.Less(t, encoded(bytes.Repeat(words.Bytes(), 2)), once+once/20)
}
