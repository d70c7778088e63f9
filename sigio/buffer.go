package sigio

import "github.com/sigmalang/sigma/pool"

// buffers are what closed Writers and Readers leave behind. To clear and page
// in fresh memory for every stream costs 4 to 6 % of compressing one of a
// megabyte (BenchmarkVersusZstd).
var buffers pool.Pool

// minShared is the capacity in bytes from which a buffer is worth sharing.
const minShared = 64 << 10

// newBuffer returns an empty buffer with room for n bytes. It grows to what is
// needed, not to a power of two: the buffers are large and few.
func newBuffer(n int) []byte {
	if n >= minShared {
		return buffers.Get(n)[:0]
	}
	// A size class of the allocator, about.
	const page = 4 << 10
	grain := page
	if n < page {
		grain = 512
	}
	return make([]byte, 0, (n+grain-1)&^(grain-1))
}

// discard gives a buffer away. Nothing may refer to it any more.
func discard(b []byte) {
	if cap(b) >= minShared {
		buffers.Put(b)
	}
}

// idleBuffer is the most that an idle stream with a history keeps of a buffer,
// in bytes.
const idleBuffer = 4 << 10

// trimmed returns an empty buffer: b, or none if b is too long to be kept. Nothing
// may refer to its content any more.
func trimmed(b []byte) []byte {
	if cap(b) <= idleBuffer {
		return b[:0]
	}
	discard(b)
	return nil
}

// reserve returns b with room for n more bytes.
func reserve(b []byte, n int) []byte {
	if n <= cap(b)-len(b) {
		return b
	}
	return append(newBuffer(len(b)+n), b...)
}
