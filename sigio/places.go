package sigio

import (
	"sort"

	"github.com/sigmalang/sigma/glyph"
	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// span is a part of a file that can be read on its own: a stream, or several
// short ones in a row.
type span struct {
	at    int64      // of its first header in the file
	raw   int64      // of its content
	size  int64      // encoded bytes up to the next one, where it matters
	end   *frame.End // of a single stream whose end record was found
	many  bool       // it may have several streams
	known *streamMap // nil until it is needed
}

// streamMap is what is known of a span beyond where it is. Places are those of
// its positioned chunks, from the start of the stream.
type streamMap struct {
	header  frame.Header
	names   []frame.StrategyName // appended to, never changed
	history int
	shared  int
	book    *glyph.Codebook

	index       []frame.IndexEntry // a hint; nil when there is none
	hintedNames []frame.StrategyName
	walked      trail
}

// spot is where decoding can begin: a stream's header or a positioned chunk.
type spot struct {
	at     int64 // of it in the file
	start  int64 // of the stream's header in the file
	output int64 // content before it
	raw    int64 // of that, in its stream
}

func (s *spot) isHeader() bool { return s.at == s.start }

func (s *span) begin() spot { return spot{s.at, s.at, s.raw, 0} }

// trip is a way to some content.
type trip struct {
	span   *span
	known  *streamMap // nil: all there is to do is to explore the span
	from   spot       // the place at which decoding begins
	names  []frame.StrategyName
	hinted bool // by the index
}

// trip returns the way to the content at off, past the index if that is
// distrusted.
func (s *span) trip(off int64, distrust bool) trip {
	t := trip{span: s, known: s.known, from: s.begin()}
	switch k := s.known; {
	case k == nil || s.many:
	case k.index != nil && !distrust:
		t.from, t.names, t.hinted = lastPlace(k.index, s, off), k.hintedNames, true
	default:
		t.from, t.names = lastPlace(k.walked.places, s, off), k.names
	}
	return t
}

// key is the same for trips that would do the same.
func (t *trip) key() int64 {
	switch {
	case t.known == nil:
		return ^t.span.at
	case t.known.shared > 0:
		return t.span.at
	}
	return t.from.at
}

func lastPlace(places []frame.IndexEntry, s *span, off int64) spot {
	raw := uint64(off - s.raw)
	n := sort.Search(len(places), func(i int) bool { return places[i].Raw > raw })
	if n == 0 {
		return s.begin()
	}
	p := places[n-1]
	return spot{s.at + int64(p.Encoded), s.at, s.raw + int64(p.Raw), int64(p.Raw)}
}

// trail is places in order, at most maxPlaces, evenly spread.
type trail struct {
	places []frame.IndexEntry
	gap    uint64 // of content that is at least between two of them
}

// add takes a place that is behind the last one, and far enough.
func (t *trail) add(p frame.IndexEntry) {
	if n := len(t.places); n > 0 && p.Raw < t.places[n-1].Raw+max(t.gap, 1) {
		return
	}
	if len(t.places) == maxPlaces {
		span := t.places[maxPlaces-1].Raw - t.places[0].Raw
		t.gap = max(2*t.gap, 2*span/maxPlaces)
		t.places = everySecond(t.places)
	}
	t.places = append(t.places, p)
}

// spanOf returns the span with the content at off. There is one.
func (r *ReaderAt) spanOf(off int64) *span {
	n := sort.Search(len(r.spans), func(i int) bool { return r.spans[i].raw > off })
	return &r.spans[n-1]
}

// learn adds what a walk in a span has seen. It may be that another walk has
// seen it before, and more.
func (r *ReaderAt) learn(t *trip, seen *trail, names []frame.StrategyName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := t.known
	for _, p := range seen.places {
		k.walked.add(p)
	}
	k.names = addNames(k.names, names)
	r.forget(t.span)
}

// forget lets go of what is known of other spans when it is too much.
func (r *ReaderAt) forget(except *span) {
	total := 0
	for i := range r.spans {
		if k := r.spans[i].known; k != nil {
			total += len(k.index) + len(k.walked.places) + mapOverhead
		}
	}
	if total <= 2*maxPlaces {
		return
	}
	for i := range r.spans {
		if s := &r.spans[i]; s != except {
			s.known = nil
		}
	}
}

// mapOverhead is the memory that a streamMap takes beside its places, in
// places.
const mapOverhead = 16

// cache is the content that was decoded last.
type cache struct {
	extents []extent // the one that was used last at the end
	held    int      // bytes
}

type extent struct {
	off     int64
	content []byte
}

const (
	maxCached  = 8 << 20 // bytes, unless a single chunk is larger
	maxExtents = 64
)

// get returns content from off on, or nil.
func (c *cache) get(off int64) []byte {
	for i := len(c.extents) - 1; i >= 0; i-- {
		e := c.extents[i]
		if off >= e.off && off-e.off < int64(len(e.content)) {
			copy(c.extents[i:], c.extents[i+1:])
			c.extents[len(c.extents)-1] = e
			return e.content[off-e.off:]
		}
	}
	return nil
}

// put makes room for an extent and takes it. It may overlap others.
func (c *cache) put(off int64, content []byte) {
	n := 0
	c.held += len(content)
	for n < len(c.extents) && (c.held > maxCached || len(c.extents)-n >= maxExtents) {
		c.held -= len(c.extents[n].content)
		n++
	}
	c.extents = append(append(c.extents[:0], c.extents[n:]...), extent{off, content})
	clear(c.extents[len(c.extents):cap(c.extents)])
}
