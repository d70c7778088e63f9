//go:build !race

package sigio_test

import "testing"

const racing = false

func alone(*testing.T) {}
