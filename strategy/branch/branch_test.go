package branch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func filters() (all []Filter) {
	for f := range 256 {
		if Filter(f).Valid() {
			all = append(all, Filter(f))
		}
	}
	return all
}

// codeX86 imitates a program of functions that call each other and, with wide,
// use the same variables.
func codeX86(n int, wide bool) []byte {
	r := rand.New(rand.NewPCG(1, 86))
	p := make([]byte, 0, n+16)
	operand := func(target int) { p = binary.LittleEndian.AppendUint32(p, uint32(target-len(p)-4)) }
	for len(p) < n {
		switch {
		case r.IntN(8) == 0:
			p = append(p, 0xE8)
			operand(r.IntN(300) * 1600)
		case wide && r.IntN(10) == 0:
			p = append(p, 0x48, 0x8B, 0x05|byte(r.IntN(8)<<3))
			operand(n + r.IntN(200)*64)
		default:
			p = append(p, []string{"\x48\x89\xC3", "\x85\xC0", "\x31\xC0", "\x5D\xC3", "\x0F\xB6\xC0", "\x83\xC1\x01"}[r.IntN(6)]...)
		}
	}
	return p[:n]
}

// codeARM64 does so for instructions that begin at phase.
func codeARM64(n, phase int) []byte {
	r := rand.New(rand.NewPCG(1, 64))
	p := make([]byte, phase, n+8)
	for i := 0; len(p) < n; i++ {
		w := []uint32{0xAA0003E1, 0xF9400260, 0xD10083FF, 0x52800020, 0xEB01001F}[r.IntN(5)]
		switch r.IntN(24) {
		case 0, 1:
			w = isBL | uint32(r.IntN(300)*1600/wordLen-i)&(1<<26-1)
		case 2:
			pages := uint32(1000 + r.IntN(20) - len(p)>>12)
			w = isADRP | pages&3<<29 | pages&0x1FFFFC<<3
		}
		p = binary.LittleEndian.AppendUint32(p, w)
	}
	return p[:n]
}

// crowded is made of the bytes that places and instructions are made of, so
// that they overlap in all ways.
func crowded(n int, seed uint64) []byte {
	const bytes = "\xE8\xE9\x05\x3D\x8B\x8D\x00\x00\xFF\x94\x97\x90\xF0\xB0\x01"
	r := rand.New(rand.NewPCG(seed, 5))
	p := make([]byte, n)
	for i := range p {
		if p[i] = byte(r.Uint32()); r.IntN(10) > 0 {
			p[i] = bytes[r.IntN(len(bytes))]
		}
	}
	return p
}

func requireUndone(t *testing.T, f Filter, src []byte) {
	t.Helper()
	p := bytes.Clone(src)
	f.Apply(p)
	f.Undo(p)
	require.Equal(t, src, p, "filter %d: Undo does not undo", f)
	f.Undo(p)
	f.Apply(p)
	require.Equal(t, src, p, "filter %d: Apply does not redo", f)
}

func TestUndoIsExact(t *testing.T) {
	for _, f := range filters() {
		for n := range 400 {
			requireUndone(t, f, crowded(n%80, uint64(n)))
		}
		for _, p := range [][]byte{codeX86(30_000, true), codeARM64(30_001, 3), crowded(30_000, 7)} {
			requireUndone(t, f, p)
		}
	}
}

// undoPlain is FORMAT.md §9.5.1 to the letter.
func undoPlain(b []byte, wide bool) {
	const opcodes = "\x10\x11\x28\x39\x3B\x6F\x7F\x80\x83\x89\x8B\x8D\xB6\xC7"
	for k := range max(len(b)-4, 0) {
		jump := b[k] == 0xE8 || b[k] == 0xE9
		operand := wide && k > 0 && b[k]&0xC7 == 0x05 && bytes.IndexByte([]byte(opcodes), b[k-1]) >= 0
		if (b[k+4] != 0x00 && b[k+4] != 0xFF) || !jump && !operand {
			continue
		}
		d := (binary.LittleEndian.Uint32(b[k+1:]) - uint32(k)) & (1<<25 - 1)
		if d&(1<<24) != 0 {
			d |= 0xFE << 24
		}
		binary.LittleEndian.PutUint32(b[k+1:], d)
	}
}

func TestBlocksMakeNoDifference(t *testing.T) {
	for n := range 2000 {
		src := crowded(n%400, uint64(n))
		for _, wide := range []bool{false, true} {
			plain, got := bytes.Clone(src), bytes.Clone(src)
			undoPlain(plain, wide)
			undoX86(got, wide)
			require.Equal(t, plain, got)
			applyX86(got, wide)
			require.Equal(t, src, got)
		}
	}
}

// TestFilters holds the filters to what FORMAT.md §9.5 says.
func TestFilters(t *testing.T) {
	for _, tt := range []struct {
		name      string // the defect
		filter    Filter
		from, to  string
		unchanged bool
	}{
		{name: "a call is left", filter: X86, from: "\x90\x90\xE8\x10\x00\x00\x00", to: "\x90\x90\xE8\x12\x00\x00\x00"},
		{name: "a jump is left", filter: X86, from: "\x90\xE9\xFE\xFF\xFF\xFF", to: "\x90\xE9\xFF\xFF\xFF\xFF"},
		{name: "no carry to the top byte", filter: X86, from: "\x90\xE9\xFF\xFF\xFF\xFF", to: "\x90\xE9\x00\x00\x00\x00"},
		{name: "bit 24 is not repeated", filter: X86, from: "\x90\xE8\xFF\xFF\xFF\x00", to: "\x90\xE8\x00\x00\x00\xFF"},
		{name: "a far call is changed", filter: X86, from: "\x90\xE8\x00\x00\x00\x01", unchanged: true},
		{name: "a call that is cut off is changed", filter: X86, from: "\x90\xE8\x00\x00\x00", unchanged: true},
		{name: "data of 32-bit code are changed", filter: X86, from: "\x48\x8B\x05\x00\x00\x00\x00", unchanged: true},
		{name: "data of 64-bit code are left", filter: X8664, from: "\x48\x8B\x05\x00\x00\x00\x00", to: "\x48\x8B\x05\x02\x00\x00\x00"},
		{name: "another register is left", filter: X8664, from: "\x8D\x3D\x00\x00\x00\x00", to: "\x8D\x3D\x01\x00\x00\x00"},
		{name: "another form of operand is changed", filter: X8664, from: "\x48\x8B\x85\x00\x00\x00\x00", unchanged: true},
		{name: "behind an opcode not listed it is changed", filter: X8664, from: "\x48\x90\x05\x00\x00\x00\x00", unchanged: true},
		{name: "at the start it is changed", filter: X8664, from: "\x05\x00\x00\x00\x00", unchanged: true},
		{
			name: "places that overlap begin with the first", filter: X86,
			from: "\x90\x90\xE8\x00\xE8\x00\x00\x00\x00", to: "\x90\x90\xE8\x02\xE8\x04\x00\x00\x00",
		},
		{name: "BL is left", filter: ARM64, from: "\x1F\x20\x03\xD5\xFF\xFF\xFF\x97", to: "\x1F\x20\x03\xD5\x00\x00\x00\x94"},
		{name: "BL at an odd offset is changed", filter: ARM64, from: "\x00\x00\x00\x00\x00\x01\x00\x00\x94", unchanged: true},
		{name: "BL at its phase is left", filter: ARM64 + 1, from: "\x00\x00\x00\x00\x00\x01\x00\x00\x94", to: "\x00\x00\x00\x00\x00\x02\x00\x00\x94"},
		{name: "a far BL is changed", filter: ARM64, from: "\x00\x00\x00\x00\x00\x00\x00\x95", unchanged: true},
		{name: "B is changed", filter: ARM64, from: "\x00\x00\x00\x00\x00\x00\x00\x14", unchanged: true},
		{name: "an unfinished word is changed", filter: ARM64, from: "\x00\x00\x00\x00\x01\x00\x94", unchanged: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.unchanged {
				tt.to = tt.from
			}
			p := []byte(tt.from)
			tt.filter.Apply(p)
			require.Equal(t, fmt.Sprintf("%x", tt.to), fmt.Sprintf("%x", p))
			tt.filter.Undo(p)
			require.Equal(t, tt.from, string(p))
		})
	}
}

// TestADRP: the pages of an ADRP are counted from the start of the chunk.
func TestADRP(t *testing.T) {
	for _, tt := range []struct {
		name     string // the defect
		from, to uint32
	}{
		{"the page is not added", 0x90000001, 0xF0000001},               // 0: 3
		{"bits 2 and up are lost", 0xB0000001, 0x90000021},              // 1: 4
		{"it is not taken modulo 2^18", 0xF00FFFE1, 0xD0F00001},         // 2^17-1: 2-2^17
		{"a far page is changed", 0x90100001, 0x90100001},               // 2^17
		{"a far page below is changed", 0xF0EFFFE1, 0xF0EFFFE1},         // -2^17-1
		{"ADR is changed", 0x10000001, 0x10000001},                      //
		{"the register is changed", 0x9000001F, 0xF000001F},             //
		{"a negative one stays negative", 0xF0FFFFE1, 0xD0000001},       // -1: 2
		{"the lowest one is taken for far", 0x90F00001, 0xF0F00001},     // -2^17: 3-2^17
		{"the top bits differ from each other", 0x90800001, 0x90800001}, //
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := make([]byte, 3<<12+wordLen)
			at := p[3<<12:]
			binary.LittleEndian.PutUint32(at, tt.from)
			ARM64.Apply(p)
			require.Equal(t, fmt.Sprintf("%x", tt.to), fmt.Sprintf("%x", binary.LittleEndian.Uint32(at)))
			ARM64.Undo(p)
			require.Equal(t, tt.from, binary.LittleEndian.Uint32(at))
		})
	}
}

func TestInvalidFiltersDoNothing(t *testing.T) {
	src := crowded(1000, 1)
	for f := range 256 {
		if f := Filter(f); !f.Valid() {
			p := bytes.Clone(src)
			f.Apply(p)
			require.Equal(t, src, p)
			f.Undo(p)
			require.Equal(t, src, p)
		}
	}
	require.Equal(t, []Filter{1, 2, 4, 5, 6, 7}, filters(), "numbers on the wire")
}

func BenchmarkFilters(b *testing.B) {
	for _, bb := range []struct {
		name   string
		filter Filter
		code   []byte
	}{
		{"x86", X86, codeX86(1<<20, false)},
		{"x86-64", X8664, codeX86(1<<20, true)},
		{"arm64", ARM64, codeARM64(1<<20, 0)},
		{"x86-64 on noise", X8664, noise(1 << 20)},
	} {
		for name, turn := range map[string]func(Filter, []byte){"apply": Filter.Apply, "undo": Filter.Undo} {
			b.Run(bb.name+"/"+name, func(b *testing.B) {
				from := bytes.Clone(bb.code)
				if name == "undo" {
					bb.filter.Apply(from)
				}
				p := make([]byte, len(from))
				b.SetBytes(int64(len(p)))
				for b.Loop() {
					copy(p, from)
					turn(bb.filter, p)
				}
			})
		}
	}
}

func noise(n int) []byte {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(p)
	return p
}

// TestModRMIsNoOpcode: undoing and applying rely on it for the first byte.
func TestModRMIsNoOpcode(t *testing.T) {
	for b, listed := range relative {
		require.False(t, listed != 0 && b&0xC7 == 0x05, "%02x", b)
	}
}
