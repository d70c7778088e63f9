// Plugin shows a strategy of the user's own: it makes the log of a GPS
// receiver, compresses it with and without the strategy, and reads it back.
//
//	go run ./examples/plugin
//
// A stream that uses such a strategy names it, so that a reader without it can
// say what is missing.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

func main() {
	track := makeTrack(50_000)

	plain, err := compress(track, strategy.Default())
	if err != nil {
		log.Fatal(err)
	}
	set := strategy.Default().With(nmea{})
	plugged, err := compress(track, set)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d bytes of log: %d without the plug-in, %d with it\n", len(track), len(plain), len(plugged))

	back, err := io.ReadAll(sigio.NewReader(bytes.NewReader(plugged), sigio.WithStrategies(set)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("read back the same:", bytes.Equal(back, track))

	_, err = io.ReadAll(sigio.NewReader(bytes.NewReader(plugged)))
	var missing *sigio.MissingError
	if errors.As(err, &missing) {
		fmt.Println("a reader without it:", missing)
	}
}

func compress(p []byte, set strategy.Set) ([]byte, error) {
	var stream bytes.Buffer
	w := sigio.NewWriter(&stream, sigio.WithStrategies(set))
	if _, err := w.Write(p); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return stream.Bytes(), nil
}

// makeTrack returns n sentences of a receiver that walks about.
func makeTrack(n int) []byte {
	var log bytes.Buffer
	seed, lat, lon := uint32(1), 53216802, 6303372
	step := func() int { // a few units to either side
		seed = seed*1664525 + 1013904223
		return int(seed>>24)%21 - 10
	}
	for i := range n {
		lat, lon = lat+step(), lon+step()
		s := fmt.Sprintf("$GPGGA,%02d%02d%02d.000,%04d.%04d,N,%05d.%04d,W,1,8,1.03,61.7,M,55.2,M,,*",
			i/3600%24, i/60%60, i%60, lat/10000, lat%10000, lon/10000, lon%10000)
		log.WriteString(s)
		log.Write(checksum([]byte(s)))
		log.WriteString("\r\n")
	}
	return log.Bytes()
}
