package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
)

const (
	exitOK         = 0
	exitIO         = 1
	exitUsage      = 2
	exitVerdict    = 3
	exitIncomplete = 4
	exitSignal     = 128
)

var (
	errInterrupted = errors.New("interrupted")
	// errLost ends a command that told about each loss where it happened.
	errLost = errors.New("parts of the archive are lost or damaged")
)

// program is one run of the command.
type program struct {
	ctx            context.Context
	stdout, stderr *os.File
	options
	progress progress
	sizes    sizes

	mu       sync.Mutex
	reported int // files that could not be read, or that differ
	failed   int // files that could not be written
	lost     int // files of the archive that are damaged
}

// sizes are in bytes.
type sizes struct {
	chunk int
	part  int64 // the least of the content that gets a catalogue before the run is complete
	room  int64 // for the catalogues of an archive, in memory
}

// usual is for all but tests.
//
// What is alike stands together for megabytes, and a single file costs at most
// the decoding of one chunk to reach.
var usual = sizes{chunk: 8 << 20, part: 64 << 20, room: maxCatalogue}

func (p *program) run(args []string) (code int) {
	switch err := p.parse(args, p.stderr); {
	case errors.Is(err, errHelp):
		return exitOK
	case errors.Is(err, errShown):
		return exitUsage
	case err != nil:
		p.say(err.Error())
		return exitUsage
	}
	if !p.quiet && terminal.Is(p.stderr.Stat()) {
		p.progress.screen = p.stderr
	}
	if err := p.dispatch(); err != nil {
		p.say(p.archive + ": " + err.Error())
		return exitCode(err)
	}
	switch {
	case p.failed > 0:
		return exitIO
	case p.reported > 0:
		return exitIncomplete
	}
	return exitOK
}

// dispatch does what the command says.
func (p *program) dispatch() error {
	switch p.command {
	case "create":
		return p.create()
	case "append":
		return p.append()
	case "salvage":
		return p.salvage()
	}
	f, err := os.Open(p.archive)
	if err != nil {
		return err
	}
	defer f.Close()
	a, err := openArchive(f, p.sizes.room)
	if err != nil {
		return err
	}
	if a.refused > 0 {
		p.say(fmt.Sprintf("%s: torn at offset %d; what stands behind is ignored", p.archive, a.refused))
	} else if len(a.runs) > 0 && a.end < a.content.Size() || a.torn > 0 {
		p.notice(p.archive + ": a run was killed behind the last complete one; append goes on with it")
	}
	switch p.command {
	case "list":
		err = p.list(a)
	case "restore":
		err = p.restore(f, a)
	default:
		err = p.verify(f, a)
	}
	if err == nil && a.refused > 0 {
		err = errLost // perhaps of whole runs
	}
	return err
}

// exitCode tells what is wrong with the archive from what is wrong with the
// world around it.
func exitCode(err error) int {
	for _, verdict := range []error{errCatalogue, errLost, sigio.ErrCorrupt, sigio.ErrTruncated, sigio.ErrUnsupported, sigio.ErrTooLarge} {
		if errors.Is(err, verdict) {
			return exitVerdict
		}
	}
	return exitIO
}

// report tells about a file of the tree that could not be read, or differs.
func (p *program) report(err error) {
	p.say(err.Error())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reported++
}

// fail tells about a file that could not be written.
func (p *program) fail(err error) {
	p.say(err.Error())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed++
}

// notice tells what is no error.
func (p *program) notice(message string) {
	if !p.quiet {
		p.say(message)
	}
}

func (p *program) say(message string) {
	if p.progress.screen != nil {
		terminal.Clear(p.stderr)
	}
	fmt.Fprintln(p.stderr, "backup: "+terminal.Printable(message))
}
