package strategy

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"testing"

	"github.com/sigmalang/sigma/strategy/delta"
	"github.com/stretchr/testify/require"
)

// int32Table is a slow walk of numbers.
func int32Table(n int) (b []byte) {
	r, x := seeded(77), uint32(1<<20)
	for range n / 4 {
		x += uint32(r.IntN(401)) - 200
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

var int32Plan = delta.Plan{Stride: 4, Fields: []delta.Field{{Width: 4, X: 1, Code: delta.CodeBuckets}}}

// tableChunks are chunks with tables and without.
func tableChunks() map[string][]byte {
	return map[string][]byte{
		"a table":              int32Table(200_000),
		"text before a table":  append(prose(70_001), int32Table(200_000)...),
		"text behind a table":  append(int32Table(200_000), prose(70_001)...),
		"no table":             prose(100_000),
		"noise":                noise(70_000),
		"less than any search": int32Table(800),
		"one byte":             {7},
	}
}

func TestDeltaTakesAnyPlan(t *testing.T) {
	src := int32Table(100_000)
	without, err := deltaTables{}.Encode(nil, src, Params{Limit: unlimited})
	require.NoError(t, err)
	require.Less(t, len(without), len(src)/2, "finds no table without a plan")
	for _, c := range []struct {
		name string
		plan any
		same bool
	}{
		{"no plan", nil, true},
		{"another strategy's plan", "plan", true},
		{"empty start", []delta.Start{{}}, true},
		{"a plan", []delta.Start{{Plan: int32Plan.Clone()}}, false},
		{"a plan from the middle on", []delta.Start{{At: 40_000, Plan: int32Plan.Clone()}}, false},
		{"a start at the end", []delta.Start{{At: len(src), Plan: int32Plan.Clone()}}, false},
		{"a start beyond the end", []delta.Start{{At: len(src) + 1, Plan: int32Plan.Clone()}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload, err := deltaTables{}.Encode([]byte("prefix"), src, Params{Limit: unlimited, Plan: c.plan})
			require.NoError(t, err)
			require.Equal(t, "prefix", string(payload[:6]))
			if c.same {
				require.Equal(t, without, payload[6:])
			}
			got, err := decodeGuarded(t, deltaTables{}, payload[6:], len(src))
			require.NoError(t, err)
			require.True(t, bytes.Equal(src, got))
		})
	}
}

func TestDeltaRoundTrip(t *testing.T) {
	for name, src := range tableChunks() {
		for level := LevelFastest; level.Valid(); level++ {
			before := bytes.Clone(src)
			payload, err := deltaTables{}.Encode(nil, src, Params{Level: level, Limit: unlimited})
			require.NoError(t, err, name)
			require.True(t, bytes.Equal(before, src), "%s: spoils src", name)
			got, err := decodeGuarded(t, deltaTables{}, payload, len(src))
			require.NoError(t, err, name)
			require.True(t, bytes.Equal(src, got), "%s comes back changed", name)
			short, err := deltaTables{}.Decode([]byte("prefix"), payload, len(src))
			require.NoError(t, err, name)
			require.Equal(t, "prefix"+string(src), string(short), "%s, into a dst without room", name)
		}
	}
}

func TestDeltaLimitIsExact(t *testing.T) {
	dst := []byte("prefix")
	for name, src := range tableChunks() {
		payload, err := deltaTables{}.Encode(nil, src, Params{Limit: unlimited})
		require.NoError(t, err)
		got, err := deltaTables{}.Encode(dst, src, Params{Limit: len(payload)})
		require.NoError(t, err, "%s: %d bytes do not fit a limit of as many", name, len(payload))
		require.True(t, bytes.Equal(payload, got[len(dst):]), "%s: the limit changes the payload", name)
		for _, limit := range []int{len(payload) - 1, 0, -1, -1 << 31} {
			got, err := deltaTables{}.Encode(dst, src, Params{Limit: limit})
			require.ErrorIs(t, err, ErrSkip, name)
			require.Equal(t, dst, got, "a skip must leave dst as it was")
		}
	}
	_, err := deltaTables{}.Encode(nil, make([]byte, maxChunk+1), Params{Limit: unlimited})
	require.ErrorIs(t, err, ErrSkip, "longer than a chunk may be")
}

func TestDeltaRefusesDamage(t *testing.T) {
	text := prose(1500)
	src := slices.Concat(text, int32Table(3000))
	start := []delta.Start{{At: len(text), Plan: int32Plan.Clone()}}
	good, err := deltaTables{}.Encode(nil, src, Params{Limit: unlimited, Plan: start})
	require.NoError(t, err)
	for bit := range 8 * len(good) {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		_, _ = decodeGuarded(t, deltaTables{}, bad, len(src))
	}
	for n := range good {
		_, err := decodeGuarded(t, deltaTables{}, good[:n], len(src))
		require.Error(t, err, "cut to %d of %d bytes", n, len(good))
	}
	for _, rawLen := range []int{-1 << 31, -1, 0, len(src) - 1, len(src) + 1, 10 * len(src)} {
		out, err := deltaTables{}.Decode([]byte("prefix"), good, rawLen)
		require.ErrorIs(t, err, ErrMalformed, "decodes as %d bytes", rawLen)
		require.Equal(t, "prefix", string(out))
	}
	got, err := decodeGuarded(t, deltaTables{}, good, len(src))
	require.NoError(t, err, "not usable after errors")
	require.True(t, bytes.Equal(src, got))
}

// TestDeltaConcurrently: borrowed encoders and decoders that have seen other
// chunks give what new ones give, and no two calls share one.
func TestDeltaConcurrently(t *testing.T) {
	chunks := tableChunks()
	want := map[string][]byte{}
	for name, src := range chunks {
		drop(&deltaEncoders)
		payload, err := deltaTables{}.Encode(nil, src, Params{Limit: unlimited})
		require.NoError(t, err)
		want[name] = payload
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for name, src := range chunks { // in another order each time
				payload, err := deltaTables{}.Encode(nil, src, Params{Limit: unlimited})
				if err != nil || !bytes.Equal(want[name], payload) {
					t.Errorf("%s: another payload (%v)", name, err)
				}
				got, err := deltaTables{}.Decode(nil, payload, len(src))
				if err != nil || !bytes.Equal(src, got) {
					t.Errorf("%s comes back changed (%v)", name, err)
				}
			}
		})
	}
	wg.Wait()
}
