package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sigmalang/sigma/sigio"
)

// salvage restores what is left of an archive. It reads twice: to learn what
// is there, and to restore it. Where a catalogue is lost, the headers of the
// members say what the files were called; then a tar file that was stored in
// the tree, and whose own beginning is lost, may be taken for members, too.
func (p *program) salvage() error {
	f, err := os.Open(p.archive)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s := &survey{p: p, mostZeros: info.Size() * zerosPerByte, room: p.sizes.room, state: make(map[string]*entry), pending: make(map[string]*entry), members: make(map[int64]*entry)}
	if err := s.read(f); err != nil {
		return err
	}
	maps.Copy(s.state, s.pending)
	entries, total := s.sound()
	src, stop, err := salvaged(f, func(g sigio.Gap, _ int64) sigio.Fill { return s.fill(g) })
	if err != nil {
		return err
	}
	defer stop()
	err = p.restoreTo(p.dir, entries, &reader{p: p, source: &streaming{r: src}}, total)
	p.notice(fmt.Sprintf("%d files, directories and links are sound, %d are lost", len(entries), p.lost))
	if err == nil && (p.lost > 0 || len(s.gaps) > 0) {
		err = errLost
	}
	return err
}

// zerosPerByte is how long a content can be for each byte of its stream.
const zerosPerByte = 1 << 16

// survey is what the first reading found.
type survey struct {
	p         *program
	walk      *walk
	gaps      []gap
	mostZeros int64
	room      int64 // left in memory for members and catalogues

	members map[int64]*entry  // whole members, by offset
	state   map[string]*entry // by the catalogues
	pending map[string]*entry // by the headers since the last catalogue
}

// gap is one in what was salvaged.
type gap struct {
	sigio.Gap
	at, zeros int64
}

// fill is asked about each gap. With zeros in it, what follows keeps its
// offset.
func (s *survey) fill(g sigio.Gap) sigio.Fill {
	if g.RawLen < 0 || g.RawLen > s.mostZeros {
		return sigio.FillNothing
	}
	return sigio.FillZeros
}

// salvaged returns a reader of what can be recovered of the streams in f.
// onGap is told where the gap is in that.
func salvaged(f *os.File, onGap func(g sigio.Gap, at int64) sigio.Fill) (r io.Reader, stop func(), err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	pr, pw := io.Pipe()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		out := &counter{w: pw}
		_, err := sigio.Salvage(out, f, func(g sigio.Gap) sigio.Fill { return onGap(g, out.n) })
		pw.CloseWithError(err) // io.EOF if nil
	}()
	return pr, func() {
		pr.Close()
		<-gone
	}, nil
}

type counter struct {
	w io.Writer
	n int64
}

// Write is that of io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// read walks over all members.
func (s *survey) read(f *os.File) error {
	src, stop, err := salvaged(f, func(g sigio.Gap, at int64) sigio.Fill {
		fill, zeros := s.fill(g), int64(0)
		if fill == sigio.FillZeros {
			zeros = g.RawLen
		}
		s.gaps = append(s.gaps, gap{g, at, zeros})
		return fill
	})
	if err != nil {
		return err
	}
	s.walk = &walk{r: src}
	defer s.p.progress.start("looking", 0)()
	for err == nil {
		if s.p.ctx.Err() != nil {
			err = errInterrupted
			break
		}
		var h *tar.Header
		var body io.Reader
		var offset int64
		if h, body, offset, err = s.walk.next(); err == nil {
			err = s.member(h, body, offset)
		}
	}
	stop() // from here on nobody else writes to s
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// member takes note of a member.
func (s *survey) member(h *tar.Header, body io.Reader, offset int64) error {
	name := strings.TrimSuffix(h.Name, "/")
	if strings.HasPrefix(name, ownDir+"/run-") {
		return s.catalogue(body, h.Size)
	}
	if s.room -= entrySize + int64(len(name)+len(h.Linkname)); s.room < 0 {
		return errRoom
	}
	e := &entry{name: name, offset: offset, size: h.Size}
	e.mode, e.uid, e.gid, e.mtime = uint32(h.Mode)&0o7777, uint32(h.Uid), uint32(h.Gid), nanoseconds(h.ModTime)
	switch h.Typeflag {
	case tar.TypeReg:
		e.kind = kindFile
		sum := crc32.New(castagnoli)
		n, err := io.Copy(sum, body)
		s.p.progress.add(n)
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF // the end is what is lost
			}
			s.pending[name] = e
			return err
		}
		e.sum = sum.Sum32()
		s.members[offset] = e
	case tar.TypeDir:
		e.kind = kindDir
	case tar.TypeSymlink:
		e.kind, e.target = kindLink, h.Linkname
	case tar.TypeLink:
		first := s.pending[h.Linkname]
		if first == nil {
			return nil
		}
		e.kind, e.size, e.offset, e.sum = kindFile, first.size, first.offset, first.sum
	default:
		return nil
	}
	if validName(name) && path.Dir(name) != ownDir {
		s.pending[name] = e
	}
	return nil
}

// catalogue takes over what a catalogue says.
func (s *survey) catalogue(body io.Reader, size int64) error {
	if size < block || size > maxCatalogue+2*block {
		return nil
	}
	start := s.walk.at
	text, err := io.ReadAll(body)
	if err != nil {
		return nil
	}
	footerAt := int64(len(text)) - block
	f, ok := parseFooter(text[footerAt:], start+footerAt)
	if !ok || f.lines != start {
		return nil // it moved
	}
	entries, err := readLines(bytes.NewReader(text), f, &s.room)
	if err != nil {
		return nil
	}
	for name, e := range s.pending {
		if e.offset < f.start { // whose catalogue is lost
			s.state[name] = e
		}
	}
	clear(s.pending)
	apply(s.state, entries)
	return nil
}

// sound returns the entries that can be restored, sorted by name, and tells of
// the others.
func (s *survey) sound() (entries []*entry, total int64) {
	for _, name := range slices.Sorted(maps.Keys(s.state)) {
		e := s.state[name]
		if !e.regular() {
			entries = append(entries, e)
			continue
		}
		m := s.members[e.offset]
		if m == nil || m.size != e.size || m.sum != e.sum || s.damaged(e) {
			s.p.lose(e, errors.New("its content is damaged"))
			continue
		}
		entries = append(entries, e)
		total += e.size
	}
	for _, g := range s.gaps {
		s.p.say(fmt.Sprintf("damage at %d of the archive: %s; %d bytes of the content at %d are lost", g.EncodedOffset, g.Reason, g.RawLen, g.RawOffset))
	}
	return entries, total
}

// damaged reports whether a gap is within the member of e.
func (s *survey) damaged(e *entry) bool {
	for _, g := range s.gaps {
		if g.at < e.offset+block+e.size && g.at+max(g.zeros, 1) > e.offset {
			return true
		}
	}
	return false
}

// holey reports whether a header has what GNU tar says of holes.
func holey(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}

// walk finds members in what may have holes.
type walk struct {
	r     io.Reader
	at    int64
	after []byte // bytes that were read too far
}

// Read is that of io.Reader.
func (w *walk) Read(b []byte) (n int, err error) {
	if len(w.after) > 0 {
		n = copy(b, w.after)
		w.after = w.after[n:]
	} else {
		n, err = w.r.Read(b)
	}
	w.at += int64(n)
	return n, err
}

// next returns the next member, whose header is whole. body is read before the
// call after this.
func (w *walk) next() (h *tar.Header, body io.Reader, offset int64, err error) {
	for {
		if _, err := io.CopyN(io.Discard, w, padded(w.at)-w.at); err != nil {
			return nil, nil, 0, io.EOF
		}
		offset = w.at
		b := make([]byte, block)
		if _, err := io.ReadFull(w, b); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF
			}
			return nil, nil, 0, err
		}
		if !validHeader(b) {
			continue
		}
		w.at, w.after = offset, b
		t := tar.NewReader(w)
		// What has holes by its header is none of ours, and may be endless.
		if h, err = t.Next(); err == nil && !holey(h) {
			return h, t, offset, nil
		}
	}
}
