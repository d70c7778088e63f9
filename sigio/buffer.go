package sigio

import (
	shared "github.com/sigmalang/sigma/internal/buffers"
	"github.com/sigmalang/sigma/pool"
)

// buffers is where a Writer or Reader gets its buffers from and where it leaves
// them behind: a pool or, as the zero value, the one that all share. To clear and
// page in fresh memory for every stream costs 4 to 6 % of compressing one of a
// megabyte (BenchmarkVersusZstd).
type buffers struct{ own *pool.Pool }

func (s buffers) pool() *pool.Pool {
	if s.own == nil {
		return &shared.Shared
	}
	return s.own
}

// get returns an empty buffer with room for n bytes. It has room for what is
// needed, not for a power of two: the buffers are large and few.
func (s buffers) get(n int) []byte { return s.pool().Get(max(n, leastRoom))[:0] }

// leastRoom is what the pool keeps buffers for at least, in bytes.
const leastRoom = 512

// discard gives a buffer away. Nothing may refer to it any more.
func (s buffers) discard(b []byte) { s.pool().Put(b) }

// idleRoom is what a buffer of a stream may hold while there is nothing in it: as
// much as short messages need, in bytes. Those with a history have many of them,
// and long ones are few.
func idleRoom(history int) int {
	if history > 0 {
		return 4 << 10
	}
	return 32 << 10
}

// rest empties b, and discards it if that is more than room. Nothing may refer
// to its content any more.
func (s buffers) rest(b []byte, room int) []byte {
	if cap(b) <= room {
		return b[:0]
	}
	s.discard(b)
	return nil
}

// reserve returns b with room for n more bytes, or a copy of it that has it.
func (s buffers) reserve(b []byte, n int) []byte {
	if n <= cap(b)-len(b) {
		return b
	}
	return append(s.get(len(b)+n), b...)
}

// replaced discards old unless it is the buffer that now is in its place. Both
// begin where their buffers do.
func (s buffers) replaced(old, now []byte) {
	if cap(old) > 0 && (cap(now) == 0 || &old[:1][0] != &now[:1][0]) {
		s.discard(old)
	}
}

// fit returns an empty buffer with room for n bytes: b's, or else another.
func (s buffers) fit(b []byte, n int) []byte {
	if n <= cap(b) {
		return b[:0]
	}
	s.discard(b)
	return s.get(n)
}
