package frame

import "encoding/binary"

// Kind tells the records apart.
type Kind uint8

// The kinds of record that follow a stream header.
const (
	KindChunk Kind = iota + 1
	KindControl
	KindIndex
	KindEnd
	KindShortEnd
)

// Tags of the records that are not chunks (FORMAT §4). Zero is not a tag, so
// that a zeroed sector is never a record.
const (
	TagEnd      = 0x01
	TagShortEnd = 0x02
	TagIndex    = 0x03

	TagStrategyName     = 0x08 // unskippable: id, name
	TagHistory          = 0x09 // unskippable: history parameters
	TagCodebookID       = 0x0A // unskippable: 8 bytes
	TagEmbeddedCodebook = 0x0B // unskippable
	TagMeta             = 0x10 // skippable: kind, user's bytes

	firstControl   = 0x08
	firstSkippable = 0x10
	lastControl    = 0x1F

	tagChunk      = 0x20 // explicit chunk; bits 1 and 0 are zero
	bitPositioned = 0x10
	bitFlushed    = 0x08
	bitHistory    = 0x04

	tagLight14 = 0x40 // light chunk, 14-bit payload length in two bytes
	tagLight7  = 0x80 // light chunk, 7-bit payload length
)

// Strategy numbers that the short light forms imply.
const (
	strategyStore = 0
	strategyGlyph = 3
)

const (
	light7Max  = 1<<7 - 1
	light14Max = 1<<14 - 1
)

// Skippable reports whether a reader that does not know the control record's
// tag ignores it.
func Skippable(tag uint8) bool { return tag >= firstSkippable && tag <= lastControl }

// IsLight reports whether a record with this first byte is a light chunk.
func IsLight(first byte) bool {
	return first >= tagLight14 || first&^bitHistory == tagChunk|bitFlushed
}

// IsPositioned reports whether a record with this first byte is a positioned
// chunk.
func IsPositioned(first byte) bool {
	return first&^(bitFlushed|bitHistory) == tagChunk|bitPositioned
}

// IsControl reports whether a record with this first byte is a control record
// or an index.
func IsControl(first byte) bool {
	return first == TagIndex || first >= firstControl && first <= lastControl
}

// Passes reports whether b begins with the header of a positioned chunk, control
// record or index of the stream, by its check alone: it is what a search does
// at every byte.
func (h Header) Passes(b []byte) bool {
	n := ControlHeaderLen
	switch {
	case IsPositioned(b[0]):
		n = ChunkHeaderLen
	case !IsControl(b[0]):
		return false
	}
	return len(b) >= n && seeded(h.ID, b[:n-CheckLen]) == binary.LittleEndian.Uint32(b[n-CheckLen:])
}

// Record is the header of a chunk, control record or index. Of an end record
// ParseRecord gives the Kind alone; ParseEnd and ParseShortEnd do the rest.
type Record struct {
	Kind Kind
	Tag  uint8 // of a control record

	// Of a chunk. A light chunk is always flushed.
	Light    bool
	Flushed  bool
	History  bool // continues a history
	Strategy uint8
	RawLen   int

	EncLen int // length of the payload or body

	Seq       uint64 // of a positioned chunk, modulo 2^48
	RawOffset uint64 // of a positioned chunk, modulo 2^48
	Link      uint32 // chain value before the record; not in light chunks
	Check     uint32 // the header's check; not in light chunks
}

// TailLen is the length of what follows the payload.
func (h Header) TailLen(r *Record) int {
	switch {
	case !r.Light:
		return CheckLen
	case h.Has(FlagTransport):
		return 0
	}
	return LightCheckLen
}

// At reports whether a positioned chunk states the given place.
func (r *Record) At(seq, rawOffset uint64) bool {
	return r.Seq == seq&positionMask && r.RawOffset == rawOffset&positionMask
}

// ParseRecord parses the header of the record that b starts with, and returns
// it with its length n. When b is too short to tell, n > len(b) is the length
// that is needed at least, and nothing in between changes that: the verdict
// does not depend on how the input arrives. The check of the header has been
// compared; that of a light chunk covers its header only together with its
// content.
func (h Header) ParseRecord(b []byte) (r Record, n int, err error) {
	if len(b) == 0 {
		return r, 1, nil
	}
	tag := b[0]
	switch {
	case tag >= tagLight14:
		return h.parseShortLight(b)
	case tag&^(bitPositioned|bitFlushed|bitHistory) == tagChunk:
		if tag&bitHistory != 0 && !h.Has(FlagHistory) {
			return r, 0, corrupt("chunk continues a history that the stream does not announce")
		}
		if tag&bitPositioned != 0 {
			return h.parsePositioned(b)
		}
		return h.parseExplicitLight(b)
	case tag == TagIndex || tag >= firstControl && tag <= lastControl:
		return h.parseControl(b)
	case tag == TagEnd:
		return Record{Kind: KindEnd}, EndLen, nil
	case tag == TagShortEnd:
		return Record{Kind: KindShortEnd}, ShortEndLen, nil
	}
	return r, 0, corrupt("unknown record tag %#02x", tag)
}

func (h Header) parsePositioned(b []byte) (r Record, n int, err error) {
	if len(b) < ChunkHeaderLen {
		return r, ChunkHeaderLen, nil
	}
	r = Record{
		Kind:      KindChunk,
		Flushed:   b[0]&bitFlushed != 0,
		History:   b[0]&bitHistory != 0,
		Strategy:  b[1],
		RawLen:    uint24(b[2:]) + 1,
		EncLen:    uint24(b[5:]) + 1,
		Seq:       uint48(b[8:]),
		RawOffset: uint48(b[14:]),
		Link:      binary.LittleEndian.Uint32(b[20:]),
		Check:     binary.LittleEndian.Uint32(b[24:]),
	}
	if seeded(h.ID, b[:24]) != r.Check {
		return r, 0, corrupt("chunk header fails its check")
	}
	if r.RawLen > h.Cap() {
		return r, 0, corrupt("chunk of %d bytes above the cap of %d", r.RawLen, h.Cap())
	}
	return r, ChunkHeaderLen, r.checkLengths()
}

// checkLengths holds a chunk to FORMAT §5.1: stored as it is, or smaller.
func (r *Record) checkLengths() error {
	if stored := r.Strategy == strategyStore; stored && r.EncLen != r.RawLen || !stored && r.EncLen >= r.RawLen {
		return corrupt("payload of %d bytes for a chunk of %d", r.EncLen, r.RawLen)
	}
	if r.History && r.Strategy == strategyStore {
		return corrupt("stored chunk continues a history")
	}
	return nil
}

func (h Header) parseShortLight(b []byte) (r Record, n int, err error) {
	r = Record{Kind: KindChunk, Light: true, Flushed: true, EncLen: int(b[0] & light7Max)}
	n = 1
	if b[0] < tagLight7 {
		if len(b) < 3 {
			return r, 3, nil
		}
		r.EncLen = int(b[0]&^tagLight14)<<8 | int(b[1])
		n = 2
		if r.EncLen <= light7Max {
			return r, 0, corrupt("light payload length is not in its shortest form")
		}
	}
	if r.RawLen, n, err = lightVarint(b, n); err != nil || n > len(b) {
		return r, n, err
	}
	if r.EncLen != r.RawLen {
		r.Strategy, r.History = strategyGlyph, h.Has(FlagHistory)
	}
	if r.EncLen == 0 {
		return r, 0, corrupt("empty light chunk")
	}
	return r, n, r.checkLengths()
}

func (h Header) parseExplicitLight(b []byte) (r Record, n int, err error) {
	if len(b) < 3 {
		return r, 3, nil
	}
	r = Record{Kind: KindChunk, Light: true, Flushed: true, History: b[0]&bitHistory != 0, Strategy: b[1]}
	if b[0]&bitFlushed == 0 {
		return r, 0, corrupt("light chunk without its flush mark")
	}
	if r.RawLen, n, err = lightVarint(b, 2); err != nil || n > len(b) {
		return r, n, err
	}
	r.EncLen = r.RawLen
	if r.Strategy != strategyStore {
		if r.EncLen, n, err = lightVarint(b, n); err != nil || n > len(b) {
			return r, n, err
		}
	}
	if r.EncLen == 0 || h.hasShortForm(&r) {
		return r, 0, corrupt("light chunk is not in its shortest form")
	}
	return r, n, r.checkLengths()
}

// hasShortForm reports whether a light chunk can go without its tag: stored,
// or glyph that continues the history where the stream has one.
func (h Header) hasShortForm(r *Record) bool {
	return r.EncLen <= light14Max && (r.Strategy == strategyStore ||
		r.Strategy == strategyGlyph && r.History == h.Has(FlagHistory))
}

func (h Header) parseControl(b []byte) (r Record, n int, err error) {
	if len(b) < ControlHeaderLen {
		return r, ControlHeaderLen, nil
	}
	r = Record{
		Kind:   KindControl,
		Tag:    b[0],
		EncLen: uint24(b[1:]),
		Link:   binary.LittleEndian.Uint32(b[4:]),
		Check:  binary.LittleEndian.Uint32(b[8:]),
	}
	if seeded(h.ID, b[:8]) != r.Check {
		return r, 0, corrupt("control record's header fails its check")
	}
	if r.Tag == TagIndex {
		r.Kind = KindIndex
		return r, ControlHeaderLen, nil // every 24-bit length is within MaxIndex
	}
	if r.EncLen > MaxControl {
		return r, 0, corrupt("control record of %d bytes", r.EncLen)
	}
	if r.Tag > TagEmbeddedCodebook && !Skippable(r.Tag) {
		return r, 0, unsupported("control record %#02x", r.Tag)
	}
	return r, ControlHeaderLen, nil
}

// AppendRecord appends the header of a chunk, control record or index to dst
// and sets r.Check where the header has one. Lengths must be within the
// format's limits, and a light chunk's payload no longer than its content.
func (h Header) AppendRecord(dst []byte, r *Record) []byte {
	if r.Kind != KindChunk {
		return h.appendControl(dst, r)
	}
	if r.Light {
		return h.appendLight(dst, r)
	}
	tag := uint8(tagChunk | bitPositioned)
	if r.Flushed {
		tag |= bitFlushed
	}
	if r.History {
		tag |= bitHistory
	}
	at := len(dst)
	dst = append(dst, make([]byte, ChunkHeaderLen)...)
	b := dst[at:]
	b[0], b[1] = tag, r.Strategy
	putUint24(b[2:], r.RawLen-1)
	putUint24(b[5:], r.EncLen-1)
	putUint48(b[8:], r.Seq)
	putUint48(b[14:], r.RawOffset)
	binary.LittleEndian.PutUint32(b[20:], r.Link)
	r.Check = seeded(h.ID, b[:24])
	binary.LittleEndian.PutUint32(b[24:], r.Check)
	return dst
}

func (h Header) appendLight(dst []byte, r *Record) []byte {
	switch {
	case !h.hasShortForm(r):
		tag := uint8(tagChunk | bitFlushed)
		if r.History {
			tag |= bitHistory
		}
		dst = append(dst, tag, r.Strategy)
	case r.EncLen <= light7Max:
		return binary.AppendUvarint(append(dst, tagLight7|uint8(r.EncLen)), uint64(r.RawLen))
	default:
		dst = append(dst, tagLight14|uint8(r.EncLen>>8), uint8(r.EncLen))
		return binary.AppendUvarint(dst, uint64(r.RawLen))
	}
	dst = binary.AppendUvarint(dst, uint64(r.RawLen))
	if r.Strategy != strategyStore {
		dst = binary.AppendUvarint(dst, uint64(r.EncLen))
	}
	return dst
}

func (h Header) appendControl(dst []byte, r *Record) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, ControlHeaderLen)...)
	b := dst[at:]
	b[0] = r.Tag
	if r.Kind == KindIndex {
		b[0] = TagIndex
	}
	putUint24(b[1:], r.EncLen)
	binary.LittleEndian.PutUint32(b[4:], r.Link)
	r.Check = seeded(h.ID, b[:8])
	binary.LittleEndian.PutUint32(b[8:], r.Check)
	return dst
}

// lightVarint reads a canonical varint of at most MaxLight from b[at:] and
// returns the offset behind it, or the length that b needs at least.
func lightVarint(b []byte, at int) (v, n int, err error) {
	for i := 0; ; i++ {
		if at+i >= len(b) {
			return 0, at + i + 1, nil
		}
		c := b[at+i]
		v |= int(c&0x7F) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				return 0, 0, corrupt("varint is not in its shortest form")
			}
			if v > MaxLight {
				return 0, 0, corrupt("light chunk of %d bytes", v)
			}
			return v, at + i + 1, nil
		}
		if i == 2 {
			return 0, 0, corrupt("varint of more than 3 bytes")
		}
	}
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func putUint24(b []byte, v int) { b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16) }

func uint48(b []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
}

func putUint48(b []byte, v uint64) {
	binary.LittleEndian.PutUint32(b, uint32(v))
	binary.LittleEndian.PutUint16(b[4:], uint16(v>>32))
}
