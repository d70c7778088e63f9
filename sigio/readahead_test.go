package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// TestCompleteChunksDoNotWaitForInput: a source that has given whole chunks is
// not asked for more before their content is handed out, flushed or not. What
// is asked for behind a part of the next one is its rest.
func TestCompleteChunksDoNotWaitForInput(t *testing.T) {
	content := medley(1, 10*sigio.MinChunkSize)
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	infos := chunksOf(t, stream)
	type boundary struct{ encoded, raw int }
	var ends []boundary // behind each chunk
	for i, info := range infos {
		end := boundary{len(stream), int(info.RawOffset) + info.RawLen}
		if i+1 < len(infos) {
			end.encoded = int(infos[i+1].Offset)
		}
		ends = append(ends, end)
	}
	require.Greater(t, len(ends), 8)
	for _, c := range []int{1, 2, 4, 7} {
		for _, chunksAtOnce := range []int{1, 2, 3} {
			for name, opts := range map[string][]sigio.ReaderOption{"all": nil, "single": {sigio.WithSingleStream()}} {
				given, taken, next := 0, 0, chunksAtOnce-1
				source := readerFunc(func(p []byte) (int, error) {
					for next < len(ends)-1 && given == ends[next].encoded {
						require.Equal(t, ends[next].raw, taken, "%s, concurrency %d: content is held back", name, c)
						next += chunksAtOnce
					}
					n := copy(p, stream[given:ends[min(next, len(ends)-1)].encoded])
					given += n
					if n == 0 {
						return 0, io.EOF
					}
					return n, nil
				})
				r := sigio.NewReader(source, append(opts, sigio.WithConcurrency(c))...)
				_, err := r.WriteTo(writerFunc(func(p []byte) (int, error) {
					requireSame(t, content[taken:taken+len(p)], p)
					taken += len(p)
					return len(p), nil
				}))
				require.NoError(t, err)
				require.Equal(t, len(content), taken)
			}
		}
	}
}

// uneven decodes chunks of one repeated byte: those of zeros only when two others
// were decoded.
type uneven struct {
	others  chan struct{}
	running atomic.Int32
	most    atomic.Int32
}

func (*uneven) ID() strategy.ID { return strategy.FirstPrivate }
func (*uneven) Name() string    { return "uneven" }

func (*uneven) Encode(dst, src []byte, _ strategy.Params) ([]byte, error) {
	return append(dst, src[0]), nil
}

func (u *uneven) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	n := u.running.Add(1)
	for most := u.most.Load(); n > most && !u.most.CompareAndSwap(most, n); {
		most = u.most.Load()
	}
	defer u.running.Add(-1)
	if src[0] != 0 {
		select {
		case u.others <- struct{}{}:
		default:
		}
		return append(dst, bytes.Repeat(src[:1], rawLen)...), nil
	}
	for range 2 {
		select {
		case <-u.others:
		case <-time.After(time.Minute):
			return nil, errors.New("nobody is at work behind this chunk")
		}
	}
	return append(dst, bytes.Repeat(src[:1], rawLen)...), nil
}

// TestSlowChunkKeepsNobodyIdle: while one of two goroutines is at a chunk, the
// other one decodes more than the next.
func TestSlowChunkKeepsNobodyIdle(t *testing.T) {
	u := &uneven{others: make(chan struct{}, 2)}
	with := sigio.WithStrategies(strategy.Default().With(u))
	var content []byte
	for i := range 12 {
		content = append(content, bytes.Repeat([]byte{byte(i % 4)}, sigio.MinChunkSize)...)
	}
	stream := write(content).seal(t, with, sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithSelector(always(u.ID())))
	requireSame(t, content, unseal(t, stream, with, sigio.WithConcurrency(2)))
	require.EqualValues(t, 2, u.most.Load(), "goroutines at work")
}
