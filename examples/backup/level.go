package main

import (
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

func (p *program) writerOptions() []sigio.WriterOption {
	opts := []sigio.WriterOption{
		sigio.WithLevel(p.level), sigio.WithConcurrency(p.concurrency),
		sigio.WithChunkSize(p.sizes.chunk), sigio.WithIndex(),
	}
	if p.level == sigio.LevelFastest {
		opts = append(opts, sigio.WithWholeBlocks(), sigio.WithStrategies(thrifty), sigio.WithSelector(choosy{strategy.Adaptive()}))
	}
	return opts
}

// thrifty leaves out what LevelFastest would take in general, which is made
// for networks: a backup has to fit on a disk.
var thrifty = strategy.Default().Only(
	strategy.RunLength, strategy.Delta, strategy.Glyph, strategy.Zstd, strategy.Branch)

// choosy chooses as at LevelDefault: the strategies for machine code and for
// tables pay in a backup, even around an encoder that is in a hurry. But where
// there is a doubt, a chunk is not encoded twice to find out.
type choosy struct{ strategy.Selector }

// Select is that of strategy.Selector.
func (s choosy) Select(in strategy.Input) strategy.Choice {
	in.Level = strategy.LevelDefault
	c := s.Selector.Select(in)
	if c.Expected > 0 {
		c = strategy.Choice{ID: strategy.Zstd, Reason: "in doubt"}
	}
	if c.ID == strategy.Zstd && dense(in.Profile) {
		c.Plan = strategy.LevelDefault
	}
	return c
}

// dense reports whether a chunk is of the kind in which the fastest level
// misses most: binary data of which much remains to be gained.
func dense(p *strategy.Profile) bool {
	const most = 6<<8 + 1<<7 // bits of entropy a byte, in the unit of the profile
	return p.Class != strategy.ClassTextLike && p.Entropy < most
}
