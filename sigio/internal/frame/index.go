package frame

import "encoding/binary"

// IndexEntry is the place of a positioned chunk.
type IndexEntry struct {
	Raw     uint64 // offset of its first byte of content
	Encoded uint64 // offset of its header from the stream's header
}

// StrategyName announces a plugged-in strategy (FORMAT §6.1).
type StrategyName struct {
	ID   uint8
	Name string
}

// firstPrivate is the lowest strategy number that has to be announced.
const firstPrivate = 128

const (
	maxName = 64 // bytes
)

// AppendStrategyName appends the body of a TagStrategyName record to dst.
func AppendStrategyName(dst []byte, s StrategyName) []byte {
	return append(append(dst, s.ID), s.Name...)
}

// ParseStrategyName parses the body of a TagStrategyName record.
func ParseStrategyName(body []byte) (StrategyName, error) {
	if len(body) < 2 || len(body) > 1+maxName || body[0] < firstPrivate {
		return StrategyName{}, corrupt("malformed strategy name")
	}
	for _, c := range body[1:] {
		if c <= ' ' || c > '~' {
			return StrategyName{}, corrupt("malformed strategy name")
		}
	}
	return StrategyName{body[0], string(body[1:])}, nil
}

// Index lists positioned chunks in the order of the stream, not necessarily
// all of them, and the plugged-in strategies that the stream uses.
type Index struct {
	Entries    []IndexEntry
	Strategies []StrategyName
}

// Append appends the body of an index record to dst. Both offsets of the
// entries must increase strictly.
func (x Index) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(x.Entries)))
	last := IndexEntry{}
	for i, e := range x.Entries {
		raw, enc := e.Raw-last.Raw, e.Encoded-last.Encoded
		if i == 0 {
			raw++ // so that no delta is ever zero
		}
		dst = binary.AppendUvarint(dst, raw)
		dst = binary.AppendUvarint(dst, enc)
		last = e
	}
	dst = binary.AppendUvarint(dst, uint64(len(x.Strategies)))
	for _, s := range x.Strategies {
		dst = binary.AppendUvarint(dst, uint64(1+len(s.Name)))
		dst = AppendStrategyName(dst, s)
	}
	return dst
}

// ParseIndex parses the body of an index record of a stream with the given
// totals. Of more entries than keep, which is positive, it returns every
// second, fourth and so on. An index is a hint: whoever follows an entry still
// checks the chunk that it finds there.
func ParseIndex(body []byte, t Totals, keep int) (Index, error) {
	p := indexParser{rest: body}
	count := p.uvarint()
	if count > uint64(len(p.rest)/2) { // an entry is 2 bytes at least
		return Index{}, corrupt("index claims %d entries in %d bytes", count, len(p.rest))
	}
	stride := uint64(1)
	for (count+stride-1)/stride > uint64(keep) {
		stride *= 2
	}
	x := Index{Entries: make([]IndexEntry, 0, (count+stride-1)/stride)}
	last := IndexEntry{}
	for i := range count {
		raw, enc := p.uvarint(), p.uvarint()
		if raw == 0 || enc == 0 {
			p.bad = true
		}
		if i == 0 {
			raw--
		}
		if p.bad || raw >= t.Raw-last.Raw || enc >= t.Encoded-last.Encoded {
			return Index{}, corrupt("index entry %d is malformed or beyond the stream", i)
		}
		last = IndexEntry{last.Raw + raw, last.Encoded + enc}
		if i%stride == 0 {
			x.Entries = append(x.Entries, last)
		}
	}
	for range p.uvarint() { // bounded by the order of the names
		name, err := ParseStrategyName(p.take(p.uvarint()))
		if err != nil {
			return Index{}, err
		}
		if n := len(x.Strategies); n > 0 && name.ID <= x.Strategies[n-1].ID {
			return Index{}, corrupt("names in the index are not in order")
		}
		x.Strategies = append(x.Strategies, name)
	}
	if p.bad || len(p.rest) != 0 {
		return Index{}, corrupt("index is malformed")
	}
	return x, nil
}

// indexParser reads from rest; bad sticks.
type indexParser struct {
	rest []byte
	bad  bool
}

func (p *indexParser) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	if n <= 0 || n > 1 && p.rest[n-1] == 0 {
		p.bad, p.rest = true, nil
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

func (p *indexParser) take(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.bad, p.rest = true, nil
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}
