package sigio

import (
	"fmt"
	"math"
	"slices"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/pool"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// Level is a point on the frontier of speed against size.
type Level = strategy.Level

// The levels. The zero value is LevelDefault. The output of LevelFastest, not its
// meaning, depends on the architecture.
const (
	LevelFastest = strategy.LevelFastest
	LevelDefault = strategy.LevelDefault
	LevelBetter  = strategy.LevelBetter
	LevelBest    = strategy.LevelBest
)

// Limits of the chunk size, in bytes.
const (
	MinChunkSize = 1 << frame.MinCapLog // 64 KiB
	MaxChunkSize = 1 << frame.MaxCapLog // 16 MiB
)

// MaxMeta is the length of the longest metadata record in bytes.
const MaxMeta = frame.MaxControl - 1

// A WriterOption configures a Writer.
type WriterOption interface{ applyToWriter(*config) }

// A ReaderOption configures a Reader.
type ReaderOption interface{ applyToReader(*config) }

// An Option configures both ends.
type Option interface {
	WriterOption
	ReaderOption
}

type (
	writerOption func(*config)
	readerOption func(*config)
	bothOption   func(*config)
)

func (o writerOption) applyToWriter(c *config) { o(c) }
func (o readerOption) applyToReader(c *config) { o(c) }
func (o bothOption) applyToWriter(c *config)   { o(c) }
func (o bothOption) applyToReader(c *config)   { o(c) }

// WithConcurrency lets n goroutines encode or decode whole blocks at the same
// time. The output is the same for every n. At 1, the default, everything
// runs on the caller's goroutine; the wrapped stream is always called there.
//
// The buffers take n+1 times two chunks and an eighth at most, and what the
// strategies work in comes on top once for each goroutine at work: at
// LevelDefault, 3 to 7 MB with blocks of 1 MiB for a Writer, and 1 MB for a
// Reader.
func WithConcurrency(n int) Option { return bothOption(func(c *config) { c.concurrency = n }) }

// WithStrategies replaces the strategies that a Writer chooses from and that
// a Reader accepts. The default is strategy.Default().
func WithStrategies(s strategy.Set) Option { return bothOption(func(c *config) { c.set = s }) }

// WithPool has a Writer or Reader take the buffers for its chunks from p and give
// them back there. The default is a pool that all of the process shares. A nil p
// stands for it.
func WithPool(p *pool.Pool) Option {
	return bothOption(func(c *config) { c.buffers = buffers{p} })
}

// WithTransportChecks leaves the check off light chunks, for transports that
// check what they carry: damage is then found at the next chunk that has a
// check, after bytes were handed out. Both ends must ask for it.
func WithTransportChecks() Option { return bothOption(func(c *config) { c.transport = true }) }

// WithLevel sets the level. The default is LevelDefault.
func WithLevel(l Level) WriterOption { return writerOption(func(c *config) { c.level = l }) }

// WithChunkSize sets the size of the blocks that the stream is cut into, from
// MinChunkSize to MaxChunkSize bytes. The default is 1 MiB, and 4 MiB at
// LevelBetter and LevelBest.
func WithChunkSize(n int) WriterOption { return writerOption(func(c *config) { c.chunkSize = n }) }

// WithWholeBlocks has every block become one chunk. Without it a block is cut
// where its content changes from one kind to another, which makes archives of
// such content some 15 % smaller and takes time: most with large blocks, and
// with a Selector for which it takes time to decide.
func WithWholeBlocks() WriterOption { return writerOption(func(c *config) { c.whole = true }) }

// WithSelector replaces strategy.Adaptive() as what chooses a strategy for
// each chunk.
func WithSelector(s strategy.Selector) WriterOption {
	return writerOption(func(c *config) { c.selector = s })
}

// WithObserver has f called for every chunk, in order, on the goroutine that
// called the Writer, before the chunk is handed to the wrapped stream.
func WithObserver(f func(Decision)) WriterOption {
	return writerOption(func(c *config) { c.observer = f })
}

// WithMaxChunk refuses chunks of more than n bytes, encoded or decoded, with
// ErrTooLarge, and histories of more than both n and 64 KiB. It bounds the Reader's
// memory. The default is MaxChunkSize.
func WithMaxChunk(n int) ReaderOption { return readerOption(func(c *config) { c.maxChunk = n }) }

// WithMaxOutput refuses, with ErrTooLarge, the chunk that would make the
// content longer than n bytes in all. The default is no limit.
func WithMaxOutput(n int64) ReaderOption { return readerOption(func(c *config) { c.maxOutput = n }) }

// WithSingleStream ends the input at the first end record, beyond which no
// byte is read. Without it, streams one behind the other read as one and
// anything else behind an end record is ErrCorrupt.
func WithSingleStream() ReaderOption { return readerOption(func(c *config) { c.single = true }) }

// WithMeta has f called for every record that Writer.WriteMeta wrote, after
// the content before it was handed out and before that behind it. p is valid
// during the call. An error of f is returned by the Reader and ends it.
func WithMeta(f func(kind uint8, p []byte) error) ReaderOption {
	return readerOption(func(c *config) { c.meta = f })
}

type config struct {
	concurrency int
	set         strategy.Set
	transport   bool
	buffers     buffers

	level     Level
	chunkSize int // 0: by level
	whole     bool
	selector  strategy.Selector
	observer  func(Decision)
	adaptive  bool // the level follows the destination, up to ceiling
	ceiling   Level
	history   int // 0: none
	codebooks []*glyph.Codebook
	embed     bool
	index     bool
	verify    bool

	maxChunk  int
	maxOutput int64
	single    bool
	meta      func(kind uint8, p []byte) error
}

func defaults() config {
	return config{
		concurrency: 1,
		set:         strategy.Default(),
		selector:    strategy.Adaptive(),
		maxChunk:    MaxChunkSize,
		maxOutput:   math.MaxInt64,
	}
}

// validate reports the first value that is out of its range and fills in what
// depends on other options.
func (c *config) validate() error {
	if c.chunkSize == 0 {
		c.chunkSize = 1 << 20
		if c.level >= LevelBetter {
			c.chunkSize = 4 << 20
		}
	}
	switch {
	case c.concurrency < 1 || c.concurrency > maxConcurrency:
		return fmt.Errorf("sigio: concurrency %d is not within 1 to %d", c.concurrency, maxConcurrency)
	case !c.level.Valid():
		return fmt.Errorf("sigio: unknown %v", c.level)
	case c.chunkSize < MinChunkSize || c.chunkSize > MaxChunkSize:
		return fmt.Errorf("sigio: chunk size %d is not within %d to %d", c.chunkSize, MinChunkSize, MaxChunkSize)
	case c.adaptive && (!c.ceiling.Valid() || c.ceiling < c.level):
		return fmt.Errorf("sigio: ceiling %v is below the level", c.ceiling)
	case c.adaptive && c.concurrency > 1:
		return fmt.Errorf("sigio: adaptive effort needs concurrency 1, not %d", c.concurrency)
	case !validHistory(c.history):
		return fmt.Errorf("sigio: history of %d bytes is not a power of two within %d to %d", c.history, MinHistory, MaxHistory)
	case c.history > 0 && c.lacks(strategy.Glyph), c.sharedWindow() > 0 && c.lacks(strategy.Zstd):
		return fmt.Errorf("sigio: a history of %d bytes needs strategies that are not in the set", c.history)
	case c.history > 0 && c.concurrency > 1:
		return fmt.Errorf("sigio: a history needs concurrency 1, not %d", c.concurrency)
	case c.embed && c.codebook() == nil:
		return fmt.Errorf("sigio: no codebook to embed")
	case slices.Contains(c.codebooks, nil):
		return fmt.Errorf("sigio: nil codebook")
	case c.selector == nil:
		return fmt.Errorf("sigio: nil selector")
	case c.maxChunk < 1:
		return fmt.Errorf("sigio: maximal chunk %d is not positive", c.maxChunk)
	case c.maxOutput < 0:
		return fmt.Errorf("sigio: maximal output %d is negative", c.maxOutput)
	}
	return c.set.Check()
}

func (c *config) lacks(id strategy.ID) bool {
	_, ok := c.set.Lookup(id)
	return !ok
}

// maxConcurrency keeps the memory that a slip of the pen asks for in bounds.
const maxConcurrency = 256
