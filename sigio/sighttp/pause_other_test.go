//go:build !linux

package sighttp_test

import "time"

func pause(d time.Duration) { time.Sleep(d) }
