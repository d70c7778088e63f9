//go:build race

package sigio_test

import "testing"

const racing = true

// alone skips long tests that are about one goroutine: races are for others to find.
func alone(t *testing.T) { t.Skip("about one goroutine") }
