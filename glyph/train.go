package glyph

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// TrainOptions says what kind of Codebook Train makes.
type TrainOptions struct {
	// TextLen is the length of its text in bytes, up to MaxText; 0 stands for
	// 32 KiB. It is shorter when the samples do not hold as much that recurs.
	TextLen int
}

const defaultText = 32 << 10

// ErrSamples is returned by Train for fewer than two samples that are not
// empty.
var ErrSamples = errors.New("glyph: too few samples to train on")

// ErrTextLen is returned by Train for a text length out of range.
var ErrTextLen = errors.New("glyph: text length out of range")

// Train returns a Codebook for messages like the samples: a few hundred of
// them or more, each as it will be sent. It keeps nothing of them. Of a sample
// the first MaxMessage bytes count. The result depends on the samples and their
// order alone.
//
// Three of five samples give the text, of the phrases that occur in most of
// them; the others, the codes, so that these expect what a text does not
// cover. Time is about 200 ns a byte; memory is five times the length of the
// samples and 4 MiB. The method is that of zstd's dictionaries (Y. Collet and N. Terrell,
// after X. Liao et al., Effective construction of relative Lempel-Ziv
// dictionaries, 2016).
func Train(samples [][]byte, o TrainOptions) (*Codebook, error) {
	if o.TextLen == 0 {
		o.TextLen = defaultText
	}
	if o.TextLen < 0 || o.TextLen > MaxText {
		return nil, ErrTextLen
	}
	var forText, forCodes [][]byte
	n := 0
	for _, s := range samples {
		if len(s) == 0 {
			continue
		}
		s = s[:min(len(s), MaxMessage)]
		if n++; n%5%2 == 0 {
			forCodes = append(forCodes, s)
		} else {
			forText = append(forText, s)
		}
	}
	if len(forCodes) == 0 {
		return nil, ErrSamples
	}
	var best *Codebook
	least := 0
	t := newTextTrainer(forText)
	for _, segment := range [...]int{48, 128, 384, 1024} {
		b, size := trainCodes(t.text(o.TextLen, segment), forCodes)
		if best == nil || size < least {
			best, least = b, size
		}
	}
	return best, nil
}

// trainCodes returns a Codebook with the text and the codes that suit the
// samples, and how many bits these come to.
func trainCodes(text []byte, samples [][]byte) (*Codebook, int) {
	var m model
	m.init()
	for i := range m.tokens.count {
		m.tokens.count[i] = 1
		m.tokens.order[i] = uint16(i)
	}
	for i := range m.places.order {
		m.places.order[i] = uint16(i)
	}
	size := 0
	for range 3 {
		m.tokens.rebuild()
		m.places.rebuild()
		b, _ := newCodebook(text, m.tokens.len, m.places.len)
		size = m.countIn(b, samples)
	}
	b, _ := newCodebook(text, m.tokens.len, m.places.len)
	return b, size
}

// countIn sets the counts of m to those of the symbols in the samples, as b
// encodes them, and returns how many bits these take.
func (m *model) countIn(b *Codebook, samples [][]byte) (size int) {
	var tokens [tokenSymbols]uint32
	var places [placeSymbols]uint32
	w := newWindow(MaxMessage)
	var out []byte
	observed := func(token, place int) {
		tokens[token]++
		if place >= 0 {
			places[place]++
		}
	}
	for _, s := range samples {
		w.clear(hashBits(4 * len(s)))
		w.buf = append(w.buf, s...)
		c := coder{window: w, book: b, reach: Effort(0).reach(), model: &b.start, recent: plainRecent, observed: observed}
		c.w.out = out[:0]
		out, _ = c.run(0, 2*len(s)+8)
		size += 8 * len(out)
	}
	m.tokens.scale(tokens[:])
	m.places.scale(places[:])
	return size
}

// scale sets the counts to shares of the given ones.
func (c *prefixCode) scale(counts []uint32) {
	const full = 1 << 15
	total := uint64(1)
	for _, n := range counts {
		total += uint64(n)
	}
	for s, n := range counts {
		c.count[s] = uint16(uint64(n) * full / total)
	}
}

// textTrainer picks the phrases that occur in most samples.
type textTrainer struct {
	data   []byte
	grams  []uint32 // the hash of the gramLen bytes at each place of data
	counts []uint16 // by hash: samples it occurs in, fewer than two for none
	left   []uint16 // the same of what was not picked
}

const (
	gramLen  = 7
	gramBits = 18
	passes   = 4
)

func newTextTrainer(samples [][]byte) *textTrainer {
	t := &textTrainer{counts: make([]uint16, 1<<gramBits)}
	last := make([]uint32, 1<<gramBits) // the sample, from 1 on, that counted last
	for i, s := range samples {
		t.data = append(t.data, s...)
		for k := 0; k+8 <= len(s); k++ {
			g := gramOf(s[k:])
			if last[g] != uint32(i)+1 {
				last[g] = uint32(i) + 1
				t.counts[g] += uint16(min(1, 1<<16-1-int(t.counts[g])))
			}
		}
	}
	t.grams = make([]uint32, 0, len(t.data))
	for k := 0; k+8 <= len(t.data); k++ {
		t.grams = append(t.grams, gramOf(t.data[k:]))
	}
	return t
}

func gramOf(p []byte) uint32 {
	return uint32(binary.LittleEndian.Uint64(p) << 8 * 0x9E3779B97F4A7C15 >> (64 - gramBits))
}

// pick is a stretch of data, and what its phrases count.
type pick struct {
	from, to int
	score    uint64
}

// text returns up to n bytes, the best ones last: they are nearest to the
// messages. Each pass takes the best stretch, of up to segment bytes, from each
// of as many parts of the data as stretches are wanted; what was taken counts
// no more.
func (t *textTrainer) text(n, segment int) []byte {
	t.left = append(t.left[:0], t.counts...)
	var picks []pick
	have := 0
	for range passes {
		parts := max((n-have)/segment, 1)
		part := max(len(t.grams)/parts, 2*segment)
		for at := 0; at < len(t.grams) && have < n; at += part {
			p := t.best(at, min(at+part, len(t.grams)), segment)
			if p.score == 0 {
				continue
			}
			p.to = min(p.to, p.from+n-have)
			picks = append(picks, p)
			have += p.to - p.from
		}
		if have >= n {
			break
		}
	}
	slices.SortStableFunc(picks, func(a, b pick) int {
		return cmp.Compare(a.score/uint64(a.to-a.from), b.score/uint64(b.to-b.from))
	})
	text := make([]byte, 0, have)
	for _, p := range picks {
		text = append(text, t.data[p.from:p.to]...)
	}
	return text
}

// best takes the stretch of the data between two places that counts most, cut
// to where something counts.
func (t *textTrainer) best(from, to, segment int) (best pick) {
	var score uint64
	for i := from; i < to; i++ {
		score += t.worth(i)
		if i-segment >= from {
			score -= t.worth(i - segment)
		}
		if score > best.score {
			best = pick{max(i-segment+1, from), i + 1, score}
		}
	}
	if best.score == 0 {
		return best
	}
	for t.worth(best.from) == 0 {
		best.from++
	}
	for t.worth(best.to-1) == 0 {
		best.to--
	}
	for i := best.from; i < best.to; i++ {
		t.left[t.grams[i]] = 0
	}
	best.to = min(best.to+gramLen-1, len(t.data))
	return best
}

// worth is what the phrase at a place counts: nothing if in one sample only.
func (t *textTrainer) worth(i int) uint64 {
	if n := t.left[t.grams[i]]; n > 1 {
		return uint64(n)
	}
	return 0
}
