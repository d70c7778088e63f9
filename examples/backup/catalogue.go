package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// A catalogue is a tar member. Its data are lines, one for each entry and
// deletion since the catalogue before it, zeros up to a multiple of 512 bytes,
// and a block of 512 bytes that says where all that is: the footer. Footers are
// found from the end of the archive backwards, each behind the one before it.

// errCatalogue says that the archive is no archive of this program, or that
// its catalogue is damaged. Errors tell more.
var errCatalogue = errors.New("not a sound backup archive")

func badCatalogue(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errCatalogue, fmt.Sprintf(format, args...))
}

type kind byte

const (
	kindFile    kind = 'f'
	kindSparse  kind = 's' // a file with holes
	kindDir     kind = 'd'
	kindLink    kind = 'l' // a symbolic link
	kindDeleted kind = '-'
)

// entry is what a catalogue says of one path.
type entry struct {
	name   string // slashes between elements, relative to the root of the tree
	target string // of a symbolic link
	kind   kind
	attributes
	size   int64
	offset int64  // of the tar member that holds the content, in the content of the archive
	sum    uint32 // CRC-32C of the content
}

// attributes is what a file system says of a file besides.
type attributes struct {
	mode         uint32 // permissions and the three bits above, as in tar
	uid, gid     uint32
	mtime, ctime int64  // Unix time in nanoseconds; ctime is 0 where there is none
	dev, ino     uint64 // 0 where there is none
}

func (e *entry) regular() bool { return e.kind == kindFile || e.kind == kindSparse }

// same reports whether e, seen in the tree, is what was stored as old.
// Directories change their ctime with their children. Whether a file seems to
// have holes may change when the system gets to write it.
func (e *entry) same(old *entry) bool {
	if old == nil || e.kind != old.kind && !(e.regular() && old.regular()) || e.target != old.target ||
		e.mode != old.mode || e.uid != old.uid || e.gid != old.gid || e.mtime != old.mtime {
		return false
	}
	return !e.regular() || e.size == old.size && e.ctime == old.ctime && e.dev == old.dev && e.ino == old.ino
}

// linked reports whether both are names of one file, of which there is one
// content. Copies share a content only.
func (e *entry) linked(other *entry) bool {
	return e.ino != 0 && e.ino == other.ino && e.dev == other.dev
}

const block = 512 // of tar

// castagnoli is for finding accidents, as is all in a stream. Of the checks
// that find as much it is the fastest by far.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendLine appends the line of e.
func (e *entry) appendLine(b []byte) []byte {
	if e.kind == kindDeleted {
		return append(strconv.AppendQuote(append(b, "- "...), e.name), '\n')
	}
	b = append(b, byte(e.kind), ' ')
	b = append(strconv.AppendUint(b, uint64(e.mode), 8), ' ')
	for _, n := range []uint64{uint64(e.uid), uint64(e.gid)} {
		b = append(strconv.AppendUint(b, n, 10), ' ')
	}
	for _, n := range []int64{e.mtime, e.ctime} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	for _, n := range []uint64{e.dev, e.ino, uint64(e.size), uint64(e.offset)} {
		b = append(strconv.AppendUint(b, n, 10), ' ')
	}
	b = append(strconv.AppendUint(b, uint64(e.sum), 16), ' ')
	b = strconv.AppendQuote(b, e.name)
	if e.kind == kindLink {
		b = strconv.AppendQuote(append(b, ' '), e.target)
	}
	return append(b, '\n')
}

// parseLine is the inverse of appendLine. The contents of the entry must end
// before limit.
func parseLine(line string, limit int64) (*entry, error) {
	e := &entry{}
	p := parser{rest: line}
	k := p.word()
	if len(k) != 1 {
		return nil, badCatalogue("a line of no kind")
	}
	e.kind = kind(k[0])
	switch e.kind {
	case kindFile, kindSparse, kindDir, kindLink:
		e.mode = uint32(p.number(8, 12))
		e.uid, e.gid = uint32(p.number(10, 32)), uint32(p.number(10, 32))
		e.mtime, e.ctime = p.signed(), p.signed()
		e.dev, e.ino = p.number(10, 64), p.number(10, 64)
		e.size, e.offset = p.signed(), p.signed()
		e.sum = uint32(p.number(16, 32))
	case kindDeleted:
	default:
		return nil, badCatalogue("a line of kind %q", e.kind)
	}
	e.name = p.quoted()
	if e.kind == kindLink {
		e.target = p.quoted()
	}
	switch {
	case p.failed || p.rest != "":
		return nil, badCatalogue("malformed line")
	case !validName(e.name):
		return nil, badCatalogue("unsafe name %q", e.name)
	case e.offset < 0 || e.offset%block != 0 || e.size < 0 || e.size > limit || e.offset > limit-e.size:
		return nil, badCatalogue("%q is said to be where nothing can be", e.name)
	}
	return e, nil
}

// validName reports whether name leads from the root of a tree to something in
// it, whose name need not be UTF-8.
func validName(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element == "" || element == "." || element == ".." || strings.ContainsRune(element, 0) {
			return false
		}
	}
	return true
}

// parser takes fields off a line. After a failure it says so and returns zeros.
type parser struct {
	rest   string
	failed bool
}

func (p *parser) word() string {
	word, rest, _ := strings.Cut(p.rest, " ")
	p.rest = rest
	return word
}

func (p *parser) number(base, bits int) uint64 {
	n, err := strconv.ParseUint(p.word(), base, bits)
	p.failed = p.failed || err != nil
	return n
}

func (p *parser) signed() int64 {
	n, err := strconv.ParseInt(p.word(), 10, 64)
	p.failed = p.failed || err != nil
	return n
}

func (p *parser) quoted() string {
	q, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		p.failed = true
		return ""
	}
	p.rest = strings.TrimPrefix(p.rest[len(q):], " ")
	s, err := strconv.Unquote(q)
	p.failed = p.failed || err != nil
	return s
}

// footer is the last block of a catalogue. Offsets are in the content of the
// archive; the lines are at [lines, lines+length).
type footer struct {
	archive string // the archive's id: a file that is made to look like a footer cannot know it
	final   bool   // the run is complete
	run     int
	start   int64 // where the catalogue before this one ends
	lines   int64
	length  int64
	sum     uint32 // CRC-32C of the lines
	time    int64  // of the run's start, Unix time in nanoseconds
}

const footerMagic = "sigma-backup-end "

// appendBlock appends the 512 bytes of f.
func (f *footer) appendBlock(b []byte) []byte {
	word := "part"
	if f.final {
		word = "final"
	}
	text := fmt.Sprintf("%s%s %s %d %d %d %d %08x %d", footerMagic, f.archive, word, f.run, f.start, f.lines, f.length, f.sum, f.time)
	return append(b, text+strings.Repeat(" ", block-1-len(text))+"\n"...)
}

// parseFooter parses the block that stands at offset at.
func parseFooter(b []byte, at int64) (f footer, ok bool) {
	text, ok := strings.CutPrefix(string(b), footerMagic)
	if !ok {
		return f, false
	}
	p := parser{rest: strings.TrimRight(text, " \n")}
	f.archive = p.word()
	switch p.word() {
	case "final":
		f.final = true
	case "part":
	default:
		return f, false
	}
	f.run = int(p.number(10, 31))
	f.start, f.lines, f.length = p.signed(), p.signed(), p.signed()
	f.sum = uint32(p.number(16, 32))
	f.time = p.signed()
	ok = !p.failed && p.rest == "" && f.run > 0 && 0 <= f.start && f.start < f.lines && f.lines <= at &&
		f.start%block == 0 && 0 <= f.length && f.length <= maxCatalogue && padded(f.length) == at-f.lines
	return f, ok
}

// padded is n rounded up to whole blocks; n is not near the largest.
func padded(n int64) int64 { return (n + block - 1) / block * block }

const (
	// maxCatalogue bounds what all catalogues of an archive take in memory.
	maxCatalogue = 1 << 30
	entrySize    = 128      // in memory, besides its line
	maxLine      = 64 << 10 // longer names than any file system has

	ownDir  = ".sigma-backup"
	opening = ownDir + "/archive" // the first member, which says what the archive's id is
)

// errRoom says that an archive has more entries than memory is meant for.
var errRoom = fmt.Errorf("%w: its catalogues would take more than %d MiB of memory", errCatalogue, maxCatalogue>>20)

// readLines reads a catalogue from src and holds it against its footer. It
// takes from room what that takes in memory.
func readLines(src io.Reader, f footer, room *int64) ([]*entry, error) {
	hash := crc32.New(castagnoli)
	lines := bufio.NewScanner(io.TeeReader(io.LimitReader(src, f.length), hash))
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	var entries []*entry
	if *room -= f.length + block; *room < 0 {
		return nil, errRoom
	}
	for lines.Scan() {
		if *room -= entrySize; *room < 0 {
			return nil, errRoom
		}
		e, err := parseLine(lines.Text(), f.lines)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, badCatalogue("a line of more than %d bytes", maxLine)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if hash.Sum32() != f.sum {
		return nil, badCatalogue("the sum of the catalogue of run %d is wrong", f.run)
	}
	return entries, nil
}

// lines is the text of a catalogue.
func lines(entries []*entry) []byte {
	var b []byte
	for _, e := range entries {
		b = e.appendLine(b)
	}
	return b
}

// openingText is the content of the first member.
func openingText(id, root string) []byte {
	return fmt.Appendf(nil, "sigma-backup 1 %s %s\n", id, strconv.Quote(root))
}

func parseOpening(b []byte) (id, root string, ok bool) {
	text, found := strings.CutPrefix(string(bytes.TrimSuffix(b, []byte("\n"))), "sigma-backup 1 ")
	p := parser{rest: text}
	id, root = p.word(), p.quoted()
	return id, root, found && len(id) == idLen && !p.failed && p.rest == ""
}

const idLen = 32

func clock(ns int64) time.Time { return time.Unix(0, ns) }

// nanoseconds is the inverse of clock, or the nearest it has to a time before
// 1678 or after 2262.
func nanoseconds(t time.Time) int64 {
	switch ns := t.UnixNano(); {
	case clock(ns).Equal(t):
		return ns
	case t.Unix() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}
