package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// A find is what Salvage wrote between two gaps.
type find struct {
	at      int // in what was written
	content []byte
	adrift  bool // behind a gap of unknown length
}

func (x *wreck) salvage(t *testing.T, src io.Reader) (finds []find, all []byte) {
	t.Helper()
	var out bytes.Buffer
	finds = []find{{}}
	close := func() {
		last := &finds[len(finds)-1]
		last.content = out.Bytes()[last.at:]
	}
	_, err := sigio.Salvage(&out, src, func(g sigio.Gap) sigio.Fill {
		close()
		finds = append(finds, find{at: out.Len() + max(0, int(g.RawLen)), adrift: g.RawLen < 0})
		return sigio.FillZeros
	}, sigio.WithMaxOutput(16<<20), withLedger())
	require.NoError(t, err)
	finds[len(finds)-1].content = out.Bytes()[min(out.Len(), finds[len(finds)-1].at):]
	return finds, out.Bytes()
}

// checkSalvage: what is written is what was there, at its offset; behind a gap
// of unknown length at its offset from the start of a stream.
func (x *wreck) checkSalvage(t *testing.T, src io.Reader, seeks string) {
	finds, _ := x.salvage(t, src)
	shifts := []int{0} // that are possible for what comes next
	for _, f := range finds {
		if f.adrift {
			for _, base := range x.bases {
				shifts = append(shifts, base-f.at)
			}
		}
		var left []int
		for _, s := range shifts {
			from := f.at + s
			if from >= 0 && from+len(f.content) <= len(x.content) && bytes.Equal(f.content, x.content[from:from+len(f.content)]) {
				left = append(left, s)
			}
		}
		if len(left) == 0 && len(x.inner) > 0 && len(shifts) > 1 {
			// Streams that are stored in one that was given up, and those behind.
			left = x.behindStored(f)
			require.NotEmpty(t, left, "wrong bytes, %s", seeks)
			shifts = append(shifts, left...)
			continue
		}
		require.NotEmpty(t, left, "wrong bytes at %d, %d of them, %s", f.at, len(f.content), seeks)
		shifts = left
	}
}

// isStored reports whether p is content of stored streams, and then of others.
func (x *wreck) isStored(p []byte) bool { return len(x.behindStored(find{content: p})) > 0 }

// behindStored returns the shifts at which what f has behind the content of
// stored streams can be that of others.
func (x *wreck) behindStored(f find) (shifts []int) {
	for _, base := range append(x.bases, len(x.content)) {
		for n := range len(f.content) + 1 {
			if bytes.HasPrefix(x.content[base:], f.content[n:]) && bytes.Contains(x.inner, f.content[:n]) {
				shifts = append(shifts, base-f.at-n)
			}
		}
	}
	return shifts
}

// recovered is all that Salvage finds.
func recovered(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := sigio.Salvage(&out, bytes.NewReader(b), func(sigio.Gap) sigio.Fill { return sigio.FillNothing }, withLedger())
	require.NoError(t, err)
	return out.Bytes()
}

// checkRepair: nothing is changed before the cut, nothing is lost that can be
// recovered, and what is left reads.
func (x *wreck) checkRepair(t *testing.T) (cut int64, err error) {
	got, _ := io.ReadAll(sigio.NewReader(bytes.NewReader(x.b), withLedger()))
	d := &disk{b: bytes.Clone(x.b)}
	cut, err = sigio.Repair(d, withLedger())
	if err != nil {
		// A light chunk that is damaged may name any strategy.
		require.True(t, errors.Is(err, sigio.ErrCorrupt) || errors.Is(err, sigio.ErrUnsupported) && x.damaged, "%v", err)
		require.Zero(t, cut)
		requireSame(t, x.b, d.b)
		require.True(t, x.damaged || len(x.inner) > 0, "it was but torn: %v", err)
		return cut, err
	}
	kept := len(x.b) - int(cut)
	requireSame(t, x.b[:kept], d.b[:kept], "what stays is what it was")
	if len(x.inner) == 0 { // stored streams are taken for real ones only where nothing tells what they are in
		requireSame(t, recovered(t, x.b), recovered(t, d.b), "what is recovered before and after the cut of ", cut)
	}

	after, err := io.ReadAll(sigio.NewReader(bytes.NewReader(d.b), withLedger()))
	require.True(t, bytes.HasPrefix(after, got))
	if err != nil {
		require.True(t, x.damaged)
		require.ErrorIs(t, err, sigio.ErrCorrupt)
		requireSame(t, got, after)
	} else {
		requireSame(t, got, after)
		w, err := sigio.OpenAppend(d, withLedger())
		require.NoError(t, err)
		require.NoError(t, write([]byte("and more")).play(w))
		require.NoError(t, w.Close())
		requireSame(t, append(got, "and more"...), unseal(t, d.b, withLedger()))
	}
	before := bytes.Clone(d.b)
	again, err := sigio.Repair(d, withLedger())
	if err == nil {
		require.Zero(t, again, "a repaired file is sound")
	}
	requireSame(t, before, d.b)
	return cut, nil
}
