package strategy

import "github.com/sigmalang/sigma/glyph"

// glyphMessage is for small chunks that stand alone; package glyph is the
// codec. Chunks that continue a history are not a strategy's: they need what
// was before them.
type glyphMessage struct {
	book *glyph.Codebook // nil: the built-in one
}

func (glyphMessage) ID() ID       { return Glyph }
func (glyphMessage) Name() string { return Glyph.String() }

func (g glyphMessage) codebook() *glyph.Codebook {
	if g.book == nil {
		return glyph.Builtin()
	}
	return g.book
}

func (g glyphMessage) Encode(dst, src []byte, p Params) ([]byte, error) {
	if out, ok := g.codebook().Append(dst, src, p.Limit, glyph.Effort(p.Level)); ok {
		return out, nil
	}
	return dst, ErrSkip
}

func (g glyphMessage) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	out, err := g.codebook().Decode(dst, src, rawLen)
	if err != nil {
		return dst, ErrMalformed
	}
	return out, nil
}

// WithCodebook returns s with a Glyph that uses b for chunks that stand alone,
// if s has Glyph at all. nil stands for the built-in one.
func (s Set) WithCodebook(b *glyph.Codebook) Set {
	if !has(s, Glyph) {
		return s
	}
	return s.With(glyphMessage{b})
}

// trained reports whether the Set's Glyph has a codebook of its own.
func (s Set) trained() bool {
	g, ok := s.member(Glyph).Strategy.(glyphMessage)
	return ok && g.book != nil
}

// Up to these lengths messages that stand alone are glyph's: beyond them a
// general codec has found its own phrases. Between them it is tried as well,
// unless glyph does so well that it can hardly win (surelyMessage). With a
// codebook made for such messages they reach further.
const (
	shortestMessage       = 4
	clearlyMessage        = 256
	maybeMessage          = 1 << 10
	clearlyTrainedMessage = 1 << 10
	maybeTrainedMessage   = 8 << 10
)

// maybeText is how long a text may be for glyph to be tried: at 3 KiB it makes
// logs and code 13 % smaller than zstd does and JSON 6 %, prose and tables
// hardly, at 11 KiB still 5 % and 2 %. With both, encoding takes three times as
// long as with zstd at LevelBetter.
func maybeText(l Level) int {
	switch {
	case l < LevelBetter:
		return maybeMessage
	case l == LevelBetter:
		return 4 << 10
	}
	return 16 << 10
}

// message returns Glyph as the choice for a small chunk.
func message(in Input) (Choice, bool) {
	n := len(in.Chunk)
	clearly, maybe := clearlyMessage, maybeMessage
	if in.Set.trained() {
		clearly, maybe = clearlyTrainedMessage, maybeTrainedMessage
	}
	if textShare(in.Profile) >= mostlyText {
		maybe = max(maybe, maybeText(in.Level))
	}
	if n < shortestMessage || n > maybe || !has(in.Set, Glyph) {
		return Choice{}, false
	}
	c := Choice{ID: Glyph, Confidence: 80, Reason: "a small message"}
	if n > clearly {
		c.Expected, c.Confidence = surelyMessage(n, in.Level), 50
	}
	return c, true
}

// surelyMessage is the length in bytes of a payload up to which the general
// codec is not tried on a message of n bytes as well. It seldom wins there: of
// messages of 700 bytes zstd's share is lost in none, of 3 KiB, for which a
// codebook was made, less than what glyph gained before. Where size counts most
// it is tried always.
func surelyMessage(n int, l Level) int {
	switch {
	case l > LevelDefault:
		return 1
	case n <= maybeMessage:
		return n * 2 / 5
	}
	return n / 4
}
