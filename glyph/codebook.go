package glyph

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ID identifies a Codebook by its content: the first 8 bytes of the SHA-256
// of its binary form (FIPS 180-4).
type ID [8]byte

// String returns the ID in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Codebook is a text that messages may copy from, together with the codes
// that they start with. Both ends of a stream need the same. It is immutable
// and safe for concurrent use; the zero value is not valid: use Train, Parse
// or Builtin.
type Codebook struct {
	text   []byte
	index  textIndex
	start  model
	tables decodeTables
	id     ID
}

// The binary form of a Codebook:
//
//	version      1 byte: 1
//	text length  3 bytes, little-endian: at most MaxText
//	text
//	lengths      of the codes of all tokens, then of all places, 4 bits each,
//	             the first one lowest; full codes within their limits
const (
	codebookVersion = 1
	codebookHeader  = 4
	codebookLengths = (tokenSymbols + placeSymbols + 1) / 2

	// MaxCodebook is the length of the longest binary form in bytes.
	MaxCodebook = codebookHeader + MaxText + codebookLengths
)

// ErrCodebook is returned by Parse for what is no binary form of a Codebook.
var ErrCodebook = errors.New("glyph: malformed codebook")

// ErrCodebookVersion is returned by Parse for a Codebook of a later version.
var ErrCodebookVersion = errors.New("glyph: codebook of an unknown version")

// newCodebook makes a Codebook of a text, which it keeps, and of code lengths.
// It reports false if the lengths are not those of full codes.
func newCodebook(text []byte, tokens, places []uint8) (*Codebook, bool) {
	b := &Codebook{text: text, index: indexText(text)}
	b.start.init()
	copy(b.start.tokens.len, tokens)
	copy(b.start.places.len, places)
	if !b.start.tokens.full() || !b.start.places.full() {
		return nil, false
	}
	b.start.tokens.begin()
	b.start.places.begin()
	b.tables.build(&b.start)
	form, _ := b.AppendBinary(nil)
	sum := sha256.Sum256(form)
	copy(b.id[:], sum[:])
	return b, true
}

// Parse returns the Codebook of a binary form, of which it keeps nothing. Its
// errors are ErrCodebook and ErrCodebookVersion.
func Parse(p []byte) (*Codebook, error) {
	if len(p) < codebookHeader {
		return nil, ErrCodebook
	}
	if p[0] != codebookVersion {
		return nil, ErrCodebookVersion
	}
	n := int(p[1]) | int(p[2])<<8 | int(p[3])<<16
	p = p[codebookHeader:]
	if n > MaxText || n != len(p)-codebookLengths {
		return nil, ErrCodebook
	}
	var lengths [2 * codebookLengths]uint8
	for i, b := range p[n:] {
		lengths[2*i], lengths[2*i+1] = b&15, b>>4
	}
	const all = tokenSymbols + placeSymbols
	for _, unused := range lengths[all:] {
		if unused != 0 {
			return nil, ErrCodebook
		}
	}
	b, ok := newCodebook(append([]byte(nil), p[:n]...), lengths[:tokenSymbols], lengths[tokenSymbols:all])
	if !ok {
		return nil, ErrCodebook
	}
	return b, nil
}

// ID returns what identifies the Codebook.
func (b *Codebook) ID() ID { return b.id }

// TextLen returns the length of the text in bytes.
func (b *Codebook) TextLen() int { return len(b.text) }

// AppendBinary appends the binary form to dst. The error is always nil.
func (b *Codebook) AppendBinary(dst []byte) ([]byte, error) {
	n := len(b.text)
	dst = append(dst, codebookVersion, byte(n), byte(n>>8), byte(n>>16))
	dst = append(dst, b.text...)
	var lengths [2 * codebookLengths]uint8
	copy(lengths[copy(lengths[:], b.start.tokens.len):], b.start.places.len)
	for i := 0; i < len(lengths); i += 2 {
		dst = append(dst, lengths[i]|lengths[i+1]<<4)
	}
	return dst, nil
}

// MarshalBinary returns the binary form. The error is always nil.
func (b *Codebook) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }
