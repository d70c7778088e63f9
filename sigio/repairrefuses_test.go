package sigio_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/strategy"
)

// requireUntouched holds Repair to leaving a file alone, with a verdict.
func requireUntouched(t testing.TB, b []byte, opts ...sigio.ReaderOption) {
	t.Helper()
	d := &disk{b: bytes.Clone(b)}
	cut, err := sigio.Repair(d, opts...)
	require.ErrorIs(t, err, sigio.ErrCorrupt)
	require.True(t, isPlacedVerdict(err))
	require.Zero(t, cut)
	requireSame(t, b, d.b)
}

// changed returns b with the bytes from..to inverted.
func changed(b []byte, from, to int) []byte {
	b = bytes.Clone(b)
	for i := from; i < to; i++ {
		b[i] = ^b[i]
	}
	return b
}

// TestRepairRefusesOverWholeStreams: behind damage there may be streams that
// are neither torn nor in sight of the one that is.
func TestRepairRefusesOverWholeStreams(t *testing.T) {
	small := sigio.WithChunkSize(sigio.MinChunkSize)
	first := write(noise(1, 200_000)).seal(t, small)
	full := write(noise(1, 4*65_536)).seal(t, small)
	second := write(noise(2, 300_000)).seal(t, small)
	talk := messages(prose(2, 100_000), 300).seal(t, sigio.WithHistory(64<<10))
	seam, firstHeader := len(first), 16+28
	torn := first[:len(first)-1000]
	own := write(slices.Concat(noise(1, 65_536), noise(7, 200_000))).seal(t, small) // with the id of first
	for _, v := range []struct {
		name string // the defect
		b    []byte
	}{
		{"end record, next header and chunk header are one damage", changed(slices.Concat(first, second), seam-30, seam+firstHeader)},
		{"the same, and the second stream is torn", changed(slices.Concat(first, second[:len(second)-100]), seam-30, seam+firstHeader)},
		{"the same, and what is left is one chunk and the end", changed(slices.Concat(first, second), seam-30, seam+len(second)-40_000)},
		{"the same, and one chunk of a torn stream is left", changed(slices.Concat(first, second[:chunksOf(t, second)[2].Offset+5]), seam-30, seam+firstHeader)},
		{"the same, with messages behind", changed(slices.Concat(first, talk), seam-30, seam+firstHeader)},
		{"an end record alone is left", changed(slices.Concat(first, second), seam-30, seam+len(second)-48)},
		{"a whole stream behind a torn chunk", slices.Concat(torn, second)},
		{"a torn stream behind a torn chunk", slices.Concat(torn, second[:len(second)/2])},
		{"torn within the first chunk, behind a torn chunk", slices.Concat(torn, second[:1000])},
		{"a short stream behind a torn chunk", slices.Concat(torn, write([]byte("more")).seal(t))},
		{"a torn chunk, and a stream without its header", slices.Concat(torn, second[16:])},
		{"a torn chunk, and a stream with neither header nor end", slices.Concat(torn, second[16:len(second)-100])},
		{"a torn stream header, and chunks", slices.Concat(first, second[:10], second[16:len(second)-100])},
		{"a torn chunk, and chunks of a stream with the same id", slices.Concat(torn, own[chunksOf(t, own)[3].Offset:])},
		{"bytes are missing in the last but one chunk", slices.Delete(bytes.Clone(full[:len(full)-20]), len(full)-70_000, len(full)-69_900)},
	} {
		t.Run(v.name, func(t *testing.T) { requireUntouched(t, v.b) })
	}
}

// TestRepairRefusesSealedStreams: what has its end is not torn, wherever the
// damage is.
func TestRepairRefusesSealedStreams(t *testing.T) {
	small := sigio.WithChunkSize(sigio.MinChunkSize)
	note := act{meta: []byte("a note")}
	notes := slices.Concat(messages(prose(1, 900), 300), script{note}, messages(prose(2, 900), 300)).seal(t)
	noteAt := bytes.Index(notes, note.meta)
	blocks := slices.Concat(write(noise(1, 100_000)), script{{flush: true}, note}, write(noise(2, 100_000))).seal(t, small, sigio.WithIndex())
	blockNoteAt := bytes.Index(blocks, note.meta)
	_, index := indexOf(t, blocks)
	last := chunksOf(t, blocks)[3]
	plugin := slices.Concat(write(noise(1, 100_000)), script{{flush: true}}, write(ledgerOf(2, 100_000))).seal(t, small, withLedger())
	name := bytes.Index(plugin, []byte("ledger"))
	short := append(script{note}, write([]byte("Sigma."))...).seal(t)
	lone := write([]byte("Sigma.")).seal(t)
	mute := script{note}.seal(t)
	before := write(prose(5, 300)).seal(t)
	for _, v := range []struct {
		name     string // what is damaged
		b        []byte
		from, to int
	}{
		{"body of a control record between messages", notes, noteAt, noteAt + 1},
		{"header of a control record between messages", notes, noteAt - 10, noteAt - 9},
		{"all of it", notes, noteAt - 13, noteAt + 10},
		{"a message", notes, 40, 41},
		{"body of a control record between blocks", blocks, blockNoteAt, blockNoteAt + 1},
		{"header of a control record between blocks", blocks, blockNoteAt - 10, blockNoteAt - 9},
		{"check of a control record between blocks", blocks, blockNoteAt + 6, blockNoteAt + 7},
		{"name of a strategy", plugin, name, name + 1},
		{"header of the last chunk", blocks, int(last.Offset) + 5, int(last.Offset) + 6},
		{"the last chunk and all up to the end", blocks, int(last.Offset), len(blocks) - 48},
		{"body of an index", blocks, index + 14, index + 15},
		{"header of an index", blocks, index + 5, index + 6},
		{"body of a short stream's metadata", short, 30, 31},
		{"header of a short stream's metadata", short, 20, 21},
		{"length of a short stream's metadata", short, 17, 18},
		{"content of a short stream", lone, 18, 19},
		{"check of a short stream's content", lone, len(lone) - 6, len(lone) - 5},
		{"length of a short stream's content", lone, 16, 18},
		{"body of the only record of a short stream", mute, 30, 31},
		{"header of the only record of a short stream", mute, 20, 21},
	} {
		t.Run(v.name, func(t *testing.T) {
			damaged := changed(v.b, v.from, v.to)
			for _, b := range [][]byte{damaged, slices.Concat(before, damaged), slices.Concat(damaged, before), append(bytes.Clone(damaged), make([]byte, 700)...)} {
				d := &disk{b: bytes.Clone(b)}
				cut, err := sigio.Repair(d, withLedger())
				if err != nil {
					require.ErrorIs(t, err, sigio.ErrCorrupt)
					require.True(t, isPlacedVerdict(err))
				}
				if err == nil && len(b) == len(damaged)+700 { // the zeros alone may go
					require.EqualValues(t, 700, cut)
					b = damaged
				} else {
					require.Zero(t, cut)
				}
				requireSame(t, b, d.b)
			}
			// A torn stream behind is another matter.
			d := &disk{b: slices.Concat(damaged, before[:len(before)-10])}
			_, err := sigio.Repair(d, withLedger())
			require.True(t, err == nil || errors.Is(err, sigio.ErrCorrupt))
			requireSame(t, damaged, d.b[:len(damaged)])
		})
	}
}

// TestRepairGoesPastControlRecords: one that is damaged in front of the torn
// tail costs nothing behind it.
func TestRepairGoesPastControlRecords(t *testing.T) {
	note := act{meta: []byte("a note")}
	for _, s := range []script{
		slices.Concat(messages(prose(1, 900), 300), script{note}, messages(prose(2, 900), 300)),
		slices.Concat(write(noise(1, 100_000)), script{{flush: true}, note}, write(noise(2, 100_000)), script{{flush: true}}),
	} {
		stream := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
		at := bytes.Index(stream, note.meta)
		d := &disk{b: changed(stream[:len(stream)-20], at, at+1)}
		cut, err := sigio.Repair(d)
		require.NoError(t, err)
		require.EqualValues(t, 48-20, cut)
		want := changed(stream, at, at+1)
		requireSame(t, want, d.b)
		got, gaps := salvage(t, bytes.NewReader(d.b))
		requireSame(t, s.content(), got)
		require.Len(t, gaps, 1)
		require.Zero(t, gaps[0].RawLen)
	}
}

// TestStoredStreamIsNotTheTail: a file of ours at the end of a stored chunk is
// content, also where the chunk's own stream ends with it.
func TestStoredStreamIsNotTheTail(t *testing.T) {
	small := sigio.WithChunkSize(sigio.MinChunkSize)
	for _, inner := range []struct {
		name string
		b    []byte
	}{
		{"blocks", write(noise(3, 100_000)).seal(t, small, sigio.WithIndex())},
		{"a short stream", write([]byte("Sigma.")).seal(t)},
		{"several", slices.Concat(write([]byte("Sigma.")).seal(t), write(noise(4, 5000)).seal(t), script{}.seal(t))},
	} {
		t.Run(inner.name, func(t *testing.T) {
			outer := write(slices.Concat(noise(1, 100_000), inner.b)).seal(t, sigio.WithSelector(always(strategy.Store)))
			sealed := write(prose(1, 1000)).seal(t)
			for _, before := range [][]byte{nil, sealed} {
				torn := slices.Concat(before, outer[:len(outer)-48-4])
				_, err := io.ReadAll(sigio.NewReader(bytes.NewReader(torn)))
				require.ErrorIs(t, err, sigio.ErrTruncated)
				_, err = sigio.OpenReaderAt(bytes.NewReader(torn), int64(len(torn)))
				require.ErrorIs(t, err, sigio.ErrTruncated)
				_, err = sigio.OpenAppend(&disk{b: bytes.Clone(torn)})
				require.ErrorIs(t, err, sigio.ErrTruncated)
				requireUntouched(t, torn)

				// Who knows better cuts it where the damage begins.
				d := &disk{b: bytes.Clone(torn)}
				_, err = sigio.Repair(d)
				var placed *sigio.StreamError
				require.ErrorAs(t, err, &placed)
				require.NoError(t, d.Truncate(placed.Offset))
				_, err = sigio.Repair(d)
				require.NoError(t, err)
				want, _ := io.ReadAll(sigio.NewReader(bytes.NewReader(torn)))
				requireSame(t, want, unseal(t, d.b))
			}
		})
	}
}

// TestRepairOfOtherFiles: what is no stream of ours is not overwritten,
// however short it is.
func TestRepairOfOtherFiles(t *testing.T) {
	header := write(prose(1, 100)).seal(t)[:16]
	sealed := write(prose(1, 1000)).seal(t)
	zeros := make([]byte, 5000)
	for _, v := range []struct {
		name string
		tail []byte
		ok   bool
	}{
		{"nothing", nil, true},
		{"a letter", []byte("a"), false},
		{"a word", []byte("hello"), false},
		{"a word and zeros", append([]byte("hello"), zeros...), false},
		{"15 bytes", []byte("no stream at al"), false},
		{"16 bytes", []byte("no stream at all"), false},
		{"first byte of a header", header[:1], true},
		{"magic", header[:4], true},
		{"magic and other bytes", []byte("\xD3\r\n\nhello"), true},
		{"most of a header", header[:15], true},
		{"most of a header, and zeros", append(bytes.Clone(header[:11]), zeros...), true},
		{"first byte of a header, and zeros", append(bytes.Clone(header[:1]), zeros...), true},
		{"damaged header", changed(header, 5, 6), false},
		{"damaged header, and zeros", append(changed(header, 5, 6), zeros...), false},
		{"damaged magic", changed(header, 1, 2), false},
		{"damaged magic, torn", changed(header, 1, 2)[:9], false},
		{"a zero", zeros[:1], true},
		{"zeros", zeros, true},
		{"zeros, and something", append(bytes.Clone(zeros), 1), false},
	} {
		t.Run(v.name, func(t *testing.T) {
			for _, before := range [][]byte{nil, sealed} {
				b := slices.Concat(before, v.tail)
				if !v.ok {
					requireUntouched(t, b)
					continue
				}
				d := &disk{b: b}
				cut, err := sigio.Repair(d)
				require.NoError(t, err)
				require.EqualValues(t, len(v.tail), cut)
				require.True(t, bytes.HasPrefix(d.b, before))
				requireSame(t, prose(1, 1000)[:min(1000, 1000*len(before))], unseal(t, d.b))
			}
		})
	}
}

// TestRepairLacksAPlugin: what it cannot decode, behind the damage too, it does
// not take for torn.
func TestRepairLacksAPlugin(t *testing.T) {
	content := ledgerOf(2, 2000)
	b := stream(frame.Header{CapLog: 16, ID: 7}).Stored("one", "two", "three").Name(uint8(ledgerID), "ledger")
	b.Chunk(uint8(ledgerID), encoded(t, ledger{"ledger"}, content), content)
	at := frame.HeaderLen + 2*frame.ChunkHeaderLen + 2*frame.CheckLen + len("onetwo")
	torn := changed(b.Bytes(), at, at+28)
	d := &disk{b: bytes.Clone(torn)}
	_, err := sigio.Repair(d)
	require.ErrorIs(t, err, sigio.ErrUnsupported)
	var missing *sigio.MissingError
	require.ErrorAs(t, err, &missing)
	requireSame(t, torn, d.b)
	requireUntouched(t, torn, withLedger())
}

// TestRepairReturnsItsFilesErrors: unchanged, with nothing cut.
func TestRepairReturnsItsFilesErrors(t *testing.T) {
	own := errors.New("own")
	stream := slices.Concat(write(prose(1, 300)).seal(t), write(noise(1, 200_000)).seal(t, sigio.WithChunkSize(sigio.MinChunkSize)))
	for _, b := range [][]byte{stream[:len(stream)-1000], append(bytes.Clone(stream[:160]), make([]byte, 5000)...)} {
		for fail := 1; ; fail++ {
			d := &flakyDisk{disk: disk{b: bytes.Clone(b)}, fail: fail, err: own}
			_, err := sigio.Repair(d)
			if d.calls < fail {
				require.NoError(t, err)
				break
			}
			requireIdentical(t, own, err)
			requireSame(t, b, d.b)
		}
	}
}

// A flakyDisk fails to read once.
type flakyDisk struct {
	disk
	calls, fail int
	err         error
}

func (d *flakyDisk) ReadAt(p []byte, off int64) (int, error) {
	if d.calls++; d.calls == d.fail {
		return 0, d.err
	}
	return d.disk.ReadAt(p, off)
}

// TestRepairRefusesOverSharedFrame: parts of a shared frame behind damage are
// not torn, although nothing but what is damaged tells whether they are whole.
// A part that is torn itself goes.
func TestRepairRefusesOverSharedFrame(t *testing.T) {
	sealed := messages(prose(1, 120_000), 4500).seal(t, sigio.WithHistory(128<<10))
	all := chunksOf(t, sealed)
	torn := sealed[:len(sealed)-frame.EndLen-10]
	refused, cut := 0, 0
	for i, c := range all[:len(all)-1] {
		b := bytes.Clone(torn)
		b[c.Offset+int64(c.HeaderLen+c.EncodedLen/2)] ^= 1
		if slices.ContainsFunc(all[i+1:len(all)-1], func(c sigio.ChunkInfo) bool { return !c.Light }) {
			requireUntouched(t, b)
			refused++
		}
		if !c.Light {
			b = bytes.Clone(sealed[:all[i+1].Offset])
			clear(b[c.Offset+int64(c.HeaderLen+c.EncodedLen/2):])
			n, err := sigio.Repair(&disk{b: b})
			require.NoError(t, err)
			require.EqualValues(t, all[i+1].Offset-c.Offset, n)
			cut++
		}
	}
	require.Positive(t, refused)
	require.Positive(t, cut)
}

// TestRepairOfADamagedName: a light chunk whose name is damaged is damaged, and
// goes if nothing whole stands behind it. One that says what no Reader of ours
// knows may be sound, and stays.
func TestRepairOfADamagedName(t *testing.T) {
	const unknown = 77
	content := bytes.Repeat(prose(1, 300), 10)
	payload := encoded(t, must1(strategy.Default().Lookup(strategy.Zstd)), content)
	build := func() *frametest.Builder {
		return stream(frame.Header{CapLog: 16, ID: 7}).Stored("one", "two")
	}
	damaged := build()
	at := len(damaged.Bytes())
	damaged.Light(uint8(strategy.Zstd), payload, content)
	whole := len(damaged.Bytes())
	damaged.Bytes()[at+1] = unknown
	for name, tail := range map[string]string{"nothing": "", "zeros": strings.Repeat("\x00", 700), "noise": "0some noise"} {
		d := &disk{b: append(bytes.Clone(damaged.Bytes()), tail...)}
		_, err := io.ReadAll(sigio.NewReader(bytes.NewReader(d.b)))
		require.ErrorIs(t, err, sigio.ErrCorrupt, name)
		cut, err := sigio.Repair(d)
		require.NoError(t, err, name)
		require.EqualValues(t, whole-at+len(tail), cut)
		require.Equal(t, "onetwo", string(unseal(t, d.b)))
	}
	requireUntouched(t, damaged.Stored("three").Bytes())

	foreign := build().Light(unknown, payload, content)
	for name, b := range map[string][]byte{
		"nothing": foreign.Bytes(), "zeros": append(bytes.Clone(foreign.Bytes()), make([]byte, 700)...),
		"a chunk": foreign.Stored("three").Bytes(), "an end": foreign.End().Bytes()[:len(foreign.Bytes())-1],
	} {
		d := &disk{b: bytes.Clone(b)}
		_, err := sigio.Repair(d)
		require.ErrorIs(t, err, sigio.ErrUnsupported, name)
		var placed *sigio.StreamError
		require.ErrorAs(t, err, &placed)
		require.EqualValues(t, at, placed.Offset)
		requireSame(t, b, d.b)
	}
}

// TestRepairRefusesBehindADamagedNaming: light chunks of a plug-in whose naming
// is damaged can still be recovered by who has it.
func TestRepairRefusesBehindADamagedNaming(t *testing.T) {
	sealed := messages(ledgerOf(1, 30_000), 900, 9000).seal(t, withLedger())
	torn := sealed[:len(sealed)-frame.EndLen-10]
	at := bytes.Index(torn, []byte("ledger"))
	b := changed(torn, at, at+1)
	require.NotEmpty(t, recovered(t, b))
	requireUntouched(t, b, withLedger())
	d := &disk{b: bytes.Clone(b)}
	_, err := sigio.Repair(d)
	require.ErrorIs(t, err, sigio.ErrUnsupported)
	requireSame(t, b, d.b)
}

// must1 is the first of two results, the second of which is true.
func must1[T any](v T, ok bool) T {
	if !ok {
		panic("not there")
	}
	return v
}
