// Sigmem measures how the memory of a Writer and of a Reader grows with the
// length of the stream, and holds it to the promise that it does not.
//
//	sigmem                              sizes from 10 B to 64 MiB, as a table
//	sigmem -max 1GB -html page.html     up to 1 GB, and as a page
//	sigmem -csv all.csv -svg chart.svg  all measurements, and the chart alone
//	sigmem -content zeros -max 20GB     of one kind of content
//
// Sizes lie evenly on a logarithmic scale, -steps to a decade, and each is
// measured -n times in both directions. The content comes from a generator that
// takes no memory; streams lie in a temporary file while they are read.
//
// What counts is the peak of the heap over what lay there before, with GOGC at
// 100: garbage that waits for the collector is part of it. Before each
// measurement the heap is emptied, of the process's caches of encoders and
// buffers, too. At the end of each the live part is told by stages: buffers of
// chunks, the index (with -index; else nothing is held for each chunk), what waits
// in the pool, and all else, which is mostly the state of the codecs.
//
// The fit is memory = a · size^b, by least squares of the logarithms, for all
// sizes and for those from 2 MiB on, where a stream is longer than its first
// chunk. There b decides: up to 0.02 memory is constant, up to 0.9 it grows less
// than the stream, above as the stream does.
//
// The exit code is
//
//	0    all is well
//	1    something could not be measured or written
//	2    the command line makes no sense; nothing was done
//	3    from 2 MiB on memory grows with the stream
//	128  plus the number of the signal that stopped it
//
// Outputs appear under their names once they are complete.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitGrows  = 3
	exitSignal = 128
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var once sync.Once
	stopped := 0
	go func() {
		s := <-signals
		once.Do(func() {
			number, _ := s.(syscall.Signal)
			stopped = exitSignal + int(number)
			cancel()
		})
	}()
	p := &program{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr}
	code := p.run(os.Args[1:])
	once.Do(func() {}) // stopped is settled
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "sigmem: stopped")
		code = stopped
	}
	os.Exit(code)
}
