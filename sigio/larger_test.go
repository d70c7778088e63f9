//go:build unix

package sigio_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

// What a file, and all of them together, may be larger than zstd makes them,
// in percent: a file when zstd gets the same blocks, all when it gets whole
// files. A file may have the framing of its stream beside that.
const (
	mostOverBlocks = 0.5
	mostOverWhole  = 1.2
)

// TestHardlyLargerThanZstd holds every file, with all framing and checks,
// against zstd at the same level: once in the blocks that Sigma sees, once
// whole. A file whose repeats reach over a block can be larger than the whole;
// the table names it. At LevelFastest single files are another matter: what S2
// takes is larger, and sooner there.
//
//	SIGMA_CORPUS=... go test -run HardlyLarger -v ./sigio
func TestHardlyLargerThanZstd(t *testing.T) {
	if os.Getenv("SIGMA_CORPUS") == "" {
		t.Skip("SIGMA_CORPUS is not set")
	}
	files := corpus(t)
	for _, level := range levels {
		t.Run(level.sigma.String(), func(t *testing.T) {
			block := 1 << 20
			if level.sigma >= sigio.LevelBetter {
				block = 4 << 20
			}
			all := sizes{name: "ALL"}
			var found []sizes
			for _, s := range sizesOf(files, level.sigma, level.zstd, block) {
				all.ours, all.framing, all.blocks, all.whole = all.ours+s.ours, all.framing+s.framing, all.blocks+s.blocks, all.whole+s.whole
				if s.overBlocks() > mostOverBlocks || s.overWhole() > mostOverWhole {
					found = append(found, s)
				}
				if s.unframed() > mostOverBlocks && level.sigma > sigio.LevelFastest {
					t.Errorf("%s: %.2f %% larger than zstd makes the same blocks, without framing", s.name, s.unframed())
				}
			}
			slices.SortFunc(found, func(a, b sizes) int { return cmp.Compare(b.overWhole(), a.overWhole()) })
			reportSizes(fmt.Sprintf("Larger than zstd at level %v", level.sigma), append(found, all))
			require.LessOrEqual(t, all.overBlocks(), mostOverBlocks, "all files")
			require.LessOrEqual(t, all.overWhole(), mostOverWhole, "all files, whole")
		})
	}
}

// sizes is what became of a file, in bytes.
type sizes struct {
	name                string
	ours, blocks, whole int // by Sigma, and by zstd in blocks and at once
	framing             int // of ours
}

func (s sizes) overBlocks() float64 { return percent(s.ours-s.blocks, s.blocks) }
func (s sizes) overWhole() float64  { return percent(s.ours-s.whole, s.whole) }

// unframed is what Sigma's payloads alone are larger by.
func (s sizes) unframed() float64 { return percent(s.ours-s.framing-s.blocks, s.blocks) }

func sizesOf(files []file, level sigio.Level, peer zstd.EncoderLevel, block int) []sizes {
	var all []sizes
	var stream bytes.Buffer
	payload := 0
	w := sigio.NewWriter(nil, sigio.WithLevel(level), sigio.WithObserver(func(d sigio.Decision) { payload += d.EncodedLen }))
	z := must(zstd.NewWriter(nil, zstd.WithEncoderLevel(peer), zstd.WithEncoderConcurrency(1)))
	var dst []byte
	for _, f := range files {
		payload = 0
		encodeInto(&stream, w, f.data)
		s := sizes{name: f.name, ours: stream.Len(), framing: stream.Len() - payload}
		for b := range slices.Chunk(f.data, block) {
			dst = z.EncodeAll(b, dst[:0])
			s.blocks += len(dst)
		}
		stream.Reset()
		z.Reset(&stream)
		must(z.Write(f.data))
		check(z.Close())
		s.whole = stream.Len()
		all = append(all, s)
	}
	return all
}

func reportSizes(title string, rows []sizes) {
	t := newTable(title, "Sigma\tzstd, blocks\tzstd, whole\tover blocks, %\tunframed, %\tover whole, %\t")
	for _, s := range rows {
		fmt.Fprintf(t, "%d\t%d\t%d\t%+.2f\t%+.2f\t%+.2f\t  %s\n", s.ours, s.blocks, s.whole, s.overBlocks(), s.unframed(), s.overWhole(), s.name)
	}
	check(t.Flush())
}
