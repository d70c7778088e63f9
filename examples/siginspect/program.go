package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sigmalang/sigma/examples/internal/outfile"
	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// program is one run of the command.
type program struct {
	ctx                   context.Context
	stdin, stdout, stderr *os.File
	options
	outputs outfile.Files
}

// mapCells is the size of the page's map at most.
const mapCells = 4000

func (p *program) run(args []string) (code int) {
	err := p.options.parse(args, p.stderr)
	switch {
	case errors.Is(err, errShown):
		return exitUsage
	case p.help:
		return exitOK
	case err == nil && p.name == dash && terminal.Is(p.stdin.Stat()):
		err = errors.New("streams are not read from a terminal; -h helps")
	}
	if err != nil {
		p.complain(err)
		return exitUsage
	}
	in := p.stdin
	if p.name != dash {
		if in, err = os.Open(p.name); err != nil {
			p.complain(err)
			return exitFailed
		}
		defer in.Close()
	}
	s, err := p.survey(in)
	for _, failed := range []error{err, p.publish(s)} {
		if failed != nil {
			p.complain(failed)
			code = exitFailed
		}
	}
	if s.err != nil {
		p.complain(fmt.Errorf("%s: %w", p.title(), s.err))
		code = exitFailed
	}
	return code
}

// survey reads the input. Its error is that of stdout.
func (p *program) survey(in io.Reader) (*survey, error) {
	s := newSurvey(mapCells)
	out := bufio.NewWriter(p.stdout)
	t := &text{w: out, colours: p.colours(), title: p.title(), level: p.level}
	if p.list {
		t.listHead()
	}
	s.outcome, s.err = inspect(in, p.level, func(c *chunk) {
		s.add(c)
		if p.list {
			t.listLine(c)
		}
	})
	if p.list {
		fmt.Fprintln(out)
	}
	if !p.quiet {
		t.summary(s)
	}
	return s, out.Flush()
}

func (p *program) publish(s *survey) error {
	if p.html == "" {
		return nil
	}
	return p.outputs.Write(p.ctx, p.html, func(w io.Writer) error { return writePage(w, p.title(), p.level, s) })
}

// title is what the input is called.
func (p *program) title() string {
	if p.name == dash {
		return "stdin"
	}
	return filepath.Base(p.name)
}

// colours reports whether stdout is to be coloured.
func (p *program) colours() bool {
	switch p.color {
	case "always":
		return true
	case "never":
		return false
	}
	able := os.Getenv("TERM") != "dumb"
	if runtime.GOOS == "windows" {
		able = os.Getenv("WT_SESSION") != "" // older consoles print the codes
	}
	return able && os.Getenv("NO_COLOR") == "" && terminal.Is(p.stdout.Stat())
}

func (p *program) complain(err error) {
	fmt.Fprintln(p.stderr, "siginspect: "+terminal.Printable(err.Error()))
}
