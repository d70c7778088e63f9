package sigio

import "time"

// WithAdaptiveEffort lets the level follow the destination: up to ceiling while
// writing takes clearly longer than encoding, down to LevelFastest while it
// takes less. It starts from WithLevel's. It is for connections, whose speed
// nobody knows beforehand; the processor time it may take is bounded by the
// ceiling. It needs concurrency 1.
//
// What it measures is how long Write calls of the destination block, not how
// long messages take to arrive. So the output depends on the machine and the
// moment: it is no longer deterministic.
func WithAdaptiveEffort(ceiling Level) WriterOption {
	return writerOption(func(c *config) { c.adaptive, c.ceiling = true, ceiling })
}

// effort picks a level from how long encoding and writing take.
type effort struct {
	on             bool // else it need not be told of anything
	level, ceiling Level

	encoding, writing time.Duration // of what was encoded since the last step
	raw               int
	votes             int // for a higher level, or, negative, a lower one
}

const (
	// A step is looked at after so many bytes, so that buffers between here and
	// the other end have little to say.
	effortStep = 1 << 20

	// So many steps in a row must want the same.
	effortVotes = 3
)

// now returns the time if it matters: to ask for it takes a good part of what a
// short message does.
func (e *effort) now() (t time.Time) {
	if e.on {
		t = time.Now()
	}
	return t
}

func (e *effort) since(began time.Time) (d time.Duration) {
	if e.on {
		d = time.Since(began)
	}
	return d
}

func (e *effort) encoded(n int, took time.Duration) {
	e.raw += n
	e.encoding += took
}

func (e *effort) wrote(took time.Duration) { e.writing += took }

// next returns the level for the next block. One level more takes two to four
// times as long: that is worth it where even that leaves the destination the
// slower part. Between the two limits all stays as it is.
func (e *effort) next() Level {
	if e.raw < effortStep {
		return e.level
	}
	switch {
	case e.writing > 4*e.encoding:
		e.votes = max(e.votes, 0) + 1
	case e.writing < e.encoding:
		e.votes = min(e.votes, 0) - 1
	default:
		e.votes = 0
	}
	e.raw, e.encoding, e.writing = 0, 0, 0
	switch {
	case e.votes >= effortVotes && e.level < e.ceiling:
		e.level++
		e.votes = 0
	case e.votes <= -effortVotes && e.level > LevelFastest:
		e.level--
		e.votes = 0
	}
	return e.level
}
