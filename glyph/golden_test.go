package glyph

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// digest is of all that two encoders make of messages: in a stream, and alone.
func digest(book *Codebook, size int, messages [][]byte, effort Effort) string {
	h := sha256.New()
	e := NewEncoder(book, size)
	note := func(p []byte) {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write(p)
	}
	for i, m := range messages {
		if i%50 == 49 {
			e.Observe(m)
			continue
		}
		p, _ := e.Append(nil, m, len(m)-1, effort)
		note(p)
		p, _ = book.Append(nil, m, len(m)-1, effort)
		note(p)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// TestGolden: a file of what was made at first. To change it is to change the
// format, or the choices of the encoder.
func TestGolden(t *testing.T) {
	r := newRand(1)
	var mixed [][]byte
	for range 300 {
		mixed = append(mixed, anyMessage(r, 2000))
	}
	lines := records(r, 1500)
	trained, err := Train(lines[:500], TrainOptions{TextLen: 6000})
	require.NoError(t, err)
	got := map[string]string{
		"builtin id":             Builtin().ID().String(),
		"trained id":             trained.ID().String(),
		"records":                digest(Builtin(), MaxHistory, lines, 0),
		"records, small history": digest(Builtin(), MinHistory, lines, 0),
		"records, trained":       digest(trained, MaxHistory, lines, 0),
		"records, less effort":   digest(Builtin(), MinHistory, lines, -1),
		"records, more effort":   digest(Builtin(), MinHistory, lines, 1),
		"records, most effort":   digest(Builtin(), MinHistory, lines, 2),
		"mixed":                  digest(Builtin(), MinHistory, mixed, 0),
		"long":                   digest(Builtin(), MaxHistory, [][]byte{prose(r, MaxMessage), prose(r, 30_000), noise(r, 9000), make([]byte, MaxMessage)}, 0),
	}

	f, err := os.Open("testdata/golden.txt")
	require.NoError(t, err)
	defer f.Close()
	want := map[string]string{}
	for in := bufio.NewScanner(f); in.Scan(); {
		name, sum, ok := strings.Cut(in.Text(), ": ")
		require.True(t, ok)
		want[name] = sum
	}
	require.Equal(t, want, got)
}
