package frametest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// doubling is a strategy whose content is its payload twice.
func doubling(strategy uint8, payload []byte, rawLen int) ([]byte, error) {
	if strategy != 5 || rawLen != 2*len(payload) {
		return nil, errors.New("unknown")
	}
	return bytes.Repeat(payload, 2), nil
}

// everything is two streams with every form of record. Its end record states
// the id that it is told.
func everything(h frame.Header, id uint32) []byte {
	short := h
	short.Incompat |= frame.FlagShort
	var b Builder
	b.Header(h).Stored("one", "two").Chunk(5, []byte("ab"), []byte("abab")).
		Light(0, []byte("x"), []byte("x")).Light(5, []byte("ab"), []byte("abab")).
		Control(0x1F, nil).Name(200, "name")
	b.Index(frame.Index{Entries: b.Positions()}.Append(nil)).
		End(func(e *frame.End) { e.Header.ID = id })
	b.Header(short).Control(frame.TagMeta, []byte("meta")).Light(0, []byte("short"), []byte("short")).End()
	return b.Bytes()
}

func TestRepair(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags uint8
	}{
		{"a form without its check", 0},
		{"a check where none is", frame.FlagTransport},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := frame.Header{Incompat: c.flags, CapLog: 20, ID: 1}
			sound := everything(h, 1)
			require.Equal(t, sound, Repair(sound, doubling))

			// Another id changes every check, and links with them.
			other := h
			other.ID = 2
			damaged := bytes.Clone(sound)
			second := bytes.LastIndex(sound, other.Append(nil)[:5])
			for _, at := range []int{0, second} {
				binary.LittleEndian.PutUint32(damaged[at+8:], 2)
			}
			require.Equal(t, everything(other, 1), Repair(damaged, doubling))
		})
	}
}

func TestRepairPassesAnUndecodableChunk(t *testing.T) {
	h := frame.Header{CapLog: 20}
	odd := func(content string) []byte {
		var b Builder
		return b.Header(h).Chunk(5, []byte("odd"), []byte(content)).Stored("next").End().Bytes()
	}
	sound := odd("12345")
	require.Equal(t, sound, Repair(sound, doubling), "the check was not left alone")

	damaged := bytes.Clone(sound)
	next := bytes.Index(damaged, []byte("next"))
	damaged[next-1] ^= 1   // header check
	damaged[next+4+3] ^= 1 // content check
	require.Equal(t, sound, Repair(damaged, doubling))
}

// Repair takes any bytes: it is called on what a fuzzer makes.
func TestRepairOfAnyCut(t *testing.T) {
	sound := everything(frame.Header{CapLog: 20}, 0)
	for n := range sound {
		require.Equal(t, sound[:n], Repair(sound[:n:n], doubling), "%d bytes", n)
		for at := range n {
			damaged := bytes.Clone(sound[:n])
			damaged[at] ^= 0x10
			require.Len(t, Repair(damaged, doubling), n)
		}
	}
}
