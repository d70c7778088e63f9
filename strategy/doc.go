// Package strategy decides how a chunk of bytes is encoded, and does it.
//
// A Selector looks at the profile of a chunk and chooses a Strategy out of a
// Set; the Strategy turns the chunk into a payload, and the payload, with the
// chunk's length, back into the chunk. The built-in strategies are store (the
// bytes as they are), runlength (long repeats of up to 8 bytes), delta (tables
// of numbers and records), glyph (small messages), lz4, zstd, s2 and branch
// (machine code); a program plugs in its own under the numbers from
// FirstPrivate on.
//
// # What it promises
//
// Encoding depends on the chunk and its Params alone: the same bytes give the
// same payload in any order, from any goroutine, whatever was encoded before,
// and on any machine; only what s2 makes may differ between architectures.
// Encode keeps to Params.Limit or says ErrSkip, so that a caller can always
// fall back to store.
//
// Decode takes any bytes at all. It returns exactly the length it was asked
// for or an error, works no longer than payload and chunk together warrant,
// and sizes nothing by what the payload claims. It accepts one frame, one
// block or one sequence of operations, with nothing behind it.
//
// Every Strategy and every Set is safe for concurrent use. The zero Set holds
// store alone.
//
// # Limits
//
// A chunk is at most 16 MiB; the built-in codecs skip longer ones. A payload
// carries neither its own length nor a check: damage that leaves it well
// formed decodes to other bytes. Both are the business of the stream around
// it.
//
// Idle codec states are kept for the next chunk in small lists that the whole
// process shares, and are let go when two garbage collections have passed without
// a use for them. At LevelBest one such state measures some 35 MiB, at
// LevelDefault less than 3.
//
// # When not to use it
//
// To compress a stream or a file, use package sigio, which cuts, checks and
// seals. Import this package to plug in a strategy or a selector. For a
// single zstd frame or lz4 block of your own, use those libraries directly.
package strategy
