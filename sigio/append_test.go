package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// A disk is a file in memory.
type disk struct {
	b   []byte
	off int64
	// on is asked at each Write how many bytes to take and what to return.
	on func(p []byte) (int, error)
}

func (d *disk) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(d.b).ReadAt(p, off) }

func (d *disk) Write(p []byte) (n int, err error) {
	n = len(p)
	if d.on != nil {
		n, err = d.on(p)
	}
	d.grow(d.off)
	d.b = append(d.b[:d.off], append(bytes.Clone(p[:n]), d.b[min(int64(len(d.b)), d.off+int64(n)):]...)...)
	d.off += int64(n)
	return n, err
}

func (d *disk) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		d.off = off
	case io.SeekEnd:
		d.off = int64(len(d.b)) + off
	default:
		d.off += off
	}
	return d.off, nil
}

func (d *disk) Truncate(n int64) error {
	d.grow(n)
	d.b = d.b[:n]
	return nil
}

// grow makes the file at least n bytes long.
func (d *disk) grow(n int64) { d.b = append(d.b, make([]byte, max(0, n-int64(len(d.b))))...) }

func readingOpts(s *store) (opts []sigio.WriterOption) {
	for _, o := range s.reading {
		opts = append(opts, o.(sigio.WriterOption))
	}
	return opts
}

// TestAppend to files of all kinds.
func TestAppend(t *testing.T) {
	for _, s := range stores(t) {
		t.Run(s.name, func(t *testing.T) {
			d := &disk{b: bytes.Clone(s.stream)}
			want := bytes.Clone(s.content)
			all := [][]byte{prose(1, 100), noise(3, 70_000), nil, medley(2, 150_000)}
			if testing.Short() {
				all = all[:2]
			}
			for i, more := range all {
				w, err := sigio.OpenAppend(d, append(readingOpts(&s), sigio.WithChunkSize(sigio.MinChunkSize))...)
				require.NoError(t, err, i)
				require.NoError(t, messages(more, 40_000).play(w))
				require.NoError(t, w.Close())
				want = append(want, more...)
				requireSame(t, want, unseal(t, d.b, s.reading...))
			}
			requireSame(t, s.stream, d.b[:len(s.stream)])
			longer := store{stream: d.b, content: want, reading: s.reading}
			requireReadAt(t, longer.open(t), want, 0, len(want))
		})
	}
}

// TestAppendToFile: what OpenAppend and Repair need is what *os.File has.
func TestAppendToFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var want []byte
	for i := range uint64(5) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|int(i%2)*os.O_APPEND, 0o600)
		require.NoError(t, err)
		w, err := sigio.OpenAppend(f)
		require.NoError(t, err)
		require.NoError(t, write(prose(i, 1000)).play(w))
		if i != 3 {
			require.NoError(t, w.Close())
		} else {
			require.NoError(t, w.Flush())
			cut, err := sigio.Repair(f)
			require.NoError(t, err)
			require.Zero(t, cut)
		}
		want = append(want, prose(i, 1000)...)
		require.NoError(t, f.Close())
	}
	stream, err := os.ReadFile(path)
	require.NoError(t, err)
	requireSame(t, want, unseal(t, stream))
}

// TestAppendTornAtEveryByte: what was there before reads completely and then,
// at most, as truncated; it is repaired, and appended to.
func TestAppendTornAtEveryByte(t *testing.T) {
	old := append(messages(prose(1, 900), 300), act{write: noise(2, 5000)})
	oldStream, oldContent := old.seal(t), old.content()
	for _, v := range []struct {
		name   string
		script script
		opts   []sigio.WriterOption
	}{
		{"short", write(prose(3, 400)), nil},
		{"messages", messages(prose(4, 900), 90, 200), nil},
		{"history", messages(prose(4, 900), 90, 200), []sigio.WriterOption{sigio.WithHistory(16 << 10)}},
		{"positioned, index", append(messages(prose(5, 300), 300), act{write: runs(5, 5000)}, act{flush: true}, act{write: prose(6, 5000)}), []sigio.WriterOption{sigio.WithIndex()}},
		{"metadata", script{{meta: []byte("note")}, {write: prose(7, 200)}, {flush: true}, {meta: []byte("another")}, {write: prose(8, 200)}}, nil},
		{"empty", nil, nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			stream := v.script.seal(t, v.opts...)
			for _, before := range []int{0, len(oldStream)} {
				for n := range len(stream) {
					if before > 0 && n == 0 || testing.Short() && n%11 > 0 {
						continue
					}
					torn := append(oldStream[:before:before], stream[:n]...)
					want := bytes.Clone(oldContent[:min(before, len(oldContent))])
					got, err := io.ReadAll(sigio.NewReader(bytes.NewReader(torn)))
					require.ErrorIs(t, err, sigio.ErrTruncated)
					if before > 0 {
						require.True(t, bytes.HasPrefix(got, oldContent))
						want = bytes.Clone(oldContent)
					}
					want = got[:max(len(want), len(got))]

					d := &disk{b: torn}
					w, err := sigio.OpenAppend(d, v.opts...)
					if len(torn) == 0 {
						require.NoError(t, err)
						require.NoError(t, w.Close())
						continue
					}
					require.Nil(t, w)
					require.ErrorIs(t, err, sigio.ErrTruncated, "%d bytes", n)
					require.True(t, isPlacedVerdict(err))
					requireRepaired(t, d, want)
				}
			}
		})
	}
}

// requireRepaired repairs a file, holds it to its content and appends to it.
func requireRepaired(t testing.TB, d *disk, want []byte, opts ...sigio.ReaderOption) {
	t.Helper()
	size := int64(len(d.b))
	torn := bytes.Clone(d.b)
	cut, err := sigio.Repair(d, opts...)
	require.NoError(t, err)
	require.GreaterOrEqual(t, cut, int64(0))
	require.True(t, bytes.HasPrefix(d.b, torn[:size-cut]), "what stays is what it was")
	requireSame(t, want, unseal(t, d.b, opts...))

	repaired := bytes.Clone(d.b)
	cut, err = sigio.Repair(d, opts...)
	require.NoError(t, err)
	require.Zero(t, cut, "a repaired file is sound")
	requireSame(t, repaired, d.b)

	w, err := sigio.OpenAppend(d)
	require.NoError(t, err)
	require.NoError(t, write([]byte("and more")).play(w))
	require.NoError(t, w.Close())
	requireSame(t, append(bytes.Clone(want), "and more"...), unseal(t, d.b, opts...))
}

// TestRepair cuts files of all kinds at random places and fills their ends with
// what a crash leaves.
func TestRepair(t *testing.T) {
	for _, s := range stores(t) {
		t.Run(s.name, func(t *testing.T) {
			d := &disk{b: bytes.Clone(s.stream)}
			cut, err := sigio.Repair(d, s.reading...)
			require.NoError(t, err)
			require.Zero(t, cut)
			requireSame(t, s.stream, d.b, "a sound file is left alone")

			rng := rand.New(rand.NewPCG(1, uint64(len(s.stream))))
			rounds := 25
			if testing.Short() {
				rounds = 6
			}
			for i := range rounds {
				n := rng.IntN(len(s.stream))
				torn := bytes.Clone(s.stream[:n])
				if i%2 == 0 && !strings.HasPrefix(s.name, "transport") { // the file system had promised more than it kept
					torn = append(torn, make([]byte, 1+rng.IntN(5000))...)
				}
				want, err := io.ReadAll(sigio.NewReader(bytes.NewReader(s.stream[:n]), s.reading...))
				if err == nil && len(torn) == n {
					continue // cut between two streams
				}
				d := &disk{b: torn}
				_, err = sigio.Repair(d, s.reading...)
				require.NoError(t, err, "cut at %d", n)
				requireSame(t, want, unseal(t, d.b, s.reading...), "cut at ", n)
			}
		})
	}
}

// TestRepairKeepsItsHandsOff: where cutting would lose what is sound, or
// nothing is torn, nothing is changed.
func TestRepairKeepsItsHandsOff(t *testing.T) {
	small := sigio.WithChunkSize(sigio.MinChunkSize)
	stream := write(noise(1, 400_000)).seal(t, small)
	two := append(bytes.Clone(stream), stream...)
	infos := chunksOf(t, stream)
	lone := write(noise(1, 50_000)).seal(t, small)
	at := func(i int) int { return int(infos[i].Offset) }
	damage := func(b []byte, offsets ...int) []byte {
		b = bytes.Clone(b)
		for _, o := range offsets {
			b[o] ^= 1
		}
		return b
	}
	zeroed := func(b []byte, from, to int) []byte {
		b = bytes.Clone(b)
		clear(b[from:to])
		return b
	}
	plugin := write(ledgerOf(1, 200_000)).seal(t, small, withLedger())
	for _, v := range []struct {
		name string
		b    []byte
		want error
	}{
		{"header of the only stream is gone", zeroed(stream, 0, 16), sigio.ErrCorrupt},
		{"sector of the header is gone, and the end", zeroed(stream, 0, 512)[:len(stream)-10], sigio.ErrCorrupt},
		{"header of the second stream is gone", damage(two, len(stream)+3), sigio.ErrCorrupt},
		{"end of the first stream is gone", damage(two[:len(two)-1], len(stream)-7), sigio.ErrCorrupt},
		{"chunk header in the middle is damaged, and the end", damage(stream[:len(stream)-1], at(2)+5), sigio.ErrCorrupt},
		{"sector in the middle, and the end", zeroed(stream, at(2)-100, at(2)+412)[:len(stream)-1], sigio.ErrCorrupt},
		{"content of the last chunk of a sealed stream", damage(stream, at(6)+100), sigio.ErrCorrupt},
		{"content of the only chunk of a sealed stream", damage(lone, 1000), sigio.ErrCorrupt},
		{"not a stream", []byte("this is the wrong file, of all things"), sigio.ErrCorrupt},
		{"a missing plug-in", plugin[:len(plugin)-1], sigio.ErrUnsupported},
		{"damage in the middle of a sound file", damage(stream, at(2)+100), nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			d := &disk{b: bytes.Clone(v.b)}
			cut, err := sigio.Repair(d)
			if v.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, v.want)
				require.True(t, isPlacedVerdict(err))
			}
			require.Zero(t, cut)
			requireSame(t, v.b, d.b)
		})
	}
}

// TestRepairGoesBackOverDamagedChunks: of the whole chunks at the torn end the
// last sound one stays, and what is in front of it.
func TestRepairGoesBackOverDamagedChunks(t *testing.T) {
	content := noise(1, 400_000)
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	infos := chunksOf(t, stream)
	d := &disk{b: bytes.Clone(stream[:len(stream)-20])}
	for _, i := range []int{2, 4, 5, 6} {
		d.b[int(infos[i].Offset)+1000] ^= 1
	}
	cut, err := sigio.Repair(d)
	require.NoError(t, err)
	require.EqualValues(t, int(infos[4].Offset), len(d.b)-48)
	require.EqualValues(t, len(stream)-20-int(infos[4].Offset), cut)
	r, err := sigio.OpenReaderAt(d, int64(len(d.b)))
	require.NoError(t, err)
	require.EqualValues(t, infos[4].RawOffset, r.Size())
	requireReadAt(t, r, content[:infos[4].RawOffset], int(infos[3].RawOffset), 60_000)
}

// TestAppendOverSlowFile: timeouts and short writes of the file are those of
// any destination, and what is torn by them can be repaired.
func TestAppendOverSlowFile(t *testing.T) {
	old := write(prose(1, 300)).seal(t)
	s := slowScript()
	want := append(prose(1, 300), s.content()...)
	d := &disk{b: bytes.Clone(old)}
	calls := 0
	d.on = func(p []byte) (int, error) {
		if calls++; calls%2 == 0 {
			return len(p) / 2, os.ErrDeadlineExceeded
		}
		return len(p), nil
	}
	w, err := sigio.OpenAppend(d, sigio.WithChunkSize(sigio.MinChunkSize))
	require.NoError(t, err)
	(&patient{TB: t, w: w, want: os.ErrDeadlineExceeded}).run(s)
	requireSame(t, want, unseal(t, d.b))

	full := errors.New("disk is full")
	for _, v := range []struct {
		err  error
		want error
	}{{nil, io.ErrShortWrite}, {full, full}} {
		step := 13
		if testing.Short() {
			step *= 10
		}
		for room := 0; room < 2000; room += step {
			d := &disk{b: bytes.Clone(old)}
			left := room
			d.on = func(p []byte) (int, error) {
				n := min(left, len(p))
				left -= n
				if n < len(p) {
					return n, v.err
				}
				return n, nil
			}
			w, err := sigio.OpenAppend(d)
			require.NoError(t, err)
			err = messages(prose(2, 5000), 100).play(w)
			require.ErrorIs(t, err, v.want)
			d.on = nil
			got, _ := io.ReadAll(sigio.NewReader(bytes.NewReader(d.b)))
			require.True(t, bytes.HasPrefix(append(prose(1, 300), prose(2, 5000)...), got))
			if room > 0 {
				requireRepaired(t, d, got)
			}
		}
	}
}

// TestRepairIsRepeatable: a Repair whose writes fail leaves a file that the next
// one repairs.
func TestRepairIsRepeatable(t *testing.T) {
	content := prose(2, 5000)
	stream := messages(content, 1000).seal(t)
	for room := 0; room < 48; room += 1 + 10*boolInt(testing.Short()) {
		for _, late := range []error{nil, os.ErrDeadlineExceeded} {
			d := &disk{b: bytes.Clone(stream[:len(stream)-20])}
			d.on = func([]byte) (int, error) { return room, late }
			_, err := sigio.Repair(d)
			if late == nil {
				late = io.ErrShortWrite
			}
			requireIdentical(t, late, err)
			d.on = nil
			requireRepaired(t, d, content)
		}
	}
	d := &disk{}
	cut, err := sigio.Repair(d)
	require.NoError(t, err)
	require.Zero(t, cut)
	require.Empty(t, unseal(t, d.b), "an empty file becomes an empty stream")
}

// TestAppendOptions: bad ones are refused at once, and plug-ins of the last
// chunk are needed.
func TestAppendOptions(t *testing.T) {
	_, err := sigio.OpenAppend(&disk{}, sigio.WithChunkSize(1))
	require.ErrorContains(t, err, "chunk size")
	_, err = sigio.Repair(&disk{}, sigio.WithMaxChunk(-1))
	require.ErrorContains(t, err, "maximal chunk")
	d := &disk{b: write(ledgerOf(1, 200_000)).seal(t, withLedger())}
	_, err = sigio.OpenAppend(d)
	require.ErrorIs(t, err, sigio.ErrUnsupported)
	_, err = sigio.OpenAppend(d, withLedger())
	require.NoError(t, err)
	d = &disk{b: write(prose(1, 200_000)).seal(t)}
	_, err = sigio.OpenAppend(d, sigio.WithStrategies(strategy.Default().Only(strategy.LZ4)))
	require.NoError(t, err, "what it writes with need not be what was written with")
	d.b = slices.Concat(d.b, []byte("junk"))
	_, err = sigio.OpenAppend(d)
	require.ErrorIs(t, err, sigio.ErrCorrupt)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
