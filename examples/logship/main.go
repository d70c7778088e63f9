// Logship copies a log to another machine while it is being written, compressed
// on the way.
//
//	logship -receive dir -at :4444               keeps logs as files in dir
//	logship [-follow] -at example.org:4444 log   ships a log
//
// It goes on after a failure of either end or of the network: the receiver tells
// how much it has, the shipper sends what is behind that. With -follow it waits
// for more until it is interrupted. A log must only grow while it is shipped; the
// name under which it is kept is the last part of its path.
//
// There is no authentication and no secrecy in this example: use it inside a
// network that has both, or give the Dialer and the Listener connections of
// crypto/tls.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/sigmalang/sigma/sigio/signet"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "logship:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("logship", flag.ContinueOnError)
	dir := f.String("receive", "", "receive logs and keep them in this `directory`")
	at := f.String("at", "localhost:4444", "`address` of the receiver")
	follow := f.Bool("follow", false, "wait for more at the end of the log")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *dir != "" {
		l, err := net.Listen("tcp", *at)
		if err != nil {
			return err
		}
		listener := signet.NewListener(l)
		context.AfterFunc(ctx, func() { listener.Close() })
		return (&receiver{dir: *dir}).serve(listener)
	}
	if f.NArg() != 1 {
		return fmt.Errorf("ship which log?")
	}
	s := shipper{path: f.Arg(0), address: *at, follow: *follow, pause: time.Second}
	return s.run(ctx)
}
