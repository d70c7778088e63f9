package main

import (
	"bytes"
	"io"
	"os"
)

// read returns the messages of all inputs.
func (o *options) read(stdin io.Reader) (messages [][]byte, err error) {
	if len(o.names) == 0 {
		b, err := io.ReadAll(stdin)
		return lines(b), err
	}
	for _, name := range o.names {
		b, err := os.ReadFile(name)
		switch {
		case err != nil:
			return nil, err
		case !o.whole:
			messages = append(messages, lines(b)...)
		case len(b) > 0:
			messages = append(messages, b)
		}
	}
	return messages, nil
}

// lines returns the lines of b, each with its end.
func lines(b []byte) (all [][]byte) {
	for line := range bytes.Lines(b) {
		all = append(all, line)
	}
	return all
}

// heldRun is how many messages in a row are held back or not: neighbours are
// alike, and would tell of each other.
const heldRun = 16

// split holds back one in five runs of messages, or one in five of few.
func split(messages [][]byte) (train, held [][]byte) {
	run := heldRun
	if len(messages) < 10*heldRun {
		run = 1
	}
	for i, m := range messages {
		if i/run%5 == 4 {
			held = append(held, m)
		} else {
			train = append(train, m)
		}
	}
	return train, held
}
