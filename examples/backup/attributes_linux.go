package main

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags keep an open from waiting for the other end of a pipe that took a
// file's place.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// systemAttributes adds what only the system knows.
func systemAttributes(a *attributes, info fs.FileInfo) (links uint64, holes bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1, false
	}
	a.uid, a.gid = s.Uid, s.Gid
	a.ctime = s.Ctim.Nano()
	a.dev, a.ino = uint64(s.Dev), uint64(s.Ino)
	return uint64(s.Nlink), s.Blocks*512 < info.Size()
}

const (
	seekData = 3 // SEEK_DATA
	seekHole = 4 // SEEK_HOLE
)

// nextData returns the next part of f at or behind off that is not a hole, or
// size twice. Where the file system does not know, all is data.
func nextData(f *os.File, off, size int64) (start, end int64) {
	start, err := f.Seek(off, seekData)
	if pathErr, ok := err.(*fs.PathError); ok && pathErr.Err == syscall.ENXIO {
		return size, size
	}
	if err != nil || start < off {
		return off, size
	}
	if end, err = f.Seek(start, seekHole); err != nil || end <= start {
		end = size
	}
	return min(start, size), min(end, size)
}
