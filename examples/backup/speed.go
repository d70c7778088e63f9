package main

import (
	"fmt"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// speed is what -level sets: sigio's levels, but for the fastest.
type speed struct {
	level sigio.Level
}

var speedFast = speed{sigio.LevelFastest}

func (s speed) MarshalText() ([]byte, error) {
	if s == speedFast {
		return []byte("fast"), nil
	}
	return s.level.MarshalText()
}

func (s *speed) UnmarshalText(text []byte) error {
	if string(text) == "fast" {
		*s = speedFast
		return nil
	}
	if err := s.level.UnmarshalText(text); err != nil || *s == speedFast {
		return fmt.Errorf("unknown level %q", text)
	}
	return nil
}

func (p *program) writerOptions() []sigio.WriterOption {
	opts := []sigio.WriterOption{
		sigio.WithLevel(p.speed.level), sigio.WithConcurrency(p.concurrency),
		sigio.WithChunkSize(p.sizes.chunk), sigio.WithIndex(),
	}
	if p.speed == speedFast {
		opts = append(opts, sigio.WithStrategies(thrifty), sigio.WithSelector(choosy{strategy.Adaptive()}))
	}
	return opts
}

// thrifty leaves out what LevelFastest would take in general, which is made
// for networks: a backup has to fit on a disk.
var thrifty = strategy.Default().Only(
	strategy.RunLength, strategy.Delta, strategy.Glyph, strategy.Zstd, strategy.Branch)

// choosy chooses as at LevelDefault: the strategies for machine code and for
// tables pay in a backup, even around an encoder that is in a hurry.
type choosy struct{ strategy.Selector }

func (s choosy) Select(in strategy.Input) strategy.Choice {
	in.Level = strategy.LevelDefault
	return s.Selector.Select(in)
}
