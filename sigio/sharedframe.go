package sigio

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A shared frame is one zstd frame that the longer messages of a stream are
// parts of, each flushed, so that they may repeat what stood in those before,
// up to a window of megabytes away. It knows only the messages that it was
// chosen for: whatever else is in the stream neither enters it nor harms it.
//
// What a zstd encoder has flushed it cannot take back. So the choice is made
// before, by length; a message that became longer is stored, and with the next
// one a new frame begins, which shows by the magic number of zstd.

const (
	// minSharedMessage is the length in bytes from which on a message is for the
	// shared frame: shorter ones are better off with codes of their own.
	minSharedMessage = 1536

	// After so many windows of content a new frame begins, for the sake of a
	// reader that comes late.
	windowsPerFrame = 16

	zstdMagic = "\x28\xB5\x2F\xFD" // no block can begin with it
)

type sharedEncoder struct {
	level  Level
	window int

	zstd  *zstd.Encoder // nil until it is needed
	sink  appender
	begun bool
	held  int // content of the frame
}

// appender is a bytes.Buffer without memory of its own.
type appender struct{ out []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.out = append(a.out, p...)
	return len(p), nil
}

// append appends a message's part of the frame to dst if it is shorter than
// the message. Otherwise it returns dst and false.
func (s *sharedEncoder) append(dst, src []byte) ([]byte, bool) {
	if s.zstd == nil {
		e, err := zstd.NewWriter(nil,
			zstd.WithEncoderLevel(sharedLevel(s.level)),
			zstd.WithWindowSize(s.window),
			zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderCRC(false),
			zstd.WithLowerEncoderMem(true),
		)
		if err != nil {
			panic(fmt.Sprintf("sigio: zstd encoder options: %v", err)) // constants, covered by tests
		}
		s.zstd = e
	}
	if !s.begun || s.held >= windowsPerFrame*s.window {
		s.zstd.Reset(&s.sink)
		s.begun, s.held = true, 0
	}
	s.sink.out = dst
	_, err := s.zstd.Write(src)
	if err == nil {
		err = s.zstd.Flush()
	}
	out := s.sink.out
	s.sink.out = nil
	s.held += len(src)
	if err != nil || len(out)-len(dst) >= len(src) {
		s.begun = false
		return dst, false
	}
	return out, true
}

func sharedLevel(l Level) zstd.EncoderLevel {
	return [...]zstd.EncoderLevel{
		zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression,
	}[l-LevelFastest]
}

type sharedDecoder struct {
	window int
	zstd   *zstd.Decoder
	source bytes.Reader
	begun  bool
}

var errShared = errors.New("shared frame: malformed part")

// decode fills out with the message whose part is payload.
func (s *sharedDecoder) decode(out, payload []byte) error {
	s.source.Reset(payload)
	if bytes.HasPrefix(payload, []byte(zstdMagic)) {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if !s.begun {
		return errShared
	}
	s.begun = false // unless all is well
	if _, err := io.ReadFull(s.zstd, out); err != nil {
		return fmt.Errorf("shared frame: %w", err)
	}
	if s.source.Len() > 0 {
		return errShared
	}
	s.begun = true
	return nil
}

func (s *sharedDecoder) begin() error {
	if s.zstd == nil {
		d, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1), // no goroutines
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(uint64(s.window)),
		)
		if err != nil {
			return err
		}
		s.zstd = d
	}
	s.begun = true
	return s.zstd.Reset(&s.source)
}
