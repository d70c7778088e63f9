package strategy

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// walk is a random walk of little-endian numbers, a table to anyone who looks.
func walk(n, step int, seed uint64) []byte {
	r := seeded(seed)
	b := make([]byte, 0, n)
	for x := uint32(1 << 30); len(b) < n; {
		x += uint32(r.IntN(2*step+1)) - uint32(step)
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

// TestDeltaIsHeldAgainstZstd: where zstd makes far less of a chunk than a search
// for tables could see, the choice must leave it to a comparison of both.
func TestDeltaIsHeldAgainstZstd(t *testing.T) {
	for _, c := range []struct {
		name  string // the defect
		chunk []byte
	}{
		{"a table that repeats far apart", repeated(string(walk(32*kib, 1<<10, 1)), mib)},
		{"a table that repeats as a whole", repeated(string(walk(300*kib, 1<<12, 2)), mib)},
		{"records drawn from a pool", drawn(mib, 24, 4000)},
		{"short records drawn from a large pool", drawn(mib, 12, 16000)},
		{"steady numbers that repeat far apart", repeated(string(walk(40*kib+2, 3, 11)), mib)},
		{"steady numbers that repeat as a whole", repeated(string(walk(400*kib+2, 3, 12)), mib)},
		{"numbers in runs that repeat", repeated(string(steps(200*kib+6)), mib)},
		{"few numbers, all of them twice", repeated(string(prices(300*kib)), mib)},
		{"noise behind the table that repeats", join(walk(128*kib, 1<<21, 3), repeated(string(randomBytes(32*kib, 4)), 900*kib))},
		{"text behind the table", join(walk(128*kib, 1<<21, 5), english(900*kib, 6))},
		{"words with the high bit set", join(walk(128*kib, 1<<23, 7), highWords(900*kib))},
	} {
		for _, level := range []Level{LevelDefault, LevelBest} {
			t.Run(c.name+", "+level.String(), func(t *testing.T) {
				byZstd, err := zstdFrame{}.Encode(nil, c.chunk, Params{Level: level, Limit: 2 * len(c.chunk)})
				require.NoError(t, err)
				choice := choose(c.chunk, level, Default())
				if choice.ID != Delta {
					return
				}
				out, err := deltaTables{}.Encode(nil, c.chunk, Params{Level: level, Limit: 2 * len(c.chunk), Plan: choice.Plan})
				require.NoError(t, err)
				if len(out) <= choice.Expected {
					require.LessOrEqual(t, len(out)*1000, len(byZstd)*1005, "expected %d", choice.Expected)
				}
			})
		}
	}
}

// drawn is records of small numbers, drawn at random from a pool.
func drawn(n, stride, pool int) []byte {
	r := seeded(9)
	records := make([][]byte, pool)
	for i := range records {
		for range stride / 4 {
			records[i] = binary.LittleEndian.AppendUint32(records[i], uint32(r.IntN(1<<20)))
		}
	}
	b := make([]byte, 0, n)
	for len(b) < n {
		b = append(b, records[r.IntN(pool)]...)
	}
	return b
}

// prices is a slow walk of float64 with two digits.
func prices(n int) []byte {
	r, cents := seeded(10), 10_000
	b := make([]byte, 0, n)
	for len(b) < n {
		cents += r.IntN(17) - 8
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(cents)/100))
	}
	return b
}

// steps is numbers that stay for a while.
func steps(n int) []byte {
	r := seeded(13)
	b := make([]byte, 0, n)
	for x := uint32(1 << 20); len(b) < n; x += uint32(r.IntN(201)) - 100 {
		for range 1 + r.IntN(20) {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
	}
	return b
}

func highWords(n int) []byte {
	b := english(n, 8)
	for i := range b {
		b[i] |= 0x80
	}
	return b
}
