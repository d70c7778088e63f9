package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/sigmalang/sigma/sigio"
)

// list writes a table of the chunks in src to dst, numbered stream:chunk. It
// prints what it saw before an error, and totals only without one. Lines fit
// 80 columns.
func list(dst io.Writer, src io.Reader, title string) error {
	counted := &counter{r: src}
	out := bufio.NewWriter(dst)
	if title != "" {
		fmt.Fprintln(out, title)
	}
	fmt.Fprintln(out, "     chunk        offset       raw   payload   ratio  strategy   marks")
	chunks, raw := 0, int64(0)
	for c, err := range sigio.Chunks(counted) {
		if err != nil {
			out.Flush()
			return err
		}
		number := fmt.Sprintf("%d:%d", c.Stream, c.Chunk)
		line := fmt.Sprintf("%10s %13d %9d %9d %7s  %-9s  %s", number, c.Offset, c.RawLen, c.EncodedLen,
			formatRatio(int64(c.RawLen), int64(c.EncodedLen)), c.Name, marks(c))
		fmt.Fprintln(out, strings.TrimRight(line, " "))
		chunks++
		raw += int64(c.RawLen)
	}
	fmt.Fprintf(out, "%d chunks, %d bytes in %d, ratio %s\n", chunks, raw, counted.n, formatRatio(raw, counted.n))
	return out.Flush()
}

func marks(c sigio.ChunkInfo) string {
	var m []string
	if c.Light {
		m = append(m, "light")
	}
	if c.Flushed {
		m = append(m, "flushed")
	}
	return strings.Join(m, " ")
}

// counter counts what is read through it. Chunks reads to the end.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
