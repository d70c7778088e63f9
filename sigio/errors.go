package sigio

import (
	"errors"
	"fmt"
	"io"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// The verdicts of this package. They reach the caller inside a StreamError
// where a place in a stream belongs to them; compare with errors.Is.
var (
	// ErrCorrupt says that the stream is not what a Writer wrote.
	ErrCorrupt = errors.New("sigio: corrupt stream")

	// ErrTruncated says that the stream ends before its end record. It is
	// io.ErrUnexpectedEOF to errors.Is.
	ErrTruncated error = truncated{}

	// ErrUnsupported says that the stream is sound but needs something that
	// this Reader does not have: a later version of the format, a strategy,
	// an option.
	ErrUnsupported = errors.New("sigio: unsupported stream")

	// ErrTooLarge says that a limit was passed: WithMaxChunk, WithMaxOutput
	// or the size of a metadata record.
	ErrTooLarge = errors.New("sigio: limit exceeded")

	// ErrClosed says that the Writer or Reader is closed, or has nothing to
	// write to or read from.
	ErrClosed = errors.New("sigio: closed")

	// ErrStrategy says that a plugged-in strategy or selector broke its
	// contract while encoding: it panicked, failed, or returned something
	// else than it should.
	ErrStrategy = errors.New("sigio: strategy broke its contract")
)

type truncated struct{}

func (truncated) Error() string        { return "sigio: truncated stream" }
func (truncated) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// StreamError is a verdict with its place. It unwraps to one of the package's
// errors. Errors of the wrapped stream are never inside one.
type StreamError struct {
	Offset int64  // of the record, in encoded bytes since NewReader, NewWriter or Reset
	Chunk  uint64 // number of the chunk in its stream, from 0
	Reason string // empty where Err says it all
	Err    error  // one of the package's errors, or a *MissingError
}

// Error returns the verdict, its reason and its place.
func (e *StreamError) Error() string {
	what := e.Err.Error()
	if e.Reason != "" {
		what += ": " + e.Reason
	}
	return fmt.Sprintf("%s (chunk %d, offset %d)", what, e.Chunk, e.Offset)
}

// Unwrap returns the verdict.
func (e *StreamError) Unwrap() error { return e.Err }

// MissingError names what a Reader lacks. It comes inside a StreamError and is
// ErrUnsupported to errors.Is.
type MissingError struct {
	Strategy strategy.ID
	Name     string   // as the stream announces it, or the built-in's name; empty for a codebook
	Codebook glyph.ID // the missing codebook, where it is one
}

func (e *MissingError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("%v: codebook %v is missing", ErrUnsupported, e.Codebook)
	}
	return fmt.Sprintf("%v: strategy %q (ID %d) is missing", ErrUnsupported, e.Name, uint8(e.Strategy))
}

// Unwrap returns ErrUnsupported.
func (e *MissingError) Unwrap() error { return ErrUnsupported }

// verdictOf translates what package frame says of a record.
func verdictOf(err error) (reason string, verdict error) {
	var fe *frame.Error
	if !errors.As(err, &fe) {
		return err.Error(), ErrCorrupt
	}
	if fe.Unsupported {
		return fe.Reason, ErrUnsupported
	}
	return fe.Reason, ErrCorrupt
}

// isTimeout reports whether err is a deadline that passed: an error after
// which the wrapped stream can be used again. It covers net.Error without
// importing package net.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
