//go:build unix

// Calibrate measures the costs that the built-in Selector reckons with: the
// table of function costOf in package strategy.
//
//	go run ./strategy/internal/calibrate file...
//
// It cuts the files into chunks, and counts for each strategy those that the
// Selector would consider it for: a general codec where no special one is chosen,
// a special one where it is. What it prints is processor time in nanoseconds per
// KiB of content, the median of the chunks, beside the ratio. The Selector's
// figures are fixed, since a choice must not depend on the machine; they are
// taken from such a table by hand, where they are far from it in proportion to
// those of zstd.
package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/sigmalang/sigma/strategy"
)

const (
	chunkLen = 1 << 20
	shortest = 32 << 10

	// A measurement goes on until so much time has passed.
	enough = 10 * time.Millisecond
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: calibrate file...")
		os.Exit(2)
	}
	chunks, err := read(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "calibrate:", err)
		os.Exit(1)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "ns/KiB\tlevel\tchunks\tratio\tencode\tdecode\t")
	for s := range strategy.Default().All() {
		for level := strategy.LevelFastest; level.Valid(); level++ {
			var m measured
			for _, c := range chunks {
				if plan, ok := considered(c, s.ID(), level); ok {
					m.add(c, s, level, plan)
				}
			}
			if n := len(m.encode); n > 0 {
				fmt.Fprintf(w, "%s\t%v\t%d\t%.2f\t%d\t%d\t\n", s.Name(), level, n,
					float64(m.raw)/float64(m.encoded), median(m.encode), median(m.decode))
			}
		}
	}
	w.Flush()
}

// read cuts the files into chunks.
func read(names []string) ([][]byte, error) {
	var all [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for c := range slices.Chunk(data, chunkLen) {
			if len(c) >= shortest {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// considered reports whether the Selector would reckon with the strategy for
// the chunk, and returns its plan. Where it chooses zstd, the other general
// codecs are its rivals.
func considered(chunk []byte, id strategy.ID, level strategy.Level) (plan any, ok bool) {
	profile := strategy.Detect(chunk)
	choice := strategy.Adaptive().Select(strategy.Input{Chunk: chunk, Profile: &profile, Level: level, Set: strategy.Default()})
	switch id {
	case strategy.Zstd, strategy.S2, strategy.LZ4:
		return nil, choice.ID == strategy.Zstd || choice.ID == strategy.S2 || choice.ID == strategy.LZ4
	}
	return choice.Plan, choice.ID == id
}

// measured is what a strategy takes.
type measured struct {
	encode, decode []int // ns per KiB, by chunk
	raw, encoded   int
}

func (m *measured) add(chunk []byte, s strategy.Strategy, level strategy.Level, plan any) {
	profile := strategy.Detect(chunk)
	p := strategy.Params{Level: level, Limit: 2 * len(chunk), Profile: &profile, Plan: plan}
	var out, back []byte
	var err error
	encode := perKiB(len(chunk), func() {
		if err == nil {
			out, err = s.Encode(out[:0], chunk, p)
		}
	})
	decode := perKiB(len(chunk), func() {
		if err == nil {
			back, err = s.Decode(back[:0], out, len(chunk))
		}
	})
	if err != nil {
		if !errors.Is(err, strategy.ErrSkip) {
			fmt.Fprintf(os.Stderr, "calibrate: %s: %v\n", s.Name(), err)
		}
		return
	}
	m.encode, m.decode = append(m.encode, encode), append(m.decode, decode)
	m.raw, m.encoded = m.raw+len(chunk), m.encoded+len(out)
}

// perKiB is the time of f for content of n bytes.
func perKiB(n int, f func()) int {
	f() // sets itself up
	runs, began := 0, processorTime()
	for {
		f()
		runs++
		if spent := processorTime() - began; spent >= enough {
			return int(spent.Nanoseconds() * 1024 / int64(n) / int64(runs))
		}
	}
}

func median(all []int) int {
	slices.Sort(all)
	return all[len(all)/2]
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
