package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sigmalang/sigma/sigio"
)

// options is what the command line says.
type options struct {
	least, most int64 // sizes of streams, in bytes
	steps       int   // sizes to a decade
	rounds      int
	content     kind
	level       sigio.Level
	index       bool
	csv         string // names of files to write; "" is none
	html        string
	svg         string
	quiet       bool
	help        bool
}

// errShown is a mistake that package flag has told the user already.
var errShown = errors.New("mistake was shown")

// parse fills in o. It writes to stderr what package flag has to say.
func (o *options) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("sigmem", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: sigmem [flags]")
		f.PrintDefaults()
	}
	o.least, o.most = 10, 64<<20
	size := func(to *int64) func(string) error {
		return func(s string) (err error) {
			*to, err = parseSize(s)
			return err
		}
	}
	f.Func("min", "`size` of the shortest stream (default 10)", size(&o.least))
	f.Func("max", "`size` of the longest stream, as in 64MiB or 1GB (default 64MiB)", size(&o.most))
	f.IntVar(&o.steps, "steps", 3, "`sizes` to a decade")
	f.IntVar(&o.rounds, "n", 3, "`rounds`, of whose peaks the median counts")
	f.Func("content", "`kind` of content: "+strings.Join(kindNames[:], ", ")+" (default mixed)", func(s string) (err error) {
		o.content, err = parseKind(s)
		return err
	})
	f.TextVar(&o.level, "level", sigio.LevelDefault, "`level`: fastest, default, better, best")
	f.BoolVar(&o.index, "index", false, "write an index, which takes 16 bytes of memory for each chunk and 1 MiB at most")
	f.StringVar(&o.csv, "csv", "", "write all measurements to the `file`, as comma-separated values")
	f.StringVar(&o.html, "html", "", "write a page to the `file`")
	f.StringVar(&o.svg, "svg", "", "write the chart to the `file`")
	f.BoolVar(&o.quiet, "q", false, "quiet: no progress, no conditions, only tables and errors")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		o.help = true
		return nil
	case err != nil:
		return errShown
	case f.NArg() > 0:
		return fmt.Errorf("%q is no flag; -h helps", f.Arg(0))
	}
	return o.validate()
}

func (o *options) validate() error {
	switch {
	case o.least < 1:
		return errors.New("-min is less than 1")
	case o.most < o.least:
		return errors.New("-max is less than -min")
	case o.steps < 1 || o.steps > 100:
		return errors.New("-steps is not within 1 to 100")
	case o.rounds < 1:
		return errors.New("-n is less than 1")
	case o.csv != "" && (o.csv == o.html || o.csv == o.svg), o.html != "" && o.html == o.svg:
		return errors.New("two outputs name the same file")
	}
	return nil
}

// parseSize reads a number of bytes with or without a unit.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "kKMGTiB")
	unit, ok := map[string]int64{
		"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[s[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || n < 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is no size; 64MiB and 1GB are", s)
	}
	return n * unit, nil
}
