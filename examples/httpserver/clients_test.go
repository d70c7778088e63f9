package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigmalang/sigma/sigio/sighttp"
	"github.com/stretchr/testify/require"
)

// The tests in this file need programs that not every machine has, and are
// skipped without them.

func find(t *testing.T, program string) string {
	path, err := exec.LookPath(program)
	if err != nil || testing.Short() {
		t.Skip("no " + program + ", or -short")
	}
	return path
}

// The page as it stands is what curl gets, whatever it asks for.
func TestCurl(t *testing.T) {
	curl := find(t, "curl")
	url := serve(t)
	want, err := site.ReadFile("site/index.html")
	require.NoError(t, err)
	features, err := exec.Command(curl, "--version").Output()
	require.NoError(t, err)
	for _, coding := range []string{"identity", "gzip", "zstd"} {
		if coding == "zstd" && !strings.Contains(string(features), "zstd") {
			continue
		}
		got, err := exec.Command(curl, "--compressed", "-sS", "-H", "Accept-Encoding: "+coding, url+"/").Output()
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), coding)
	}
}

// observer frames the site and tells the server when the list and three events
// are shown.
const observer = `<!doctype html><iframe id="site" src="/"></iframe><script>
setInterval(function () {
  const inner = document.getElementById("site").contentDocument;
  const stations = inner.getElementById("stations"), events = inner.getElementById("events");
  const style = inner.body && getComputedStyle(inner.body).maxWidth;
  if (events && parseInt(events.value) >= 3 && stations.value.startsWith("500") && style === "640px") fetch("/shown");
}, 50);
</script>`

// A browser shows page, assets, list and events in every coding it knows.
func TestChromium(t *testing.T) {
	chromium := find(t, "chromium")
	for _, http2 := range []bool{false, true} {
		for _, coding := range []string{"gzip", "zstd"} {
			t.Run(fmt.Sprintf("http2 %t, %s", http2, coding), func(t *testing.T) {
				visit(t, chromium, http2, coding)
			})
		}
	}
}

func visit(t *testing.T, chromium string, http2 bool, coding string) {
	asked, shown := make(chan struct{}), make(chan struct{})
	var first, once sync.Once
	var codings sync.Map // by path
	app := newHandler(100 * time.Millisecond)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/observer":
			first.Do(func() { close(asked) })
			io.WriteString(w, observer)
		case "/shown":
			once.Do(func() { close(shown) })
		default:
			if r.Header.Get("Accept-Encoding") != "" { // what the browser itself asks for depends on the address
				r.Header.Set("Accept-Encoding", coding)
			}
			app.ServeHTTP(noting{w, &codings, r.URL.Path}, r)
		}
	}))
	server.EnableHTTP2 = http2
	if http2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.CloseClientConnections()
	profile, err := os.MkdirTemp("", "sighttp")
	require.NoError(t, err)
	defer os.RemoveAll(profile) // what a dying browser adds meanwhile may stay
	browser := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors",
		"--remote-debugging-port=0", "--user-data-dir="+profile, server.URL+"/observer")
	require.NoError(t, browser.Start())
	ended := make(chan error, 1)
	go func() { ended <- browser.Wait() }()
	// One that runs has to show the site, however long it takes.
	for _, step := range []chan struct{}{asked, shown} {
		patience := time.After(2 * time.Minute)
		if step == shown {
			patience = nil
		}
		select {
		case <-step:
		case err := <-ended:
			t.Skip("chromium does not run here: ", err)
		case <-patience:
			_ = browser.Process.Kill()
			<-ended
			t.Skip("chromium asks for nothing here")
		}
	}
	_ = browser.Process.Signal(os.Interrupt)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = browser.Process.Kill()
		<-ended
	}
	for _, path := range []string{"/", "/style.css", "/script.js", "/api/stations", "/events"} {
		got, _ := codings.Load(path)
		require.Equal(t, coding, got, path)
	}
}

// noting notes the Content-Encoding of what is sent.
type noting struct {
	http.ResponseWriter
	codings *sync.Map
	path    string
}

func (n noting) WriteHeader(status int) {
	n.codings.Store(n.path, n.Header().Get("Content-Encoding"))
	n.ResponseWriter.WriteHeader(status)
}

func (n noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }

const nginxConfig = `
daemon off;
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log off;
  gzip on;
  gzip_types application/json text/css text/javascript;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen unix:%[1]s/socket;
    location / { proxy_pass %[2]s; }
    location /events { proxy_pass %[2]s; proxy_buffering off; proxy_http_version 1.1; }
  }
}
`

// A proxy that knows nothing of Sigma passes it on, events included.
func TestNginx(t *testing.T) {
	nginx := find(t, "nginx")
	origin := serve(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, origin), 0o600))
	proxy := exec.Command(nginx, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	require.NoError(t, proxy.Start())
	defer func() {
		_ = proxy.Process.Signal(os.Interrupt)
		_ = proxy.Wait()
	}()
	dial := func() (net.Conn, error) { return net.Dial("unix", filepath.Join(dir, "socket")) }
	for range 100 {
		if conn, err := dial(); err == nil {
			conn.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	probe, err := dial()
	if err != nil {
		t.Skip("nginx does not run here: ", err)
	}
	probe.Close()
	base := &http.Transport{DisableCompression: true}
	base.DialContext = func(context.Context, string, string) (net.Conn, error) { return dial() }
	defer base.CloseIdleConnections()
	for _, coding := range []sighttp.Coding{sighttp.Sigma, sighttp.Zstd, sighttp.Gzip} {
		client := http.Client{Transport: sighttp.Transport(base, sighttp.WithCodings(coding), sighttp.WithRequestCoding(coding))}
		resp, err := client.Get("http://proxy/api/stations")
		require.NoError(t, err)
		list, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		require.True(t, resp.Uncompressed)
		resp, err = client.Post("http://proxy/api/stations", "application/json", strings.NewReader(string(list)))
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, "500\n", string(answer))

		resp, err = client.Get("http://proxy/events")
		require.NoError(t, err)
		require.True(t, resp.Uncompressed)
		lines := bufio.NewScanner(resp.Body)
		for range 20 {
			require.True(t, lines.Scan(), "%v: %v", coding, lines.Err())
		}
		resp.Body.Close()
	}
}
