package frame

import (
	"bytes"
	"encoding/binary"
)

// Incompatible flags (FORMAT §2): a reader that does not know one refuses
// the stream.
const (
	FlagHistory   = 1 << 0 // chunks may continue a history
	FlagTransport = 1 << 1 // light chunks carry no check
	FlagShort     = 1 << 2 // at most one light chunk, then the short end

	knownFlags = FlagHistory | FlagTransport | FlagShort
)

// magic starts every stream. A stripped high bit, a translated CR LF or LF
// and a conversion to UTF-8 each break it.
var magic = [4]byte{0xD3, '\r', '\n', '\n'}

// Header is the stream header. The zero value of a flag field is the plain
// stream.
type Header struct {
	Version  uint8
	Incompat uint8
	Compat   uint8 // ignored by readers
	CapLog   uint8 // log2 of the largest raw length of a chunk
	ID       uint32
}

// Has reports whether the incompatible flag is set.
func (h Header) Has(flag uint8) bool { return h.Incompat&flag != 0 }

// Cap returns the chunk cap in bytes.
func (h Header) Cap() int { return 1 << h.CapLog }

// Check returns the check of the encoded header, the start of the chain.
func (h Header) Check() uint32 {
	var b [HeaderLen]byte
	h.put(b[:])
	return binary.LittleEndian.Uint32(b[12:])
}

// Append appends the 16 bytes of the header to dst.
func (h Header) Append(dst []byte) []byte {
	var b [HeaderLen]byte
	h.put(b[:])
	return append(dst, b[:]...)
}

func (h Header) put(b []byte) {
	copy(b, magic[:])
	h.putFields(b)
	binary.LittleEndian.PutUint32(b[12:], updateShort(0, b[:12]))
}

// putFields writes bytes 4 to 11, which the header and the end record share.
func (h Header) putFields(b []byte) {
	b[4], b[5], b[6], b[7] = h.Version, h.Incompat, h.Compat, h.CapLog
	binary.LittleEndian.PutUint32(b[8:], h.ID)
}

func (h *Header) getFields(b []byte) error {
	*h = Header{b[4], b[5], b[6], b[7], binary.LittleEndian.Uint32(b[8:])}
	switch {
	case h.Version != Version:
		return unsupported("format version %d", h.Version)
	case h.Incompat&^knownFlags != 0:
		return unsupported("incompatible flags %#02x", h.Incompat&^knownFlags)
	case h.CapLog < MinCapLog || h.CapLog > MaxCapLog:
		return corrupt("chunk cap 2^%d", h.CapLog)
	case h.Has(FlagShort) && h.Has(FlagHistory):
		return corrupt("a short stream cannot carry a history")
	}
	return nil
}

// IsHeader reports whether b, which may be cut short, starts like a header.
func IsHeader(b []byte) bool {
	return bytes.Equal(b[:min(len(b), len(magic))], magic[:min(len(b), len(magic))])
}

// ParseHeader parses the first HeaderLen bytes of b.
func ParseHeader(b []byte) (Header, error) {
	var h Header
	b = b[:HeaderLen]
	if !IsHeader(b) {
		return h, corrupt("no stream header")
	}
	if RawCRC(b[:12]) != binary.LittleEndian.Uint32(b[12:]) {
		return h, corrupt("stream header fails its check")
	}
	err := h.getFields(b)
	return h, err
}
