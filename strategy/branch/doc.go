// Package branch makes machine code easier to compress: the operands of
// branches, which are relative to the place they stand at, become absolute, so
// that two calls of one function look the same. The idea is that of the BCJ
// filters of 7-Zip and xz. FORMAT.md §9.5 of package sigio specifies the
// filters.
//
// # What it promises
//
// A Filter changes bytes in place and changes back any bytes at all, exactly.
// It works at more than 1 GB/s, allocates nothing, and keeps nothing: all of
// this package is safe for concurrent use. Results are the same everywhere.
//
// # Limits
//
// Positions are counted from the start of the chunk, so that calls of one
// function look different from chunk to chunk. Operands beyond 16 MiB (x86),
// 64 MiB and 512 MiB (ARM64) stay as they are. Data that are no machine code
// become a little worse to compress, by 1 % or, tables of numbers, by 6: ask Find.
package branch

// A Filter says which operands are made absolute. Its value is its number on
// the wire.
type Filter uint8

// The filters.
const (
	X86   Filter = 1 // calls and jumps of x86
	X8664 Filter = 2 // these and operands relative to RIP
	ARM64 Filter = 4 // BL and ADRP; plus the offset, 0 to 3, of the first instruction
)

const lastFilter = ARM64 + wordLen - 1

// Valid reports whether f is one of the filters.
func (f Filter) Valid() bool { return f == X86 || f == X8664 || f >= ARM64 && f <= lastFilter }

// Apply makes the operands in p absolute. It does nothing if f is not valid.
func (f Filter) Apply(p []byte) {
	switch {
	case f == X86 || f == X8664:
		applyX86(p, f == X8664)
	case f.Valid():
		moveARM64(p, int(f-ARM64), 1)
	}
}

// Undo is the inverse of Apply.
func (f Filter) Undo(p []byte) {
	const minus1 = 1<<32 - 1
	switch {
	case f == X86 || f == X8664:
		undoX86(p, f == X8664)
	case f.Valid():
		moveARM64(p, int(f-ARM64), minus1)
	}
}
