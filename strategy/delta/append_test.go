package delta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppendFromAnyStart(t *testing.T) {
	src := walk32(20_000)
	plan := &Plan{Stride: 4, Fields: []Field{{Width: 4, Big: true, X: 1, Code: CodeBuckets}}}
	wide := &Plan{Stride: maxStride, Head: maxStride - 1}
	for range maxStride {
		wide.Fields = append(wide.Fields, Field{Width: 1, X: 1})
	}
	backend := newFrames(t)
	var e Encoder
	for _, c := range []struct {
		name  string
		n     int
		start Start
	}{
		{"nothing known", len(src), Start{}},
		{"at the start", len(src), Start{Plan: plan}},
		{"in the middle", len(src), Start{At: 4096, Plan: plan}},
		{"in the middle, with no plan", len(src), Start{At: 4096}},
		{"at the end", len(src), Start{At: len(src), Plan: plan}},
		{"beyond the end", len(src), Start{At: len(src) + 1, Plan: plan}},
		{"far beyond the end", len(src), Start{At: 1<<31 - 1}},
		{"before the start", len(src), Start{At: -1, Plan: plan}},
		{"less than a record left", len(src), Start{At: len(src) - 3, Plan: plan}},
		{"one record left", len(src), Start{At: len(src) - 4, Plan: plan}},
		{"three records left", len(src), Start{At: len(src) - 12, Plan: plan}},
		{"less than the head left", len(src), Start{At: len(src) - 100, Plan: wide}},
		{"no more than the head left", len(src), Start{At: len(src) - maxStride + 1, Plan: wide}},
		{"a byte", 1, Start{}},
		{"a byte, and a plan", 1, Start{Plan: plan}},
		{"a record", 4, Start{Plan: plan}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := src[:c.n:c.n]
			out, err := e.Append([]byte("prefix"), src, c.start, 1, backend)
			require.NoError(t, err)
			require.Equal(t, "prefix", string(out[:6]))
			got, err := decodeGuarded(t, new(Decoder), out[6:], len(src), backend)
			require.NoError(t, err)
			requireSame(t, src, got, c.name)
		})
	}
}

// TestAppendKeepsStart: neither src nor the caller's plan are changed.
func TestAppendKeepsStart(t *testing.T) {
	src := records24(10_000)
	var e Encoder
	v, ok := e.Find(src, 1, plainBytes{})
	require.True(t, ok)
	plan, before := v.Plan.Clone(), bytes.Clone(src)
	_, err := e.Append(nil, src, Start{Plan: plan}, 1, plainBytes{})
	require.NoError(t, err)
	require.Equal(t, before, src)
	v, _ = new(Encoder).Find(src, 1, plainBytes{})
	require.Equal(t, *v.Plan, *plan)
}

// TestBackendErrors: an error of the backend comes through unchanged, unless
// what failed was only a trial.
func TestBackendErrors(t *testing.T) {
	boom := errors.New("boom")
	var e Encoder
	var d Decoder
	plain := english(seeded(1), 20_000)
	failing := func(calls int) broken { return broken{boom, &calls} }

	out, err := e.Append([]byte("prefix"), plain, Start{At: len(plain)}, 1, failing(0))
	require.ErrorIs(t, err, boom)
	require.Equal(t, "prefix", string(out))

	payload, err := e.Append(nil, plain, Start{At: len(plain)}, 1, failing(1))
	require.NoError(t, err, "asked more than once for one pool")
	_, err = decodeGuarded(t, &d, payload, len(plain), failing(0))
	require.ErrorIs(t, err, boom)
	got, err := decodeGuarded(t, &d, payload, len(plain), failing(1))
	require.NoError(t, err, "not usable after an error")
	requireSame(t, plain, got, "after an error")

	require.NotPanics(t, func() { e.Find(walk32(20_000), 1, failing(0)) })
	_, err = e.Append(nil, walk32(20_000), Start{}, 1, failing(1000))
	require.NoError(t, err)
}

func TestDecodeRefuses(t *testing.T) {
	plan := &Plan{Stride: 4, Head: 1, Fields: []Field{{Width: 4, X: 1}}}
	plain := func(n byte, kind byte) []byte { return []byte{kind, n} }
	// body makes a payload with a pool of n bytes.
	payload := func(body []byte, pool string) []byte {
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(pool)))
		return append(append(b, body...), pool...)
	}
	// table makes a table section for 1 byte of head, 1 record, 1 byte of tail.
	table := func(perSegment uint64, rest ...byte) []byte {
		b := plan.append([]byte{sectionTable, 6})
		return append(binary.AppendUvarint(b, perSegment), rest...)
	}
	record := []byte{1, 7, 7, 7, 7, formConstant, 0, formConstant, 0, formConstant, 0, formConstant, 0, 2}
	for _, c := range []struct {
		name    string
		payload []byte
		rawLen  int
		ok      bool
	}{
		{"good and plain", payload(plain(3, 0), "abc"), 3, true},
		{"good table", payload(table(minSegment, record...), ""), 6, true},
		{"good and empty", payload(nil, ""), 0, true},
		{"nothing", nil, 3, false},
		{"less than the lengths", make([]byte, 7), 0, false},
		{"negative length", payload(nil, ""), -1, false},
		{"body longer than the payload", payload(plain(3, 0), "abc")[:9], 3, false},
		{"body of 4 GiB", []byte{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}, 3, false},
		{"pool of 4 GiB", []byte{0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, 3, false},
		{"pool longer than there are bytes for", payload(plain(3, 0), "abcdefghij"), 3, false},
		{"bytes behind the body, without a pool", append(payload(table(minSegment, record...), ""), 0), 6, false},
		{"pool not used up", payload(plain(3, 0), "abcd"), 3, false},
		{"pool too short", payload(plain(3, 0), "ab"), 3, false},
		{"body not used up", payload([]byte{0, 3, 0}, "abc"), 3, false},
		{"no section", payload(nil, ""), 3, false},
		{"unknown section", payload(plain(3, 2), "abc"), 3, false},
		{"empty sections for ever", payload([]byte{0, 0, 0, 0, 0, 3}, "abc"), 3, false},
		{"section without a length", payload([]byte{0}, "abc"), 3, false},
		{"section longer than the chunk", payload(plain(4, 0), "abcd"), 3, false},
		{"sections shorter than the chunk", payload(plain(3, 0), "abc"), 4, false},
		{"segments of no record", payload(table(0, record...), ""), 6, false},
		{"segments of few records", payload(table(minSegment-1, record...), ""), 6, false},
		{"segments of many records", payload(table(maxSegment+1, record...), ""), 6, false},
		{"table of no record", payload(append(plan.append([]byte{sectionTable, 4}), 0x80, 0x40, 1, 2, 3, 4), ""), 4, false},
		{"head cut short", payload(table(minSegment), ""), 6, false},
		{"segment cut short", payload(table(minSegment, record[:12]...), ""), 6, false},
		{"tail missing", payload(table(minSegment, record[:13]...), ""), 6, false},
		{"plan cut short", payload(table(minSegment)[:4], ""), 6, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Decoder
			out, err := d.Decode([]byte("prefix"), c.payload, c.rawLen, plainBytes{})
			require.Equal(t, "prefix", string(out[:6]))
			if c.ok {
				require.NoError(t, err)
				require.Len(t, out, 6+c.rawLen)
				return
			}
			require.Error(t, err)
			require.Len(t, out, 6)
		})
	}
}

// TestAppendIgnoresWhatIsNoPlan: a start is a hint, and may be any.
func TestAppendIgnoresWhatIsNoPlan(t *testing.T) {
	src := walk32(4000)
	backend := newFrames(t)
	for name, plan := range map[string]Plan{
		"no fields":                 {Stride: 4},
		"no stride":                 {},
		"fields too narrow":         {Stride: 4, Fields: []Field{{Width: 2}}},
		"fields too wide":           {Stride: 4, Fields: []Field{{Width: 8}}},
		"a long stride":             {Stride: 600, Fields: make([]Field, 600)},
		"a width of 5":              {Stride: 5, Fields: []Field{{Width: 5}}},
		"a width of 0":              {Stride: 1, Fields: []Field{{}, {Width: 1}}},
		"rows of one":               {Stride: 4, Row: 1, Fields: []Field{{Width: 4}}},
		"rows without a length":     {Stride: 4, Fields: []Field{{Width: 4, Y: 1}}},
		"a head of a record":        {Stride: 4, Head: 4, Fields: []Field{{Width: 4}}},
		"a head before the start":   {Stride: 4, Head: -1, Fields: []Field{{Width: 4}}},
		"minus nothing":             {Stride: 4, Fields: []Field{{Width: 4, Minus: true}}},
		"minus of another width":    {Stride: 6, Fields: []Field{{Width: 2}, {Width: 4, Minus: true}}},
		"a coder that is not":       {Stride: 4, Fields: []Field{{Width: 4, Code: coders}}},
		"rows of a base":            {Stride: 2, Row: 87, Fields: []Field{{Width: 2, Predict: PredictBase, Y: 1}}},
		"rows of weights":           {Stride: 2, Row: 87, Fields: []Field{{Width: 2, Predict: PredictLinear, Y: 1}}},
		"a digit of no decimal":     {Stride: 4, Fields: []Field{{Width: 4, Exp: 1}}},
		"linear by a divisor":       {Stride: 4, Fields: []Field{{Width: 4, Map: MapDivide, Predict: PredictLinear}}},
		"differences of order four": {Stride: 4, Fields: []Field{{Width: 4, X: 4}}},
	} {
		t.Run(name, func(t *testing.T) {
			var e Encoder
			out, err := e.Append(nil, src, Start{Plan: &plan}, 1, backend)
			require.NoError(t, err)
			var d Decoder
			got, err := d.Decode(nil, out, len(src), backend)
			require.NoError(t, err)
			requireSame(t, src, got, name)
		})
	}
}
