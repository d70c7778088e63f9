package main

import (
	"errors"
	"io"
	"os"
)

// program is one run of the command.
type program struct {
	stdin, stdout, stderr *os.File
	options
	outputs outputs
}

func (p *program) run(args []string) (code int) {
	err := p.options.parse(args, p.stderr)
	if errors.Is(err, errShown) {
		return exitUsage
	}
	if p.help {
		return exitOK
	}
	if err == nil {
		err = p.guardTerminals()
	}
	if err != nil {
		p.complain("", err)
		return exitUsage
	}
	for i, name := range p.names {
		wrote, err := p.process(name)
		if err == nil {
			continue
		}
		p.complain(name, err)
		code = max(code, exitCode(err))
		if wrote && p.target(name) == dash && i < len(p.names)-1 {
			p.say("the files behind it are skipped: half of it is on stdout already")
			break
		}
	}
	return code
}

// process does what the mode says with one input. It reports whether any
// output was written.
func (p *program) process(name string) (wrote bool, err error) {
	in := p.stdin
	if name != dash {
		if in, err = os.Open(name); err != nil {
			return false, err
		}
		defer in.Close()
	}
	switch p.mode {
	case modeList:
		return false, list(p.stdout, in, p.title(name))
	case modeTest:
		return false, decompress(io.Discard, in, p.readerOptions(), p.meter(name, in))
	default:
		return p.convert(name, in)
	}
}

// convert compresses or decompresses one input into its target.
func (p *program) convert(name string, in *os.File) (wrote bool, err error) {
	out, err := p.open(name, in)
	if err != nil {
		return false, err
	}
	defer out.discard()
	m := p.meter(name, in)
	if p.mode == modeCompress {
		err = compress(out, in, p.writerOptions(), m)
	} else {
		err = decompress(out, in, p.readerOptions(), m)
	}
	if err == nil {
		err = out.commit()
	}
	if err == nil && m.screen != nil {
		p.say(m.last.summary())
	}
	return out.written > 0, err
}

// open opens the target of an input. Mode and time of stdin mean nothing,
// whatever it is.
func (p *program) open(name string, in *os.File) (*output, error) {
	target := p.target(name)
	if target == dash {
		return &output{file: p.stdout, stdout: true}, nil
	}
	if name == dash {
		return p.outputs.create(target, p.force, nil)
	}
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	return p.outputs.create(target, p.force, info)
}

// title is the line above the list of one of several files.
func (p *program) title(name string) string {
	if len(p.names) > 1 {
		return spoken(name) + ":"
	}
	return ""
}
