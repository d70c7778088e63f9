package glyph

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own allocations are counted, and pools drop values")
	}
	messages := append(records(newRand(1), 300), noise(newRand(2), 900), prose(newRand(3), 9000))
	e, d := NewEncoder(Builtin(), MinHistory), NewDecoder(Builtin(), MinHistory)
	payload, out := make([]byte, 0, 1<<17), make([]byte, 0, 1<<17)
	var streamed, alone [][]byte
	for _, m := range messages {
		p, _ := e.Append(nil, m, 2*len(m), 0)
		streamed = append(streamed, p)
		p, _ = Builtin().Append(nil, m, 2*len(m), 0)
		alone = append(alone, p)
	}
	d.Observe(prose(newRand(4), MinHistory)) // the history has its size
	d.Restart()
	for _, c := range []struct {
		name string
		all  func()
	}{
		{"Encoder.Append", func() {
			e.Restart()
			for _, m := range messages {
				e.Append(payload, m, len(m)-1, 0)
			}
		}},
		{"Encoder.Observe", func() {
			for _, m := range messages {
				e.Observe(m)
			}
		}},
		{"Decoder.Decode", func() {
			d.Restart()
			for i, m := range messages {
				d.Decode(out, streamed[i], len(m))
			}
		}},
		{"Codebook.Append", func() {
			for _, m := range messages {
				Builtin().Append(payload, m, len(m)-1, 0)
			}
		}},
		{"Codebook.Decode", func() {
			for i, m := range messages {
				Builtin().Decode(out, alone[i], len(m))
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// A window may be lost to a garbage collection now and then.
			require.Less(t, testing.AllocsPerRun(20, c.all), 5.0)
		})
	}
}

// TestIdleMemory: what a connection holds between messages beside its history.
func TestIdleMemory(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(Encoder{}), uintptr(6<<10))
	require.LessOrEqual(t, unsafe.Sizeof(Decoder{}), uintptr(6<<10))
	e := NewEncoder(Builtin(), MaxHistory)
	require.Zero(t, len(e.history.buf))
	e.Observe([]byte("a message"))
	require.LessOrEqual(t, cap(e.history.buf), 4<<10)
	for range 3 {
		e.Observe(make([]byte, 2*MaxHistory))
	}
	require.Equal(t, MaxHistory, cap(e.history.buf))
}
