package sighttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// posting sends the beginning of a compressed request, whose body has behind
// bytes more.
func posting(t *testing.T, h http.Handler, behind int) net.Conn {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute))) // to end what would not
	body := stack(t, "gzip", page(100))
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(body)+behind, body)
	require.NoError(t, err)
	return conn
}

// What comes over a hijacked connection is for who has it, also where a request
// body was left unread.
func TestHijackedConnectionIsLeftAlone(t *testing.T) {
	taken := make(chan *bufio.ReadWriter, 1)
	inner := sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1))
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "taken")
		taken <- rw
	}), sighttp.WithRequestBodies(1<<20))
	conn := posting(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		rw := <-taken
		line, _ := rw.ReadString('!')
		fmt.Fprint(rw, line)
		rw.Flush()
	}), 6)
	_, err := io.ReadFull(conn, make([]byte, 5))
	require.NoError(t, err)
	_, err = io.WriteString(conn, "hello!")
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer := make([]byte, 6)
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "hello!", string(answer))
}

// A handler that returns with the request unread has answered, for a client that
// waits for the answer before it goes on.
func TestAnswerToHalfARequest(t *testing.T) {
	conn := posting(t, sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, "enough")
	}), sighttp.WithRequestBodies(1<<20)), 5)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "enough", string(answer))
}
