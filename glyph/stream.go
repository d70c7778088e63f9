package glyph

// Encoder encodes the messages of one direction of a stream, each of which may
// copy from those before it. It belongs to one goroutine at a time. Beside the
// history it keeps about 4 KiB; what it works with it shares with the other
// encoders of the process: up to 64 have five times the history more.
//
// An Encoder and the Decoder at the other end must be told of the same messages
// in the same order: the Decoder by a payload or, where there is none, by
// Observe.
type Encoder struct {
	book    *Codebook
	history history
	starts  starts
	model   model

	id    uint64   // as an owner
	work  *workset // the last one, which another may have taken
	stale bool     // what it holds is not the history
}

// NewEncoder returns an Encoder with an empty history of up to size bytes,
// which is brought up to a power of two from MinHistory to MaxHistory.
func NewEncoder(book *Codebook, size int) *Encoder {
	e := &Encoder{book: book, history: history{size: historySize(size)}, id: newOwner()}
	e.model.init()
	e.Restart()
	return e
}

// historySize returns the next power of two that may be a size.
func historySize(n int) int {
	size := MinHistory
	for size < min(n, MaxHistory) {
		size *= 2
	}
	return size
}

// Restart forgets all messages.
func (e *Encoder) Restart() {
	e.history.reset()
	e.starts = starts{}
	e.model.set(&e.book.start)
	e.stale = true
}

// Release lets other encoders have what e works with, for when e will be idle.
func (e *Encoder) Release() {
	if e.work.takeUp(e.id) {
		e.work.lay(nobody)
	}
	e.work, e.stale = nil, true
}

// Observe takes note of a message, of any length, that does not go through
// Append.
func (e *Encoder) Observe(msg []byte) {
	if len(msg) > e.history.size {
		e.stale = true
	} else if !e.stale && e.work.takeUp(e.id) {
		e.open(msg)
		e.work.lay(e.id)
	}
	e.note(msg)
}

func (e *Encoder) note(msg []byte) {
	e.history.add(msg)
	e.starts.add(len(msg))
}

// MaxMessage is the length of the longest message that e encodes, in bytes.
func (e *Encoder) MaxMessage() int { return e.history.size }

// Append appends the payload of a message to dst if that takes at most limit
// bytes, with that much effort; otherwise it returns dst and false, also if limit
// is less than len(msg) and the message does not look like becoming shorter. In
// both cases it takes note of the message.
func (e *Encoder) Append(dst, msg []byte, limit int, effort Effort) ([]byte, bool) {
	if len(msg) > e.history.size || limit < 1 {
		e.Observe(msg)
		return dst, false
	}
	if !e.work.takeUp(e.id) {
		e.work, e.stale = borrow(e.history.size), true
	}
	from := e.open(msg)
	s := e.work
	s.saved.save(&e.model)
	c := coder{
		window: &s.window, book: e.book, reach: effort.reach(), model: &e.model, saved: &s.saved,
		past: from - e.history.len(), recent: e.starts.recent(), w: bitWriter{out: dst},
	}
	out, ok := c.run(from, limit)
	if !ok {
		s.saved.restore(&e.model)
	}
	s.lay(e.id)
	e.note(msg)
	return out, ok
}

// open puts msg into the window, behind the history, and returns where.
func (e *Encoder) open(msg []byte) int {
	w := &e.work.window
	if e.stale || len(w.buf)+len(msg) > cap(w.buf) {
		w.clear(hashBits(e.history.size))
		w.buf = e.history.append(w.buf)
		w.enter(len(w.buf))
		e.stale = false
	}
	from := len(w.buf)
	w.buf = append(w.buf, msg...)
	return from
}

// run encodes the message from place i on, into at most limit bytes.
func (c *coder) run(i, limit int) ([]byte, bool) {
	dst := c.w.out
	limit = min(limit, 2*MaxMessage) // more than any message takes
	if c.message(i, len(dst)+limit) {
		if out := c.w.finish(); len(out)-len(dst) <= limit {
			return out, true
		}
	}
	return dst, false
}

// Decoder is the inverse of an Encoder. It belongs to one goroutine at a time.
type Decoder struct {
	book    *Codebook
	history history
	starts  starts
	model   model
	tables  decodeTables // of the model, once it adapted
	adapted bool
}

// NewDecoder returns a Decoder for what an Encoder with the same arguments
// makes.
func NewDecoder(book *Codebook, size int) *Decoder {
	d := &Decoder{book: book, history: history{size: historySize(size)}}
	d.model.init()
	d.Restart()
	return d
}

// Reset makes d a Decoder as NewDecoder returns it, and keeps its memory.
func (d *Decoder) Reset(book *Codebook, size int) {
	d.book = book
	if size = historySize(size); size != d.history.size {
		d.history = history{size: size, buf: d.history.buf[:0:min(cap(d.history.buf), size)]}
		d.history.buf = d.history.buf[:cap(d.history.buf)]
	}
	d.Restart()
}

// Restart forgets all messages.
func (d *Decoder) Restart() {
	d.history.reset()
	d.starts = starts{}
	d.model.set(&d.book.start)
	d.adapted = false
}

// Observe takes note of a message that was not a payload for d.
func (d *Decoder) Observe(msg []byte) {
	d.history.add(msg)
	d.starts.add(len(msg))
}

// Decode appends the message of rawLen bytes that payload stands for to dst.
// After an error d is of no use until the next Restart.
func (d *Decoder) Decode(dst, payload []byte, rawLen int) ([]byte, error) {
	if rawLen < 0 || rawLen > MaxMessage {
		return dst, ErrMalformed
	}
	m := decoder{
		book: d.book, tables: &d.book.tables, model: &d.model, own: &d.tables,
		history: &d.history, recent: d.starts.recent(),
	}
	if d.adapted {
		m.tables = &d.tables
	}
	dst = grow(dst, rawLen)
	out := dst[len(dst)-rawLen:]
	if err := m.message(out, payload); err != nil {
		return dst[:len(dst)-rawLen], err
	}
	d.adapted = m.tables == &d.tables
	d.Observe(out)
	return dst, nil
}

// grow returns dst, longer by n bytes.
func grow(dst []byte, n int) []byte {
	if n <= cap(dst)-len(dst) {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]byte, n)...)
}
