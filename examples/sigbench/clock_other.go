//go:build !unix

package main

import "time"

const clockName = "wall time"

// clock is the time since the start: the standard library knows no processor
// time here.
func clock() time.Duration { return time.Since(began) }

var began = time.Now()
