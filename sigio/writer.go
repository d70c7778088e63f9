package sigio

import (
	"io"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// Writer compresses what is written to it and writes the stream to the
// io.Writer that it wraps. Close seals the stream; without it, a Reader says
// ErrTruncated. A Writer belongs to one goroutine at a time, except for
// Stats.
//
// After a timeout of the wrapped stream (os.ErrDeadlineExceeded, or a
// net.Error that says Timeout) every method may be called again and goes on
// where it stopped. Any other error is kept: it is returned by all later
// calls, and nothing more is written.
type Writer struct {
	cfg    config
	engine engine
	dst    io.Writer

	block  []byte // accepted and not yet encoded; at most a full block
	framer framer
	stats  counters

	effort  effort         // of WithAdaptiveEffort
	history *historyWriter // nil for none

	queue []*job // blocks that goroutines work on, oldest first
	idle  []*job
	// Of the blocks that the caller's goroutine encodes itself.
	scratch scratch
	chunks  []chunk

	owed   bool // an unfinished push has to go out before anything is accepted
	closed bool // Close was called
	done   bool // and has finished
	err    error
}

// NewWriter returns a Writer that writes to w. It writes nothing yet and does
// not fail: a bad option is the error of the first call. w may be nil until
// Reset.
func NewWriter(w io.Writer, opts ...WriterOption) *Writer {
	z := &Writer{cfg: defaults()}
	for _, o := range opts {
		if o != nil {
			o.applyToWriter(&z.cfg)
		}
	}
	if z.err = z.cfg.validate(); z.err == nil {
		z.init()
	}
	z.dst = w
	return z
}

func (z *Writer) init() {
	z.engine = engine{
		level: z.cfg.level, whole: z.cfg.whole, set: z.cfg.set, selector: z.cfg.selector,
		buffers: z.cfg.buffers, verify: z.cfg.verify,
	}
	if b := z.cfg.codebook(); b != nil {
		z.engine.set = z.cfg.set.WithCodebook(b)
	}
	z.framer.cfg = &z.cfg
	z.effort = effort{on: z.cfg.adaptive, level: z.cfg.level, ceiling: z.cfg.ceiling}
	z.framer.header.CapLog = frame.MinCapLog
	for 1<<z.framer.header.CapLog < z.cfg.chunkSize {
		z.framer.header.CapLog++
	}
	z.framer.report = z.report
	z.framer.restart()
}

// Reset discards what is not yet written, without sealing the stream, and
// makes z ready for a new stream to w with the same options. With a nil w it
// is idle: calls return ErrClosed until the next Reset.
func (z *Writer) Reset(w io.Writer) {
	for _, j := range z.queue {
		j.wait()
		z.idle = append(z.idle, j)
	}
	z.queue = z.queue[:0]
	z.err = z.cfg.validate()
	z.dst, z.owed, z.closed, z.done = w, false, false, false
	z.block = z.block[:0]
	z.framer.restart()
	z.effort = effort{on: z.cfg.adaptive, level: z.cfg.level, ceiling: z.cfg.ceiling}
	if z.history != nil {
		z.history.restart()
		if w == nil {
			z.history.release()
		}
	}
	z.stats.reset()
	z.rest()
}

// Write compresses p. It returns the number of bytes accepted, which can be
// len(p) together with a timeout: what was accepted is sent first by the next
// call, and Write(nil) does nothing else. z keeps no part of p.
func (z *Writer) Write(p []byte) (n int, err error) {
	if err := z.usable(); err != nil {
		return 0, err
	}
	for err = z.advance(); err == nil && len(p) > 0; err = z.advance() {
		var k int
		if len(z.block) == 0 && len(p) >= z.cfg.chunkSize && z.cfg.concurrency == 1 {
			k = z.cfg.chunkSize
			err = z.encode(p[:k]) // straight from p
		} else {
			room := len(p)
			if n > 0 { // the stream is longer than a block
				room = z.cfg.chunkSize
			}
			z.makeRoom(room)
			k = copy(z.room(), p)
			z.block = z.block[:len(z.block)+k]
		}
		if err != nil {
			break
		}
		p, n = p[k:], n+k
	}
	z.noteBuffered()
	return n, err
}

// ReadFrom compresses what r gives until io.EOF. It returns the number of
// bytes taken from r, all of which are accepted, also when it stops at a
// timeout of r or of the wrapped stream; called again, it goes on.
func (z *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	if err := z.usable(); err != nil {
		return 0, err
	}
	empty := 0
	for err = z.advance(); err == nil; err = z.advance() {
		z.makeRoom(firstRead)
		room := z.room()
		k, rerr := r.Read(room)
		if k < 0 || k > len(room) {
			err = errInvalidRead
			break
		}
		z.block = z.block[:len(z.block)+k]
		n += int64(k)
		if rerr == nil && k == 0 {
			if empty++; empty == maxEmptyReads {
				rerr = io.ErrNoProgress
			}
		} else {
			empty = 0
		}
		if rerr != nil {
			z.noteBuffered()
			if rerr != io.EOF {
				return n, rerr
			}
			return n, z.advance()
		}
	}
	z.noteBuffered()
	return n, err
}

// Flush makes all that was written readable at the other end. When nothing is
// pending it writes nothing. Called again after a timeout it goes on and
// adds no second boundary. Each Flush ends a chunk, which costs ratio.
func (z *Writer) Flush() error {
	if err := z.usable(); err != nil {
		return err
	}
	return z.finishBlock(false)
}

// Close writes what is pending, seals the stream and releases memory and the
// wrapped stream, which it does not close. After a timeout it may be called
// again to go on; once finished, further calls return the same. On a Writer
// that is idle it does nothing.
//
// Do not defer Close where the content may be incomplete: a sealed stream
// reads as complete. Reset(nil) discards.
func (z *Writer) Close() error {
	z.closed = true
	if z.done || z.dst == nil && z.err == nil {
		return z.err
	}
	if z.err == nil {
		if err := z.finishBlock(true); err != nil && z.err == nil {
			return err // a timeout
		}
	}
	z.done, z.dst = true, nil
	z.release()
	return z.err
}

// WriteMeta adds a metadata record of the user's: kind and p reach the
// Reader's WithMeta function, other Readers ignore it. It stands behind the
// blocks that are complete; Flush first to place it behind all that was
// written. p has at most MaxMeta bytes and is copied; records that wait for
// their place may take 1 MiB of memory, beyond which it says ErrTooLarge.
func (z *Writer) WriteMeta(kind uint8, p []byte) error {
	if err := z.usable(); err != nil {
		return err
	}
	if len(p) > MaxMeta {
		return ErrTooLarge
	}
	if err := z.advance(); err != nil {
		return err
	}
	f := &z.framer
	if !f.holding {
		if err := z.settleAndPush(); err != nil {
			return err
		}
	}
	m := meta{f.blocks + uint64(len(z.queue)), append(append(make([]byte, 0, 1+len(p)), kind), p...)}
	if f.waiting+m.size() > maxWaitingMeta {
		return ErrTooLarge
	}
	f.metas = append(f.metas, m)
	f.waiting += m.size()
	if !f.holding {
		f.placeMetas()
	}
	z.measure()
	return nil
}

const maxWaitingMeta = 1 << 20

// Stats returns the Writer's figures. It may be called from any goroutine at
// any time.
func (z *Writer) Stats() Stats { return z.stats.snapshot(z.cfg.buffers.pool()) }

func (z *Writer) usable() error {
	switch {
	case z.closed:
		return ErrClosed
	case z.err != nil:
		return z.err
	case z.dst == nil:
		return ErrClosed
	}
	return nil
}

// fail keeps an error unless it is a timeout, and returns it.
func (z *Writer) fail(err error) error {
	if err != nil && !isTimeout(err) {
		z.err = err
	}
	return err
}

// advance finishes what an earlier call owes and makes the block ready to
// accept a byte.
func (z *Writer) advance() error {
	if z.owed {
		if err := z.push(true); err != nil {
			return err
		}
	}
	if len(z.block) < z.cfg.chunkSize {
		return nil
	}
	return z.encodeBuffered()
}

// room is what the block can take without growing.
func (z *Writer) room() []byte {
	return z.block[len(z.block):max(min(cap(z.block), z.cfg.chunkSize), len(z.block))]
}

// makeRoom gives the block, unless it has room, that for n more bytes, or to
// be full. It grows with what arrives, so that small streams stay small, but in
// few steps, since what is outgrown stays in the pool for a while: from 64 KiB
// to a chunk of the default size in one.
func (z *Writer) makeRoom(n int) {
	if len(z.room()) > 0 {
		return
	}
	growth := 4
	if cap(z.block) >= MinChunkSize {
		growth = 16
	}
	size := max(len(z.block)+n, growth*cap(z.block), firstBlock)
	grown := append(z.cfg.buffers.get(min(size, z.cfg.chunkSize)), z.block...)
	z.cfg.buffers.discard(z.block)
	z.block = grown
	z.measure()
}

const (
	firstBlock = 4 << 10  // the least memory a block takes, in bytes
	firstRead  = 32 << 10 // what ReadFrom asks a source for at first
)

// encodeBuffered hands the block to whoever encodes it. On error the block is
// as it was.
func (z *Writer) encodeBuffered() error {
	if z.cfg.concurrency > 1 {
		return z.enqueue()
	}
	return z.encodeHere()
}

// encodeHere encodes the block on the caller's goroutine. On error the block is
// as it was.
func (z *Writer) encodeHere() error {
	err := z.encode(z.block)
	if err == nil {
		z.block = z.block[:0]
	}
	return err
}

// encode encodes a block on the caller's goroutine. No job may be waiting. On
// error nothing of the block was taken.
func (z *Writer) encode(block []byte) error {
	if err := z.settleAndPush(); err != nil {
		return err
	}
	if !z.framer.begun {
		z.framer.begin(block, false)
	}
	if z.effort.on {
		z.engine.level = z.effort.next()
	}
	began := z.effort.now()
	z.scratch.owned = cap(z.block) > 0 && &block[0] == &z.block[:1][0]
	out, chunks, err := z.engine.encodeBlock(&z.scratch, z.framer.out, block, z.chunks[:0])
	if err != nil {
		return z.failFault(err, len(chunks))
	}
	z.effort.encoded(len(block), z.effort.since(began))
	z.cfg.buffers.replaced(z.framer.out, out)
	z.framer.out, z.chunks = out, chunks
	z.framer.take(chunks)
	z.restartHistory(block, chunks)
	z.measure()
	return nil
}

// settleAndPush makes the framer ready to take chunks: none is held, and what
// is sent in one Write has gone.
func (z *Writer) settleAndPush() error {
	z.framer.settle(false, false)
	if err := z.push(false); err != nil {
		return err
	}
	z.framer.compact()
	return nil
}

// failFault keeps the fault of a block whose first done chunks were encoded.
func (z *Writer) failFault(err error, done int) error {
	f := &z.framer
	return z.fail(&StreamError{
		Offset: int64(f.base) + int64(len(f.out)), Chunk: f.chunks + uint64(done),
		Reason: err.Error(), Err: ErrStrategy,
	})
}

// finishBlock encodes what is pending, marks it as flushed and sends it; when
// closing it also seals the stream.
func (z *Writer) finishBlock(closing bool) error {
	if err := z.advance(); err != nil {
		return err
	}
	if len(z.block) > 0 {
		if closing && !z.framer.begun && len(z.block) <= frame.MaxLight {
			z.framer.begin(z.block, true)
		}
		if err := z.encodeTail(); err != nil {
			return err
		}
	}
	if err := z.drain(); err != nil {
		return err
	}
	z.framer.settle(true, closing)
	if closing {
		if !z.framer.begun {
			z.framer.begin(nil, true)
		}
		z.framer.end()
	}
	z.noteBuffered()
	if err := z.push(true); err != nil {
		return err
	}
	z.rest()
	return nil
}

// encodeTail encodes a block that a Flush or Close has cut. A short one is not
// worth a goroutine.
func (z *Writer) encodeTail() error {
	if z.cfg.concurrency > 1 && len(z.block) > MinChunkSize {
		return z.enqueue()
	}
	// A short stream has no history.
	if z.cfg.history > 0 && !z.framer.header.Has(frame.FlagShort) {
		if done, err := z.encodeMessage(z.block); done || err != nil {
			if done {
				z.block = z.block[:0]
			}
			return err
		}
	}
	if err := z.drain(); err != nil {
		return err
	}
	return z.encodeHere()
}
