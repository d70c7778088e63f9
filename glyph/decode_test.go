package glyph

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// bitsOf writes a message by hand, in the codes of a fresh Codebook.
type bitsOf struct {
	w bitWriter
	m *model
}

func byHand(b *Codebook) *bitsOf { return &bitsOf{m: &b.start} }

func (p *bitsOf) literal(b byte) *bitsOf {
	p.w.put(uint32(p.m.tokenCode[b]), p.m.tokenLen[b])
	return p
}

func (p *bitsOf) length(n int) *bitsOf {
	s, extra := spread(uint32(n-minCopy), lengthPlain)
	p.w.put(uint32(p.m.tokenCode[firstLength+s]), p.m.tokenLen[firstLength+s])
	p.w.put(uint32(n-minCopy)&(1<<extra-1), extra)
	return p
}

func (p *bitsOf) last(k int) *bitsOf {
	p.w.put(uint32(p.m.placeCode[k]), p.m.placeLen[k])
	return p
}

func (p *bitsOf) distance(d uint32) *bitsOf {
	s, extra := spread(d-1, placePlain)
	s += recentPlaces
	p.w.put(uint32(p.m.placeCode[s]), p.m.placeLen[s])
	p.w.put((d-1)&(1<<extra-1), extra)
	return p
}

func (p *bitsOf) bytes() []byte { return p.w.finish() }

func TestDecodeByHand(t *testing.T) {
	b := Builtin()
	n := len(b.text)
	for _, c := range []struct {
		name    string
		payload []byte
		rawLen  int
		want    string // "!" is refused
	}{
		{"nothing", nil, 0, ""},
		{"a byte too many", []byte{0}, 0, "!"},
		{"literals", byHand(b).literal('a').literal('b').bytes(), 2, "ab"},
		{"shorter than said", byHand(b).literal('a').bytes(), 40, "!"},
		{"longer than said", byHand(b).literal('a').literal('b').literal('c').bytes(), 1, "!"},
		{"a byte behind the end", append(byHand(b).literal('a').bytes(), 0), 1, "!"},
		{"ones behind the end", []byte{byHand(b).literal('a').bytes()[0] | 0x80}, 1, "!"},
		{"copy that overlaps itself", byHand(b).literal('a').length(5).last(0).bytes(), 6, "aaaaaa"},
		{"overlap of two", byHand(b).literal('a').literal('b').length(5).distance(2).bytes(), 7, "abababa"},
		{"copy from the text", byHand(b).length(3).distance(3).bytes(), 3, string(b.text[n-3:])},
		{"copy from the text into the message", byHand(b).length(7).distance(3).bytes(), 7, string(b.text[n-3:]) + string(b.text[n-3:]) + string(b.text[n-3:n-2])},
		{"from the first byte of the text", byHand(b).length(3).distance(uint32(n)).bytes(), 3, string(b.text[:3])},
		{"before the text", byHand(b).length(3).distance(uint32(n) + 1).bytes(), 3, "!"},
		{"the longest distance", byHand(b).length(3).distance(1 << 18).bytes(), 3, "!"},
		{"longer than the message", byHand(b).literal('a').length(4).last(0).bytes(), 4, "!"},
		{"the longest copy", byHand(b).literal('a').length(MaxMessage - 1).last(0).bytes(), MaxMessage, string(bytes.Repeat([]byte("a"), MaxMessage))},
		{"distance taken again after another", byHand(b).literal('a').literal('b').literal('c').
			length(3).distance(3).length(3).distance(2).length(3).last(1).bytes(), 12, "abcabcbcbbcb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			alone, err := b.Decode([]byte("before"), c.payload, c.rawLen)
			streamed, serr := NewDecoder(b, MinHistory).Decode([]byte("before"), c.payload, c.rawLen)
			if c.want == "!" {
				require.ErrorIs(t, err, ErrMalformed)
				require.ErrorIs(t, serr, ErrMalformed)
				require.Equal(t, "before", string(alone))
				require.Equal(t, "before", string(streamed))
				return
			}
			require.NoError(t, err)
			require.NoError(t, serr)
			require.Equal(t, "before"+c.want, string(alone))
			require.Equal(t, "before"+c.want, string(streamed))
		})
	}
}

// TestDecodeDamaged: whatever is changed or cut, there is an error or a message
// of the right length, and never a panic.
func TestDecodeDamaged(t *testing.T) {
	e := NewEncoder(Builtin(), MinHistory)
	messages := records(newRand(1), 40)
	for k, msg := range messages {
		payload, ok := e.Append(nil, msg, len(msg), 0)
		require.True(t, ok)
		if k%13 != 12 {
			continue
		}
		try := func(p []byte, rawLen int) {
			d := NewDecoder(Builtin(), MinHistory)
			for _, m := range messages[:k] {
				d.Observe(m)
			}
			got, err := d.Decode(nil, p, rawLen)
			if err == nil {
				require.Len(t, got, rawLen)
			} else {
				require.ErrorIs(t, err, ErrMalformed)
				require.Empty(t, got)
			}
		}
		for bit := range 8 * len(payload) {
			p := bytes.Clone(payload)
			p[bit/8] ^= 1 << (bit % 8)
			try(p, len(msg))
		}
		for n := range payload {
			try(payload[:n], len(msg))
			try(payload[n:], len(msg))
		}
		for n := range 300 {
			try(payload, n)
		}
	}
}
