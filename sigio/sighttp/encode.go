package sighttp

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"math/big"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/internal/freelist"
	"github.com/sigmalang/sigma/sigio"
)

// encoder is what the three codings' encoders have in common. After Reset an
// encoder behaves as a new one.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// shape is what is known of a body when its encoding begins.
type shape uint8

const (
	// whole is there from beginning to end.
	whole shape = iota
	// long is sent while it is encoded.
	long
	// text is long, too, and its parts have much in common, be they far apart.
	text
	// live is a stream of events, or one that was flushed before it had the
	// minimum size. It may last for hours, so that memory counts.
	live
)

const (
	// zstdWindow is less than the 8 MiB that RFC 9659 allows: larger windows
	// gain less than 1 % on a few MB of JSON and cost the peer memory.
	zstdWindow     = 1 << 20
	liveZstdWindow = 64 << 10
	liveHistory    = 64 << 10
	sigmaChunk     = 1 << 20
	// textPiece is how much of a text is sent at a time, the most that a history
	// is for; textHistory is what a piece may copy from. Texts become 1 % to 25 %
	// smaller than in chunks that stand alone, and their first bytes leave four
	// times as early. Numbers, though, have strategies of their own, which know
	// no history.
	textPiece   = 64 << 10
	textHistory = 1 << 20
	// firstSigmaChunk bounds how long the connection idles before a large body:
	// the first chunk is this long, and each next one twice as long, until
	// sigmaChunk. Of 64 KiB the first byte comes half a millisecond sooner, and
	// bodies of 200 to 300 KB of JSON become 4 to 20 % larger
	// (BenchmarkTraffic).
	firstSigmaChunk = 256 << 10
)

type encoderKey struct {
	coding Coding
	shape  shape
	book   *glyph.Codebook
}

// encoders lends encoders and builds those that are missing.
type encoders struct {
	level sigio.Level
	idle  map[encoderKey]*freelist.List[encoder] // not changed once built
}

func newEncoders(level sigio.Level, codings []Coding, books []*glyph.Codebook) *encoders {
	e := &encoders{level: level, idle: map[encoderKey]*freelist.List[encoder]{}}
	for _, s := range []shape{whole, long, text, live} {
		for _, c := range codings {
			if key := (encoderKey{coding: c, shape: s}).canonical(); e.idle[key] == nil {
				e.idle[key] = new(freelist.List[encoder])
			}
		}
		for _, b := range books {
			e.idle[encoderKey{Sigma, s, b}] = new(freelist.List[encoder])
		}
	}
	return e
}

// canonical stands for all keys with the same encoder.
func (k encoderKey) canonical() encoderKey {
	if k.coding != Sigma && k.shape != live {
		k.shape = whole
	}
	return k
}

// shapeOf tells of a long body, by its beginning, what it is.
func (e *encoders) shapeOf(seen []byte) shape {
	if isText(seen) {
		return text
	}
	return long
}

func (e *encoders) get(key encoderKey, w io.Writer) (encoder, error) {
	key = key.canonical()
	z, ok := e.idle[key].Get(func(encoder) bool { return true })
	if !ok {
		var err error
		if z, err = e.build(key); err != nil {
			return nil, err
		}
	}
	z.Reset(w)
	return z, nil
}

// put takes an encoder back. Nothing more is written to its destination.
func (e *encoders) put(key encoderKey, z encoder) {
	z.Reset(nil)
	e.idle[key.canonical()].Put(z)
}

func (e *encoders) build(key encoderKey) (encoder, error) {
	switch key.coding {
	case Gzip:
		return gzip.NewWriterLevel(nil, gzipLevel(e.level, key.shape))
	case Zstd:
		window, level := zstdWindow, zstdLevel(e.level)
		if key.shape == live {
			window, level = liveZstdWindow, zstd.SpeedFastest
		}
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(window),
			zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	}
	opts := []sigio.WriterOption{sigio.WithLevel(e.level), sigio.WithChunkSize(sigmaChunk)}
	if key.book != nil {
		opts = append(opts, sigio.WithCodebook(key.book))
	}
	switch key.shape {
	case live:
		return sigio.NewWriter(nil, append(opts, sigio.WithHistory(liveHistory))...), nil
	case text:
		return &pieces{Writer: sigio.NewWriter(nil, append(opts, sigio.WithHistory(textHistory))...)}, nil
	}
	return &growing{Writer: sigio.NewWriter(nil, opts...)}, nil
}

func zstdLevel(l sigio.Level) zstd.EncoderLevel {
	switch l {
	case sigio.LevelFastest:
		return zstd.SpeedFastest
	case sigio.LevelBetter:
		return zstd.SpeedBetterCompression
	case sigio.LevelBest:
		return zstd.SpeedBestCompression
	}
	return zstd.SpeedDefault
}

func gzipLevel(l sigio.Level, s shape) int {
	switch {
	case l == sigio.LevelFastest || s == live:
		return gzip.BestSpeed
	case l == sigio.LevelBetter:
		return 6
	case l == sigio.LevelBest:
		return gzip.BestCompression
	}
	return 5
}

// growing is a sigio.Writer whose chunks become longer: short ones first, so
// that sending begins while most of the body has yet to be encoded.
type growing struct {
	*sigio.Writer
	room, size int // bytes until the next flush; length of this chunk
}

func (g *growing) Reset(w io.Writer) {
	g.Writer.Reset(w)
	g.room, g.size = firstSigmaChunk, firstSigmaChunk
}

func (g *growing) Write(p []byte) (n int, err error) {
	for g.size < sigmaChunk && len(p) >= g.room {
		k, err := g.Writer.Write(p[:g.room])
		n += k
		if err == nil {
			err = g.Writer.Flush()
		}
		if err != nil {
			return n, err
		}
		p = p[k:]
		g.size *= 2
		g.room = g.size
	}
	k, err := g.Writer.Write(p)
	g.room -= k
	return n + k, err
}

// pieces is a sigio.Writer with a history, whose pieces share it.
type pieces struct {
	*sigio.Writer
	held int // bytes since the last flush
}

func (z *pieces) Reset(w io.Writer) {
	z.Writer.Reset(w)
	z.held = 0
}

func (z *pieces) Flush() error {
	z.held = 0
	return z.Writer.Flush()
}

func (z *pieces) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if z.held == textPiece {
			if err := z.Flush(); err != nil {
				return n, err
			}
		}
		k, err := z.Writer.Write(p[:min(len(p), textPiece-z.held)])
		n, z.held = n+k, z.held+k
		if err != nil {
			return n, err
		}
		p = p[k:]
	}
	return n, nil
}

// paddingKind is the kind of the metadata record that pads a sigma stream.
const paddingKind = 0

// randomPadding returns 0 to most bytes, each length as likely.
func randomPadding(most int) ([]byte, error) {
	if most == 0 {
		return nil, nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(most)+1))
	if err != nil {
		return nil, err
	}
	return []byte(strings.Repeat("-", int(n.Int64()))), nil
}

// padHead pads a stream where its coding can at its beginning: a metadata
// record, or the comment of a gzip header (RFC 1952 §2.3.1).
func padHead(z encoder, padding []byte) error {
	if len(padding) == 0 {
		return nil
	}
	switch z := z.(type) {
	case interface{ WriteMeta(uint8, []byte) error }:
		return z.WriteMeta(paddingKind, padding)
	case *gzip.Writer:
		z.Comment = string(padding)
	}
	return nil
}

// padTail pads a zstd stream, by a skippable frame (RFC 8878 §3.1.2).
func padTail(c Coding, w io.Writer, padding []byte) error {
	if c != Zstd || len(padding) == 0 {
		return nil
	}
	const skippable = 0x184D2A50
	frame := binary.LittleEndian.AppendUint32(nil, skippable)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(padding)))
	_, err := w.Write(append(frame, padding...))
	return err
}
