package sigio

import (
	"errors"
	"time"

	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

var errFull = errors.New("sigio: queue is full")

// ahead is the chunks that goroutines decode. As many as the concurrency are at
// work, and one more may be finished and wait for its turn: so a chunk that
// takes longer than those behind it keeps no goroutine idle. In buffers that is
// at most
//
//	concurrency + 1 contents, the one that is handed out among them,
//	concurrency payloads, which go on to the next chunk once one is decoded,
//
// and what the source reads into: the formula of WithConcurrency.
type ahead struct {
	queue    []*readJob // oldest first
	running  int        // of them
	finished chan *readJob
	idle     []*readJob
	payloads [][]byte // buffers that no job has

	waiting error // of the input behind the queue
	paused  bool  // the newest chunk was flushed
}

// nextQueued keeps the goroutines busy and takes the oldest chunk. It reads
// ahead only while that cannot keep content from the caller that the other
// end has sent.
func (z *Reader) nextQueued() error {
	for {
		z.collect(false)
		switch err := z.readAhead(); {
		case err == nil:
		case len(z.queue) > 0:
			if err != errFull && err != errBarrier {
				z.waiting = err
			}
			if !z.queue[0].running {
				return z.take()
			}
			z.collect(true)
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
	case z.waiting != nil, z.paused, z.running >= z.cfg.concurrency, len(z.queue) > z.cfg.concurrency:
		return errFull
	case len(z.walker.src.unread()) == 0:
		// Nothing of what follows is there: it may take its time, and what is
		// complete must not wait for it.
		return errFull
	}
	if z.waiting != nil {
		return z.waiting
	}
	p, err := z.walker.step(true)
	if err != nil {
		return err
	}
	var st strategy.Strategy
	if p.Strategy != uint8(strategy.Store) {
		if st, err = z.lookup(&p); err != nil {
			return err
		}
	}
	z.begin(st, p)
	z.paused = p.Flushed
	return nil
}

// begin starts a job for a chunk, whose payload lives only until the next step.
func (z *Reader) begin(st strategy.Strategy, p piece) {
	var j *readJob
	if n := len(z.idle); n > 0 {
		j, z.idle = z.idle[n-1], z.idle[:n-1]
	} else {
		j = new(readJob)
	}
	if n := len(z.payloads); n > 0 {
		j.payload, z.payloads = z.payloads[n-1], z.payloads[:n-1]
	}
	to := z.cfg.buffers
	j.payload = append(to.fit(j.payload, len(p.payload)), p.payload...)
	j.piece = p
	j.piece.payload, j.piece.head = j.payload, nil
	if p.Strategy != uint8(strategy.Store) {
		j.content = to.fit(j.content, p.RawLen)
	}
	if z.finished == nil {
		z.finished = make(chan *readJob, z.cfg.concurrency) // an abandoned Reader holds none of them up
	}
	j.start(st, z.finished)
	z.running++
	z.queue = append(z.queue, j)
}

// collect notes which jobs have finished. It waits for one if it is told to.
func (z *Reader) collect(wait bool) {
	for z.running > 0 {
		var j *readJob
		if wait {
			j = <-z.finished
		} else {
			select {
			case j = <-z.finished:
			default:
				return
			}
		}
		wait = false
		z.running--
		j.running = false
		if j.piece.Strategy == uint8(strategy.Store) {
			j.content, j.payload = j.payload, j.content
		}
		z.payloads, j.payload = append(z.payloads, j.payload[:0]), nil
	}
}

// take makes the oldest job's content the current one. The job is idle from
// then on: another starts only when its content has been handed out.
func (z *Reader) take() error {
	j := z.queue[0]
	z.queue = append(z.queue[:0], z.queue[1:]...)
	z.idle = append(z.idle, j)
	switch {
	case j.err == errGoexit:
		return j.piece.undecodable(j.err)
	case j.err != nil:
		return j.err
	}
	z.content = j.content[:j.piece.RawLen]
	z.note(&j.piece, j.took)
	return nil
}

// settle waits for the goroutines and forgets what they made.
func (z *Reader) settle() {
	for z.running > 0 {
		z.collect(true)
	}
	z.idle = append(z.idle, z.queue...)
	z.queue = z.queue[:0]
}

// discard gives away the buffers of jobs that stand still, and lets go of them:
// of the job itself a list may still know.
func (a *ahead) discard(to buffers) {
	for _, j := range a.idle {
		to.discard(j.content)
		*j = readJob{}
	}
	for i, b := range a.payloads {
		to.discard(b)
		a.payloads[i] = nil
	}
	a.idle, a.payloads = a.idle[:0], a.payloads[:0]
}

// footprint is the memory that the buffers take.
func (a *ahead) footprint() (n int) {
	for _, list := range [][]*readJob{a.queue, a.idle} {
		for _, j := range list {
			n += cap(j.payload) + cap(j.content)
		}
	}
	for _, b := range a.payloads {
		n += cap(b)
	}
	return n
}

// readJob is a chunk on its way through a goroutine. It owns its buffers; while
// it runs, what is in them is the goroutine's.
type readJob struct {
	piece   piece
	payload []byte // its own copy; stored content stays there
	content []byte
	running bool
	err     error
	took    time.Duration
}

func (j *readJob) start(st strategy.Strategy, finished chan<- *readJob) {
	j.running, j.err = true, errGoexit
	go func() {
		defer func() { finished <- j }()
		j.err = j.run(st)
	}()
}

func (j *readJob) run(st strategy.Strategy) error {
	began := time.Now()
	var crc uint32
	if j.piece.Strategy == uint8(strategy.Store) {
		crc = frame.RawCRC(j.payload)
	} else {
		var err error
		if _, crc, err = decodeChunk(st, j.content, j.payload, j.piece.RawLen); err != nil {
			return j.piece.undecodable(err)
		}
	}
	if frame.ContentCheck(j.piece.Check, crc) != j.piece.check {
		return j.piece.verdict("content fails its check")
	}
	j.took = time.Since(began)
	return nil
}
