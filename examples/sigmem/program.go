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
)

// program is one run of the command.
type program struct {
	ctx            context.Context
	stdout, stderr *os.File
	options
	outputs outfile.Files
}

func (p *program) run(args []string) int {
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
	all, failed := measureAll(p.ctx, &p.options, p.progress())
	if p.ctx.Err() != nil {
		return exitFailed // main knows better
	}
	r := newReport(all, p.conditions())
	if err := errors.Join(failed, p.publish(r)); err != nil {
		p.complain(err)
		return exitFailed
	}
	if r.grows() {
		return exitGrows
	}
	return exitOK
}

// conditions are what a reader of the figures must know.
func (p *program) conditions() []string {
	rounds := "one round"
	if p.rounds > 1 {
		rounds = fmt.Sprintf("medians of %d rounds", p.rounds)
	}
	return []string{
		fmt.Sprintf("%s, %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH),
		fmt.Sprintf("content: %s", p.content),
		fmt.Sprintf("level %s, concurrency 1", p.level),
		fmt.Sprintf("peak heap over baseline at GOGC=%d", heap.GOGC),
		rounds,
	}
}

func (p *program) publish(r *report) error {
	if len(r.all) == 0 {
		return errors.New("there is nothing to report")
	}
	var failed []error
	for _, out := range []struct {
		name  string
		write func(io.Writer, *report) error
	}{{p.csv, writeCSV}, {p.html, writePage}, {p.svg, writeSVG}} {
		if out.name != "" {
			failed = append(failed, p.outputs.Write(p.ctx, out.name, func(w io.Writer) error { return out.write(w, r) }))
		}
	}
	failed = append(failed, writeText(p.stdout, r))
	if !p.quiet {
		fmt.Fprintln(p.stdout, strings.Join(r.conditions, "; "))
	}
	return errors.Join(failed...)
}

// complain prints each of several errors on a line of its own.
func (p *program) complain(err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(p.stderr, "sigmem: %s\n", strings.TrimSuffix(line, "\n"))
	}
}

// progress returns what shows how far the work has come, on a terminal.
func (p *program) progress() func(done, total int) {
	info, err := p.stderr.Stat()
	if p.quiet || err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int, int) {}
	}
	return func(done, total int) {
		if total == 0 {
			fmt.Fprintf(p.stderr, "\r%50s\r", "")
			return
		}
		fmt.Fprintf(p.stderr, "\rstream %d of %d ", done+1, total)
	}
}
