package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/sigmalang/sigma/examples/internal/heap"
	"github.com/sigmalang/sigma/examples/internal/outfile"
	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// program is one run of the command.
type program struct {
	ctx            context.Context
	stdout, stderr *os.File
	options
	outputs outfile.Files
}

func (p *program) run(args []string) (code int) {
	err := p.options.parse(args, p.stderr)
	switch {
	case errors.Is(err, errShown):
		return exitUsage
	case p.help:
		return exitOK
	case err != nil:
		p.complain(err)
		return exitUsage
	}
	r, err := p.measure()
	if p.ctx.Err() != nil {
		return exitFailed // main knows better
	}
	if err != nil {
		p.complain(err)
		code = exitFailed
	}
	if r == nil || len(r.results) == 0 {
		p.complain(errors.New("there is nothing to report"))
		return exitFailed
	}
	if err := p.publish(r); err != nil {
		p.complain(err)
		code = exitFailed
	}
	return code
}

// measure returns a report of what could be measured, and what could not.
func (p *program) measure() (*report, error) {
	inputs, unlisted := find(p.paths)
	r := &report{codecs: p.selected(), conditions: p.conditions()}
	b, err := newBench(r.codecs, p.rounds, p.least)
	if err != nil {
		return nil, err
	}
	var failed error
	r.results, failed = b.run(p.ctx, inputs, p.progress("file", len(inputs)))
	if p.heap && len(r.results) > 0 && p.ctx.Err() == nil {
		*b = bench{} // its codecs would count
		if r.peaks, err = heapPass(p.ctx, r.codecs, inputs, p.progress("heap of codec", len(r.codecs))); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if p.claims && len(r.results) > 0 && p.ctx.Err() == nil {
		if r.claims, err = check(p.ctx, inputs, p.progress("claims: file", len(inputs))); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return r, errors.Join(unlisted, failed)
}

// conditions are what a reader of the figures must know.
func (p *program) conditions() []string {
	c := []string{
		fmt.Sprintf("%s, %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH),
		clockName + ", one goroutine, garbage collector off",
	}
	if p.rounds == 1 {
		c = append(c, "one round")
	} else {
		c = append(c, fmt.Sprintf("medians of %d rounds", p.rounds))
	}
	if p.heap {
		c = append(c, fmt.Sprintf("peak heap over baseline at GOGC=%d", heap.GOGC))
	}
	return c
}

func (p *program) publish(r *report) error {
	var failed []error
	for _, out := range []struct {
		name  string
		write func(io.Writer, *report) error
	}{{p.csv, writeCSV}, {p.html, writePage}} {
		if out.name != "" {
			failed = append(failed, p.outputs.Write(p.ctx, out.name, func(w io.Writer) error { return out.write(w, r) }))
		}
	}
	if err := writeText(p.stdout, r, p.files); err != nil {
		failed = append(failed, err)
	}
	if !p.quiet {
		fmt.Fprintln(p.stdout, "\n"+strings.Join(r.conditions, "; "))
	}
	return errors.Join(failed...)
}

// complain prints each of several errors on a line of its own.
func (p *program) complain(err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(p.stderr, "sigbench: "+terminal.Printable(strings.TrimSuffix(line, "\n")))
	}
}

// progress returns what shows how far the work has come, on a terminal.
func (p *program) progress(what string, total int) func(done int) {
	info, err := p.stderr.Stat()
	if p.quiet || err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int) {}
	}
	return func(done int) {
		if done == total {
			fmt.Fprintf(p.stderr, "\r%50s\r", "")
			return
		}
		fmt.Fprintf(p.stderr, "\r%s %d of %d ", what, done+1, total)
	}
}
