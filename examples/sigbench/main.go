// Sigbench measures Sigma against zstd, s2, gzip and lz4 on files of your own.
//
//	sigbench folder                    all files below a folder, as a table
//	sigbench -html page.html folder    and as a page: frontiers of ratio and speed
//	sigbench -csv figures.csv folder   and as data: a row for each file and codec
//	sigbench -claims folder            and what the choice of strategies gains
//	sigbench -codecs 'sigma|zstd' file...
//
// The name of the folder that a file lies in is its class. Every codec runs in
// one goroutine, keeps its encoder and decoder from file to file, and reads
// each file as one stream. What it writes is decoded and compared, every time.
//
// Times are processor time of the whole process, user and system, with the
// garbage collector switched off while a codec runs (where the system does not
// tell processor time: the time of the clock on the wall). The codecs take
// turns on each file, all of them -n times, and the median counts. Short files
// are repeated until -min has passed. Speeds count bytes of content, in both
// directions. Geo is the geometric mean of the files' ratios, in which small
// files weigh as much as large ones.
//
// The peak of the heap over what lay there before is taken in a pass of its
// own that goes through the files on disk, with GOGC at 100: garbage that waits
// for the collector is part of it.
//
// The exit code is
//
//	0    all is well
//	1    a file could not be read or written, or a codec failed on one
//	2    the command line makes no sense; nothing was done
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
		<-signals // whoever asks twice does not want to wait for the running codec
		os.Exit(stopped)
	}()
	p := &program{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr}
	code := p.run(os.Args[1:])
	once.Do(func() {}) // stopped is settled
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "sigbench: stopped")
		code = stopped
	}
	os.Exit(code)
}
