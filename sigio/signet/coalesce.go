package signet

import "time"

// startTimer has what is pending sent after the delay.
func (c *Conn) startTimer() {
	h := &c.out
	if h.delay > 0 && h.pending > 0 && h.timer == nil {
		h.timer = time.AfterFunc(h.delay, c.delayed)
	}
}

func (h *sender) stopTimer() {
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
}

// delayed sends what has waited long enough. What goes wrong is kept by the
// Writer, or will go wrong again, for the next call to return.
func (c *Conn) delayed() {
	h := &c.out
	h.mu.Lock()
	defer c.yield()
	h.timer = nil
	if c.closed.Load() || h.ended || h.failed || h.pending == 0 {
		return
	}
	h.due = true
	if c.stalls() {
		return
	}
	if err := c.flush(); err != nil && !h.failed && !c.stalls() {
		h.timer = time.AfterFunc(h.delay, c.delayed)
	}
}

// stalls reports whether nothing can be sent until another deadline is set,
// which then calls resume.
func (c *Conn) stalls() bool {
	h := &c.out
	h.stalled.Store(true) // before looking, so that no change is missed
	if h.deadline.err() != nil {
		return true
	}
	h.stalled.Store(false)
	return false
}

// resume goes on with what stalled. It must not wait for its turn: the deadline
// may be meant to end another's.
func (c *Conn) resume() {
	if c.out.stalled.Swap(false) {
		time.AfterFunc(0, c.delayed)
	}
}
