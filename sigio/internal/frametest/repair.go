package frametest

import (
	"bytes"
	"encoding/binary"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// Decode returns the content of a payload, or an error when it has none.
type Decode func(strategy uint8, payload []byte, rawLen int) (content []byte, err error)

// Repair returns a copy of b in which checks and links are what the other
// bytes ask for: those of headers, of records and of chunks that decode, and
// of ends. Everything else stays as it is, sequences, lengths and totals
// among it, for a reader to find fault with. Repair goes as far as the
// records can be told apart, and past a chunk that does not decode, but not to
// one that continues a history, nor beyond a codebook.
func Repair(b []byte, decode Decode) []byte {
	r := repair{b: bytes.Clone(b), decode: decode}
	for r.stream() {
	}
	return r.b
}

// repair works on b[at:]; what stands before is done. Checks are computed
// from the text of FORMAT.md where package frame only compares them.
type repair struct {
	b      []byte
	at     int
	start  int // of the stream
	header frame.Header
	totals frame.Totals
	decode Decode
}

func (r *repair) rest() []byte { return r.b[r.at:] }

// stream repairs one stream and reports whether another may follow.
func (r *repair) stream() bool {
	b := r.rest()
	if len(b) < frame.HeaderLen || !frame.IsHeader(b) {
		return false
	}
	binary.LittleEndian.PutUint32(b[12:], frame.RawCRC(b[:12]))
	h, err := frame.ParseHeader(b)
	if err != nil {
		return false
	}
	r.header, r.start, r.totals = h, r.at, frame.Totals{Chain: h.Check()}
	r.at += frame.HeaderLen
	for {
		rec, n, ok := r.recordHeader()
		if !ok {
			return false
		}
		switch rec.Kind {
		case frame.KindEnd, frame.KindShortEnd:
			r.end(rec.Kind)
			return true
		}
		if rec.History {
			return false // what it says depends on more than it
		}
		if len(r.rest())-n < rec.EncLen+r.header.TailLen(&rec) {
			return false
		}
		r.tail(&rec, n)
		if rec.Kind == frame.KindControl && (rec.Tag == frame.TagCodebookID || rec.Tag == frame.TagEmbeddedCodebook) {
			return false // decode does not know it
		}
	}
}

// recordHeader gives the header of the next record its link and check.
func (r *repair) recordHeader() (rec frame.Record, n int, ok bool) {
	b := r.rest()
	if len(b) == 0 {
		return rec, 0, false
	}
	linkAt := -1
	switch tag := b[0]; {
	case tag < 0x20 && tag > frame.TagShortEnd:
		linkAt = frame.ControlHeaderLen - 8
	case tag&^0x0C == 0x30:
		linkAt = frame.ChunkHeaderLen - 8
	}
	if linkAt >= 0 && len(b) >= linkAt+8 {
		binary.LittleEndian.PutUint32(b[linkAt:], r.totals.Chain)
		binary.LittleEndian.PutUint32(b[linkAt+4:], r.seeded(b[:linkAt+4]))
	}
	rec, n, err := r.header.ParseRecord(b)
	return rec, n, err == nil && n <= len(b)
}

// seeded is the header check of FORMAT §3.1.
func (r *repair) seeded(b []byte) uint32 {
	id := binary.LittleEndian.AppendUint32(nil, r.header.ID)
	return frame.RawCRC(append(id, b...))
}

// tail gives a record with an n byte header the check behind its payload,
// and consumes it. A payload that does not decode keeps the check it has.
func (r *repair) tail(rec *frame.Record, n int) {
	head, payload, tail := r.rest()[:n], r.rest()[n:][:rec.EncLen], r.rest()[n+rec.EncLen:]
	content, err := r.content(rec, payload)
	sum := frame.RawCRC(content)
	switch {
	case !rec.Light:
		if err == nil {
			binary.LittleEndian.PutUint32(tail, frame.ContentCheck(rec.Check, sum))
		}
		r.totals.Chain = frame.Chain(r.totals.Chain, binary.LittleEndian.Uint32(tail))
	case err == nil:
		r.totals.Chain = frame.ChainLight(r.totals.Chain, head, sum)
		if !r.header.Has(frame.FlagTransport) {
			appendUint24(tail[:0], r.totals.Chain)
		}
	}
	if rec.Kind == frame.KindChunk {
		r.totals.Chunks++
		r.totals.Raw += uint64(rec.RawLen)
	}
	r.at += n + rec.EncLen + r.header.TailLen(rec)
}

func (r *repair) content(rec *frame.Record, payload []byte) ([]byte, error) {
	if rec.Kind != frame.KindChunk || rec.Strategy == 0 {
		return payload, nil
	}
	return r.decode(rec.Strategy, payload, rec.RawLen)
}

// end gives an end record its chain and check; a short end is nothing else.
func (r *repair) end(kind frame.Kind) {
	b := r.rest()
	if kind == frame.KindShortEnd {
		r.totals.Encoded = uint64(r.at - r.start)
		r.at += len(r.header.AppendShortEnd(b[:0], r.totals))
		return
	}
	binary.LittleEndian.PutUint32(b[40:], r.totals.Chain)
	binary.LittleEndian.PutUint32(b[44:], frame.RawCRC(b[:44]))
	r.at += frame.EndLen
}
