package strategy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
)

// Specimens are made with integers alone, from fixed seeds, so that they are
// the same on every machine.

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5163)) }

func randomBytes(n int, seed uint64) []byte {
	r := seeded(seed)
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:n]
}

// jpegLike is random but for the zero that follows each 0xFF.
func jpegLike(n int, seed uint64) []byte {
	b := randomBytes(n, seed)
	for i := 1; i < n; i++ {
		if b[i-1] == 0xFF {
			b[i] = 0
		}
	}
	return b
}

// tilted is random with the share of low values raised, by per mille.
func tilted(n int, seed uint64, perMille int) []byte {
	r, b := seeded(seed), randomBytes(n, seed+1)
	for i := range b {
		if r.IntN(1000) < perMille {
			b[i] &= 0x0F
		}
	}
	return b
}

// vocabulary holds 2000 words of one to four syllables.
var vocabulary = func() []string {
	r, words := seeded(99), make([]string, 2000)
	for i := range words {
		for range 1 + r.IntN(4) {
			words[i] += string("bcdfghklmnprstvw"[r.IntN(16)]) + string("aeiouy"[r.IntN(6)])
		}
	}
	return words
}()

func english(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for len(b) < n {
		b = append(b, vocabulary[min(r.IntN(2000), r.IntN(2000))]...)
		if r.IntN(12) == 0 {
			b = append(b, ".\n"...)
		} else {
			b = append(b, ' ')
		}
	}
	return b[:n]
}

func cyrillic(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for len(b) < n {
		for range 2 + r.IntN(8) {
			b = append(b, string(rune('а'+r.IntN(32)))...)
		}
		b = append(b, ' ')
	}
	return b[:n]
}

func utf16(ascii []byte) []byte {
	b := make([]byte, 0, 2*len(ascii))
	for _, c := range ascii {
		b = append(b, c, 0)
	}
	return b
}

func jsonRows(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for id := 1; len(b) < n; id++ {
		b = fmt.Appendf(b, `{"id":%d,"name":"%s","score":%d.%02d,"active":%t},`+"\n",
			id, vocabulary[r.IntN(len(vocabulary))], r.IntN(100), r.IntN(100), r.IntN(2) == 0)
	}
	return b[:n]
}

func logLines(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for second := 0; len(b) < n; second++ {
		b = fmt.Appendf(b, "2024-05-01 10:%02d:%02d INFO worker-%d request served in %d ms\n",
			second/60%60, second%60, r.IntN(4), r.IntN(30))
	}
	return b[:n]
}

// int32Series is a random walk, little endian.
func int32Series(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for v := int32(1 << 24); len(b) < n; v += int32(r.IntN(2001)) - 1000 {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b[:n]
}

// float32Like has the noise of measured floats: eight bits in 32 repeat.
func float32Like(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for len(b) < n {
		b = binary.BigEndian.AppendUint32(b, 0x42000000|uint32(r.IntN(1<<25)))
	}
	return b[:n]
}

// records are 24 bytes of a counter, noise, a category and padding.
func records(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for id := uint32(1); len(b) < n; id++ {
		b = binary.LittleEndian.AppendUint32(b, id)
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
		b = append(b, "AAPL\x00\x00\x00\x00"...)
		b = binary.LittleEndian.AppendUint32(b, uint32(r.IntN(100)))
	}
	return b[:n]
}

// machineCode imitates variable-length instructions over a few opcodes.
func machineCode(n int, seed uint64) []byte {
	r := seeded(seed)
	var b []byte
	for len(b) < n {
		b = append(b, [...]byte{0x48, 0x89, 0x8B, 0xE8, 0x0F, 0x83}[r.IntN(6)], byte(r.IntN(64)))
		if r.IntN(3) == 0 {
			b = binary.LittleEndian.AppendUint32(b, uint32(r.IntN(1<<14)))
		}
	}
	return b[:n]
}

// program imitates x86-64 code of functions that call each other and use the
// same variables.
func program(n int, seed uint64) []byte {
	r := seeded(seed)
	b := make([]byte, 0, n+8)
	operand := func(target int) { b = binary.LittleEndian.AppendUint32(b, uint32(target-len(b)-4)) }
	for len(b) < n {
		switch r.IntN(20) {
		case 0, 1:
			b = append(b, 0xE8)
			operand(min(r.IntN(400), r.IntN(400)) * 2500)
		case 2:
			b = append(b, 0x48, 0x8B, 0x05|byte(r.IntN(8)<<3))
			operand(n + min(r.IntN(500), r.IntN(500))*8)
		default:
			b = append(b, "\x48\x40\x49"[r.IntN(3)], "\x89\x31\x85\x01"[r.IntN(4)], byte(0xC0|r.IntN(64)))
			b = append(b, "\x50\x51\x5D\xC3"[:r.IntN(5)]...)
		}
	}
	return b[:n]
}

// unlinked is code whose calls are yet to be given their targets.
func unlinked(n int, seed uint64) []byte {
	b := program(n, seed)
	for i := range len(b) - 5 {
		if b[i] == 0xE8 {
			clear(b[i+1:][:4])
		}
	}
	return b
}

// base64Like is high in entropy but far from random bytes.
func base64Like(n int, seed uint64) []byte {
	b := randomBytes(n, seed)
	for i := range b {
		b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[b[i]&63]
	}
	return b
}

// tokens are 8-byte words out of a table of count random ones: an even
// histogram, and yet mostly repeats.
func tokens(n int, seed uint64, count int) []byte {
	r, table := seeded(seed), randomBytes(8*count, seed+1)
	var b []byte
	for len(b) < n {
		b = append(b, table[8*r.IntN(count):][:8]...)
	}
	return b[:n]
}

func repeated(pattern string, n int) []byte {
	return bytes.Repeat([]byte(pattern), n/len(pattern)+1)[:n]
}

// plant copies length bytes of p from one place to another, and returns p.
func plant(p []byte, from, to, length int) []byte {
	copy(p[to:to+length], p[from:from+length])
	return p
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

const (
	kib = 1 << 10
	mib = 1 << 20
)

// specimen is one kind of data and the class it must get.
type specimen struct {
	name  string
	data  []byte
	class Class
}

// specimens are made once, since all of them together are 50 MiB. They are
// read only.
var specimens = sync.OnceValue(func() []specimen {
	return []specimen{
		{"empty", nil, ClassUnknown},
		{"one byte", []byte{7}, ClassUnknown},
		{"15 bytes", randomBytes(15, 1), ClassUnknown},
		{"message of 20 bytes", []byte("temperature=21.5 ok\n"), ClassTextLike},
		{"message of 100 bytes", english(100, 2), ClassTextLike},
		{"random 64 bytes", randomBytes(64, 3), ClassRandomBinary},
		{"random 1000 bytes", randomBytes(1000, 4), ClassRandomBinary},
		{"random 64 KiB", randomBytes(64*kib, 5), ClassRandomBinary},
		{"random", randomBytes(mib, 6), ClassRandomBinary},
		{"jpeg-like", jpegLike(mib, 7), ClassRandomBinary},
		{"hardly tilted", tilted(mib, 8, 60), ClassRandomBinary},
		{"clearly tilted", tilted(mib, 9, 250), ClassMixedStructured},
		{"random with far repeat", plant(randomBytes(mib, 10), 1000, 900_001, 64*kib), ClassMixedStructured},
		{"random twice", join(randomBytes(512*kib, 11), randomBytes(512*kib, 11)), ClassHighlyRepetitive},
		{"random with islands of text", islands(mib, 12), ClassMixedStructured},
		{"words of 8 bytes", tokens(mib, 13, 1500), ClassMixedStructured},
		{"zeros", make([]byte, mib), ClassRLEFriendly},
		{"period 3", repeated("abc", 100*kib), ClassRLEFriendly},
		{"period 5", repeated("abcde", 100*kib), ClassRLEFriendly},
		{"period 7", repeated("abcdefg", 100*kib), ClassRLEFriendly},
		{"half zeros", join(make([]byte, 600*kib), machineCode(400*kib, 14)), ClassRLEFriendly},
		{"english", english(mib, 15), ClassTextLike},
		{"cyrillic", cyrillic(mib, 16), ClassTextLike},
		{"utf-16", utf16(english(512*kib, 17)), ClassHighlyRepetitive},
		{"base64", base64Like(mib, 18), ClassTextLike},
		{"json", jsonRows(mib, 19), ClassHighlyRepetitive},
		{"log", logLines(mib, 20), ClassHighlyRepetitive},
		{"machine code", machineCode(mib, 21), ClassMixedStructured},
		{"program", program(mib, 26), ClassMixedStructured},
		{"int32 series", int32Series(mib, 22), ClassDeltaFriendly},
		{"float32", float32Like(mib, 23), ClassDeltaFriendly},
		{"records", records(mib, 24), ClassDeltaFriendly},
		{"16 MiB", randomBytes(16*mib, 25), ClassRandomBinary},
	}
})

// islands is random with a page of text in every 64 KiB.
func islands(n int, seed uint64) []byte {
	b, text := randomBytes(n, seed), english(n, seed+1)
	for i := 50 * kib; i+4*kib <= n; i += 64 * kib {
		copy(b[i:], text[i:i+4*kib])
	}
	return b
}
