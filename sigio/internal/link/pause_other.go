//go:build !linux

package link

import "time"

func pause(d time.Duration) { time.Sleep(d) }
