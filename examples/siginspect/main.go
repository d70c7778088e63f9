// Siginspect shows what is in a Sigma stream: how it was cut into chunks, which
// strategy each was encoded with, and why.
//
//	siginspect [file]                  a map and totals, as text
//	siginspect -l [file]               and a line for each chunk
//	siginspect -html page.html [file]  a page to look around in, besides
//
// Without a file, or with -, it reads stdin. Streams one behind the other show
// as one.
//
// The stream says which strategy a chunk has, not why. So siginspect decodes
// the content, has package strategy look at each chunk again, and asks the
// selector what it would choose at the level given by -level. Where that is not
// what the stream has, it is called the first choice: either it did not stand
// the test on the whole chunk, or another level, selector or version was at
// work.
//
// What this program lacks a strategy for it passes over; of a pipe, or a file
// that is torn, it then shows only the headers of what follows.
//
// Memory does not depend on the length of the stream: neighbouring chunks share
// a cell of the map when there are too many to show.
//
// The exit code is
//
//	0    all is well
//	1    the stream is damaged, truncated or needs what this program lacks, or
//	     a file could not be read or written; what was seen until then is shown
//	2    the command line makes no sense; nothing was done
//	128  plus the number of the signal that stopped it
//
// The page appears under its name once it is complete.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	code := make(chan int, 1)
	go func() { code <- p.run(os.Args[1:]) }()
	select {
	case c := <-code:
		os.Exit(c)
	case s := <-signals:
		cancel()
		p.outputs.Abandon()
		number, _ := s.(syscall.Signal)
		os.Exit(exitSignal + int(number))
	}
}
