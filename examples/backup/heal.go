package main

import (
	"archive/tar"
	"strconv"
	"strings"
)

// heal completes the member at which a run was killed, so that the content is
// a tar archive again: with zeros, and with an empty member, to which belongs
// what headers there may be without their member.
func (r *recorder) heal(a *archive) error {
	missing, err := a.missing()
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for missing > 0 {
		n, err := r.Write(zeros[:min(missing, int64(len(zeros)))])
		if err != nil {
			return err
		}
		missing -= int64(n)
	}
	return r.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: ownDir + "/torn", Mode: 0o600})
}

// maxHeal is as many zeros as heal writes: a file of that size may be lost.
const maxHeal = 1 << 42

// missing returns how many bytes the last member lacks. It walks the headers
// behind the last catalogue.
func (a *archive) missing() (int64, error) {
	size := a.content.Size()
	b := make([]byte, block)
	long := int64(-1) // a length that did not fit the header
	for at := a.end; at < size; {
		if size-at < block {
			return 0, badCatalogue("it is torn within a block; make a fresh one")
		}
		if err := readFull(a.content, b, at); err != nil {
			return 0, err
		}
		n, ok := memberLen(b)
		if !ok {
			return 0, badCatalogue("it has no tar header at %d; make a fresh one", at)
		}
		at += block
		extended := b[156] == tar.TypeXHeader
		if !extended && long >= 0 {
			n, long = long, -1
		}
		if n > maxHeal {
			return 0, badCatalogue("a torn file is too large to go on behind it; make a fresh one")
		}
		if padded(n) > size-at {
			return padded(n) - (size - at), nil
		}
		if extended && n <= maxLine {
			records := make([]byte, n)
			if err := readFull(a.content, records, at); err != nil {
				return 0, err
			}
			long = extendedSize(string(records))
		}
		at += padded(n)
	}
	return 0, nil
}

// memberLen returns the length that a tar header states.
func memberLen(b []byte) (n int64, ok bool) {
	if !validHeader(b) {
		return 0, false
	}
	switch b[156] {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeDir:
		return 0, true
	}
	n, err := strconv.ParseInt(strings.Trim(string(b[124:136]), " \x00"), 8, 64)
	return n, err == nil && n >= 0
}

// extendedSize returns the size that the records of an extended header (POSIX
// pax) give, or -1.
func extendedSize(records string) int64 {
	for len(records) > 0 {
		word, _, _ := strings.Cut(records, " ")
		n, err := strconv.Atoi(word)
		if err != nil || n <= len(word) || n > len(records) {
			return -1
		}
		if value, ok := strings.CutPrefix(records[len(word)+1:n], "size="); ok {
			if size, err := strconv.ParseInt(strings.TrimSuffix(value, "\n"), 10, 64); err == nil {
				return size
			}
		}
		records = records[n:]
	}
	return -1
}

// validHeader reports whether b is a block with the magic and the checksum of
// a tar header (POSIX ustar).
func validHeader(b []byte) bool {
	if len(b) < block || string(b[257:262]) != "ustar" {
		return false
	}
	want, err := strconv.ParseInt(strings.Trim(string(b[148:156]), " \x00"), 8, 64)
	sum := int64(8 * ' ') // the checksum's own field counts as spaces
	for i, c := range b[:block] {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	return err == nil && sum == want
}
