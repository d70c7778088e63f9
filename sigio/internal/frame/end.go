package frame

import "encoding/binary"

// Totals is what a stream adds up to (FORMAT §7).
type Totals struct {
	Chunks  uint64
	Raw     uint64 // bytes of content
	Encoded uint64 // bytes from the header up to the end record
	Chain   uint32 // chain value behind the last record
}

// End is the record that seals a stream.
type End struct {
	Header   Header
	IndexLen uint32 // of the whole index record; 0 when there is none
	Totals   Totals
}

// Append appends the 48 bytes of the end record to dst.
func (e End) Append(dst []byte) []byte {
	var b [EndLen]byte
	b[0], b[1], b[2], b[3] = TagEnd, 'E', 'N', 'D'
	e.Header.putFields(b[:])
	binary.LittleEndian.PutUint32(b[12:], e.IndexLen)
	e.Totals.put(b[16:])
	binary.LittleEndian.PutUint32(b[44:], updateShort(0, b[:44]))
	return append(dst, b[:]...)
}

func (t Totals) put(b []byte) {
	binary.LittleEndian.PutUint64(b, t.Chunks)
	binary.LittleEndian.PutUint64(b[8:], t.Raw)
	binary.LittleEndian.PutUint64(b[16:], t.Encoded)
	binary.LittleEndian.PutUint32(b[24:], t.Chain)
}

// ParseEnd parses the first EndLen bytes of b. It stands on its own: no
// header needs to have been seen.
func ParseEnd(b []byte) (End, error) {
	var e End
	b = b[:EndLen]
	if [4]byte(b) != [4]byte{TagEnd, 'E', 'N', 'D'} {
		return e, corrupt("no end record")
	}
	if RawCRC(b[:44]) != binary.LittleEndian.Uint32(b[44:]) {
		return e, corrupt("end record fails its check")
	}
	e.IndexLen = binary.LittleEndian.Uint32(b[12:])
	e.Totals = Totals{
		Chunks:  binary.LittleEndian.Uint64(b[16:]),
		Raw:     binary.LittleEndian.Uint64(b[24:]),
		Encoded: binary.LittleEndian.Uint64(b[32:]),
		Chain:   binary.LittleEndian.Uint32(b[40:]),
	}
	return e, e.Header.getFields(b)
}

// AppendShortEnd appends the 5 bytes that seal a short stream to dst: a check
// over the totals that an end record would state (FORMAT §7.2).
func (h Header) AppendShortEnd(dst []byte, t Totals) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, TagShortEnd), h.shortCheck(t))
}

// ParseShortEnd reports whether b starts with the short end of a stream with
// these totals.
func (h Header) ParseShortEnd(b []byte, t Totals) error {
	if b[0] != TagShortEnd || binary.LittleEndian.Uint32(b[1:ShortEndLen]) != h.shortCheck(t) {
		return corrupt("short end fails its check")
	}
	return nil
}

func (h Header) shortCheck(t Totals) uint32 {
	var b [28]byte
	t.put(b[:])
	return updateShort(update32(0, h.ID), b[:])
}
