package sigio

import (
	"errors"
	"io"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// Repair makes a file complete whose writer was stopped: it cuts off what
// stands behind the last whole chunk that passes its check, which is cut bytes
// long, and seals the stream. A stream without such a chunk goes altogether;
// if that was the only one, and of an empty file, what remains is an empty
// stream. Afterwards the file reads without an error, unless there is damage
// further in front, and then OpenAppend accepts it, unless that is in the last
// chunk.
//
// It cuts nothing but a torn tail: what is left of the records that were being
// written, and zeros. A file with a sound tail is left alone. So is, with
// ErrCorrupt, one that was sealed, one that is no stream, and one in which
// anything whole stands behind the damage: a chunk that Salvage would recover, one
// that would need what is damaged, a header or an end. It may be the content of the record that is torn, where a
// file of ours was stored in another; but it may be what was written behind it.
// Whoever knows that nothing there is wanted cuts the file at
// StreamError.Offset, where the damage begins, and calls Repair again.
//
// The last stream is read from its start and decoded; of those before it the
// headers are read. Light chunks without a check (WithTransportChecks) are taken
// for sound as a Reader takes them.
//
// f is as in OpenAppend. Truncate, as in *os.File, comes before the end is
// written; should that fail or crash, the next Repair goes on. Errors of f are
// returned unchanged.
//
// Of the options, those for strategies and codebooks count: what cannot be
// decoded for want of them is ErrUnsupported, and nothing is cut. That goes for
// a light chunk, too, that names an unknown strategy, unless its check fits one
// that is known: then its name is what is damaged.
func Repair(f interface {
	File
	Truncate(size int64) error
}, opts ...ReaderOption) (cut int64, err error) {
	cfg := defaults()
	for _, o := range opts {
		if o != nil {
			o.applyToReader(&cfg)
		}
	}
	if err := cfg.validate(); err != nil {
		return 0, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	r := repairer{cfg: tailConfig(&cfg), src: f, size: size}
	if size > 0 {
		r.verdict = verifyTail(f, size, r.cfg)
		if r.verdict == nil || !isDamage(r.verdict) {
			return 0, r.verdict
		}
		if err := r.diagnose(); err != nil {
			return 0, verdictIn(err)
		}
	}
	cut = size - r.cut
	if cut > 0 {
		if err := f.Truncate(r.cut); err != nil {
			return 0, err
		}
	}
	if _, err := f.Seek(r.cut, io.SeekStart); err != nil {
		return cut, err
	}
	end := r.end()
	n, err := f.Write(end)
	if err == nil && n < len(end) {
		err = io.ErrShortWrite
	}
	return cut, err
}

// isDamage reports whether err is a verdict that something is wrong or missing
// in the stream.
func isDamage(err error) bool { return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTruncated) }

// repairer finds out what a torn file needs.
type repairer struct {
	cfg  config
	src  io.ReaderAt
	size int64

	verdict error // on the tail

	start  int64 // of the torn stream
	header frame.Header
	cut    int64        // where it is to end
	totals frame.Totals // up to there; of no chunks if it goes altogether
}

// end is what is to be written at the cut.
func (r *repairer) end() []byte {
	switch {
	case r.totals.Chunks > 0 && r.header.Has(frame.FlagShort):
		return r.header.AppendShortEnd(nil, r.totals)
	case r.totals.Chunks > 0:
		return frame.End{Header: r.header, Totals: r.totals}.Append(nil)
	case r.cut > 0: // behind other streams
		return nil
	}
	h := frame.Header{Version: frame.Version, Incompat: frame.FlagShort, CapLog: frame.MinCapLog}
	return h.AppendShortEnd(h.Append(nil), frame.Totals{Encoded: frame.HeaderLen, Chain: h.Check()})
}

// diagnose finds the torn stream and where to cut it. What it returns speaks
// against a repair.
func (r *repairer) diagnose() error {
	c := newCursor(&r.cfg, r.src, r.size)
	c.jump(spot{}, nil, nil)
	w := &c.z.walker
	for {
		_, err := c.walk()
		if err == nil {
			continue
		}
		if err == io.EOF { // complete, with damaged content
			return r.verdict
		}
		if !isDamage(verdictIn(err)) {
			return err
		}
		if w.inside {
			return r.replay(c, w.start)
		}
		r.cut = w.src.off
		return r.tornHeader(err)
	}
}

// tornHeader lets the rest of the file go only where it is zeros, or a
// header's first part with nothing but zeros behind.
func (r *repairer) tornHeader(verdict error) error {
	end, err := trimmed(r.src, r.cut, r.size)
	if err != nil {
		return err
	}
	if end-r.cut >= frame.HeaderLen {
		return verdict
	}
	b := make([]byte, end-r.cut)
	if err := readFull(r.src, b, r.cut); err != nil {
		return err
	}
	if !frame.IsHeader(b) {
		return verdict
	}
	return nil
}

// replay decodes the torn stream and remembers where its last sound chunk
// ends.
func (r *repairer) replay(c *cursor, start int64) error {
	c.jump(spot{at: start, start: start}, nil, nil)
	w := &c.z.walker
	r.start, r.cut = start, start
	for {
		p, err := w.step(false)
		if err == io.EOF || w.start != start { // the stream has its end
			return r.verdict
		}
		if err == nil {
			_, err = c.z.decode(&p)
			damaged := isDamage(verdictIn(err))
			switch s := &w.state; {
			case err == nil:
				r.header, r.cut = w.header, w.src.off
				r.totals = frame.Totals{Chunks: s.chunks, Raw: s.raw, Encoded: uint64(r.cut - start), Chain: s.chain}
				continue
			case damaged && !p.Light:
				continue // the header is sound, and says where the next one is
			case damaged && w.shortEndFollows():
				return r.verdict
			}
		}
		if !isDamage(verdictIn(err)) {
			return err
		}
		from := max(r.cut, start+frame.HeaderLen)
		m := remains{cfg: &r.cfg, src: r.src, from: from, end: r.size, w: w, totals: r.totals, start: start}
		return m.isTorn()
	}
}

// shortEndFollows reports whether what is due behind a chunk is there: then
// the chunk is damaged, and not torn.
func (w *walker) shortEndFollows() bool {
	return w.header.Has(frame.FlagShort) && w.src.fill(frame.ShortEndLen) == nil &&
		w.src.unread()[0] == frame.TagShortEnd
}
