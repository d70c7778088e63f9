package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// kind is a kind of content.
type kind int

const (
	mixed kind = iota // all others in turn, in short pieces
	text
	numbers
	records
	code
	noise
	zeros
	kindCount
)

var kindNames = [kindCount]string{"mixed", "text", "numbers", "records", "code", "noise", "zeros"}

func (k kind) String() string { return kindNames[k] }

func parseKind(s string) (kind, error) {
	i := slices.Index(kindNames[:], s)
	if i < 0 {
		return 0, fmt.Errorf("there is no content %q", s)
	}
	return kind(i), nil
}

// generator makes content of any length and takes next to no memory.
type generator struct {
	left  int64 // bytes to come
	kind  kind
	rng   *rand.Rand
	piece kind // what is being made
	more  int  // bytes of the piece
	count uint32
	value uint32
	made  []byte // what waits in buf
	buf   [4 << 10]byte
}

func newGenerator(k kind, seed uint64, n int64) *generator {
	return &generator{left: n, kind: k, piece: k, rng: rand.New(rand.NewPCG(seed, 0x519))}
}

// pieceLen is the length of a piece of mixed content, in bytes: a chunk holds
// some of them.
const pieceLen = 300 << 10

func (g *generator) Read(p []byte) (n int, err error) {
	if g.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), g.left)]
	for n < len(p) {
		if len(g.made) == 0 {
			g.make()
		}
		k := copy(p[n:], g.made)
		n, g.made = n+k, g.made[k:]
	}
	g.left -= int64(n)
	return n, nil
}

// make fills buf.
func (g *generator) make() {
	if g.kind == mixed && g.more <= 0 {
		g.piece = g.piece%(kindCount-1) + 1
		g.more = pieceLen
	}
	const longest = 64 // that one step makes
	b := g.buf[:0]
	for len(b) < len(g.buf)-longest {
		b = g.step(b)
	}
	g.more -= len(b)
	g.made = b
}

// step appends some bytes of the piece.
func (g *generator) step(b []byte) []byte {
	r := g.rng.Uint64()
	switch g.piece {
	case text:
		word := r % 2000 * (r >> 32 % 2000) / 2000 // the first are the most frequent
		for x := (word + 77) * 2654435761; x > 7; x /= 97 {
			b = append(b, "bcdfghklmnprstvw"[x%16], "aeiouy"[x/16%6])
		}
		return append(b, " \n"[r>>60/15])
	case numbers:
		g.value += uint32(r%2001) - 1000
		return binary.LittleEndian.AppendUint32(b, 1<<24+g.value)
	case records:
		g.count++
		b = binary.LittleEndian.AppendUint32(b, g.count)
		b = binary.LittleEndian.AppendUint64(b, r)
		b = append(b, "AAPL\x00\x00\x00\x00"...)
		return binary.LittleEndian.AppendUint32(b, uint32(r>>8%100))
	case code:
		return g.instruction(b, r)
	case noise:
		return binary.LittleEndian.AppendUint64(b, r)
	}
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0)
}

// instruction appends something like x86-64: a call, a variable, or a move.
func (g *generator) instruction(b []byte, r uint64) []byte {
	operand := func(b []byte, target int) []byte {
		here := pieceLen - g.more + len(b)
		return binary.LittleEndian.AppendUint32(b, uint32(target-here-4))
	}
	switch r % 20 {
	case 0, 1:
		return operand(append(b, 0xE8), int(min(r>>8%400, r>>24%400))*2500)
	case 2:
		return operand(append(b, 0x48, 0x8B, 0x05|byte(r>>8%8<<3)), 4<<20+int(min(r>>16%500, r>>32%500))*8)
	}
	b = append(b, "\x48\x40\x49"[r>>8%3], "\x89\x31\x85\x01"[r>>16%4], byte(0xC0|r>>24%64))
	return append(b, "\x50\x51\x5D\xC3"[:r>>32%5]...)
}
