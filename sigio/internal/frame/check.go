package frame

import "hash/crc32"

// IEEE rather than Castagnoli: on content that is not in the cache the
// standard library's IEEE, which folds with carry-less multiplication, runs
// 3 to 5 times as fast as its Castagnoli (10 to 20 GB/s against 3 to 5), and
// that pass is most of what storing costs. On records of 8 to 40 bytes it
// takes 20 ns against 8, which no codec notices. BenchmarkCRC holds the
// figures.

// RawCRC returns the CRC-32 of p.
func RawCRC(p []byte) uint32 { return crc32.ChecksumIEEE(p) }

// ContentCheck returns the check behind the payload of a positioned chunk,
// control record or index: it binds the content to the record's header, and
// through it to the stream and to the place in it (FORMAT §3.2).
func ContentCheck(headerCheck, rawCRC uint32) uint32 { return pair(headerCheck, rawCRC) }

// Chain returns the chain value behind a record with the given content check
// (FORMAT §3.3). The chain starts with the stream header's check.
func Chain(chain, check uint32) uint32 { return pair(chain, check) }

// ChainLight returns the chain value behind a light chunk. Its low 24 bits
// are the chunk's check (FORMAT §3.3).
//
// Messages copy from each other, and what damages one damages its copies in
// others. CRCs are linear: the damage could cancel itself in the chain. So what
// goes into it is not.
func ChainLight(chain uint32, header []byte, rawCRC uint32) uint32 {
	return update32(crc32.Update(update32(0, chain), crc32.IEEETable, header), stir(rawCRC))
}

// stir is one to one and anything but linear (A. Appleby, the finalizer of
// MurmurHash3).
func stir(x uint32) uint32 {
	x ^= x >> 16
	x *= 0x85EBCA6B
	x ^= x >> 13
	x *= 0xC2B2AE35
	return x ^ x>>16
}

func pair(a, b uint32) uint32 { return update32(update32(0, a), b) }

// seeded returns the check of b in the stream with the given id.
func seeded(id uint32, b []byte) uint32 { return crc32.Update(update32(0, id), crc32.IEEETable, b) }

// update32 returns the CRC sum of some bytes continued by v as a u32. It goes
// through the table by hand: package crc32 would make an array of the bytes
// escape, and an allocation costs more than the sum.
func update32(sum, v uint32) uint32 {
	v ^= ^sum
	for range 4 {
		v = crc32.IEEETable[byte(v)] ^ v>>8
	}
	return ^v
}

// updateShort returns the CRC sum of some bytes continued by those of b, of which
// there are few, by hand for the same reason.
func updateShort(sum uint32, b []byte) uint32 {
	sum = ^sum
	for _, x := range b {
		sum = crc32.IEEETable[byte(sum)^x] ^ sum>>8
	}
	return ^sum
}

// RunningCRC is RawCRC of bytes that come in parts. The zero value is ready.
type RunningCRC struct{ sum uint32 }

// Write adds p.
func (c *RunningCRC) Write(p []byte) { c.sum = crc32.Update(c.sum, crc32.IEEETable, p) }

// Sum returns the CRC of all that was written.
func (c *RunningCRC) Sum() uint32 { return c.sum }
