package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sigmalang/sigma/sigio"
)

const (
	exitOK      = 0
	exitIO      = 1
	exitUsage   = 2
	exitVerdict = 3
	exitSignal  = 128
)

// exitCode tells what is wrong with the data from what is wrong with the
// world around it.
func exitCode(err error) int {
	for _, verdict := range []error{sigio.ErrCorrupt, sigio.ErrTruncated, sigio.ErrUnsupported, sigio.ErrTooLarge} {
		if errors.Is(err, verdict) {
			return exitVerdict
		}
	}
	return exitIO
}

// complain tells what became of a file. Errors of the file system name it
// themselves.
func (p *program) complain(name string, err error) {
	var path *fs.PathError
	var link *os.LinkError
	if name == "" || errors.As(err, &path) || errors.As(err, &link) {
		p.say(err.Error())
		return
	}
	p.say(spoken(name) + ": " + err.Error())
}

func (p *program) say(message string) {
	p.outputs.pass()
	fmt.Fprintln(p.stderr, "sigcat: "+message)
}

func spoken(name string) string {
	if name == dash {
		return "stdin"
	}
	return name
}
