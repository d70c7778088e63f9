package glyph

import "sync"

// singles are windows for messages that stand alone.
var singles = sync.Pool{New: func() any {
	return newWindow(MaxMessage)
}}

// Append appends the payload of a message that stands alone to dst if that
// takes at most limit bytes, with that much effort. Otherwise it returns dst and
// false; also if limit is less than len(msg) and the message does not look like
// becoming shorter. It may be called by several goroutines at the same time.
func (b *Codebook) Append(dst, msg []byte, limit int, effort Effort) ([]byte, bool) {
	if len(msg) > MaxMessage || limit < 1 {
		return dst, false
	}
	w := singles.Get().(*window)
	// The table has at most twice as many slots as the message has bytes: to
	// clear it takes less time than the message.
	w.clear(hashBits(4 * len(msg)))
	w.buf = append(w.buf, msg...)
	c := coder{window: w, book: b, reach: effort.reach(), model: &b.start, recent: plainRecent, w: bitWriter{out: dst}}
	out, ok := c.run(0, limit)
	singles.Put(w)
	return out, ok
}

// Decode appends the message of rawLen bytes that stands alone in payload to
// dst. It may be called by several goroutines at the same time.
func (b *Codebook) Decode(dst, payload []byte, rawLen int) ([]byte, error) {
	if rawLen < 0 || rawLen > MaxMessage {
		return dst, ErrMalformed
	}
	d := decoder{book: b, tables: &b.tables, recent: plainRecent}
	dst = grow(dst, rawLen)
	if err := d.message(dst[len(dst)-rawLen:], payload); err != nil {
		return dst[:len(dst)-rawLen], err
	}
	return dst, nil
}
