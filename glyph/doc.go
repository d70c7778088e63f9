// Package glyph is the codec for small messages: 20 bytes to a few KiB that
// are flushed one by one, on a connection or into a log, or that stand alone.
// There a general codec has nothing to work with: it carries a header and
// tables in every message.
//
// A glyph is a phrase with a short code. A message is coded as literals and as
// copies of phrases, which stand in a text that both sides have and, in a
// stream, in the messages before. All codes are known to both sides, so that a
// message carries no table. They come in three tiers:
//
//   - universal: the alphabets, and a code for every symbol;
//   - domain: the built-in Codebook, a text of common phrases of messages and
//     the codes that suit them, frozen once released;
//   - learned: a Codebook trained on samples of the messages to come, and what
//     the stream itself has shown so far.
//
// It is not for chunks of more than 16 KiB, for repeats further apart than
// 64 KiB, for executables and binary records, or for what cannot be
// compressed at all: see the general codecs for those.
//
// # Secrets
//
// The length of a message tells how much it has in common with the messages
// before it. Whoever can place text of their own beside a secret, in the same
// message or the same history, and see lengths, can guess the secret piece by
// piece (J. Kelsey, Compression and information leakage of plaintext, 2002;
// the attacks CRIME and BREACH). Do not let such texts share a history or a
// message.
//
// This package is what streams are made with: see the history and codebook
// options of package sigio.
package glyph
