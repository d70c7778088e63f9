// Mkbuiltin makes the built-in codebook from a folder of sample messages, one
// file for each kind of message. A line of two percent signs stands between
// messages.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sigmalang/sigma/glyph"
)

const textLen = 16 << 10

func main() {
	out := flag.String("o", "builtin.bin", "file to write")
	flag.Parse()
	if err := build(*out, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "mkbuiltin:", err)
		os.Exit(1)
	}
}

func build(out, folder string) error {
	samples, err := read(folder)
	if err != nil {
		return err
	}
	book, err := glyph.Train(samples, glyph.TrainOptions{TextLen: textLen})
	if err != nil {
		return err
	}
	form, err := book.MarshalBinary()
	if err != nil {
		return err
	}
	fmt.Printf("%d samples, text of %d bytes, id %v\n", len(samples), book.TextLen(), book.ID())
	return os.WriteFile(out, form, 0o644)
}

// read returns the messages of all files, by turns: the trainer weighs parts
// of its samples against each other.
func read(folder string) ([][]byte, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	var kinds [][][]byte
	most := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		messages := bytes.SplitAfter(b, []byte("\n%%\n"))
		for i, m := range messages {
			messages[i] = bytes.TrimSuffix(m, []byte("%%\n"))
		}
		kinds = append(kinds, messages)
		most = max(most, len(messages))
	}
	var all [][]byte
	for i := range most {
		for _, k := range kinds {
			if i < len(k) {
				all = append(all, k[i])
			}
		}
	}
	return all, nil
}
