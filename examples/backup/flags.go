package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sigmalang/sigma/sigio"
)

// options is what the command line says.
type options struct {
	command string
	archive string
	dir     string   // create and append: the tree; restore and salvage: the target
	paths   []string // list and restore: what to take, all if empty

	filter      filter
	level       sigio.Level
	concurrency int
	dedup       bool
	number      int // of the run; 0 is the latest
	runs        bool
	tree        string
	force       bool
	quiet       bool
	safeLinks   bool
}

var (
	errShown = errors.New("mistake was shown") // by package flag
	errHelp  = errors.New("help was shown")
)

const usage = `usage: backup command [flags] archive ...

	create  archive dir        make a fresh archive of dir
	append  archive dir        add what changed since the last run
	list    archive [path...]  list the files of a run, or the runs
	restore archive [path...]  restore all, or files and directories
	verify  archive            read and compare all
	salvage archive            restore what is left of a damaged archive

backup command -h lists the flags.
`

// maxWorkers is as many as a machine of any size gets unasked.
const maxWorkers = 64

// parse fills in o. It writes to stderr what package flag has to say.
func (o *options) parse(args []string, stderr io.Writer) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		fmt.Fprint(stderr, usage)
		if len(args) > 0 && strings.HasPrefix(args[0], "-h") {
			return errHelp
		}
		return errShown
	}
	o.command = args[0]
	f, operands := o.flags()
	if f == nil {
		return fmt.Errorf("no command %q; -h lists them", o.command)
	}
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, "usage: backup %s [flags] %s\n", o.command, operands)
		f.PrintDefaults()
	}
	switch err := f.Parse(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return errHelp
	case err != nil:
		return errShown
	}
	if o.concurrency < 1 {
		return errors.New("-p is at least 1")
	}
	return o.operands(f.Args())
}

// flags returns the flags of the command and how its operands are called.
func (o *options) flags() (f *flag.FlagSet, operands string) {
	f = flag.NewFlagSet("backup "+o.command, flag.ContinueOnError)
	f.BoolVar(&o.quiet, "q", false, "quiet: errors only")
	f.IntVar(&o.concurrency, "p", min(runtime.GOMAXPROCS(0), maxWorkers), "`number` of chunks worked on at the same time")
	patterns := func() {
		f.Func("include", "take only what matches `pattern`", o.filter.include.add)
		f.Func("exclude", "leave out what matches `pattern`", o.filter.exclude.add)
	}
	target := func() {
		f.StringVar(&o.dir, "C", ".", "restore to `dir`, which is made if need be")
		f.BoolVar(&o.force, "f", false, "replace files that exist")
		f.BoolVar(&o.safeLinks, "safe-links", false, "leave out symbolic links that lead out of the directory")
	}
	switch o.command {
	case "create", "append":
		patterns()
		f.TextVar(&o.level, "level", sigio.LevelFastest, "`level`: fastest, default, better or best")
		f.BoolVar(&o.dedup, "dedup", true, "store large files of the same content once")
		if o.command == "create" {
			f.BoolVar(&o.force, "f", false, "replace an archive that exists")
		}
		return f, "archive dir"
	case "list":
		patterns()
		f.IntVar(&o.number, "run", 0, "list the tree as run `number` left it (default the latest)")
		f.BoolVar(&o.runs, "runs", false, "list the runs")
		return f, "archive [path...]"
	case "restore":
		patterns()
		target()
		f.IntVar(&o.number, "run", 0, "restore the tree as run `number` left it (default the latest)")
		return f, "archive [path...]"
	case "verify":
		f.StringVar(&o.tree, "tree", "", "compare the latest run with `dir`, too")
		patterns()
		return f, "archive"
	case "salvage":
		target()
		return f, "archive"
	}
	return nil, ""
}

func (o *options) operands(args []string) error {
	if len(args) == 0 {
		return errors.New("which archive?")
	}
	o.archive = args[0]
	args = args[1:]
	switch o.command {
	case "create", "append":
		if len(args) != 1 {
			return errors.New("which one directory?")
		}
		o.dir = args[0]
		return nil
	case "list", "restore":
		for _, a := range args {
			o.paths = append(o.paths, path.Clean(filepath.ToSlash(a)))
		}
		return nil
	}
	if len(args) > 0 {
		return fmt.Errorf("%s takes no %q", o.command, args[0])
	}
	return nil
}

// selected reports whether the operands and patterns ask for an entry.
func (o *options) selected(e *entry) bool {
	return (len(o.paths) == 0 || within(e.name, o.paths)) && o.filter.takes(e.name, e.kind == kindDir)
}

// within reports whether name is one of paths or below one.
func within(name string, paths []string) bool {
	for _, p := range paths {
		if p == "." || name == p || strings.HasPrefix(name, p) && name[len(p)] == '/' {
			return true
		}
	}
	return false
}

func (o *options) readerOptions() []sigio.ReaderOption {
	return []sigio.ReaderOption{sigio.WithConcurrency(o.concurrency)}
}
