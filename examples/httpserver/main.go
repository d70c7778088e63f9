// Httpserver shows package sighttp: a page with its assets, a JSON API and a
// stream of events, compressed for whoever asks, by one line in main.
//
//	go run ./examples/httpserver
//	curl -v --compressed http://localhost:8080/api/stations
//	curl -N --compressed http://localhost:8080/events
package main

import (
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"time"

	"github.com/sigmalang/sigma/sigio/sighttp"
)

//go:embed site
var site embed.FS

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	flag.Parse()
	log.Printf("http://%s/", *addr)
	log.Fatal(http.ListenAndServe(*addr, newHandler(time.Second)))
}

// newHandler returns the whole server. Events come at the interval.
func newHandler(interval time.Duration) http.Handler {
	pages, err := fs.Sub(site, "site")
	if err != nil {
		panic(err) // the files are part of the program
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(pages))
	mux.HandleFunc("GET /api/stations", stations)
	mux.HandleFunc("POST /api/stations", count)
	mux.Handle("GET /events", events{interval})
	return sighttp.Handler(mux, sighttp.WithRequestBodies(1<<20))
}

type station struct {
	ID      int     `json:"id"`
	Name    string  `json:"name"`
	Celsius float64 `json:"celsius"`
}

// stations answers with JSON. Nothing here knows of compression.
func stations(w http.ResponseWriter, _ *http.Request) {
	list := make([]station, 500)
	for i := range list {
		list[i] = station{ID: i, Name: fmt.Sprintf("station %d", i), Celsius: float64(i*7919%400) / 10}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(list); err != nil {
		log.Print(err)
	}
}

// count reads JSON that may have come compressed, and says how many stations
// there are.
func count(w http.ResponseWriter, r *http.Request) {
	var list []station
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, len(list))
}

// events sends one event after the other. What is flushed is on its way,
// compressed or not.
type events struct{ interval time.Duration }

func (e events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	flush := http.NewResponseController(w).Flush
	tick := time.NewTicker(e.interval)
	defer tick.Stop()
	for i := 1; ; i++ {
		fmt.Fprintf(w, "data: {\"event\":%d}\n\n", i)
		if flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}
