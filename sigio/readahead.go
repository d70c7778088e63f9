package sigio

import (
	"errors"
	"time"

	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

var errFull = errors.New("sigio: queue is full")

// nextQueued keeps the goroutines busy and takes the oldest chunk. It reads
// ahead only while that cannot keep content from the caller that the other
// end has flushed.
func (z *Reader) nextQueued() error {
	for {
		switch err := z.readAhead(); {
		case err == nil:
			continue
		case len(z.queue) > 0:
			if err != errFull && err != errBarrier {
				z.waiting = err
			}
			return z.take()
		case err == errBarrier:
			return z.nextInline()
		default:
			z.waiting = nil
			return err
		}
	}
}

// readAhead starts one more job, or says why it cannot: the error of the
// input, errBarrier or errFull.
func (z *Reader) readAhead() error {
	switch {
	case len(z.queue) == 0:
		z.paused = false
	case z.waiting != nil, z.paused, len(z.queue) >= z.cfg.concurrency:
		return errFull
	}
	if z.waiting != nil {
		return z.waiting
	}
	p, err := z.walker.step(true)
	if err != nil {
		return err
	}
	st, err := z.lookup(&p)
	if err != nil {
		return err
	}
	var j *readJob
	if n := len(z.idle); n > 0 {
		j, z.idle = z.idle[n-1], z.idle[:n-1]
	} else {
		j = new(readJob)
	}
	j.decode(z.cfg.buffers, st, p)
	z.queue = append(z.queue, j)
	z.paused = p.Flushed
	return nil
}

// take makes the oldest job's content the current one. The job is idle from
// then on: another starts only when its content has been handed out.
func (z *Reader) take() error {
	j := z.queue[0]
	j.wait()
	z.queue = append(z.queue[:0], z.queue[1:]...)
	z.idle = append(z.idle, j)
	switch {
	case j.err == errGoexit:
		return j.piece.undecodable(j.err)
	case j.err != nil:
		return j.err
	}
	z.content = j.content
	z.note(&j.piece, j.took)
	return nil
}

// readJob is a chunk on its way through a goroutine. It owns its buffers.
type readJob struct {
	task
	piece   piece
	payload []byte // its own copy
	content []byte
	took    time.Duration
}

// decode copies the payload, which lives only until the next step.
func (j *readJob) decode(to buffers, st strategy.Strategy, p piece) {
	j.payload = append(to.fit(j.payload, len(p.payload)), p.payload...)
	j.piece = p
	j.piece.payload, j.piece.head = j.payload, nil
	j.content = to.fit(j.content, p.RawLen)
	j.size = cap(j.payload) + cap(j.content)
	j.start(func() (err error) {
		j.content, err = j.run(st)
		return err
	})
}

// discard gives the buffers of a job that stands still away, and lets go of
// them: of the job itself a list may still know.
func (j *readJob) discard(to buffers) {
	to.discard(j.payload)
	to.discard(j.content)
	*j = readJob{}
}

func (j *readJob) run(st strategy.Strategy) ([]byte, error) {
	began := time.Now()
	content, crc, err := decodeChunk(st, j.content, j.payload, j.piece.RawLen)
	if err != nil {
		return nil, j.piece.undecodable(err)
	}
	if frame.ContentCheck(j.piece.Check, crc) != j.piece.check {
		return nil, j.piece.verdict("content fails its check")
	}
	j.took = time.Since(began)
	return content, nil
}
