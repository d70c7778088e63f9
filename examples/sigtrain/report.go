package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio"
)

// report prints what the messages that were held back come to, each flushed.
// All is counted but the header of the stream.
func report(out io.Writer, book *glyph.Codebook, train, held [][]byte) error {
	raw := 0
	for _, m := range held {
		raw += len(m)
	}
	fmt.Fprintf(out, "codebook %v: text of %d bytes, from %d messages\n", book.ID(), book.TextLen(), len(train))
	fmt.Fprintf(out, "%d messages held back, %d bytes each on average\n\n", len(held), raw/len(held))

	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tbytes a message\tratio\t")
	for _, way := range []struct {
		name string
		opts []sigio.WriterOption
	}{
		{"each alone, no codebook", nil},
		{"each alone, codebook", []sigio.WriterOption{sigio.WithCodebook(book)}},
		{"with a history, no codebook", []sigio.WriterOption{sigio.WithHistory(64 << 10)}},
		{"with a history, codebook", []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithCodebook(book)}},
	} {
		n, err := send(held, way.opts...)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%.1f\t%.2f\t\n", way.name, float64(n)/float64(len(held)), float64(raw)/float64(n))
	}
	return t.Flush()
}

// send returns how long a stream becomes by the messages. The first one is sent
// twice, since it comes with the header.
func send(messages [][]byte, opts ...sigio.WriterOption) (int64, error) {
	w := sigio.NewWriter(io.Discard, opts...)
	flush := func(m []byte) error {
		if _, err := w.Write(m); err != nil {
			return err
		}
		return w.Flush()
	}
	if err := flush(messages[0]); err != nil {
		return 0, err
	}
	before := w.Stats().Encoded
	for _, m := range messages {
		if err := flush(m); err != nil {
			return 0, err
		}
	}
	return w.Stats().Encoded - before, nil
}
