package frame

import (
	"encoding/binary"
	"hash/crc32"
)

// Solver finds the id of the stream that a record belongs to from the record
// alone: a header check is a CRC over the id and the header, and a CRC can be
// run backwards. Any 28 bytes have such an id; that it is one shows when
// another record gives the same.
type Solver struct {
	index [256]uint8 // of the table's entry with this high byte
}

// NewSolver returns a Solver. It is immutable.
func NewSolver() *Solver {
	s := new(Solver)
	for i, v := range crc32.IEEETable {
		s.index[v>>24] = uint8(i)
	}
	return s
}

// ID returns the id for which the header of a positioned chunk, of which b
// holds ChunkHeaderLen bytes, passes its check.
func (s *Solver) ID(b []byte) uint32 {
	b = b[:ChunkHeaderLen]
	v := ^binary.LittleEndian.Uint32(b[24:])
	for i := 23; i >= 0; i-- {
		v = s.back(v, b[i])
	}
	for range 4 { // those of the id, which the value before them was mixed with
		v = s.back(v, 0)
	}
	return ^v
}

// back undoes one step of the CRC.
func (s *Solver) back(v uint32, c byte) uint32 {
	i := s.index[v>>24]
	return (v^crc32.IEEETable[i])<<8 | uint32(i^c)
}

// ShortEndChain returns the chain for which b starts with the short end of a
// stream with otherwise these totals. There always is one.
func (s *Solver) ShortEndChain(h Header, b []byte, t Totals) uint32 {
	v := ^binary.LittleEndian.Uint32(b[1:ShortEndLen])
	for range 4 {
		v = s.back(v, 0)
	}
	var p [28]byte
	t.put(p[:])
	return v ^ ^seeded(h.ID, p[:24])
}

// Suspect parses the header of a positioned chunk in a stream of unknown id,
// which it takes for right. It reports false where no such chunk can be.
func (s *Solver) Suspect(b []byte) (h Header, r Record, ok bool) {
	if len(b) < ChunkHeaderLen || !IsPositioned(b[0]) {
		return h, r, false
	}
	h = Header{Version: Version, CapLog: MaxCapLog, ID: s.ID(b)}
	if b[0]&bitHistory != 0 {
		h.Incompat = FlagHistory
	}
	r, _, err := h.ParseRecord(b)
	return h, r, err == nil && Plausible(r.Seq, r.RawOffset, MaxCapLog)
}

// Plausible reports whether so many chunks can have that much content, with a
// cap of 2^capLog.
func Plausible(chunks, raw uint64, capLog uint8) bool {
	return raw >= chunks && (raw+1<<capLog-1)>>capLog <= chunks
}
