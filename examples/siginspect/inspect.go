package main

import (
	"errors"
	"io"
	"os"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// state tells how much is known of a chunk.
type state int

const (
	seen    state = iota // content decoded and looked at
	unseen               // only its header was read
	damaged              // its header is sound, its content is not
)

// chunk is a chunk of a stream and what the detector says of its content.
type chunk struct {
	sigio.ChunkInfo
	rawAt      int64 // offset of the content in that of all streams
	state      state
	class      strategy.Class
	confidence uint8  // in the class
	reason     string // of the selector, "" if unseen
	chosen     strategy.ID
}

// agrees reports whether the selector would choose what the stream has.
func (c *chunk) agrees() bool { return c.state == seen && c.chosen == c.Strategy }

// outcome is what belongs to no chunk.
type outcome struct {
	input     int64 // bytes that were read and are sound
	metaCount int
	metaBytes int64
}

// inspector goes through streams twice at once: chunk by chunk for the
// headers, and decoding, for the content of the same chunk.
type inspector struct {
	level    strategy.Level
	visit    func(*chunk)
	selector strategy.Selector
	set      strategy.Set

	source  *fork
	content *sigio.Reader
	missing error             // why content is not read in order any more
	file    *io.SectionReader // the input, if it can be read at any place; else nil
	places  *sigio.ReaderAt   // of the file, behind what is missing
	buf     []byte
	profile strategy.Profile
	rawAt   int64
	outcome
}

// inspect calls visit for every chunk of src, the damaged one at which it
// stops included. An error says why not all could be seen.
func inspect(src io.Reader, level strategy.Level, visit func(*chunk)) (outcome, error) {
	s := &inspector{level: level, visit: visit, selector: strategy.Adaptive(), set: strategy.Default(), source: newFork(src), file: section(src)}
	s.content = sigio.NewReader(&s.source.tines[1], sigio.WithTransportChecks())
	err := s.chunks()
	var place *sigio.StreamError
	switch {
	case errors.As(err, &place):
		s.input = place.Offset
	case err == nil:
		s.input = s.source.total
		err = s.missing
	}
	return s.outcome, err
}

// section is what a regular file has from where it is read on, and nil of any
// other source.
func section(src io.Reader) *io.SectionReader {
	f, ok := src.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	from, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	return io.NewSectionReader(f, from, info.Size()-from)
}

func (s *inspector) chunks() error {
	// Without this option, streams that rely on the transport are refused.
	opts := []sigio.ReaderOption{sigio.WithTransportChecks(), sigio.WithMeta(s.meta)}
	for info, err := range sigio.Chunks(&s.source.tines[0], opts...) {
		if err != nil {
			return err
		}
		c := chunk{ChunkInfo: info, rawAt: s.rawAt, state: unseen}
		err := s.look(&c)
		s.visit(&c)
		if err != nil {
			return err
		}
		s.rawAt += int64(c.RawLen)
		s.input = c.Offset + int64(c.HeaderLen+c.EncodedLen)
	}
	return s.end()
}

func (s *inspector) meta(_ uint8, p []byte) error {
	s.metaCount++
	s.metaBytes += int64(len(p))
	return nil
}

// look decodes the content of c and lets the detector and the selector look
// at it. It returns an error if there is damage.
func (s *inspector) look(c *chunk) error {
	if s.missing != nil && s.places == nil {
		return nil
	}
	if cap(s.buf) < c.RawLen {
		s.buf = make([]byte, c.RawLen)
	}
	p := s.buf[:c.RawLen]
	if err := s.read(p, c.rawAt); err != nil {
		if errors.Is(err, sigio.ErrUnsupported) {
			s.lack(err)
			return nil
		}
		c.state = damaged
		return err
	}
	strategy.DetectInto(&s.profile, p)
	choice := s.selector.Select(strategy.Input{Chunk: p, Profile: &s.profile, Level: s.level, Set: s.set})
	c.state, c.class, c.confidence = seen, s.profile.Class, s.profile.Confidence
	c.chosen, c.reason = choice.ID, choice.Reason
	return nil
}

// read reads the content of a chunk.
func (s *inspector) read(p []byte, at int64) (err error) {
	if s.places != nil {
		_, err = s.places.ReadAt(p, at)
	} else {
		_, err = io.ReadFull(s.content, p)
	}
	return err
}

// lack notes that a strategy or codebook is missing. The Reader will not go on,
// but headers can be read, and of a file that is whole the chunks behind.
func (s *inspector) lack(err error) {
	if s.missing != nil {
		return
	}
	s.missing = err
	s.source.tines[1].stop()
	if s.file == nil {
		return
	}
	if places, err := sigio.OpenReaderAt(s.file, s.file.Size(), sigio.WithTransportChecks()); err == nil {
		s.places = places
	}
}

// end lets the Reader check what is behind the last chunk, which it does more
// strictly than Chunks.
func (s *inspector) end() error {
	if s.missing != nil {
		return nil
	}
	var none [1]byte
	n, err := s.content.Read(none[:])
	switch {
	case n > 0:
		return errors.New("content goes on behind the last chunk")
	case err == io.EOF:
		return nil
	}
	return err
}
