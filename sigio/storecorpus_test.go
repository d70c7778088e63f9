//go:build unix

package sigio_test

import (
	"testing"

	"github.com/sigmalang/sigma/sigio"
)

// TestCorpusAllWays reads the corpus in every way there is.
func TestCorpusAllWays(t *testing.T) {
	for _, f := range corpus(t) {
		t.Run(f.name, func(t *testing.T) {
			for _, opts := range [][]sigio.WriterOption{
				{sigio.WithChunkSize(256 << 10), sigio.WithIndex(), sigio.WithVerify()},
				{sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithLevel(sigio.LevelFastest)},
			} {
				requireAllWays(t, store{stream: write(f.data).seal(t, opts...), content: f.data})
			}
		})
	}
}
