package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/sigmalang/sigma/examples/internal/terminal"
)

// guardTerminals refuses to print compressed bytes on a terminal, and to wait
// for somebody to type them.
func (p *program) guardTerminals() error {
	if p.force {
		return nil
	}
	for _, name := range p.names {
		switch {
		case p.mode == modeCompress && terminal.Is(stat(p.target(name), p.stdout)):
			return errors.New("compressed data is not written to a terminal; -f does it all the same, -h helps")
		case p.mode != modeCompress && terminal.Is(stat(name, p.stdin)):
			return errors.New("compressed data is not read from a terminal; -f does it all the same, -h helps")
		}
	}
	return nil
}

func stat(name string, std *os.File) (fs.FileInfo, error) {
	if name == dash {
		return std.Stat()
	}
	return os.Stat(name)
}
