package sigio

// job is a block on its way through a goroutine. It owns its buffers.
type job struct {
	task
	size    int // capacity of the buffers that it was started with
	block   []byte
	out     []byte
	chunks  []chunk
	scratch scratch
}

func (j *job) encode(e *engine) {
	j.size = cap(j.block) + max(cap(j.out), encodedBound(len(j.block)))
	if e.verify {
		j.size += max(cap(j.scratch.proof), len(j.block))
	}
	j.chunks, j.scratch.owned = j.chunks[:0], true
	j.start(func() error {
		out, chunks, err := e.encodeBlock(&j.scratch, j.out[:0], j.block, j.chunks)
		e.buffers.replaced(j.out, out)
		j.out, j.chunks = out, chunks
		return err
	})
}

// discard gives the buffers of a job that stands still away, and lets go of
// them: of the job itself a list may still know.
func (j *job) discard(to buffers) {
	to.discard(j.block)
	to.discard(j.out)
	to.discard(j.scratch.proof)
	*j = job{}
}

// footprint is the memory that the buffers of jobs take.
func footprint(lists ...[]*job) (n int) {
	for _, list := range lists {
		for _, j := range list {
			n += j.size
		}
	}
	return n
}

// enqueue starts a job with the block and leaves an empty one in its place.
// On error the block is as it was.
func (z *Writer) enqueue() error {
	for len(z.queue) >= z.cfg.concurrency {
		if err := z.collect(); err != nil {
			return err
		}
	}
	if !z.framer.begun {
		z.framer.begin(z.block, false)
	}
	var j *job
	if n := len(z.idle); n > 0 {
		j, z.idle = z.idle[n-1], z.idle[:n-1]
	} else {
		j = new(job)
	}
	j.block, z.block = z.block, j.block[:0]
	j.encode(&z.engine)
	z.queue = append(z.queue, j)
	z.measure()
	return nil
}

// collect frames the oldest job's chunks, once there is room for them.
func (z *Writer) collect() error {
	if err := z.settleAndPush(); err != nil {
		return err
	}
	j := z.queue[0]
	j.wait()
	if j.err != nil {
		return z.failFault(j.err, len(j.chunks))
	}
	f := &z.framer
	if at := len(f.out); at == 0 {
		f.out, j.out = j.out, f.out
	} else {
		out := z.cfg.buffers.reserve(f.out, len(j.out))
		z.cfg.buffers.replaced(f.out, out)
		f.out = append(out, j.out...)
		for i := range j.chunks {
			j.chunks[i].at += at
		}
	}
	f.take(j.chunks)
	z.queue = append(z.queue[:0], z.queue[1:]...)
	j.block = j.block[:0]
	z.idle = append(z.idle, j)
	z.measure()
	return nil
}

// drain collects all jobs.
func (z *Writer) drain() error {
	for len(z.queue) > 0 {
		if err := z.collect(); err != nil {
			return err
		}
	}
	return nil
}
