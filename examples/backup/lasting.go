package main

import (
	"archive/tar"
	"fmt"
	"hash/crc32"
	"time"
)

// partDone writes a catalogue of what was stored since the last one, if that
// is enough, and has the disk work on it. The more there is, the more the next
// one can wait: to open an archive takes a look at each.
func (r *recorder) partDone() error {
	if r.at-r.footed >= max(r.p.sizes.part, (r.footed-r.start)/4) {
		if err := r.catalogue(false); err != nil {
			return err
		}
	}
	if r.at-r.written < r.p.sizes.part {
		return nil
	}
	r.written = r.at
	return r.writeBack()
}

// writeBack has the disk work on what there is while the next part is encoded.
// It returns what its last call came to: a system may tell only once that
// something could not be written.
func (r *recorder) writeBack() error {
	select {
	case err := <-r.syncing:
		r.syncing = nil
		if err != nil {
			return err
		}
	default:
	}
	if r.syncing == nil {
		f, done := r.file, make(chan error, 1)
		r.syncing = done
		go func() { done <- f.Sync() }()
	}
	return nil
}

// sync brings all that was written to the disk.
func (r *recorder) sync() error {
	if r.syncing != nil {
		if err := <-r.syncing; err != nil {
			return err
		}
	}
	return r.file.Sync()
}

// catalogue writes a catalogue of what was stored since the last one.
func (r *recorder) catalogue(final bool) error {
	text := lines(r.entries)
	// What a reader would refuse must not be written.
	if r.room -= int64(len(text)) + block + entrySize*int64(len(r.entries)); r.room < 0 {
		return fmt.Errorf("too many entries: the catalogues of one archive may take %d MiB of memory; make a fresh one, or several", r.p.sizes.room>>20)
	}
	f := footer{
		archive: r.archive, final: final, run: r.run, start: r.footed, time: r.time,
		length: int64(len(text)), sum: crc32.Checksum(text, castagnoli),
	}
	text = append(text, make([]byte, padded(f.length)-f.length)...)
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: fmt.Sprintf("%s/run-%06d-%d", ownDir, r.run, r.at),
		Mode: 0o600, Size: int64(len(text)) + block, ModTime: time.Unix(clock(r.time).Unix(), 0),
	}
	if err := r.tar.Flush(); err != nil {
		return err
	}
	if err := r.tar.WriteHeader(h); err != nil {
		return err
	}
	f.lines = r.at
	if _, err := r.tar.Write(f.appendBlock(text)); err != nil {
		return err
	}
	r.listed += len(r.entries)
	r.footed, r.entries = r.at, r.entries[:0]
	return nil
}
