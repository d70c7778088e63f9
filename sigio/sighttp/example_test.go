package sighttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sigmalang/sigma/sigio/sighttp"
)

// A server that compresses, and a client that asks for it.
func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("/greetings", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("hello, world\n", 1000))
	})
	server := httptest.NewServer(sighttp.Handler(mux))
	defer server.Close()

	client := http.Client{Transport: sighttp.Transport(nil)}
	resp, err := client.Get(server.URL + "/greetings")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(len(body), resp.Uncompressed, err)
	// Output: 13000 true <nil>
}

// What clients send may be compressed as well. How much it may become is the
// server's decision.
func ExampleWithRequestBodies() {
	server := httptest.NewServer(sighttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest) // 413 where it was too long
			return
		}
		fmt.Fprint(w, n)
	}), sighttp.WithRequestBodies(1<<20)))
	defer server.Close()

	client := http.Client{Transport: sighttp.Transport(nil, sighttp.WithRequestCoding(sighttp.Zstd))}
	for _, n := range []int{1 << 20, 1<<20 + 1} {
		resp, err := client.Post(server.URL, "text/plain", strings.NewReader(strings.Repeat("x", n)))
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// 200 OK
	// 413 Request Entity Too Large
}
