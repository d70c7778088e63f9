package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/sigmalang/sigma/examples/internal/heap"
)

// bench measures sizes and times.
type bench struct {
	codecs []codec
	rounds int
	least  time.Duration

	encoders []encode
	decoders []decode
	encoded  sink
	decoded  sink
}

func newBench(codecs []codec, rounds int, least time.Duration) (*bench, error) {
	b := &bench{codecs: codecs, rounds: rounds, least: least}
	for _, c := range codecs {
		e, err := c.newEncoder()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		d, err := c.newDecoder()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		b.encoders, b.decoders = append(b.encoders, e), append(b.decoders, d)
	}
	return b, nil
}

// run measures the files one after the other. It leaves out those that cannot
// be read and results of codecs that fail; the error tells of each.
func (b *bench) run(ctx context.Context, inputs []input, progress func(done int)) ([]result, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var all []result
	var failed []error
	warm := false
	for i, in := range inputs {
		progress(i)
		data, err := os.ReadFile(in.path)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if !warm && len(data) > 0 {
			b.warm(data)
			warm = true
		}
		results, err := b.file(ctx, in, data)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, results...)
		failed = append(failed, err)
	}
	progress(len(inputs))
	return all, errors.Join(failed...)
}

// warm lets every codec set itself up before its first time is taken. Errors
// will come again.
func (b *bench) warm(data []byte) {
	for i := range b.codecs {
		b.encoded.empty(0)
		if b.encoders[i](&b.encoded, bytes.NewReader(data)) == nil {
			b.decoded.empty(0)
			_ = b.decoders[i](&b.decoded, bytes.NewReader(b.encoded.b))
		}
	}
}

// file measures all codecs on one file, in turn.
func (b *bench) file(ctx context.Context, in input, data []byte) ([]result, error) {
	encoded := make([]int, len(b.codecs))
	failed := make([]error, len(b.codecs))
	compress := make([][]time.Duration, len(b.codecs))
	decompress := make([][]time.Duration, len(b.codecs))
	for range b.rounds {
		runtime.GC()
		for i, c := range b.codecs {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if failed[i] != nil {
				continue
			}
			tc, td, err := b.once(i, data)
			if err != nil {
				failed[i] = fmt.Errorf("%s: %s: %w", in.path, c.name, err)
				continue
			}
			encoded[i] = len(b.encoded.b)
			compress[i], decompress[i] = append(compress[i], tc), append(decompress[i], td)
		}
	}
	var results []result
	for i := range b.codecs {
		if failed[i] != nil {
			continue
		}
		results = append(results, result{in.path, in.class, i, int64(len(data)), int64(encoded[i]),
			median(compress[i]), median(decompress[i])})
	}
	return results, errors.Join(failed...)
}

// mostGarbage is how much may lie about before it is collected, between two
// measurements.
const mostGarbage = 1 << 30

var errDiffers = errors.New("decoded content differs from the file's")

// once takes the times of one codec and leaves its output in b.encoded.
func (b *bench) once(i int, data []byte) (compress, decompress time.Duration, err error) {
	if heap.Taken() > mostGarbage {
		runtime.GC()
	}
	b.encoded.empty(len(data) + len(data)/8 + 64<<10) // no codec needs more
	b.decoded.empty(len(data) + 512)                  // room to see the end in
	compress, err = b.timed(len(data), func() error {
		b.encoded.empty(0)
		return b.encoders[i](&b.encoded, bytes.NewReader(data))
	})
	if err != nil {
		return 0, 0, fmt.Errorf("compressing: %w", err)
	}
	decompress, err = b.timed(len(data), func() error {
		b.decoded.empty(0)
		return b.decoders[i](&b.decoded, bytes.NewReader(b.encoded.b))
	})
	if err != nil {
		return 0, 0, fmt.Errorf("decompressing: %w", err)
	}
	if !bytes.Equal(b.decoded.b, data) {
		return 0, 0, errDiffers
	}
	return compress, decompress, nil
}

// timed returns the mean time of as many runs of f as fill b.least. Looking
// at the clock costs time, too: it looks after 1 run, 2 more, 4 more and so on.
func (b *bench) timed(rawLen int, f func() error) (time.Duration, error) {
	if rawLen == 0 {
		return 0, f()
	}
	start := clock()
	runs := 0
	for batch := 1; ; batch *= 2 {
		for range batch {
			if err := f(); err != nil {
				return 0, err
			}
		}
		runs += batch
		if spent := clock() - start; spent >= b.least && spent > 0 {
			return spent / time.Duration(runs), nil
		}
	}
}
