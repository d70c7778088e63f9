package delta

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const fuzzLimit = 1 << 20

// FuzzDecode gives a Decoder any bytes: it must end in an error or in as many
// bytes as were asked for, and a new one must come to the same.
func FuzzDecode(f *testing.F) {
	backend := newFrames(f)
	for _, s := range specimens(f, 900, backend) {
		f.Add(s.payload, uint32(len(s.src)))
	}
	for _, payload := range costly(512) {
		f.Add(payload, uint32(512))
	}
	var used Decoder
	f.Fuzz(func(t *testing.T, payload []byte, length uint32) {
		rawLen := int(length % (fuzzLimit + 1))
		got, err := decodeGuarded(t, &used, payload, rawLen, backend)
		again, errAgain := decodeGuarded(t, new(Decoder), payload, rawLen, backend)
		require.Equal(t, err == nil, errAgain == nil, "%v, %v", err, errAgain)
		requireSame(t, got, again, "a new decoder")
	})
}

// FuzzRoundTrip encodes any bytes as the adapter does.
func FuzzRoundTrip(f *testing.F) {
	backend := newFrames(f)
	for i, s := range specimens(f, 2400, backend) {
		f.Add(s.src, uint8(i), uint16(0))
		f.Add(prefixed(i, s.src), uint8(i+1), uint16(i))
	}
	var used Encoder
	var d Decoder
	f.Fuzz(func(t *testing.T, src []byte, effort uint8, at uint16) {
		start, e := Start{At: int(at)}, Effort(effort%4)
		if int(at) < len(src) {
			if v, ok := used.Find(src[at:], e, backend); ok {
				requireValid(t, v.Plan)
				start.Plan = v.Plan.Clone()
			}
		}
		payload, err := used.Append([]byte("prefix"), src, start, e, backend)
		require.NoError(t, err)
		got, err := decodeGuarded(t, &d, payload[len("prefix"):], len(src), backend)
		require.NoError(t, err)
		requireSame(t, src, got, "round trip")
		again, err := new(Encoder).Append([]byte("prefix"), src, start, e, backend)
		require.NoError(t, err)
		requireSame(t, payload, again, "a new encoder")
	})
}

// FuzzPlan draws a plan from the fuzzer's bytes and encodes data by it.
func FuzzPlan(f *testing.F) {
	backend := newFrames(f)
	for i, s := range specimens(f, 900, backend) {
		plan := make([]byte, 60)
		noise(seeded(uint64(i)), plan)
		f.Add(plan, s.src, uint16(i%2))
	}
	var e Encoder
	var d Decoder
	f.Fuzz(func(t *testing.T, choices, src []byte, times uint16) {
		if len(src) == 0 {
			return
		}
		// Repeated, lest the fuzzer has to make what fills a segment.
		for whole := len(src); times > 0 && len(src)+whole < 128<<10; times-- {
			src = append(src, src[:whole]...)
		}
		plan := anyPlan(&tape{choices}, 64)
		requireValid(t, plan)
		payload := encodeBy(t, &e, src, plan, backend)
		got, err := decodeGuarded(t, &d, payload, len(src), backend)
		require.NoError(t, err, "%+v", *plan)
		requireSame(t, src, got, "round trip")
	})
}
