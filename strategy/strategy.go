package strategy

import (
	"errors"
	"fmt"
)

// ID names a strategy on the wire. Built-in numbers are fixed and never
// reused; numbers from FirstPrivate on belong to the user's own strategies,
// which a stream announces by name before their first use.
type ID uint8

// The built-in strategies. A Set that does not contain one of them refuses
// chunks that use it.
const (
	Store     ID = 0 // the bytes as they are
	RunLength ID = 1 // runs of a byte or of a pattern of up to 8 bytes
	Delta     ID = 2 // numeric arrays and records
	Glyph     ID = 3 // small messages
	LZ4       ID = 4 // one LZ4 block
	Zstd      ID = 5 // one Zstandard frame
	S2        ID = 6 // one S2 block
	Branch    ID = 7 // machine code

	FirstPrivate ID = 128
)

var builtinNames = [...]string{"store", "runlength", "delta", "glyph", "lz4", "zstd", "s2", "branch"}

// String returns the name of a built-in strategy, or "strategy(n)".
func (id ID) String() string {
	if int(id) < len(builtinNames) {
		return builtinNames[id]
	}
	return fmt.Sprintf("strategy(%d)", uint8(id))
}

// Level is a point on the frontier of speed against size. The zero value is
// LevelDefault.
type Level int8

// The levels. They order the effort of the encoder; every Reader reads all. What
// S2 makes, and so the output of LevelFastest, may differ from one architecture
// to the next; that of the other levels does not.
const (
	LevelFastest Level = -1 // for links and disks of half a gigabit a second and more: S2, quick tables
	LevelDefault Level = 0  // about the time of zstd's default level
	LevelBetter  Level = 1  // about half the speed
	LevelBest    Level = 2  // as much time as it takes
)

// String returns the level's name in lower case.
func (l Level) String() string {
	switch l {
	case LevelFastest:
		return "fastest"
	case LevelDefault:
		return "default"
	case LevelBetter:
		return "better"
	case LevelBest:
		return "best"
	}
	return fmt.Sprintf("level(%d)", int8(l))
}

// Valid reports whether l is one of the four levels.
func (l Level) Valid() bool { return l >= LevelFastest && l <= LevelBest }

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText sets l to the level of the given name, so that a flag or a
// configuration file can hold one.
func (l *Level) UnmarshalText(name []byte) error {
	for c := LevelFastest; c.Valid(); c++ {
		if c.String() == string(name) {
			*l = c
			return nil
		}
	}
	return fmt.Errorf("strategy: unknown level %q", name)
}

// A Strategy encodes and decodes chunks. It is stateless: every call stands
// alone, is safe for concurrent use, and keeps neither dst nor src.
type Strategy interface {
	// ID is the strategy's number on the wire, constant for its life.
	ID() ID

	// Name is the strategy's name: 1 to MaxName bytes of printable ASCII
	// without spaces. A reader that lacks the strategy reports it.
	Name() string

	// Encode appends an encoding of src, which is never empty, to dst and
	// returns the extended slice. When the encoding cannot stay within
	// p.Limit bytes it returns ErrSkip as soon as it knows. Any other error
	// ends the stream. The output depends on src and p alone.
	Encode(dst, src []byte, p Params) ([]byte, error)

	// Decode appends exactly rawLen bytes to dst, which has room for them, or
	// fails. src is hostile: Decode must bound its time by rawLen + len(src)
	// and must not allocate on the word of src.
	Decode(dst, src []byte, rawLen int) ([]byte, error)
}

// MaxName is the length of the longest strategy name in bytes.
const MaxName = 64

// Params is what Encode is told about the chunk.
type Params struct {
	Level   Level
	Limit   int      // largest payload wanted, in bytes
	Profile *Profile // of the chunk; read only
	Plan    any      // what the Selector put in its Choice
}

var (
	// ErrSkip is returned by Encode when the payload would pass Params.Limit.
	ErrSkip = errors.New("strategy: encoding does not fit the limit")

	// ErrMalformed is returned by the built-in strategies' Decode for a
	// payload that no encoder writes.
	ErrMalformed = errors.New("strategy: malformed payload")
)

// An Estimator is a Strategy that can say what it would make of a chunk. It
// is how the built-in Selector learns of a plugged-in strategy: one that does
// not implement it is used only by a Selector that names it.
type Estimator interface {
	Strategy

	// Estimate predicts the outcome for a chunk from its profile and a
	// sample of at most 32 KiB of it, and reports whether the strategy is a
	// candidate at all. It must be deterministic, and cheap when it says no.
	Estimate(p *Profile, sample []byte) (Estimate, bool)
}

// Estimate is a prediction. All its figures are integers, so that a choice
// made from them is the same on every machine.
type Estimate struct {
	EncodedLen int // payload of the whole chunk, in bytes
	EncodeCost int // nanoseconds per KiB of raw data
	DecodeCost int // nanoseconds per KiB of raw data
}
