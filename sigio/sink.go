package sigio

import (
	"errors"
	"io"
)

var errInvalidWrite = errors.New("sigio: destination returned an invalid count from Write")

// minWrite is how much waits for a Write to the wrapped stream where nobody
// flushes, in bytes.
const minWrite = 64 << 10

// push sends what is framed, if it is worth a Write or all of it has to go. No
// chunk may be held.
func (z *Writer) push(all bool) error {
	f := &z.framer
	ready := f.out[f.sent:]
	if len(ready) == 0 {
		z.owed = false
		return nil
	}
	if !all && len(ready) < minWrite {
		return nil
	}
	z.owed = true
	began := z.effort.now()
	n, err := z.dst.Write(ready)
	z.effort.wrote(z.effort.since(began))
	switch {
	case n < 0 || n > len(ready):
		n, err = 0, errInvalidWrite
	case n < len(ready) && err == nil:
		err = io.ErrShortWrite
	}
	f.sent += n
	z.stats.encoded(int64(n))
	if err != nil {
		z.noteBuffered()
		return z.fail(err)
	}
	z.owed = false
	f.compact()
	return nil
}

func (z *Writer) report(c *chunk, number uint64, rawOffset int64) {
	z.stats.chunk(c.id, c.class, c.rawLen, c.encLen, c.detection, c.encoding)
	if c.rejected {
		z.stats.rejected()
	}
	if z.cfg.observer != nil {
		z.cfg.observer(Decision{
			Chunk: number, RawOffset: rawOffset, RawLen: c.rawLen, EncodedLen: c.encLen,
			Class: c.class, Confidence: c.confidence, Strategy: c.id, Name: c.name, Reason: c.doubt + c.reason,
			Detection: c.detection, Encoding: c.encoding,
		})
	}
}

// noteBuffered publishes how much is accepted and not yet framed.
func (z *Writer) noteBuffered() {
	n := len(z.block)
	for _, j := range z.queue {
		n += len(j.block)
	}
	if z.framer.holding {
		n += z.framer.held.rawLen
	}
	z.stats.buffered.Store(int64(n))
}

// measure publishes the memory that buffers take.
func (z *Writer) measure() {
	index := z.framer.index.footprint()
	z.stats.memory(cap(z.block)+cap(z.scratch.proof)+cap(z.framer.out)+z.framer.waiting+index+footprint(z.queue, z.idle), index)
}

// rest lets go of the memory that a Writer with nothing buffered does not need.
func (z *Writer) rest() {
	f := &z.framer
	f.compact()
	room := idleRoom(z.cfg.history)
	z.block, f.out = z.cfg.buffers.rest(z.block, room), z.cfg.buffers.rest(f.out, room)
	z.scratch.proof = z.cfg.buffers.rest(z.scratch.proof, room)
	for _, j := range z.idle {
		j.discard(z.cfg.buffers)
	}
	z.idle = z.idle[:0]
	z.measure()
}

// release lets all memory go.
func (z *Writer) release() {
	for _, j := range z.queue {
		j.wait()
		j.discard(z.cfg.buffers)
	}
	for _, j := range z.idle {
		j.discard(z.cfg.buffers)
	}
	z.cfg.buffers.discard(z.block)
	z.cfg.buffers.discard(z.framer.out)
	z.cfg.buffers.discard(z.scratch.proof)
	z.queue, z.idle, z.block = nil, nil, nil
	z.chunks = z.chunks[:0]
	z.framer.out, z.framer.held, z.framer.metas = nil, chunk{}, nil
	z.scratch.proof = nil
	z.framer.index = indexer{}
	z.framer.sent, z.framer.waiting, z.framer.holding = 0, 0, false
	z.history.release()
	z.history = nil
	z.noteBuffered()
	z.measure()
}
