package main

import (
	"errors"
	"io/fs"
	"os"
)

// guardTerminals refuses to print compressed bytes on a terminal, and to wait
// for somebody to type them.
func (p *program) guardTerminals() error {
	if p.force {
		return nil
	}
	for _, name := range p.names {
		switch {
		case p.mode == modeCompress && isTerminal(stat(p.target(name), p.stdout)):
			return errors.New("compressed data is not written to a terminal; -f does it all the same, -h helps")
		case p.mode != modeCompress && isTerminal(stat(name, p.stdin)):
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

// isTerminal takes what Stat returns. It reports whether that is a character
// device other than the null device, which is as near as the standard library
// comes.
func isTerminal(info fs.FileInfo, err error) bool {
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
