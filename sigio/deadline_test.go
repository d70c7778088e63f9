package sigio_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// A timeout of the wrapped stream loses nothing and leaves no trace: after it
// every call is made again by the rules of its documentation, and what comes
// out is what would have come out without it.

// slow is a net.Error.
type slow struct{ timeout bool }

func (*slow) Error() string   { return "i/o is slow" }
func (s *slow) Timeout() bool { return s.timeout }
func (*slow) Temporary() bool { return false }

var timeouts = []struct {
	name string
	err  error
}{
	{"deadline of an os.File", os.ErrDeadlineExceeded},
	{"deadline of a connection", &net.OpError{Op: "write", Net: "tcp", Err: os.ErrDeadlineExceeded}},
	{"a net.Error of its own", &slow{timeout: true}},
	{"deadline of a context, wrapped", fmt.Errorf("wrapped: %w", context.DeadlineExceeded)},
}

// patient plays a script on a Writer whose sink times out.
type patient struct {
	testing.TB
	w        *sigio.Writer
	want     error // the only one that may come
	hasty    bool  // does not push what a Write accepted before it timed out
	accepted int64
	timeouts int
}

// again reports whether a call has to be made again.
func (p *patient) again(err error) bool {
	p.Helper()
	if err == nil {
		return false
	}
	requireIdentical(p, p.want, err)
	p.timeouts++
	require.Less(p, p.timeouts, 1_000_000, "no progress")
	p.figures()
	return true
}

// figures holds Stats to what was accepted.
func (p *patient) figures() {
	p.Helper()
	st := p.w.Stats()
	require.Equal(p, p.accepted, st.Raw+st.Buffered, "every byte that was accepted is in a chunk or waits for one")
}

func (p *patient) play(a act) {
	p.Helper()
	switch {
	case a.write != nil:
		p.write(a.write)
	case a.from != nil:
		source := bytes.NewReader(a.from)
		for again := true; again; {
			left := source.Len()
			n, err := p.w.ReadFrom(source)
			require.EqualValues(p, left-source.Len(), n, "all that was taken is counted")
			p.accepted += n
			again = p.again(err)
		}
		require.Zero(p, source.Len())
	case a.meta != nil:
		for p.again(p.w.WriteMeta(metaKind, a.meta)) {
			continue
		}
	default:
		for p.again(p.w.Flush()) {
			continue
		}
	}
}

func (p *patient) write(b []byte) {
	p.Helper()
	for {
		n, err := p.w.Write(b)
		require.GreaterOrEqual(p, n, 0)
		require.LessOrEqual(p, n, len(b))
		p.accepted += int64(n)
		b = b[n:]
		if !p.again(err) {
			require.Empty(p, b)
			return
		}
		if p.hasty && len(b) == 0 {
			return
		}
	}
}

// run plays all of a script and closes.
func (p *patient) run(s script) {
	p.Helper()
	for _, a := range s {
		p.play(a)
		p.figures()
	}
	for p.again(p.w.Close()) {
		n, err := p.w.Write([]byte("more"))
		requireIdentical(p, sigio.ErrClosed, err, "a Close that timed out has closed")
		require.Zero(p, n)
	}
	require.NoError(p, p.w.Close())
}

// slowScript leads to short writes, which can be cut at every byte, and to
// some of 64 KiB.
func slowScript() script {
	return script{
		{meta: []byte("note")},
		{write: prose(1, 100)}, {flush: true},
		{write: noise(2, 70_000)}, {flush: true},
		{from: runs(3, 140_000)}, {meta: []byte("another")}, {flush: true},
		{write: noise(4, 1)}, {flush: true}, {flush: true},
		{from: noise(5, 66_000)},
		{write: runs(6, 2*sigio.MinChunkSize)},
		{meta: []byte("behind a block")}, {flush: true},
		{write: noise(7, 20)},
	}
}

// halfBlocks fills blocks by the second of two Writes, which finds them full
// and the sink late, and wants metadata right behind each.
func halfBlocks() (s script) {
	for i := range uint64(6) {
		s = append(s, act{write: noise(2*i, sigio.MinChunkSize/2)}, act{write: noise(2*i+1, sigio.MinChunkSize/2)}, act{meta: []byte("behind the block")})
	}
	return s
}

// cutsOf are the byte counts after which a write of n bytes is interrupted:
// all of short ones, of long ones the ends and some between.
func cutsOf(rng *rand.Rand, n int) (cuts []int) {
	if n <= 300 && !testing.Short() {
		for i := range n + 1 {
			cuts = append(cuts, i)
		}
		return cuts
	}
	return []int{0, 1, 1 + rng.IntN(n), 1 + rng.IntN(n), n - 1, n}
}

// TestWriterResumes lets the k-th write time out for every k, after every
// number of bytes.
func TestWriterResumes(t *testing.T) {
	s, plainly := slowScript(), sigio.WithSelector(always(strategy.Store)) // the encoding does not matter
	var lengths []int
	counting := &sink{on: func(_ int, p []byte) (int, error) { lengths = append(lengths, len(p)); return len(p), nil }}
	w := sigio.NewWriter(counting, plainly, sigio.WithChunkSize(sigio.MinChunkSize))
	require.NoError(t, s.play(w))
	require.NoError(t, w.Close())
	want := counting.Bytes()
	require.Greater(t, len(lengths), 7)

	rng := rand.New(rand.NewPCG(1, 20))
	for _, timeout := range timeouts {
		for _, c := range concurrencies {
			for _, hasty := range []bool{false, true} {
				w := sigio.NewWriter(nil, plainly, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
				for k, n := range lengths {
					for _, cut := range cutsOf(rng, n) {
						out := &sink{on: func(call int, p []byte) (int, error) {
							if call == k {
								require.LessOrEqual(t, cut, len(p))
								return cut, timeout.err
							}
							return len(p), nil
						}}
						w.Reset(out)
						p := &patient{TB: t, w: w, want: timeout.err, hasty: hasty}
						p.run(s)
						require.Equal(t, 1, p.timeouts)
						requireSame(t, want, out.Bytes(), timeout.name, " in write ", k, " after ", cut, " of ", n)
					}
				}
				if testing.Short() {
					break
				}
			}
		}
	}
}

// TestWriterResumesOverAndOver lets nearly every write time out.
func TestWriterResumesOverAndOver(t *testing.T) {
	scripts := []script{slowScript(), lifeScript(), messages(prose(1, 3000), 40, 1, 200), write(prose(1, 300)), nil, halfBlocks()}
	for i, s := range scripts {
		want := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
		for _, c := range concurrencies {
			for _, hasty := range []bool{false, true} {
				for _, v := range []struct {
					name string
					take func(call, n int) (int, bool)
				}{
					{"nothing, then all", func(call, n int) (int, bool) { return n * (call % 2), call%2 == 0 }},
					{"all, but late", func(_, n int) (int, bool) { return n, true }},
					{"997 bytes a call", func(_, n int) (int, bool) { return min(n, 997), n > 997 }},
					{"997 bytes a call, always late", func(_, n int) (int, bool) { return min(n, 997), true }},
					{"a third, twice late and once not", func(call, n int) (int, bool) {
						if call%3 == 2 {
							return n, false
						}
						return n / 3, true
					}},
				} {
					out := &sink{}
					out.on = func(call int, p []byte) (int, error) {
						n, late := v.take(call, len(p))
						if late {
							return n, os.ErrDeadlineExceeded
						}
						return n, nil
					}
					p := &patient{TB: t, w: sigio.NewWriter(out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize)),
						want: os.ErrDeadlineExceeded, hasty: hasty}
					p.run(s)
					requireSame(t, want, out.Bytes(), "script ", i, ": ", v.name)
					if v.name != "997 bytes a call" {
						require.Positive(t, p.timeouts)
					}
				}
			}
		}
	}
}

// TestNothingIsAcceptedWhileSomethingIsOwed: memory stays bounded however
// often a caller tries, and Write(nil) sends what is owed and nothing else.
func TestNothingIsAcceptedWhileSomethingIsOwed(t *testing.T) {
	for _, c := range concurrencies {
		late, offered := true, 0
		out := &sink{on: func(_ int, p []byte) (int, error) {
			if late {
				offered = max(offered, len(p))
				return 0, os.ErrDeadlineExceeded
			}
			return len(p), nil
		}}
		w := sigio.NewWriter(out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
		content := noise(1, 100*sigio.MinChunkSize)
		accepted, err := w.Write(content)
		requireIdentical(t, os.ErrDeadlineExceeded, err)
		require.LessOrEqual(t, accepted, (c+2)*sigio.MinChunkSize)
		memory := w.Stats().Memory
		for range 100 {
			n, err := w.Write(content[accepted:])
			requireIdentical(t, os.ErrDeadlineExceeded, err)
			require.Zero(t, n)
			_, err = w.ReadFrom(iotest.ErrReader(errUntouched))
			requireIdentical(t, os.ErrDeadlineExceeded, err)
			requireIdentical(t, os.ErrDeadlineExceeded, w.WriteMeta(1, nil))
		}
		require.Equal(t, memory, w.Stats().Memory)
		late = false
		_, err = w.Write(nil)
		require.NoError(t, err)
		require.Equal(t, offered, out.Len(), "what was owed, and no more")
		_, err = w.Write(content[accepted:])
		require.NoError(t, err)
		require.NoError(t, w.Close())
		requireSame(t, content, unseal(t, out.Bytes()))
	}
}

// TestReadFromResumes: both of its ends time out.
func TestReadFromResumes(t *testing.T) {
	content := noise(1, 1_000_000)
	want := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	lateSource, lateSink := &slow{timeout: true}, &net.OpError{Op: "write", Err: os.ErrDeadlineExceeded}
	for _, c := range concurrencies {
		for _, beside := range []int{0, 1, 3000} { // bytes given beside the timeout
			out := &sink{on: func(call int, p []byte) (int, error) {
				if call%3 < 2 {
					return len(p) / 4 * (call % 3), lateSink
				}
				return len(p), nil
			}}
			w := sigio.NewWriter(out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
			source := &spring{rest: content}
			source.on = func(call int, p []byte) (int, error) {
				if call%2 == 0 && len(source.rest) > 0 {
					return beside, lateSource
				}
				return min(len(p), 10_000), nil
			}
			var late [2]int
			for {
				left := len(source.rest)
				n, err := w.ReadFrom(source)
				require.EqualValues(t, left-len(source.rest), n)
				if err == nil {
					break
				}
				if err == lateSource {
					late[0]++
					continue
				}
				requireIdentical(t, lateSink, err)
				late[1]++
			}
			require.Greater(t, late[0], 20)
			require.Greater(t, late[1], 3)
			for err := w.Close(); err != nil; err = w.Close() {
				requireIdentical(t, lateSink, err)
			}
			requireSame(t, want, out.Bytes())
		}
	}
}

// TestFlushAgainAddsNoBoundary: of a Flush that timed out and was made again
// the other end sees one.
func TestFlushAgainAddsNoBoundary(t *testing.T) {
	for _, c := range concurrencies {
		for _, n := range []int{10, 5000, 100_000, 3 * sigio.MinChunkSize} {
			timely := true
			out := &sink{}
			out.on = func(_ int, p []byte) (int, error) {
				if timely {
					return len(p), nil
				}
				return min(1, len(p)), os.ErrDeadlineExceeded
			}
			w := sigio.NewWriter(out, sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
			require.NoError(t, messages(prose(1, 100), 100).play(w))
			require.NoError(t, act{write: prose(2, n)}.play(w))
			timely = false
			for range 5 {
				requireIdentical(t, os.ErrDeadlineExceeded, w.Flush())
			}
			timely = true
			require.NoError(t, w.Flush())
			r := sigio.NewReader(bytes.NewReader(out.Bytes()), sigio.WithConcurrency(c))
			_, err := io.ReadFull(r, make([]byte, 100+n))
			require.NoError(t, err, "all is there before Close")
			require.NoError(t, w.Flush())
			require.NoError(t, w.Close())
			want := append(messages(prose(1, 100), 100), messages(prose(2, n), n)...)
			requireSame(t, want.seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), out.Bytes(), c, n)
		}
	}
}

// TestReaderResumes lets the source time out after every number of bytes.
func TestReaderResumes(t *testing.T) {
	small := append(messages(prose(1, 600), 200, 1, 90), act{meta: []byte("note")}, act{write: runs(2, 5000)}) // ends in a positioned chunk
	large := slowScript()
	rng := rand.New(rand.NewPCG(1, 21))
	few := 3000 // bytes between two of the offsets at which the large stream is cut
	if testing.Short() {
		few *= 10
	}
	for _, v := range []struct {
		name   string
		script script
		every  int
	}{{"small", small, 1}, {"large", large, few}} {
		stream, content := v.script.seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), v.script.content()
		for _, c := range concurrencies {
			for _, opts := range [][]sigio.ReaderOption{
				{sigio.WithConcurrency(c)},
				{sigio.WithConcurrency(c), sigio.WithSingleStream()},
				{sigio.WithConcurrency(c), sigio.WithMeta(func(uint8, []byte) error { return nil })},
			} {
				r := sigio.NewReader(nil, opts...)
				for at := 0; at < len(stream); at += 1 + rng.IntN(v.every) {
					timeout := timeouts[at%len(timeouts)]
					for _, beside := range []bool{false, true} {
						late := false
						source := &spring{rest: stream}
						source.on = func(_ int, p []byte) (int, error) {
							before := at - (len(stream) - len(source.rest)) // bytes to come before the timeout
							switch {
							case late:
								return len(p), nil
							case before == 0 || beside && before <= len(p):
								late = true
								return before, timeout.err
							}
							return before, nil
						}
						r.Reset(source)
						got, failures := readOn(t, r, at%2 == 0, timeout.err, len(stream))
						requireSame(t, content, got, v.name, " after ", at, " of ", len(stream))
						require.Equal(t, 1, failures)
					}
				}
			}
		}
	}
}

// TestReaderResumesOverAndOver: a source that times out between any two bytes.
func TestReaderResumesOverAndOver(t *testing.T) {
	s := append(messages(prose(1, 2000), 300, 7), act{write: runs(2, 200_000)})
	stream, content := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize)), s.content()
	for _, c := range concurrencies {
		for _, single := range []bool{false, true} {
			opts := []sigio.ReaderOption{sigio.WithConcurrency(c)}
			if single {
				opts = append(opts, sigio.WithSingleStream())
			}
			for _, whole := range []bool{false, true} {
				source := &spring{rest: stream}
				source.on = func(call int, _ []byte) (int, error) {
					if call%2 == 0 && len(source.rest) > 0 {
						return 0, os.ErrDeadlineExceeded
					}
					return 1, nil
				}
				got, failures := readOn(t, sigio.NewReader(source, opts...), whole, os.ErrDeadlineExceeded, len(stream))
				requireSame(t, content, got)
				require.Equal(t, len(stream), failures)
			}
		}
	}
}

// TestWriteToResumes: the destination times out, after any number of bytes.
func TestWriteToResumes(t *testing.T) {
	content := medley(1, 200_000)
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, c := range concurrencies {
		for _, step := range []int{1000, 65_535, 65_536} {
			out := &sink{on: func(_ int, p []byte) (int, error) { return min(step, len(p)), os.ErrDeadlineExceeded }}
			r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c))
			for {
				before := out.Len()
				n, err := r.WriteTo(out)
				require.EqualValues(t, out.Len()-before, n)
				if err == nil {
					break
				}
				requireIdentical(t, os.ErrDeadlineExceeded, err)
			}
			requireSame(t, content, out.Bytes())
		}
	}
}

// TestOtherNetErrorsStick: a net.Error without Timeout is as fatal as any.
func TestOtherNetErrorsStick(t *testing.T) {
	broken := &net.OpError{Op: "write", Net: "tcp", Err: &slow{timeout: false}}
	out := &sink{on: func(int, []byte) (int, error) { return 0, broken }}
	w := sigio.NewWriter(out)
	require.NoError(t, write(prose(1, 100)).play(w))
	requireIdentical(t, broken, w.Flush())
	requireStuck(t, w, out, broken)
}
