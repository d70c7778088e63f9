// Package frame encodes and parses the records of a Sigma stream.
//
// It is pure: bytes in, values out. It does no I/O, keeps no state, allocates
// nothing on the word of its input and never panics on it. What the records
// mean together (order, sequence, totals) is the business of the Reader;
// section numbers in comments refer to FORMAT.md, one folder up.
package frame

import "fmt"

// Lengths and limits of the format (FORMAT §2 to §8), in bytes unless said
// otherwise.
const (
	Version = 0 // draft

	HeaderLen        = 16
	ChunkHeaderLen   = 28 // of a positioned chunk
	ControlHeaderLen = 12 // of a control record and of the index
	CheckLen         = 4
	LightCheckLen    = 3
	EndLen           = 48
	ShortEndLen      = 5
	MaxRecordHeader  = ChunkHeaderLen // the longest that ParseRecord consumes

	MinCapLog = 16 // log2 of the smallest chunk cap
	MaxCapLog = 24 // log2 of the largest

	MaxLight    = 1 << 16   // raw bytes between two sync points in light chunks
	MaxLightRun = 255       // light chunks between two sync points
	MaxControl  = 1 << 17   // body of a control record
	MaxIndex    = 1<<24 - 1 // body of the index

	positionMask = 1<<48 - 1 // sequence and raw offset are stated modulo 2^48
)

// Error is a verdict on input. Unsupported is set when the bytes are sound
// but ask for something that this version does not know.
type Error struct {
	Unsupported bool
	Reason      string
}

func (e *Error) Error() string { return "frame: " + e.Reason }

func corrupt(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return &Error{Unsupported: true, Reason: fmt.Sprintf(format, args...)}
}
