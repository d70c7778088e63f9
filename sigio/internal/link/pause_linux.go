package link

import (
	"syscall"
	"time"
)

// pause waits. time.Sleep can be a millisecond late when the process is idle,
// because that is the grain of epoll_wait; and a goroutine that spins keeps the
// others from being told of what came over the network.
func pause(d time.Duration) {
	end := time.Now().Add(d)
	if d > coarse {
		time.Sleep(d - coarse)
	}
	if d = time.Until(end); d > 0 {
		left := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&left, nil)
	}
}
