package delta

import (
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// frames is a Backend of zstd frames.
type frames struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newFrames(t testing.TB) frames {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithSingleSegment(true), zstd.WithZeroFrames(true))
	require.NoError(t, err)
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(64<<20))
	require.NoError(t, err)
	return frames{w, r}
}

func (f frames) Append(dst, src []byte) ([]byte, error) { return f.encoder.EncodeAll(src, dst), nil }

func (f frames) Estimate(scratch, src []byte) int { return len(f.encoder.EncodeAll(src, scratch)) }

func (f frames) Literals(_, entropy int) int { return entropy }

func (f frames) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	whole := slices.Grow(dst, rawLen)[:len(dst)+rawLen]
	out, err := f.decoder.DecodeAll(src, whole[len(dst):len(dst):len(whole)])
	if err != nil {
		return dst, err
	}
	if len(out) != rawLen {
		return dst, errors.New("frames: another length")
	}
	return whole, nil
}

// plainBytes is a Backend that copies. It shows how long the pool is, and it
// takes no time.
type plainBytes struct{}

func (plainBytes) Append(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }

func (plainBytes) Estimate(_, src []byte) int { return len(src) }

func (plainBytes) Literals(_, entropy int) int { return entropy }

func (plainBytes) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if len(src) != rawLen {
		return dst, errors.New("plainBytes: another length")
	}
	return append(dst, src...), nil
}

// broken is a Backend that fails after a number of calls.
type broken struct {
	err   error
	calls *int
}

func (b broken) step() error {
	if *b.calls--; *b.calls < 0 {
		return b.err
	}
	return nil
}

func (b broken) Append(dst, src []byte) ([]byte, error) {
	if err := b.step(); err != nil {
		return dst, err
	}
	return append(dst, src...), nil
}

func (b broken) Estimate(_, src []byte) int { return len(src) }

func (b broken) Literals(n, _ int) int { return n }

func (b broken) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if err := b.step(); err != nil {
		return dst, err
	}
	return plainBytes{}.Decode(dst, src, rawLen)
}

// encodeBy encodes src by the plan alone, which Append would give up where it
// does not fit.
func encodeBy(t testing.TB, e *Encoder, src []byte, plan *Plan, backend Backend) []byte {
	e.backend, e.effort = backend, 1
	e.begin(nil)
	e.table(src, plan)
	out, err := e.finish(0)
	require.NoError(t, err)
	return out
}

// decodeGuarded decodes between a prefix and a guard, into a slice whose
// capacity spans the guard, and fails if either is touched or if the result
// is neither an error nor rawLen bytes.
func decodeGuarded(t testing.TB, d *Decoder, payload []byte, rawLen int, backend Backend) ([]byte, error) {
	t.Helper()
	const prefix, guard = "prefix", "a guard of thirty-two odd bytes "
	buf := make([]byte, len(prefix)+rawLen+len(guard))
	copy(buf, prefix)
	copy(buf[len(prefix)+rawLen:], guard)
	out, err := d.Decode(buf[:len(prefix)], payload, rawLen, backend)
	if string(buf[:len(prefix)]) != prefix || string(buf[len(prefix)+rawLen:]) != guard {
		t.Fatal("wrote beside its place")
	}
	if err != nil {
		if string(out) != prefix {
			t.Fatal("an error must leave dst as it was")
		}
		return nil, err
	}
	if len(out) != len(prefix)+rawLen || &out[0] != &buf[0] {
		t.Fatalf("%d bytes of %d, or not in place", len(out)-len(prefix), rawLen)
	}
	return out[len(prefix):], nil
}
