//go:build !race

package signet_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/signet"
)

// TestNoAllocations: a message costs none at either end.
func TestNoAllocations(t *testing.T) {
	a, b := net.Pipe()
	here, there := signet.NewConn(a), signet.NewConn(b)
	lines := logLines(1, 2000)
	p := make([]byte, 4096)
	received := make(chan int)
	go func() {
		for {
			n, err := there.Read(p)
			if err != nil {
				return
			}
			received <- n
		}
	}()
	next := 0
	send := func() {
		if _, err := here.Write(lines[next]); err != nil {
			t.Error(err)
		}
		<-received
		next++
	}
	for range 500 {
		send()
	}
	require.Less(t, testing.AllocsPerRun(1000, send), 1.0)
}
