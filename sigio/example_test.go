package sigio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// The example of the README: a stream out, the same bytes back.
func Example() {
	source := strings.NewReader(strings.Repeat("any bytes at all\n", 5000))
	var stream, destination bytes.Buffer

	err := func() error {
		w := sigio.NewWriter(&stream) // any io.Writer: a file, a connection, ...
		if _, err := io.Copy(w, source); err != nil {
			return err // without Close, a reader says that the stream is truncated
		}
		if err := w.Close(); err != nil { // seals the stream
			return err
		}

		r := sigio.NewReader(&stream)
		_, err := io.Copy(&destination, r)
		return err
	}()
	fmt.Println(destination.Len(), err)
	// Output: 85000 <nil>
}

// A message is readable at the other end when Flush returns.
func ExampleWriter_Flush() {
	var connection bytes.Buffer
	w := sigio.NewWriter(&connection)
	r := sigio.NewReader(&connection)

	for _, message := range []string{"hello", "world"} {
		io.WriteString(w, message)
		if err := w.Flush(); err != nil {
			log.Fatal(err)
		}
		p := make([]byte, 100)
		n, _ := r.Read(p)
		fmt.Printf("%s\n", p[:n])
	}
	// Output:
	// hello
	// world
}

// A stream that was cut short is never taken for a complete one.
func ExampleReader_truncated() {
	var stream bytes.Buffer
	w := sigio.NewWriter(&stream)
	io.WriteString(w, "the end is missing")
	if err := w.Flush(); err != nil { // but no Close
		log.Fatal(err)
	}

	content, err := io.ReadAll(sigio.NewReader(&stream))
	fmt.Printf("%q, truncated: %t\n", content, errors.Is(err, io.ErrUnexpectedEOF))
	// Output: "the end is missing", truncated: true
}

// An observer sees what the detector made of each chunk.
func ExampleWithObserver() {
	w := sigio.NewWriter(io.Discard, sigio.WithObserver(func(d sigio.Decision) {
		fmt.Println(d.Chunk, d.RawLen, d.Strategy, d.Class)
	}))
	w.Write(make([]byte, 1<<20))
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: 0 1048576 runlength rle-friendly
}

// Only some of the built-in strategies may be used.
func ExampleWithStrategies() {
	w := sigio.NewWriter(io.Discard, sigio.WithStrategies(strategy.Default().Only(strategy.LZ4)))
	io.WriteString(w, strings.Repeat("decodes fast ", 1000))
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	for id, usage := range w.Stats().ByStrategy {
		fmt.Println(id, usage.Chunks)
	}
	// Output: lz4 1
}

// Chunks lists what is in a stream without decoding it.
func ExampleChunks() {
	var stream bytes.Buffer
	w := sigio.NewWriter(&stream)
	w.Write(make([]byte, 3<<20))
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	for c, err := range sigio.Chunks(&stream) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			break
		}
		fmt.Println(c.Chunk, c.RawOffset, c.RawLen, c.Name)
	}
	// Output:
	// 0 0 1048576 runlength
	// 1 1048576 1048576 runlength
	// 2 2097152 1048576 runlength
}
