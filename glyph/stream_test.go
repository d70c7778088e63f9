package glyph

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// link is an Encoder and the Decoder at its other end.
type link struct {
	e *Encoder
	d *Decoder
}

func newLink(book *Codebook, size int) link {
	return link{NewEncoder(book, size), NewDecoder(book, size)}
}

// send sends a message, as it is if that is shorter, and returns its payload.
func (l link) send(t testing.TB, msg []byte, limit int) []byte {
	payload, ok := l.e.Append(nil, msg, limit, 0)
	if !ok {
		require.Empty(t, payload)
		l.d.Observe(msg)
	} else {
		require.LessOrEqual(t, len(payload), limit)
		got, err := l.d.Decode([]byte("before"), payload, len(msg))
		require.NoError(t, err)
		require.True(t, bytes.Equal(append([]byte("before"), msg...), got))
	}
	l.requireSame(t)
	return payload
}

func (l link) observe(t testing.TB, msg []byte) {
	l.e.Observe(msg)
	l.d.Observe(msg)
	l.requireSame(t)
}

func (l link) restart() {
	l.e.Restart()
	l.d.Restart()
}

// requireSame requires both ends to know the same.
func (l link) requireSame(t testing.TB) {
	require.Equal(t, l.e.starts, l.d.starts)
	require.True(t, l.e.model.modelCounts == l.d.model.modelCounts, "counts")
	require.True(t, l.e.model.modelCodes == l.d.model.modelCodes, "codes")
	require.Equal(t, [2]int{l.e.model.seen, l.e.model.due}, [2]int{l.d.model.seen, l.d.model.due})
	require.True(t, bytes.Equal(l.e.history.append(nil), l.d.history.append(nil)), "history")
}

func TestStreamAnyLength(t *testing.T) {
	text := prose(newRand(1), MaxMessage)
	random := noise(newRand(2), MaxMessage)
	l := newLink(Builtin(), MaxHistory)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 127, 128, 4095, 4096, 4097, MinHistory, MaxMessage - 1, MaxMessage} {
		for _, msg := range [][]byte{text[:n], random[:n], make([]byte, n), text[len(text)-n:]} {
			l.send(t, msg, 2*n+8)
			l.send(t, msg, n)
		}
	}
}

func TestStreamBorders(t *testing.T) {
	r := newRand(3)
	text := prose(r, 3*MaxHistory)
	for _, c := range []struct {
		name  string
		steps func(l link)
	}{
		{"message of the size of the history, twice", func(l link) {
			for range 3 {
				l.send(t, text[:MinHistory], MinHistory)
			}
		}},
		{"longer than the history", func(l link) {
			l.send(t, text[:MinHistory+1], MinHistory+1)
			l.send(t, text[100:200], 100)
		}},
		{"history that wraps in the middle of a copy", func(l link) {
			for i := range 40 {
				l.send(t, text[i*7:i*7+999], 999)
			}
		}},
		{"copy from the very start of the history", func(l link) {
			l.observe(t, text[:MinHistory])
			l.send(t, text[:500], 500)
		}},
		{"observed beyond any history", func(l link) {
			l.send(t, text[:99], 99)
			l.observe(t, text)
			l.send(t, text[len(text)-99:], 99)
		}},
		{"lengths observed whose sum is beyond 32 bits", func(l link) {
			for range 3 {
				l.e.note(text[:9])
				l.e.starts.add(math.MaxInt32)
				l.d.Observe(text[:9])
				l.d.starts.add(math.MaxInt32)
			}
			l.e.stale = true
			l.send(t, text[:99], 99)
		}},
		{"empty messages between", func(l link) {
			l.send(t, text[:99], 99)
			l.send(t, nil, 9)
			l.send(t, nil, 0)
			l.observe(t, nil)
			require.LessOrEqual(t, len(l.send(t, text[:99], 99)), 5)
		}},
		{"refused for the limit, then the same again", func(l link) {
			for limit := range 60 {
				l.send(t, text[1000:1100], limit)
			}
		}},
		{"refused after rebuilds of the codes", func(l link) {
			l.send(t, noise(r, 9000), 8999)
			l.send(t, text[:300], 300)
		}},
		{"no limit", func(l link) { l.send(t, text[:99], math.MaxInt) }},
		{"negative limit", func(l link) { l.send(t, text[:99], math.MinInt) }},
		{"window that slides", func(l link) {
			for i := range 100 {
				l.send(t, text[i*501:][:700+i], 900)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.steps(newLink(Builtin(), MinHistory)) })
	}
}

func TestStreamRandom(t *testing.T) {
	empty, err := Train([][]byte{{1}, {2}}, TrainOptions{})
	require.NoError(t, err)
	for seed := range uint64(30) {
		r := newRand(seed)
		book := []*Codebook{Builtin(), empty}[seed%2]
		l := newLink(book, MinHistory<<r.IntN(3))
		most := []int{30, 300, 3000, l.e.MaxMessage()}[r.IntN(4)]
		for range min(400, 4_000_000/most/10) {
			msg := anyMessage(r, most)
			switch r.IntN(12) {
			case 0:
				l.observe(t, msg)
			case 1:
				l.restart()
			case 2:
				l.send(t, msg, r.IntN(len(msg)+1))
			default:
				l.send(t, msg, len(msg)-1)
			}
		}
	}
}

func TestHistorySize(t *testing.T) {
	for n, want := range map[int]int{
		math.MinInt: MinHistory, 0: MinHistory, MinHistory: MinHistory, MinHistory + 1: 2 * MinHistory,
		MaxHistory - 1: MaxHistory, MaxHistory: MaxHistory, math.MaxInt: MaxHistory,
	} {
		require.Equal(t, want, NewEncoder(Builtin(), n).MaxMessage(), n)
	}
}

func TestRestartIsAsNew(t *testing.T) {
	messages := records(newRand(4), 50)
	e := NewEncoder(Builtin(), MinHistory)
	e.Observe(prose(newRand(5), 40_000))
	for _, m := range messages {
		e.Append(nil, m, len(m), 0)
	}
	e.Restart()
	fresh := NewEncoder(Builtin(), MinHistory)
	for _, m := range messages {
		want, _ := fresh.Append(nil, m, len(m), 0)
		got, _ := e.Append(nil, m, len(m), 0)
		require.Equal(t, want, got)
	}
}

// TestWorksetsTaken: more encoders than there are worksets, by turns and at
// the same time, make what each makes alone.
func TestWorksetsTaken(t *testing.T) {
	const encoders, messages = mostWorksets + 30, 60
	sent := func(i int) [][]byte {
		r := newRand(uint64(i % 7))
		return append(records(r, messages-6), noise(r, 500), prose(r, 9000), nil, prose(r, 20_000), records(r, 1)[0], prose(r, 10))
	}
	step := func(e *Encoder, k int, msg []byte) []byte {
		switch {
		case k%11 == 10:
			e.Observe(msg)
			return nil
		case k == 40:
			e.Restart()
		}
		out, _ := e.Append(nil, msg, len(msg)-1, 0)
		return out
	}
	size := func(i int) int { return MinHistory << (i % 3) }
	want := make([][][]byte, 21)
	for i := range want {
		e := NewEncoder(Builtin(), size(i))
		for k, m := range sent(i) {
			want[i] = append(want[i], step(e, k, m))
		}
	}

	t.Run("by turns", func(t *testing.T) {
		all := make([]*Encoder, encoders)
		for i := range all {
			all[i] = NewEncoder(Builtin(), size(i))
		}
		for k := range messages {
			for i, e := range all {
				require.Equal(t, want[i%21][k], step(e, k, sent(i)[k]), "encoder %d, message %d", i, k)
			}
		}
	})
	t.Run("at the same time", func(t *testing.T) {
		var wg sync.WaitGroup
		errs := make([]error, encoders)
		for i := range encoders {
			wg.Go(func() {
				e := NewEncoder(Builtin(), size(i))
				for k, m := range sent(i) {
					if !bytes.Equal(want[i%21][k], step(e, k, m)) {
						errs[i] = fmt.Errorf("encoder %d, message %d", i, k)
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	})
	require.Less(t, len(worksets.all), mostWorksets+encoders)
}

func TestRestartKeepsWorkset(t *testing.T) {
	e := NewEncoder(Builtin(), MinHistory)
	e.Append(nil, []byte("a message"), 99, 0)
	s := e.work
	for range 2 * mostWorksets {
		e.Restart()
		e.Append(nil, []byte("a message"), 99, 0)
		require.Same(t, s, e.work)
	}
}

// TestWorksetsAreLetGo: those of encoders that are gone, released or not.
func TestWorksetsAreLetGo(t *testing.T) {
	for i := range 200 {
		e := NewEncoder(Builtin(), MinHistory)
		e.Append(nil, []byte("a message, and a message"), 100, 0)
		if i%2 == 0 {
			e.Release()
		}
	}
	live := func() (n int) {
		worksets.Lock()
		defer worksets.Unlock()
		for _, p := range worksets.all {
			if p.Value() != nil {
				n++
			}
		}
		return n
	}
	for range 10 {
		if runtime.GC(); live() == 0 {
			return
		}
	}
	require.Zero(t, live())
}
