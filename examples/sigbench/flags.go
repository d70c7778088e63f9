package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"
)

// options is what the command line says.
type options struct {
	paths  []string // files and folders, at least one
	csv    string   // names of files to write; "" is none
	html   string
	codecs *regexp.Regexp
	rounds int
	least  time.Duration // that a codec works on a file in one round
	heap   bool
	files  bool
	claims bool
	quiet  bool
	help   bool
}

// errShown is a mistake that package flag has told the user already.
var errShown = errors.New("mistake was shown")

// parse fills in o. It writes to stderr what package flag has to say.
func (o *options) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("sigbench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: sigbench [flags] file|folder...")
		f.PrintDefaults()
	}
	f.StringVar(&o.csv, "csv", "", "write all figures to the `file`, as comma-separated values")
	f.StringVar(&o.html, "html", "", "write a page to the `file`")
	o.codecs = regexp.MustCompile("")
	f.Func("codecs", "`regexp` that the names of the codecs match (default all)", func(s string) (err error) {
		o.codecs, err = regexp.Compile(s)
		return err
	})
	f.IntVar(&o.rounds, "n", 3, "`rounds`, of whose times the median counts")
	f.DurationVar(&o.least, "min", 20*time.Millisecond, "repeat short files until this `time` has passed")
	f.BoolVar(&o.heap, "heap", true, "measure the peak of the heap in a pass of its own")
	f.BoolVar(&o.files, "files", false, "print a line for each file and codec, too")
	f.BoolVar(&o.claims, "claims", false, "print what the choice of strategies gains and costs, and which classes are found, too")
	f.BoolVar(&o.quiet, "q", false, "quiet: no progress, no conditions, only tables and errors")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		o.help = true
		return nil
	case err != nil:
		return errShown
	}
	o.paths = f.Args()
	return o.validate()
}

func (o *options) validate() error {
	switch {
	case len(o.paths) == 0:
		return errors.New("no file or folder given; -h helps")
	case o.rounds < 1:
		return errors.New("-n is less than 1")
	case o.least < 0 || o.least > time.Minute:
		return errors.New("-min is not between 0 and a minute")
	case o.csv != "" && o.csv == o.html:
		return errors.New("-csv and -html name the same file")
	case len(o.selected()) == 0:
		return fmt.Errorf("no codec matches %q; there are %s", o.codecs, names(allCodecs()))
	}
	return nil
}

func (o *options) selected() []codec {
	var chosen []codec
	for _, c := range allCodecs() {
		if o.codecs.MatchString(c.name) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}
