package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/sigmalang/sigma/examples/internal/terminal"
	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// claims are what the choice of strategies gains and costs at LevelDefault.
type claims struct {
	adaptive  int64
	fixed     map[strategy.ID]int64  // bytes, by the only strategy there is beside store
	detection []time.Duration        // and choice, of each chunk
	classes   map[string]*classTally // by folder
}

// classTally is how many bytes of a folder are in chunks of a class.
type classTally [strategy.ClassRLEFriendly + 1]int64

// always chooses one strategy for all chunks.
type always strategy.ID

func (a always) Select(strategy.Input) strategy.Choice {
	return strategy.Choice{ID: strategy.ID(a), Reason: "always"}
}

// contenders are the strategies that stand for themselves.
func contenders() []strategy.ID {
	var all []strategy.ID
	for s := range strategy.Default().All() {
		all = append(all, s.ID())
	}
	return all
}

// check compresses the files with the choice of strategies and with one alone.
func check(ctx context.Context, inputs []input, progress func(done int)) (*claims, error) {
	c := &claims{fixed: map[strategy.ID]int64{}, classes: map[string]*classTally{}}
	var folder *classTally
	adaptive := sigio.NewWriter(nil, sigio.WithObserver(func(d sigio.Decision) {
		c.detection = append(c.detection, d.Detection)
		folder[d.Class] += int64(d.RawLen)
	}))
	alone := map[strategy.ID]*sigio.Writer{}
	for _, id := range contenders() {
		alone[id] = sigio.NewWriter(nil, sigio.WithSelector(always(id)), sigio.WithStrategies(strategy.Default().Only(id)))
	}
	var failed []error
	for i, in := range inputs {
		progress(i)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		data, err := os.ReadFile(in.path)
		if err != nil {
			continue // run has told
		}
		if c.classes[in.class] == nil {
			c.classes[in.class] = new(classTally)
		}
		folder = c.classes[in.class]
		n, err := encodedLen(adaptive, data)
		c.adaptive += n
		failed = append(failed, err)
		for id, w := range alone {
			n, err := encodedLen(w, data)
			c.fixed[id] += n
			failed = append(failed, err)
		}
	}
	progress(len(inputs))
	return c, errors.Join(failed...)
}

func encodedLen(w *sigio.Writer, data []byte) (int64, error) {
	var s sink
	err := encoder(w)(&s, bytes.NewReader(data))
	return int64(len(s.b)), err
}

// bySize returns the strategies, the one first that makes least of all files by
// itself.
func (c *claims) bySize() []strategy.ID {
	ids := contenders()
	slices.SortStableFunc(ids, func(a, b strategy.ID) int { return cmp.Compare(c.fixed[a], c.fixed[b]) })
	return ids
}

// claimTable writes a row for each claim, and the classes found.
func (r *report) claimTable(dst io.Writer) error {
	c := r.claims
	fmt.Fprintf(dst, "one strategy for all chunks, by what the choice among all makes smaller, %%:")
	for _, id := range c.bySize() {
		fmt.Fprintf(dst, "  %v %.1f", id, 100-100*float64(c.adaptive)/float64(max(c.fixed[id], 1)))
	}
	fmt.Fprintln(dst)
	slices.Sort(c.detection)
	var total time.Duration
	for _, t := range c.detection {
		total += t
	}
	chunks := len(c.detection)
	if chunks > 0 {
		fmt.Fprintf(dst, "detection and choice of %d chunks, on the wall:  median %.2f ms, mean %.2f ms, longest %.2f ms\n", chunks,
			c.detection[chunks/2].Seconds()*1e3, total.Seconds()*1e3/float64(chunks), c.detection[chunks-1].Seconds()*1e3)
	}
	folders := r.classes()
	names := left(append([]string{"class found, % of bytes"}, folders...))
	w := columns(dst)
	fmt.Fprintf(w, "\n%s\t", names[0])
	for class := range strategy.ClassRLEFriendly + 1 {
		fmt.Fprintf(w, "%v\t", class)
	}
	for i, f := range folders {
		fmt.Fprintf(w, "\n%s\t", terminal.Printable(names[i+1]))
		t := c.classes[f]
		if t == nil {
			continue
		}
		var all int64
		for _, n := range t {
			all += n
		}
		for _, n := range t {
			fmt.Fprintf(w, "%s\t", formatPercent(n, all))
		}
	}
	fmt.Fprint(w, "\n\n")
	return w.Flush()
}

func formatPercent(part, whole int64) string {
	if part == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", 100*float64(part)/float64(whole))
}
