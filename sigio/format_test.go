package sigio_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// parseListing reads an annotated hex listing: what follows a # is a comment,
// space means nothing.
func parseListing(t testing.TB, listing string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(listing) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	require.NoError(t, err)
	return b
}

// The examples of FORMAT.md are what the Writer makes, to the byte.
func TestFormatExamples(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	var listings [][]byte
	for _, block := range strings.Split(string(text), "```hex\n")[1:] {
		listing, _, closed := strings.Cut(block, "```")
		require.True(t, closed)
		listings = append(listings, parseListing(t, listing))
	}

	examples := []struct {
		name    string
		only    []strategy.ID // nil: all
		script  func(w *sigio.Writer) error
		content []byte
		metas   []string
	}{
		{
			name: "metadata, two messages and zeros",
			only: []strategy.ID{strategy.RunLength},
			script: func(w *sigio.Writer) error {
				if err := w.WriteMeta(1, []byte("note")); err != nil {
					return err
				}
				for _, message := range []string{"Hello, ", "Sigma."} {
					if _, err := w.Write([]byte(message)); err != nil {
						return err
					}
					if err := w.Flush(); err != nil {
						return err
					}
				}
				_, err := w.Write(make([]byte, 1<<16))
				return err
			},
			content: append([]byte("Hello, Sigma."), make([]byte, 1<<16)...),
			metas:   []string{"\x01note"},
		},
		{
			name:    "the empty stream",
			script:  func(*sigio.Writer) error { return nil },
			content: []byte{},
		},
	}
	require.Len(t, listings, len(examples), "each listing of FORMAT.md has its script")
	for i, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			var stream bytes.Buffer
			set := strategy.Default()
			if e.only != nil {
				set = set.Only(e.only...)
			}
			w := sigio.NewWriter(&stream, sigio.WithStrategies(set))
			require.NoError(t, e.script(w))
			require.NoError(t, w.Close())
			require.Equal(t, hex.Dump(listings[i]), hex.Dump(stream.Bytes()))

			var metas []string
			collect := func(kind uint8, p []byte) error {
				metas = append(metas, string(kind)+string(p))
				return nil
			}
			requireSame(t, e.content, unseal(t, listings[i], sigio.WithMeta(collect)))
			require.Equal(t, e.metas, metas)
		})
	}
}
