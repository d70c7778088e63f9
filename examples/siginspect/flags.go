package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/sigmalang/sigma/sigio"
)

const dash = "-" // the name of stdin

// options is what the command line says.
type options struct {
	name  string // of the input
	html  string // of the page to write, "" for none
	list  bool
	color string // when
	level sigio.Level
	quiet bool
	help  bool
}

// errShown is a mistake that package flag has told the user already.
var errShown = errors.New("mistake was shown")

// parse fills in o. It writes to stderr what package flag has to say.
func (o *options) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("siginspect", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: siginspect [flags] [file]")
		f.PrintDefaults()
	}
	f.StringVar(&o.html, "html", "", "write a page to the `file`")
	f.BoolVar(&o.list, "l", false, "list chunks, too")
	f.BoolVar(&o.quiet, "q", false, "quiet: no text, only the page and errors")
	f.StringVar(&o.color, "color", "auto", "`when` to use colours: auto, always or never; auto heeds NO_COLOR")
	f.TextVar(&o.level, "level", sigio.LevelDefault, "`level` at which the selector is asked: fastest, default, better or best")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		o.help = true
		return nil
	case err != nil:
		return errShown
	}
	o.name = dash
	if f.NArg() > 0 {
		o.name = f.Arg(0)
	}
	switch {
	case f.NArg() > 1:
		return errors.New("one input at a time")
	case o.color != "auto" && o.color != "always" && o.color != "never":
		return fmt.Errorf("-color %s: say auto, always or never", o.color)
	case o.quiet && o.html == "":
		return errors.New("-q without -html would tell nothing")
	case o.quiet && o.list:
		return errors.New("-q and -l exclude each other")
	}
	return nil
}
