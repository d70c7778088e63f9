package sigio

import (
	"encoding/binary"
	"slices"

	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// framer gives chunks their headers and place in the stream. It lives on the
// goroutine of the Writer's caller.
//
// The last chunk is held: whether it is flushed, and so whether it may be
// light, is known only at the next call. Everything before it in out is
// final.
type framer struct {
	cfg    *config
	header frame.Header // ID and some flags are set by begin
	begun  bool
	ended  bool

	out     []byte // out[sent:] is to be sent, once no chunk is held
	sent    int
	base    uint64 // offset of out[0] in the stream
	held    chunk
	holding bool

	chain     uint32
	chunks    uint64
	raw       uint64
	sinceSync int // raw bytes in light chunks since the last sync point
	lightRun  int // light chunks since then
	announced []strategy.ID

	index indexer // of nothing, unless the options ask for it

	metas   []meta
	waiting int    // memory that they take, in bytes
	blocks  uint64 // framed so far

	report func(c *chunk, number uint64, rawOffset int64)
}

// meta is a metadata record that waits for its place: behind the given number
// of blocks.
type meta struct {
	behind uint64
	body   []byte
}

func (m *meta) size() int {
	const overhead = 64 // of the entry and of the record
	return cap(m.body) + overhead
}

// restart makes the framer ready for a new stream and keeps its memory.
func (f *framer) restart() {
	clear(f.metas)
	f.index.restart()
	*f = framer{
		cfg:       f.cfg,
		header:    frame.Header{Version: frame.Version, CapLog: f.header.CapLog},
		out:       f.out[:0],
		announced: f.announced[:0],
		index:     f.index,
		metas:     f.metas[:0],
		report:    f.report,
	}
}

// begin writes the stream header.
func (f *framer) begin(first []byte, short bool) {
	f.header.ID = streamID(first)
	if f.cfg.transport {
		f.header.Incompat |= frame.FlagTransport
	}
	switch {
	case short: // of one chunk, which has nothing before it
		f.header.Incompat |= frame.FlagShort
	case f.cfg.history > 0:
		f.header.Incompat |= frame.FlagHistory
	}
	room := leastRoom
	if f.cfg.concurrency == 1 {
		room = frame.HeaderLen + blockBound(len(first))
	}
	f.out = f.header.Append(f.cfg.buffers.reserve(f.out, room))
	f.chain = f.header.Check()
	f.begun = true
	f.appendPreamble()
	f.placeMetas()
}

// streamID is a check of both ends of the first block, so that it is the same
// for the same content and rarely for other content. Not of all of it: for a
// file of one block a second pass over it would be 1 % of the work.
func streamID(block []byte) uint32 {
	const part = 32 << 10
	if len(block) <= 2*part {
		return frame.RawCRC(block)
	}
	var crc frame.RunningCRC
	crc.Write(block[:part])
	crc.Write(block[len(block)-part:])
	return crc.Sum()
}

// compact forgets what was sent. It is called before chunks are appended, so
// that out never grows by more than those; what remains is short.
func (f *framer) compact() {
	if f.sent == 0 {
		return
	}
	f.base += uint64(f.sent)
	f.out = f.out[:copy(f.out, f.out[f.sent:])]
	f.sent = 0
}

// take accepts the chunks of the next block, whose regions are at the end of
// out. No chunk may be held.
func (f *framer) take(chunks []chunk) {
	last := len(chunks) - 1
	for i := range chunks[:last] {
		f.placePositioned(&chunks[i], false)
	}
	f.held, f.holding = chunks[last], true
	f.blocks++
}

// settle places the held chunk, and then the metadata that waits behind it.
// A light chunk costs 5 to 8 bytes instead of 32 but can be trusted only
// together with those since the last sync point: that is for messages, and
// for a stream too short to have a second chunk.
func (f *framer) settle(flush, closing bool) {
	if f.holding {
		c := &f.held
		f.holding = false
		light := flush && f.fitsLight(c.rawLen) && !(closing && c.rawLen >= maxLightTail && f.chunks > 0)
		if f.header.Has(frame.FlagHistory) {
			light = c.message
		}
		if light {
			f.placeLight(c)
		} else {
			f.placePositioned(c, flush)
		}
	}
	f.placeMetas()
}

// fitsLight reports whether a chunk of n bytes may be light: there must be a
// sync point often enough.
func (f *framer) fitsLight(n int) bool {
	return f.sinceSync+n <= frame.MaxLight && f.lightRun < frame.MaxLightRun
}

// maxLightTail is the length in bytes from which the last chunk of a stream
// that has others is positioned when nobody asked to flush it.
const maxLightTail = 4 << 10

func (f *framer) placePositioned(c *chunk, flush bool) {
	f.report(c, f.chunks, int64(f.raw))
	out := f.out[:c.at]
	f.announced = f.announced[:0]
	if c.announce > 0 {
		out = f.announceStrategy(out, c)
	}
	r := frame.Record{
		Kind: frame.KindChunk, Flushed: flush, History: c.history, Strategy: uint8(c.id),
		RawLen: c.rawLen, EncLen: c.encLen,
		Seq: f.chunks, RawOffset: f.raw, Link: f.chain,
	}
	f.header.AppendRecord(out, &r) // the region's own bytes
	if f.cfg.index && !c.history {
		f.index.add(frame.IndexEntry{Raw: f.raw, Encoded: f.base + uint64(len(out))})
	}
	check := frame.ContentCheck(r.Check, c.crc)
	binary.LittleEndian.PutUint32(f.out[c.end()-frame.CheckLen:c.end()], check)
	f.chain = frame.Chain(f.chain, check)
	f.count(c)
	f.sinceSync, f.lightRun = 0, 0
}

// placeLight shrinks the region of the last chunk in out.
func (f *framer) placeLight(c *chunk) {
	f.report(c, f.chunks, int64(f.raw))
	payload := f.out[c.payloadAt():][:c.encLen]
	out := f.out[:c.at]
	if c.announce > 0 && !f.isAnnounced(c.id) {
		out = f.announceStrategy(out, c)
	}
	r := frame.Record{
		Kind: frame.KindChunk, Light: true, Flushed: true, History: c.history, Strategy: uint8(c.id),
		RawLen: c.rawLen, EncLen: c.encLen,
	}
	at := len(out)
	out = f.header.AppendRecord(out, &r)
	f.chain = frame.ChainLight(f.chain, out[at:], c.crc)
	out = append(out, payload...) // downwards within the region
	if n := f.header.TailLen(&r); n > 0 {
		out = append(out, byte(f.chain), byte(f.chain>>8), byte(f.chain>>16))
	}
	f.out = out
	f.count(c)
	f.sinceSync += c.rawLen
	f.lightRun++
}

func (f *framer) count(c *chunk) {
	f.chunks++
	f.raw += uint64(c.rawLen)
}

func (f *framer) isAnnounced(id strategy.ID) bool {
	for _, a := range f.announced {
		if a == id {
			return true
		}
	}
	return false
}

// announceStrategy appends the record that names the chunk's strategy. It is
// repeated behind every sync point, so that a reader can start there.
func (f *framer) announceStrategy(out []byte, c *chunk) []byte {
	f.announced = append(f.announced, c.id)
	name := frame.StrategyName{ID: uint8(c.id), Name: c.name}
	if f.cfg.index {
		f.index.name(name)
	}
	r := frame.Record{Kind: frame.KindControl, Tag: frame.TagStrategyName, EncLen: 1 + len(c.name), Link: f.chain}
	out = f.header.AppendRecord(out, &r)
	at := len(out)
	out = frame.AppendStrategyName(out, name)
	return f.sealControl(out, &r, at)
}

// appendControl appends a control record to out.
func (f *framer) appendControl(tag uint8, body []byte) {
	f.appendRecord(frame.Record{Kind: frame.KindControl, Tag: tag, EncLen: len(body), Link: f.chain}, body)
}

// appendRecord appends a record that is not a chunk.
func (f *framer) appendRecord(r frame.Record, body []byte) {
	f.out = f.header.AppendRecord(f.out, &r)
	at := len(f.out)
	f.out = append(f.out, body...)
	f.out = f.sealControl(f.out, &r, at)
}

// sealControl appends the check of a control record whose body starts at at.
func (f *framer) sealControl(out []byte, r *frame.Record, at int) []byte {
	check := frame.ContentCheck(r.Check, frame.RawCRC(out[at:]))
	f.chain = frame.Chain(f.chain, check)
	return binary.LittleEndian.AppendUint32(out, check)
}

// placeMetas writes the metadata records whose turn it is.
func (f *framer) placeMetas() {
	n := 0
	for ; n < len(f.metas) && f.metas[n].behind <= f.blocks && f.begun; n++ {
		m := &f.metas[n]
		f.appendControl(frame.TagMeta, m.body)
		f.waiting -= m.size()
	}
	f.metas = slices.Delete(f.metas, 0, n) // and let go of their bodies
}

// end writes the record that seals the stream, once.
func (f *framer) end() {
	if f.ended {
		return
	}
	f.ended = true
	indexLen := uint32(0)
	if !f.header.Has(frame.FlagShort) {
		indexLen = f.appendIndex()
	}
	t := frame.Totals{Chunks: f.chunks, Raw: f.raw, Encoded: f.base + uint64(len(f.out)), Chain: f.chain}
	if f.header.Has(frame.FlagShort) {
		f.out = f.header.AppendShortEnd(f.out, t)
		return
	}
	f.out = frame.End{Header: f.header, IndexLen: indexLen, Totals: t}.Append(f.out)
}
