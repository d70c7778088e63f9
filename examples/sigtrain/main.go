// Sigtrain makes a codebook for small messages from samples of them, and tells
// what it gains.
//
//	sigtrain -o book file...           each line of the files is a message
//	sigtrain -whole -o book file...    each file is a message
//
// Without -o nothing is written. The messages of one in five runs of lines (or
// every fifth file) are held back from training: what is reported is what the
// codebook makes of these. Without names the messages are lines of stdin.
//
// A codebook is read with glyph.Parse and given to both ends of a stream with
// sigio.WithCodebook.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sigmalang/sigma/glyph"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "sigtrain:", err)
		os.Exit(1)
	}
}

type options struct {
	out     string
	textLen int
	whole   bool
	names   []string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("sigtrain", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.out, "o", "", "write the codebook to this `file`")
	f.IntVar(&o.textLen, "text", 32<<10, "length of its text in `bytes`, up to 65536")
	f.BoolVar(&o.whole, "whole", false, "each file is a message, not each line")
	err = f.Parse(args)
	o.names = f.Args()
	return o, err
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	messages, err := o.read(stdin)
	if err != nil {
		return err
	}
	train, held := split(messages)
	if len(held) == 0 {
		return fmt.Errorf("%d messages are too few: five are the least", len(messages))
	}
	book, err := glyph.Train(train, glyph.TrainOptions{TextLen: o.textLen})
	if err != nil {
		return err
	}
	if err := report(stdout, book, train, held); err != nil {
		return err
	}
	if o.out == "" {
		return nil
	}
	form, err := book.MarshalBinary()
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, form, 0o644)
}
