// Package frametest makes Sigma streams for tests: a Builder for sound ones
// that no Writer makes and for ones that lie with all their checks right, and
// Repair, which gives a damaged stream its checks back, so that what is
// mutated reaches the code behind them. Section numbers refer to FORMAT.md.
//
// It is for tests only. It panics on what cannot be encoded.
package frametest

import (
	"encoding/binary"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// Builder appends records to streams, each with the place, link and checks
// that are due. Every method takes edits, which change the record's fields
// before it is encoded and checked: so a record lies. The zero value is ready
// for Header.
type Builder struct {
	out       []byte
	start     int // of the current stream in out
	header    frame.Header
	totals    frame.Totals
	indexLen  uint32
	positions []frame.IndexEntry
}

// Bytes returns what was built. It is valid until the next call.
func (b *Builder) Bytes() []byte { return b.out }

// Header starts a stream. h may be invalid.
func (b *Builder) Header(h frame.Header) *Builder {
	*b = Builder{out: h.Append(b.out), start: len(b.out), header: h}
	b.totals.Chain = h.Check()
	return b
}

// Stored appends positioned chunks with strategy 0, one for each content.
func (b *Builder) Stored(contents ...string) *Builder {
	for _, c := range contents {
		b.Chunk(0, []byte(c), []byte(c))
	}
	return b
}

// Chunk appends a positioned chunk, not flushed, whose payload means content.
func (b *Builder) Chunk(strategy uint8, payload, content []byte, edits ...func(*frame.Record)) *Builder {
	r := frame.Record{
		Kind: frame.KindChunk, Strategy: strategy, RawLen: len(content), EncLen: len(payload),
		Seq: b.totals.Chunks, RawOffset: b.totals.Raw, Link: b.totals.Chain,
	}
	b.positions = append(b.positions, frame.IndexEntry{Raw: b.totals.Raw, Encoded: b.encoded()})
	b.record(r, payload, content, edits)
	b.count(len(content))
	return b
}

// Light appends a light chunk, in the form that is due to it.
func (b *Builder) Light(strategy uint8, payload, content []byte, edits ...func(*frame.Record)) *Builder {
	r := frame.Record{
		Kind: frame.KindChunk, Light: true, Flushed: true, Strategy: strategy,
		RawLen: len(content), EncLen: len(payload),
	}
	edit(&r, edits)
	at := len(b.out)
	b.out = b.header.AppendRecord(b.out, &r)
	b.LightTail(b.out[at:], payload, content)
	return b
}

// LightTail appends what stands behind the header of a light chunk: for a
// header that no writer makes, which Raw has appended.
func (b *Builder) LightTail(header, payload, content []byte) *Builder {
	b.totals.Chain = frame.ChainLight(b.totals.Chain, header, frame.RawCRC(content))
	b.out = append(b.out, payload...)
	if !b.header.Has(frame.FlagTransport) {
		b.out = appendUint24(b.out, b.totals.Chain)
	}
	b.count(len(content))
	return b
}

// Control appends a control record with any tag.
func (b *Builder) Control(tag uint8, body []byte, edits ...func(*frame.Record)) *Builder {
	r := frame.Record{Kind: frame.KindControl, Tag: tag, EncLen: len(body), Link: b.totals.Chain}
	b.record(r, body, body, edits)
	return b
}

// Name announces a strategy.
func (b *Builder) Name(id uint8, name string) *Builder {
	return b.Control(frame.TagStrategyName, frame.AppendStrategyName(nil, frame.StrategyName{ID: id, Name: name}))
}

// Index appends an index with the given body.
func (b *Builder) Index(body []byte, edits ...func(*frame.Record)) *Builder {
	r := frame.Record{Kind: frame.KindIndex, Tag: frame.TagIndex, EncLen: len(body), Link: b.totals.Chain}
	at := len(b.out)
	b.record(r, body, body, edits)
	b.indexLen = uint32(len(b.out) - at)
	return b
}

// Positions returns the index entries of the stream's positioned chunks.
func (b *Builder) Positions() []frame.IndexEntry { return b.positions }

// End seals the stream, with the short end where the header says so. That
// one has no fields to edit.
func (b *Builder) End(edits ...func(*frame.End)) *Builder {
	b.totals.Encoded = b.encoded()
	if b.header.Has(frame.FlagShort) {
		b.out = b.header.AppendShortEnd(b.out, b.totals)
		return b
	}
	e := frame.End{Header: b.header, IndexLen: b.indexLen, Totals: b.totals}
	edit(&e, edits)
	b.out = e.Append(b.out)
	return b
}

// Raw appends bytes as they are. What follows links to what stood before.
func (b *Builder) Raw(p ...byte) *Builder {
	b.out = append(b.out, p...)
	return b
}

func (b *Builder) record(r frame.Record, payload, content []byte, edits []func(*frame.Record)) {
	edit(&r, edits)
	b.out = b.header.AppendRecord(b.out, &r)
	check := frame.ContentCheck(r.Check, frame.RawCRC(content))
	b.out = append(b.out, payload...)
	b.out = binary.LittleEndian.AppendUint32(b.out, check)
	b.totals.Chain = frame.Chain(b.totals.Chain, check)
}

func (b *Builder) count(rawLen int) {
	b.totals.Chunks++
	b.totals.Raw += uint64(rawLen)
}

func (b *Builder) encoded() uint64 { return uint64(len(b.out) - b.start) }

func edit[T any](v *T, edits []func(*T)) {
	for _, f := range edits {
		f(v)
	}
}

func appendUint24(b []byte, v uint32) []byte { return append(b, byte(v), byte(v>>8), byte(v>>16)) }
