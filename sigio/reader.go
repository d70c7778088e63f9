package sigio

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// Reader decompresses a stream. No byte leaves it before the check of its
// chunk has passed. A Reader belongs to one goroutine at a time, except for
// Stats. The zero Reader is closed; use NewReader.
//
// It reads ahead of what it hands out, unless WithSingleStream is given. Of
// several goroutines (WithConcurrency) it keeps busy as many as there is input
// for, but never waits for the first byte behind a chunk while it holds content:
// what has arrived complete is handed out. An
// error of the wrapped stream is returned unchanged and does not stick: the
// next call goes on where the input stopped, after a timeout for example. A
// verdict of the Reader's own (a StreamError) does.
type Reader struct {
	cfg    config
	walker walker
	stats  counters

	history historyReader

	content []byte // of the current chunk, not yet handed out
	buf     []byte // that it may stand in
	counted int64  // input that the figures know of

	ahead

	err error
}

// NewReader returns a Reader of r. It reads nothing yet and does not fail: a
// bad option is the error of the first call. r may be nil until Reset.
func NewReader(r io.Reader, opts ...ReaderOption) *Reader {
	z := &Reader{cfg: defaults()}
	for _, o := range opts {
		if o != nil {
			o.applyToReader(&z.cfg)
		}
	}
	z.Reset(r)
	return z
}

// Reset makes z ready to read from r with the same options. With a nil r
// calls return ErrClosed until the next Reset.
func (z *Reader) Reset(r io.Reader) {
	z.settle()
	src, names := z.walker.src, z.walker.state.names
	src.exact, src.buffers = z.cfg.single, z.cfg.buffers
	src.restart(r)
	z.walker = walker{src: src, cfg: &z.cfg, state: streamState{names: names[:0]}}
	z.content, z.counted, z.waiting, z.paused = nil, 0, nil, false
	z.history.stream = 0
	z.err = z.cfg.validate()
	if z.err == nil && r == nil {
		z.err = ErrClosed
	}
	z.stats.reset()
	z.rest()
	z.measure()
}

// Read hands out verified content: at most the rest of one chunk a call, so
// that it never waits for more input than it needs.
func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(z.content) == 0 {
		if err := z.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, z.content)
	z.content = z.content[n:]
	z.stats.buffered.Store(int64(len(z.content)))
	return n, nil
}

// WriteTo writes the content to w until the end of the input. It returns the
// number of bytes written, also when it stops at a timeout of either side;
// called again, it goes on.
func (z *Reader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if len(z.content) == 0 {
			if err := z.next(); err == io.EOF {
				return n, nil
			} else if err != nil {
				return n, err
			}
		}
		for len(z.content) > 0 {
			k, err := w.Write(z.content)
			if k < 0 || k > len(z.content) {
				return n, errInvalidWrite
			}
			n += int64(k)
			if k < len(z.content) && err == nil {
				err = io.ErrShortWrite
			}
			z.content = z.content[k:]
			z.stats.buffered.Store(int64(len(z.content)))
			if err != nil {
				return n, err
			}
		}
	}
}

// Close releases memory and the wrapped stream, which it does not close.
// Further reads return ErrClosed. Calling it is optional. It returns nil.
func (z *Reader) Close() error {
	z.settle()
	z.ahead.discard(z.cfg.buffers)
	z.cfg.buffers.discard(z.buf)
	z.cfg.buffers.discard(z.walker.src.buf)
	z.walker = walker{cfg: &z.cfg}
	z.ahead = ahead{}
	z.content, z.buf = nil, nil
	z.history = historyReader{}
	z.err = ErrClosed
	z.stats.buffered.Store(0)
	z.measure()
	return nil
}

// Stats returns the Reader's figures. It may be called from any goroutine at
// any time.
func (z *Reader) Stats() Stats { return z.stats.snapshot(z.cfg.buffers.pool()) }

// next makes the next chunk the current one. Verdicts stick.
func (z *Reader) next() error {
	if z.err != nil {
		return z.err
	}
	if z.walker.src.r == nil {
		return ErrClosed // the zero Reader
	}
	if z.walker.state.history > 0 || z.paused && len(z.queue) == 0 {
		z.rest()
	}
	var err error
	if z.cfg.concurrency > 1 {
		err = z.nextQueued()
	} else {
		err = z.nextInline()
	}
	if f, ok := err.(final); ok {
		z.err, err = f.error, f.error
	}
	if err == io.EOF {
		z.rest()
	}
	z.stats.encoded(z.walker.src.off - z.counted)
	z.counted = z.walker.src.off
	z.measure()
	return err
}

func (z *Reader) nextInline() error {
	p, err := z.walker.step(false)
	if err != nil {
		return err
	}
	z.paused = p.Flushed
	began := time.Now()
	if z.content, err = z.decode(&p); err == nil {
		z.note(&p, time.Since(began))
	}
	return err
}

// decode decodes and verifies a chunk on the caller's goroutine. A stored
// chunk is not copied.
func (z *Reader) decode(p *piece) ([]byte, error) {
	content, crc := p.payload, uint32(0)
	switch {
	case p.Strategy == uint8(strategy.Store):
		crc = frame.RawCRC(content)
	case p.History:
		if _, err := z.lookup(p); err != nil {
			return nil, err
		}
		var err error
		z.buf = z.roomFor(z.buf, p.RawLen)
		if content, err = z.history.decode(z.buf, &z.walker, p); err != nil {
			return nil, p.undecodable(err)
		}
		crc = frame.RawCRC(content)
	default:
		st, err := z.lookup(p)
		if err != nil && z.misnamed(p) {
			err = p.verdict("light chunk fails its check with the strategy that it names")
		}
		if err != nil {
			return nil, err
		}
		z.buf = z.roomFor(z.buf, p.RawLen)
		if content, crc, err = decodeChunk(st, z.buf, p.payload, p.RawLen); err != nil {
			return nil, p.undecodable(err)
		}
	}
	if p.Light {
		chain := frame.ChainLight(p.chain, p.head, crc)
		z.walker.state.chain, z.walker.state.lost = chain, false
		if !z.walker.header.Has(frame.FlagTransport) && chain&low24 != p.check {
			return nil, p.verdict("light chunk fails its check")
		}
	} else if frame.ContentCheck(p.Check, crc) != p.check {
		return nil, p.verdict("content fails its check")
	}
	if z.walker.state.history > 0 && !p.History {
		z.history.observe(&z.walker, p, content)
	}
	return content, nil
}

// roomFor returns an empty buffer with room for n bytes, b's or another. Who
// needs a large or a second one may need one for the longest chunk.
func (z *Reader) roomFor(b []byte, n int) []byte {
	if n > cap(b) && (n >= largeBuffer || cap(b) >= MinChunkSize) {
		n = max(n, min(1<<z.walker.header.CapLog, z.cfg.maxChunk))
	}
	return z.cfg.buffers.fit(b, n)
}

func (z *Reader) note(p *piece, d time.Duration) {
	z.stats.chunk(strategy.ID(p.Strategy), strategy.ClassUnknown, p.RawLen, p.EncLen, 0, d)
	z.stats.buffered.Store(int64(p.RawLen))
}

// lookup finds the strategy that the stream names.
func (z *Reader) lookup(p *piece) (strategy.Strategy, error) {
	id := strategy.ID(p.Strategy)
	st, ok := z.cfg.set.Lookup(id)
	if b := z.walker.state.book; ok && id == strategy.Glyph && b != nil {
		st = z.history.strategyWith(z.cfg.set, b)
	}
	if !ok || z.cfg.set.Name(id) != p.name {
		return nil, final{&StreamError{Offset: p.offset, Chunk: p.number, Err: &MissingError{Strategy: id, Name: p.name}}}
	}
	return st, nil
}

// misnamed reports whether a light chunk is damaged that names a strategy which
// the Reader lacks: with one that it has, the check is right. No other check
// covers the name before the content is known.
func (z *Reader) misnamed(p *piece) bool {
	if !p.Light || z.walker.header.Has(frame.FlagTransport) {
		return false
	}
	head := bytes.Clone(p.head)
	for st := range z.cfg.set.All() {
		// Store has a header of another form. With the number that is stated the
		// chunk is sound, and what the Reader has under it another's.
		if st.ID() == strategy.Store || uint8(st.ID()) == p.Strategy {
			continue
		}
		z.buf = z.roomFor(z.buf, p.RawLen)
		_, crc, err := decodeChunk(st, z.buf, p.payload, p.RawLen)
		head[1] = uint8(st.ID())
		if err == nil && frame.ChainLight(p.chain, head, crc)&low24 == p.check {
			return true
		}
	}
	return false
}

// low24 is what a light chunk states of the chain behind it.
const low24 = 1<<24 - 1

func (p *piece) undecodable(err error) error {
	return p.verdict(fmt.Sprintf("strategy %q: %v", p.name, err))
}

func (p *piece) verdict(reason string) error {
	return final{&StreamError{Offset: p.offset, Chunk: p.number, Reason: reason, Err: ErrCorrupt}}
}

// measure publishes the memory that buffers take.
func (z *Reader) measure() {
	z.stats.memory(len(z.walker.src.buf)+cap(z.buf)+z.ahead.footprint(), 0)
}

// rest lets go of the memory that is not needed until the other end goes on.
func (z *Reader) rest() {
	room := idleRoom(z.walker.state.history)
	z.walker.src.rest(room)
	z.content, z.buf = nil, z.cfg.buffers.rest(z.buf, room)
	z.ahead.discard(z.cfg.buffers)
}
