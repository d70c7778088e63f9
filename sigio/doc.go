// Package sigio compresses streams: a Writer and a Reader that wrap any
// io.Writer and io.Reader.
//
// The Writer cuts what is written into blocks, looks at each, and encodes it
// with the strategy that suits it, so that nobody has to know what the data
// is. The Reader needs no configuration: all that it must know stands in the
// stream, whose format FORMAT.md specifies.
//
// What the package promises:
//
//   - The output is never larger than the input and 32 bytes for each started
//     64 KiB, 8 for each Flush, and 64 for the header and end of the stream.
//     Metadata and an index come on top, as do 19 bytes that announce a history and 24 for
//     a codebook, or the codebook itself.
//   - No byte leaves a Reader before the check of its chunk has passed. A
//     stream that was cut short, reordered or mixed with another is an error,
//     found before the first wrong byte. The checks are CRCs: they find
//     accidents, not attackers. Against those, put an AEAD around the stream.
//   - Memory depends on the options and on what strategies the content needs,
//     not on the length of the stream nor on what a header claims. A stream that
//     has nothing buffered keeps no more than 64 KiB of buffers.
//   - A timeout of the wrapped stream loses nothing: the next call goes on
//     where the last one stopped.
//   - The same bytes, flushes and options give the same output, at any
//     concurrency.
//   - Errors of the wrapped stream are returned unchanged.
//
// What cannot resume after a timeout is what cannot resume by itself: a TLS
// connection after a timeout while writing, or a bufio.Writer between this
// package and the connection, which keeps its first error.
//
// One truncation cannot be seen: of several streams one behind the other, cut
// exactly between two.
//
// For files there is more. ReaderAt reads any part of the streams in a file, fast
// if they were written WithIndex. OpenAppend adds a stream behind those that are
// there; if a writer was stopped before it could seal its stream, Repair cuts the
// torn tail off, and nothing else. Salvage recovers what is sound of damaged
// streams. A SparseWriter restores zeros as holes. WithVerify has the Writer
// decode what it encoded before anyone relies on it.
//
// For messages on a connection there are two options: WithHistory lets each
// copy from those before it, and WithCodebook from what was learned of their
// like. Both make lengths tell of contents: see package glyph on secrets.
//
// A Writer and a Reader each belong to one goroutine at a time, except for
// Stats, which may be called from any. A ReaderAt may be used by many.
package sigio
