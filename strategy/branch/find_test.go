package branch

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbers is a table of four-byte numbers whose top bytes are those of calls.
func numbers(n int) []byte {
	p := make([]byte, 0, n+4)
	for i := uint32(0); len(p) < n; i++ {
		p = binary.LittleEndian.AppendUint32(p, 0x94000000+i*i)
	}
	return p[:n]
}

// unlinked has the calls of p without targets.
func unlinked(p []byte) []byte {
	for i := range len(p) - displacementLen {
		if p[i] == 0xE8 {
			clear(p[i+1:][:displacementLen])
		}
	}
	return p
}

func TestFind(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name string // the defect
		p    []byte
		want Filter // 0: none
	}{
		{"nothing is code", nil, 0},
		{"seven bytes are code", codeX86(7, false), 0},
		{"noise is code", noise(mib), 0},
		{"bytes of opcodes are code", crowded(mib, 1), 0},
		{"zeros are code", make([]byte, mib), 0},
		{"equal calls are code", bytes.Repeat([]byte("\xE8\x10\x00\x00\x00\x89\xC3"), mib/7), 0},
		{"an object file is code", unlinked(codeX86(mib, false)), 0},
		{"numbers are ARM64", numbers(mib), 0},
		{"x86 is not seen", codeX86(mib, false), X86},
		{"RIP is not seen", codeX86(mib, true), X8664},
		{"short code is not seen", codeX86(30_000, true), X8664},
		{"code between noise is not seen", append(append(noise(300_000), codeX86(mib/2, false)...), noise(200_000)...), X86},
		{"ARM64 is not seen", codeARM64(mib, 0), ARM64},
		{"phase 1 is not seen", codeARM64(mib, 1), ARM64 + 1},
		{"phase 2 is not seen", codeARM64(mib+2, 2), ARM64 + 2},
		{"phase 3 is not seen", codeARM64(mib-1, 3), ARM64 + 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, ok := Find(tt.p, nil)
			require.Equal(t, tt.want != 0, ok, "%+v", found)
			require.Equal(t, tt.want, found.Filter*filterIf(ok))
			require.Equal(t, ok, found.Saved > 0)
			var count [256]uint32
			for _, b := range tt.p {
				count[b]++
			}
			counted, okCounted := Find(tt.p, &count)
			require.Equal(t, ok, okCounted, "counts hide it")
			if ok {
				require.Equal(t, found, counted)
			}
			require.Zero(t, testing.AllocsPerRun(3, func() { Find(tt.p, nil) }), "allocates")
		})
	}
}

func filterIf(ok bool) Filter {
	if ok {
		return 1
	}
	return 0
}

func BenchmarkFind(b *testing.B) {
	for _, bb := range []struct {
		name string
		p    []byte
	}{
		{"x86-64", codeX86(1<<20, true)}, {"arm64", codeARM64(1<<20, 0)},
		{"noise", noise(1 << 20)}, {"numbers", numbers(1 << 20)}, {"zeros", make([]byte, 1<<20)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				Find(bb.p, nil)
			}
		})
	}
}
