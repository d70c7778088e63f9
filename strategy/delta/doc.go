// Package delta finds and codes tables: numeric arrays, records, audio,
// images, sensor data, time stamps. It works on one chunk of bytes at a time,
// needs no description of it, and keeps nothing from chunk to chunk.
//
// A Plan says how a table is taken apart: the length of a record, the fields
// it consists of, and for each field how its numbers are mapped (floats that
// are decimal fractions become integers), predicted (from the numbers before
// them, along and across the rows of a grid), and coded (bytes by their place
// in the number, symbols and open bits, or ranks in a dictionary). The byte
// streams that result are Huffman coded, or left to a Backend, a codec of
// repeats, all together.
//
// Encoder.Find looks for a table and plans it; Encoder.Append codes a chunk,
// from a plan or by itself, and replaces the plan where it no longer fits;
// Decoder.Decode restores the chunk. FORMAT.md §9.3 beside package sigio
// specifies the payload. The way from bytes to payload and the files that hold
// the steps:
//
//	find, stride, layout, refine, row, trial   the search for a plan
//	divide                                     where one plan gives way to another
//	encode, decode, plan                       sections, segments, fields; plans on the wire
//	column, field, maps                        numbers: gathered, taken relative to a base, mapped
//	residual, linear, predict                  predicted
//	bytes                                      fields of one byte, in place
//	bucket, ranks, coded                       numbers to byte streams and back
//	stream, classed, habit                     byte streams to payload
//	effort, arena                              what time is worth; scratch memory
//
// # What it promises
//
// The same bytes, plan, effort and backend give the same payload on every
// machine: decisions are made in fixed point, and where floats are used each
// operation is rounded by itself. A payload is not trusted: every field is
// checked before use, and work and memory are bounded by the lengths of
// payload and chunk.
//
// # Limits
//
// Records have up to 512 bytes, rows up to 16 Ki records. Numbers are 1, 2, 3,
// 4 or 8 bytes wide and begin at a byte. A field is not predicted from other
// fields, except by subtracting the one before it. Neither an Encoder nor a
// Decoder may be used by two goroutines at once; each keeps scratch memory, of
// about a megabyte for the usual tables of a chunk of one.
package delta
