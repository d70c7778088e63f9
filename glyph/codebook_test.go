package glyph

import (
	"bytes"
	"math"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseIsIdentity(t *testing.T) {
	for _, n := range []int{1, 100, MaxText} {
		b, err := Train(records(newRand(1), 300), TrainOptions{TextLen: n})
		require.NoError(t, err)
		form, err := b.AppendBinary([]byte("before"))
		require.NoError(t, err)
		require.LessOrEqual(t, len(form)-6, MaxCodebook)
		back, err := Parse(form[6:])
		require.NoError(t, err)
		again, err := back.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, form[6:], again)
		require.Equal(t, b.ID(), back.ID())
		require.Equal(t, b.TextLen(), back.TextLen())
		form[7]++ // nothing of it is kept
		again, _ = back.MarshalBinary()
		require.Equal(t, b.ID(), back.ID())
		require.NotEqual(t, form[6:], again)
	}
}

func TestParseRefuses(t *testing.T) {
	b, err := Train([][]byte{{1}, {2}}, TrainOptions{})
	require.NoError(t, err)
	require.Zero(t, b.TextLen())
	form, _ := b.MarshalBinary()
	require.Len(t, form, codebookHeader+codebookLengths)
	change := func(i int, x byte) []byte {
		p := bytes.Clone(form)
		p[i] ^= x
		return p
	}

	for n := range len(form) {
		_, err := Parse(form[:n])
		require.ErrorIs(t, err, ErrCodebook, "cut to %d", n)
	}
	_, err = Parse(append(bytes.Clone(form), 0))
	require.ErrorIs(t, err, ErrCodebook, "a byte too many")
	for x := 1; x < 256; x++ {
		_, err := Parse(change(0, byte(x)))
		require.ErrorIs(t, err, ErrCodebookVersion)
		for i := 1; i < len(form); i++ {
			_, err := Parse(change(i, byte(x)))
			if err == nil {
				// Two lengths in one byte may change places.
				lo, hi := form[i]&15, form[i]>>4
				require.Equal(t, lo<<4|hi, form[i]^byte(x), "byte %d, %x", i, x)
				continue
			}
			require.ErrorIs(t, err, ErrCodebook, "byte %d, %x", i, x)
		}
	}
	for _, n := range []int{MaxText + 1, 1<<24 - 1} {
		p := append([]byte{codebookVersion, byte(n), byte(n >> 8), byte(n >> 16)}, make([]byte, n)...)
		_, err := Parse(append(p, form[codebookHeader:]...))
		require.ErrorIs(t, err, ErrCodebook, "text of %d bytes", n)
	}
}

func TestAloneAnyLength(t *testing.T) {
	text := prose(newRand(1), MaxMessage)
	copies := bytes.Repeat(Builtin().text, 5)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 255, 256, 257, 1000, MaxMessage - 1, MaxMessage} {
		for _, msg := range [][]byte{text[:n], noise(newRand(2), n), make([]byte, n), copies[:n]} {
			for _, limit := range []int{math.MaxInt, n + 9, n - 1} {
				payload, ok := Builtin().Append([]byte("before"), msg, limit, 0)
				if !ok {
					require.Equal(t, "before", string(payload))
					continue
				}
				got, err := Builtin().Decode(nil, payload[6:], n)
				require.NoError(t, err)
				require.True(t, bytes.Equal(msg, got))
			}
		}
	}
	_, ok := Builtin().Append(nil, make([]byte, MaxMessage+1), math.MaxInt, 0)
	require.False(t, ok)
	_, err := Builtin().Decode(nil, nil, MaxMessage+1)
	require.ErrorIs(t, err, ErrMalformed)
	_, err = Builtin().Decode(nil, nil, -1)
	require.ErrorIs(t, err, ErrMalformed)
}

func TestAloneAtTheSameTime(t *testing.T) {
	messages := records(newRand(1), 200)
	var want [][]byte
	for _, m := range messages {
		p, _ := Builtin().Append(nil, m, len(m), 0)
		want = append(want, p)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, m := range messages {
				p, _ := Builtin().Append(nil, m, len(m), 0)
				got, err := Builtin().Decode(nil, p, len(m))
				if err != nil || !bytes.Equal(p, want[i]) || !bytes.Equal(m, got) {
					t.Errorf("message %d", i)
				}
			}
		})
	}
	wg.Wait()
}

// TestWholeText: a text of the greatest length is reached from start to end,
// also across a history.
func TestWholeText(t *testing.T) {
	text := noise(newRand(3), MaxText)
	b, ok := newCodebook(text, Builtin().start.tokenLen[:], Builtin().start.placeLen[:])
	require.True(t, ok)
	l := newLink(b, MaxHistory)
	l.observe(t, noise(newRand(4), MaxHistory))
	for _, from := range []int{0, 1, 1000, MaxText - 100} {
		payload := l.send(t, text[from:from+100], 20)
		require.NotEmpty(t, payload)
	}
	payload, ok := b.Append(nil, text, 16, 0)
	require.True(t, ok)
	got, err := b.Decode(nil, payload, len(text))
	require.NoError(t, err)
	require.Equal(t, text, got)
}

func TestTrainOddSamples(t *testing.T) {
	r := newRand(5)
	repeat := func(p []byte, n int) (all [][]byte) {
		for range n {
			all = append(all, p)
		}
		return all
	}
	for _, c := range []struct {
		name    string
		samples [][]byte
	}{
		{"a byte each", [][]byte{{1}, {2}, {3}, {4}, {5}}},
		{"two", records(r, 2)},
		{"all the same", repeat([]byte("the same message again and again"), 500)},
		{"the same byte", repeat(make([]byte, 1000), 50)},
		{"longer than any message", repeat(prose(r, MaxMessage+1000), 3)},
		{"noise", repeat(noise(r, 5000), 2)},
		{"seven bytes, fewer than are looked at together", repeat([]byte("seven b"), 100)},
		{"eight bytes", repeat([]byte("eight by"), 100)},
		{"most are empty", append(make([][]byte, 1000), records(r, 20)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 100, MaxText} {
				b, err := Train(c.samples, TrainOptions{TextLen: n})
				require.NoError(t, err)
				require.LessOrEqual(t, b.TextLen(), max(n, defaultText))
				again, err := Train(c.samples, TrainOptions{TextLen: n})
				require.NoError(t, err)
				require.Equal(t, b.ID(), again.ID())
				for _, m := range c.samples[max(0, len(c.samples)-3):] {
					m = m[:min(len(m), MaxMessage)]
					p, ok := b.Append(nil, m, 2*len(m)+8, 0)
					if ok {
						got, err := b.Decode(nil, p, len(m))
						require.NoError(t, err)
						require.True(t, bytes.Equal(m, got))
					}
				}
			}
		})
	}
}

func TestTrainRefuses(t *testing.T) {
	for _, samples := range [][][]byte{nil, {{}, nil}, {{1}}, {{1}, {}, {}}} {
		_, err := Train(samples, TrainOptions{})
		require.ErrorIs(t, err, ErrSamples)
	}
	for _, n := range []int{-1, MaxText + 1, math.MinInt} {
		_, err := Train(records(newRand(1), 10), TrainOptions{TextLen: n})
		require.ErrorIs(t, err, ErrTextLen)
	}
}

func TestTrainHelps(t *testing.T) {
	all := records(newRand(6), 900)
	b, err := Train(all[:600], TrainOptions{})
	require.NoError(t, err)
	raw, own, builtin := 0, 0, 0
	for _, m := range all[600:] {
		p, _ := b.Append(nil, m, len(m), 0)
		q, _ := Builtin().Append(nil, m, len(m), 0)
		raw, own, builtin = raw+len(m), own+len(p), builtin+len(q)
	}
	require.Greater(t, float64(raw)/float64(own), 3.5)
	require.Greater(t, float64(builtin)/float64(own), 1.5)
}

func TestBuiltinForm(t *testing.T) {
	form, err := os.ReadFile("builtin.bin")
	require.NoError(t, err)
	b, err := Parse(form)
	require.NoError(t, err)
	require.Equal(t, b.ID(), Builtin().ID())
}
