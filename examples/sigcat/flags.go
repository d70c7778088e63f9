package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/sigmalang/sigma/sigio"
)

const (
	suffix = ".sigma"
	dash   = "-" // the name of stdin and stdout
)

type mode int

const (
	modeCompress mode = iota
	modeDecompress
	modeTest
	modeList
)

// options is what the command line says.
type options struct {
	names []string // of the inputs, at least one
	mode  mode

	output string // of the only input; "" is beside it
	stdout bool
	force  bool
	quiet  bool
	help   bool

	level       sigio.Level
	chunk       int // bytes; 0 is by level
	concurrency int
}

// errShown is a mistake that package flag has told the user already.
var errShown = errors.New("mistake was shown")

// parse fills in o. It writes to stderr what package flag has to say.
func (o *options) parse(args []string, stderr io.Writer) error {
	var decompress, test, list bool
	f := flag.NewFlagSet("sigcat", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: sigcat [flags] [file...]")
		f.PrintDefaults()
	}
	f.BoolVar(&decompress, "d", false, "decompress")
	f.BoolVar(&test, "t", false, "test: read and verify, write nothing")
	f.BoolVar(&list, "l", false, "list chunks")
	f.StringVar(&o.output, "o", "", "write to the file `name`")
	f.BoolVar(&o.stdout, "c", false, "write to stdout")
	f.BoolVar(&o.force, "f", false, "overwrite files, use terminals for compressed data")
	f.BoolVar(&o.quiet, "q", false, "quiet: errors only")
	f.TextVar(&o.level, "level", sigio.LevelDefault, "`level`: fastest, default, better or best")
	for l := sigio.LevelFastest; l.Valid(); l++ {
		f.BoolFunc(strconv.Itoa(int(l-sigio.LevelFastest)+1), "same as -level "+l.String(), func(string) error {
			o.level = l
			return nil
		})
	}
	f.Func("chunk", "chunk `size` in bytes, or with a suffix K or M (default by level)", o.setChunk)
	f.IntVar(&o.concurrency, "p", 0, "`number` of chunks worked on at the same time; 0 is one for each CPU")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		o.help = true
		return nil
	case err != nil:
		return errShown
	}
	if o.names = f.Args(); len(o.names) == 0 {
		o.names = []string{dash}
	}
	if o.concurrency == 0 {
		o.concurrency = min(runtime.GOMAXPROCS(0), maxWorkers)
	}
	if err := o.setMode(decompress, test, list); err != nil {
		return err
	}
	return o.validate()
}

// maxWorkers is as many as a machine of any size gets unasked.
const maxWorkers = 64

func (o *options) setMode(decompress, test, list bool) error {
	given := 0
	for _, m := range []struct {
		given bool
		mode  mode
	}{{decompress, modeDecompress}, {test, modeTest}, {list, modeList}} {
		if m.given {
			o.mode = m.mode
			given++
		}
	}
	if given > 1 {
		return errors.New("-d, -t and -l exclude each other")
	}
	return nil
}

func (o *options) setChunk(s string) error {
	digits, shift := s, 0
	if d, ok := strings.CutSuffix(s, "K"); ok {
		digits, shift = d, 10
	} else if d, ok := strings.CutSuffix(s, "M"); ok {
		digits, shift = d, 20
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || n == 0 || n > math.MaxInt32>>shift {
		return errors.New("not a size")
	}
	o.chunk = int(n) << shift
	return nil
}

// validate reports what does not go together.
func (o *options) validate() error {
	writes := o.mode == modeCompress || o.mode == modeDecompress
	switch {
	case o.output != "" && o.stdout:
		return errors.New("-c and -o exclude each other")
	case (o.output != "" || o.stdout) && !writes:
		return errors.New("-t and -l have no output for -c or -o")
	case o.output != "" && len(o.names) > 1:
		return errors.New("-o takes one input")
	}
	for _, name := range o.names {
		if o.mode == modeDecompress && o.target(name) == "" {
			return fmt.Errorf("%s does not end in %s; say -o or -c", name, suffix)
		}
	}
	// A Writer or Reader tells about bad options at its first call.
	if _, err := sigio.NewWriter(io.Discard, o.writerOptions()...).Write(nil); err != nil {
		return err
	}
	return nil
}

// target is the name of the output for an input, "" if there is none.
func (o *options) target(name string) string {
	switch {
	case o.output != "":
		return o.output
	case o.stdout || name == dash:
		return dash
	case o.mode == modeCompress:
		return name + suffix
	case o.mode == modeDecompress && filepath.Base(name) != suffix && strings.HasSuffix(name, suffix):
		return strings.TrimSuffix(name, suffix)
	}
	return ""
}

func (o *options) writerOptions() []sigio.WriterOption {
	opts := []sigio.WriterOption{sigio.WithLevel(o.level), sigio.WithConcurrency(o.concurrency)}
	if o.chunk != 0 {
		opts = append(opts, sigio.WithChunkSize(o.chunk))
	}
	return opts
}

func (o *options) readerOptions() []sigio.ReaderOption {
	return []sigio.ReaderOption{sigio.WithConcurrency(o.concurrency)}
}
