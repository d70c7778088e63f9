// Package sighttp compresses HTTP: Handler the responses of a server, and
// Transport what a client asks for, and sends if it wants to.
//
// Two peers of this package talk in the content coding "sigma", a stream of
// package sigio; everyone else gets standard zstd (RFC 8878, with a window of
// at most 1 MiB, below the 8 MiB of RFC 9659) or gzip (RFC 1952). The coding is
// negotiated by Accept-Encoding as RFC 9110 §12.5.3 has it. A plain client sees
// a plain server.
//
// What the package promises:
//
//   - What need not or must not be compressed passes unchanged: answers to HEAD,
//     statuses 1xx, 204, 206 and 304, what has a Content-Range, a
//     Content-Encoding or a digest or says no-transform, upgrades, small bodies,
//     and types that are compressed already. Vary names Accept-Encoding on all of them.
//   - A compressed body is sealed when the handler returns, and only then: after
//     a panic, or when fewer bytes came than Content-Length announced, the
//     client sees a truncated stream, and a response that is aborted
//     (http.ErrAbortHandler). Before the header has left, a panic leaves
//     nothing of this package behind but Vary.
//   - Flush sends all that was written, compressed, so that events arrive one by
//     one. A body that is flushed before it has 1 KiB, or that is
//     text/event-stream, counts as a stream, whose memory is kept small, and has
//     a history: each event may copy from those before it.
//   - A body of up to 64 KiB that is not flushed is compressed as a whole when
//     the handler returns. It is sent with its Content-Length, and as it was if
//     it would not become smaller. A longer one is sent while it is written,
//     in pieces; those of a text may copy from the pieces before them.
//   - Entity tags stay right: a compressed body has its strong ETag suffixed
//     with the coding, and conditions that name such a tag reach the handler
//     with the tag it knows as well (RFC 9110 §8.8.3.3).
//   - There are no goroutines, and costly encoders and decoders are reused.
//
// # Secrets
//
// The length of a compressed body tells what its parts have in common. Where a
// page shows a secret together with text that an attacker chose, and the
// attacker sees lengths, the secret can be guessed piece by piece (Y. Gluck, N.
// Harris, A. Prado, BREACH, 2013). Serve such pages without compression:
// Cache-Control: no-transform, or not through Handler. WithPadding makes the
// attack slower, not impossible.
//
// # When not to use it
//
// Static files are better compressed once, before they are served. Ranges of
// compressed bodies don't exist: what is compressed loses Accept-Ranges.
package sighttp
