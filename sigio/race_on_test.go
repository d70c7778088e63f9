//go:build race

package sigio_test

import "testing"

const racing = true

// alone skips long tests of one goroutine, in which there are no races to find.
func alone(t *testing.T) { t.Skip("of one goroutine") }
