// Sigcat compresses and decompresses files and pipes with package sigio.
//
//	sigcat                     compress stdin to stdout
//	sigcat file...             compress each file to file.sigma beside it
//	sigcat -d [file.sigma...]  decompress
//	sigcat -t [file.sigma...]  test: read and verify, say nothing if all is well
//	sigcat -l [file.sigma...]  list the chunks (headers are checked, contents are not)
//
// Flags stand before the names; sigcat -h lists them. The name - is stdin, or
// stdout behind -o. Streams one behind the other decompress to their contents
// one behind the other.
//
// Inputs are never removed. An output appears under its name only once it is
// complete and on disk, with the mode and the time of its input; a file that
// exists is left alone unless -f is given. Devices and named pipes are written
// in place. On a terminal, stderr shows progress.
//
// The exit code is the worst of all files:
//
//	0    all is well
//	1    a file could not be read or written
//	2    the command line makes no sense; nothing was done
//	3    data is corrupt, truncated or needs something this program lacks
//	128  plus the number of the signal that stopped it
//
// When the reader of its stdout goes away, sigcat ends by SIGPIPE, as pipes
// expect.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

func main() {
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(signals, s)
		}
	}
	code := make(chan int, 1)
	go func() { code <- p.run(os.Args[1:]) }()
	select {
	case c := <-code:
		os.Exit(c)
	case s := <-signals:
		p.outputs.abandon()
		if terminal.Is(p.stderr.Stat()) {
			fmt.Fprintln(p.stderr) // the shell's prompt is not to overwrite the bar
		}
		number, _ := s.(syscall.Signal)
		os.Exit(exitSignal + int(number))
	}
}
