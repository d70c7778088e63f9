package sigio

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/sigmalang/sigma/internal/freelist"
)

// A shared frame is one zstd frame that the longer messages of a stream are
// parts of, each flushed, so that they may repeat what stood in those before,
// up to a window of megabytes away. It knows only the messages that it was
// chosen for: whatever else is in the stream neither enters it nor harms it.
//
// What a zstd encoder has flushed it cannot take back. So the choice is made
// before, by length; after a message that became longer another frame begins,
// which shows by the magic number of zstd.

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
		s.borrow()
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

// sharedZstd is an encoder between two streams.
type sharedZstd struct {
	level  Level
	window int
	zstd   *zstd.Encoder
}

// sharedEncoders are lent to streams: for one of a few hundred KB, to build an
// encoder takes longer than to encode.
var sharedEncoders freelist.List[sharedZstd]

func (s *sharedEncoder) borrow() {
	e, ok := sharedEncoders.Get(func(e sharedZstd) bool { return e.level == s.level && e.window == s.window })
	if ok {
		s.zstd = e.zstd
		return
	}
	z, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(sharedLevel(s.level)),
		zstd.WithWindowSize(s.window),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false),
		zstd.WithLowerEncoderMem(true),
		// What does not repeat is to shrink, too, lest the frame be over.
		zstd.WithAllLitEntropyCompression(true),
	)
	if err != nil {
		panic(fmt.Sprintf("sigio: zstd encoder options: %v", err)) // constants, covered by tests
	}
	s.zstd = z
}

// release ends the frame and gives the encoder back.
func (s *sharedEncoder) release() {
	if s != nil && s.zstd != nil {
		s.zstd.Reset(nil)
		sharedEncoders.Put(sharedZstd{s.level, s.window, s.zstd})
		s.zstd, s.begun = nil, false
	}
}

func sharedLevel(l Level) zstd.EncoderLevel {
	return [...]zstd.EncoderLevel{
		zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression,
	}[l-LevelFastest]
}

type sharedDecoder struct {
	zstd   *zstd.Decoder
	source bytes.Reader
	begun  bool
}

var errShared = errors.New("shared frame: malformed part")

// decode fills out, which is not empty, with the message whose part is payload,
// in a stream that states the window.
func (s *sharedDecoder) decode(out, payload []byte, window int) error {
	begins, ok := validPart(payload, len(out), window)
	if !ok || !begins && !s.begun {
		return errShared
	}
	s.source.Reset(payload)
	if begins {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.begun = false // unless all is well
	if _, err := io.ReadFull(s.zstd, out[:1]); err != nil || s.source.Len() == len(payload) {
		return errShared // or it is left over from the part before
	}
	if _, err := io.ReadFull(s.zstd, out[1:]); err != nil || s.source.Len() > 0 {
		return errShared
	}
	s.begun = true
	return nil
}

// validPart reports whether p is a part of a shared frame by all that can be
// told without decoding it (FORMAT §5.4), and whether it begins one.
func validPart(p []byte, rawLen, window int) (begins, ok bool) {
	const header = len(zstdMagic) + 2
	if bytes.HasPrefix(p, []byte(zstdMagic)) {
		if len(p) < header || p[header-2] != 0 || partWindow(p[header-1]) > window {
			return true, false
		}
		begins, p = true, p[header:]
	}
	for blocks := 0; ; blocks++ {
		if len(p) == 0 {
			return begins, blocks > 0
		}
		if len(p) < 3 || p[0]&1 != 0 {
			return begins, false
		}
		kind, size := p[0]>>1&3, (int(p[0])|int(p[1])<<8|int(p[2])<<16)>>3
		p = p[3:]
		stored := size // in the payload
		if kind == 1 { // a byte, size times
			stored = 1
		}
		if kind == 3 || size == 0 || stored > len(p) || kind < 2 && size > rawLen {
			return begins, false
		}
		if kind < 2 {
			rawLen -= size
		}
		p = p[stored:]
	}
}

// partWindow is the window that the byte of a frame header states (RFC 8878
// §3.1.1.1.2).
func partWindow(b byte) int {
	if b>>3 > 20 {
		return 1 << 30
	}
	base := 1 << (10 + b>>3)
	return base + base/8*int(b&7)
}

func (s *sharedDecoder) begin() error {
	if s.zstd == nil {
		d, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1), // no goroutines
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(MaxHistory),
		)
		if err != nil {
			return err
		}
		s.zstd = d
	}
	s.begun = true
	return s.zstd.Reset(&s.source)
}
