package main

import (
	"context"
	"io"
	"math"
	"os"
	"runtime/debug"

	"github.com/sigmalang/sigma/examples/internal/heap"
	"github.com/sigmalang/sigma/sigio"
)

// direction is what was measured: a Writer or a Reader.
type direction int

const (
	writing direction = iota
	reading
	directions
)

func (d direction) String() string { return [...]string{"write", "read"}[d] }

// measurement is one stream in one direction. All but the size is in bytes of
// memory.
type measurement struct {
	direction direction
	size      int64
	round     int
	peak      int64 // of the heap over the baseline
	stages    stages
}

// stages tell what the memory was for, at the end of the stream, in bytes.
type stages [stageCount]int64

const (
	ofBuffers = iota // of chunks and of what they are encoded into, at most
	ofIndex          // of the chunks' places
	ofPool           // what waits there beside the buffers
	ofState          // of the codecs, and of the Writer or Reader itself
	ofGarbage        // what the peak had beside what is in use at the end
	stageCount
)

var stageNames = [stageCount]string{"buffers", "index", "pool", "state", "garbage"}

// sizes returns what is measured: evenly on a logarithmic scale, ends included.
func (o *options) sizes() []int64 {
	first, last := math.Log10(float64(o.least)), math.Log10(float64(o.most))
	n := int(math.Ceil((last - first) * float64(o.steps)))
	sizes := []int64{o.least}
	for i := 1; i <= n; i++ {
		s := int64(math.Round(math.Pow(10, first+(last-first)*float64(i)/float64(n))))
		if i == n {
			s = o.most
		}
		if s > sizes[len(sizes)-1] {
			sizes = append(sizes, s)
		}
	}
	return sizes
}

// measureAll goes through all sizes and rounds. Streams lie in a file that is
// gone afterwards.
func measureAll(ctx context.Context, o *options, progress func(done, total int)) ([]measurement, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(heap.GOGC))
	store, err := os.CreateTemp("", "sigmem-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(store.Name())
	defer store.Close()
	sizes := o.sizes()
	all := make([]measurement, 0, len(sizes)*o.rounds*int(directions))
	for round := range o.rounds {
		for i, size := range sizes {
			progress(round*len(sizes)+i, o.rounds*len(sizes))
			for d := range directions {
				if err := ctx.Err(); err != nil {
					return all, err
				}
				m := measurement{direction: d, size: size, round: round}
				run := o.write
				if d == reading {
					run = o.read
				}
				if err := run(ctx, store, &m); err != nil {
					return all, err
				}
				all = append(all, m)
			}
		}
	}
	progress(0, 0)
	return all, nil
}

// write measures a Writer, which leaves the stream in store.
func (o *options) write(ctx context.Context, store *os.File, m *measurement) error {
	if err := store.Truncate(0); err != nil {
		return err
	}
	if _, err := store.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := heap.Sample()
	opts := []sigio.WriterOption{sigio.WithLevel(o.level), sigio.WithObserver(func(sigio.Decision) { s.Look() })}
	if o.index {
		opts = append(opts, sigio.WithIndex())
	}
	w := sigio.NewWriter(store, opts...)
	content := newGenerator(o.content, uint64(m.round), m.size)
	_, err := w.ReadFrom(cancelled{ctx, content})
	if err == nil {
		// Not everything is encoded yet; but Close lets go of everything.
		err = w.Flush()
	}
	live, st := s.Live(), w.Stats()
	m.take(s, live, st)
	if err != nil {
		return err
	}
	return w.Close()
}

// read measures a Reader of the stream in store.
func (o *options) read(ctx context.Context, store *os.File, m *measurement) error {
	if _, err := store.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := heap.Sample()
	r := sigio.NewReader(store)
	_, err := r.WriteTo(looking{ctx, s})
	live, st := s.Live(), r.Stats()
	m.take(s, live, st)
	return err
}

// take works out the stages. What the stream used at most, it has or has given
// back to the pool.
func (m *measurement) take(s *heap.Sampler, live int64, st sigio.Stats) {
	m.peak = s.Stop()
	all := st.Memory + st.Pool.Held
	m.stages[ofIndex] = st.Index
	m.stages[ofBuffers] = min(st.PeakMemory, all) - st.Index
	m.stages[ofPool] = all - m.stages[ofBuffers] - st.Index
	m.stages[ofState] = max(live-all, 0)
	m.stages[ofGarbage] = max(m.peak-max(live, all), 0)
}

// cancelled is a source that ends with ctx.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

func (c cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// looking is a destination that looks at the heap and forgets.
type looking struct {
	ctx context.Context
	s   *heap.Sampler
}

func (l looking) Write(p []byte) (int, error) {
	l.s.Look()
	return len(p), l.ctx.Err()
}
