package sigio_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/sigmalang/sigma/sigio"
)

// A file is read at any place, by any number of goroutines.
func ExampleOpenReaderAt() {
	var file bytes.Buffer
	w := sigio.NewWriter(&file, sigio.WithIndex())
	for i := range 1_000_000 {
		fmt.Fprintf(w, "line %07d\n", i)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := sigio.OpenReaderAt(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	line := make([]byte, 12)
	if _, err := r.ReadAt(line, 777_777*13); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, of %d bytes\n", line, r.Size())
	// Output: line 0777777, of 13000000 bytes
}

// A log to which each run of a program appends. A run that was killed left a
// torn tail, which Repair cuts off.
func ExampleOpenAppend() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	appendTo := func(name, text string) error {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := sigio.Repair(f); err != nil { // does nothing if the file is sound
			return err
		}
		w, err := sigio.OpenAppend(f)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return w.Close()
	}

	name := filepath.Join(dir, "log.sigma")
	for _, text := range []string{"first run\n", "second run\n"} {
		if err := appendTo(name, text); err != nil {
			log.Fatal(err)
		}
	}
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(os.Stdout, sigio.NewReader(f)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// first run
	// second run
}

// Of a damaged file all is recovered but the damaged chunks.
func ExampleSalvage() {
	var file bytes.Buffer
	w := sigio.NewWriter(&file, sigio.WithChunkSize(sigio.MinChunkSize))
	for i := range 100_000 {
		fmt.Fprintf(w, "line %07d\n", i)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	clear(file.Bytes()[:512]) // a sector

	stats, err := sigio.Salvage(io.Discard, bytes.NewReader(file.Bytes()), func(g sigio.Gap) sigio.Fill {
		fmt.Printf("lost: %d bytes of content at %d\n", g.RawLen, g.RawOffset)
		return sigio.FillZeros
	})
	fmt.Println(stats.Chunks, "chunks recovered", err)
	// Output:
	// lost: 65536 bytes of content at 0
	// 19 chunks recovered <nil>
}
