package sigio_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/strategy"
)

// withIndexBody returns the stream with another body in its index, and with
// all checks right.
func withIndexBody(t testing.TB, stream, body []byte) []byte {
	t.Helper()
	_, at := indexOf(t, stream)
	e, err := frame.ParseEnd(stream[len(stream)-frame.EndLen:])
	require.NoError(t, err)
	r := frame.Record{Kind: frame.KindIndex, EncLen: len(body), Link: le32(stream[at+4:])}
	out := e.Header.AppendRecord(bytes.Clone(stream[:at]), &r)
	check := frame.ContentCheck(r.Check, frame.RawCRC(body))
	out = binary.LittleEndian.AppendUint32(append(out, body...), check)
	e.IndexLen = uint32(len(out) - at)
	e.Totals.Encoded = uint64(len(out))
	e.Totals.Chain = frame.Chain(r.Link, check)
	return e.Append(out)
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// TestIndexLies: whatever an index says, what is read is what a Reader reads.
func TestIndexLies(t *testing.T) {
	alone(t)
	s := slices.Concat(messages(prose(1, 2000), 90), write(append(medley(2, 300_000), ledgerOf(2, 200_000)...)), messages(prose(1, 3000), 90), write(noise(3, 100_000)))
	content := s.content()
	stream := s.seal(t, sigio.WithIndex(), withLedger(), sigio.WithChunkSize(sigio.MinChunkSize))
	sound, end := indexOf(t, stream)
	require.Greater(t, len(sound.Entries), 8)
	chunks := chunksOf(t, stream)
	type liar struct {
		name string
		body []byte
	}
	var lies []liar
	lie := func(name string, change func(x *frame.Index)) {
		x := frame.Index{Entries: slices.Clone(sound.Entries), Strategies: slices.Clone(sound.Strategies)}
		change(&x)
		lies = append(lies, liar{name, x.Append(nil)})
	}
	for i, e := range sound.Entries {
		for _, d := range []int64{-1, 1, 28, -28, 1000} {
			lie("raw offset is off", func(x *frame.Index) { x.Entries[i].Raw = e.Raw + uint64(d) })
			lie("encoded offset is off", func(x *frame.Index) { x.Entries[i].Encoded = e.Encoded + uint64(d) })
			lie("both are off", func(x *frame.Index) { x.Entries[i].Raw += uint64(d); x.Entries[i].Encoded += uint64(d) })
		}
		lie("entry is missing", func(x *frame.Index) { x.Entries = slices.Delete(x.Entries, i, i+1) })
		lie("entries end here", func(x *frame.Index) { x.Entries = x.Entries[:i] })
		lie("entry of the next chunk's place", func(x *frame.Index) {
			if i+1 < len(x.Entries) {
				x.Entries[i].Encoded = x.Entries[i+1].Encoded
				x.Entries = slices.Delete(x.Entries, i+1, i+2)
			}
		})
		lie("content of the next chunk", func(x *frame.Index) {
			if i+1 < len(x.Entries) {
				x.Entries[i].Raw = x.Entries[i+1].Raw
				x.Entries = slices.Delete(x.Entries, i+1, i+2)
			}
		})
	}
	lie("light chunk in the index", func(x *frame.Index) {
		x.Entries = slices.Insert(x.Entries, 0, frame.IndexEntry{Raw: uint64(chunks[1].RawOffset), Encoded: uint64(chunks[1].Offset)})
	})
	lie("index of the index", func(x *frame.Index) {
		x.Entries = append(x.Entries, frame.IndexEntry{Raw: uint64(len(content) - 1), Encoded: uint64(end)})
	})
	lie("nothing", func(x *frame.Index) { x.Entries = nil })
	lie("no names", func(x *frame.Index) { x.Strategies = nil })
	lie("other name", func(x *frame.Index) { x.Strategies[0].Name = "other" })
	lie("other number", func(x *frame.Index) { x.Strategies[0].ID++ })
	lie("more names", func(x *frame.Index) {
		x.Strategies = append(x.Strategies, frame.StrategyName{ID: 255, Name: "z"})
	})
	lies = append(lies, liar{"no body", nil}, liar{"huge count", []byte("\xff\xff\xff\xff\x7f")}, liar{"junk", noise(1, 300)})
	rng := rand.New(rand.NewPCG(1, 1))
	for _, l := range lies {
		damaged := withIndexBody(t, stream, l.body)
		requireSame(t, content, unseal(t, damaged, withLedger()))
		damaged = append(damaged, messages(prose(7, 300), 70).seal(t)...) // not the last stream
		all := append(bytes.Clone(content), prose(7, 300)...)
		for range 2 {
			r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)), withLedger())
			require.NoError(t, err, l.name)
			for range 12 {
				requireReadAt(t, r, all, rng.IntN(len(all)), 1+rng.IntN(70_000))
			}
			requireReadAt(t, r, all, 0, len(all))
		}
	}
	t.Logf("%d lies", len(lies))
}

// TestDamagedIndexIsRebuilt: a flipped bit in the index or a wrong length of it
// costs nothing but time; a sequential reader refuses it.
func TestDamagedIndexIsRebuilt(t *testing.T) {
	content := medley(1, 500_000)
	stream := write(content).seal(t, sigio.WithIndex(), sigio.WithChunkSize(sigio.MinChunkSize))
	_, at := indexOf(t, stream)
	for i := at; i < len(stream)-frame.EndLen; i++ {
		damaged := bytes.Clone(stream)
		damaged[i] ^= 0x40
		r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
		require.NoError(t, err)
		requireReadAt(t, r, content, 300_000, 1000)
		requireReadAt(t, r, content, 0, len(content))
	}
	for _, n := range []uint32{1, 16, 17, 1 << 24, 1<<32 - 1} {
		e, err := frame.ParseEnd(stream[len(stream)-frame.EndLen:])
		require.NoError(t, err)
		e.IndexLen = n
		damaged := e.Append(bytes.Clone(stream[:len(stream)-frame.EndLen]))
		r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
		require.NoError(t, err)
		requireReadAt(t, r, content, 0, len(content))
	}
}

// TestReadAtGoesAroundDamage: a damaged chunk is an error where it is and
// nowhere else, in whatever order it is read, with an index and without.
func TestReadAtGoesAroundDamage(t *testing.T) {
	for _, index := range []bool{true, false} {
		opts := []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}
		if index {
			opts = append(opts, sigio.WithIndex())
		}
		content := medley(1, 700_000)
		stream := write(content).seal(t, opts...)
		chunks := chunksOf(t, stream)
		for k, c := range chunks {
			for _, inHeader := range []bool{false, true} {
				if inHeader && !index {
					continue // there is no way past it
				}
				damaged := bytes.Clone(stream)
				at := int(c.Offset) + c.HeaderLen + c.EncodedLen // its check
				switch {
				case inHeader:
					at = int(c.Offset) + 9
				case !index: // a walk follows the links, which go through the checks
					at -= c.EncodedLen/2 + 1
				}
				damaged[at] ^= 0x55
				if got, err := io.ReadAll(sigio.NewReader(bytes.NewReader(damaged))); err == nil {
					requireSame(t, content, got) // another encoding of the same
					continue
				}
				r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
				require.NoError(t, err)
				for range 2 {
					for j, other := range chunks {
						if j != k {
							requireReadAt(t, r, content, int(other.RawOffset), other.RawLen)
							continue
						}
						p := make([]byte, c.RawLen+10)
						n, err := r.ReadAt(p, max(0, c.RawOffset-10))
						require.True(t, isPlacedVerdict(err), "%v", err)
						require.ErrorIs(t, err, sigio.ErrCorrupt)
						var placed *sigio.StreamError
						require.ErrorAs(t, err, &placed)
						require.Equal(t, c.Offset, placed.Offset)
						require.EqualValues(t, min(10, c.RawOffset), n, "what stands before it")
					}
				}
			}
		}
	}
}

// TestHugeIndex: the largest index that the format allows takes no more memory
// than a small one.
func TestHugeIndex(t *testing.T) {
	content := noise(1, 9<<20)
	stream := write(content).seal(t, sigio.WithIndex(), sigio.WithSelector(always(strategy.Store)))
	body := binary.AppendUvarint(nil, 8_000_000)
	body = append(body, bytes.Repeat([]byte{1}, 16_000_000)...)
	damaged := withIndexBody(t, stream, append(body, 0))
	r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
	require.NoError(t, err)
	held := heldBy(func() error {
		_, err := r.ReadAt(make([]byte, 1000), 150_000)
		return err
	})
	require.Less(t, held, int64(24<<20))
	requireReadAt(t, r, content, 0, len(content))
}

// TestReadAtOfMessagesAroundDamage: with a history, too, what stands before a
// damaged message is read, and nothing behind it that could be wrong.
func TestReadAtOfMessagesAroundDamage(t *testing.T) {
	samples := 6
	if testing.Short() {
		samples = 2
	}
	for _, v := range []struct {
		name string
		opts []sigio.WriterOption
	}{
		{"plain", nil},
		{"history", []sigio.WriterOption{sigio.WithHistory(64 << 10)}},
		{"shared frame", []sigio.WriterOption{sigio.WithHistory(128 << 10)}},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := messages(prose(1, 150_000), 100, 40, 2000, 700)
			content, stream := s.content(), s.seal(t, v.opts...)
			chunks := chunksOf(t, stream)
			for k := 3; k < len(chunks); k += 1 + len(chunks)/samples {
				c := chunks[k]
				damaged := bytes.Clone(stream)
				damaged[int(c.Offset)+c.HeaderLen+c.EncodedLen] ^= 1 // its check
				before, err := io.ReadAll(sigio.NewReader(bytes.NewReader(damaged)))
				require.ErrorIs(t, err, sigio.ErrCorrupt)
				require.Len(t, before, int(c.RawOffset))
				r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
				require.NoError(t, err)
				for range 2 {
					requireReadAt(t, r, content, max(0, len(before)-5000), min(5000, len(before)))
					_, err = r.ReadAt(make([]byte, 1), c.RawOffset)
					require.ErrorIs(t, err, sigio.ErrCorrupt)
					for _, other := range chunks {
						p := make([]byte, other.RawLen)
						n, err := r.ReadAt(p, other.RawOffset)
						requireSame(t, content[other.RawOffset:][:n], p[:n])
						if other.RawOffset < c.RawOffset {
							require.NoError(t, err)
						} else if err != nil {
							require.True(t, isPlacedVerdict(err), "%v", err)
						}
					}
				}
			}
		})
	}
}

// TestReadAtBehindDamagedLength: what states a wrong length, and nothing else
// can tell, must not move what stands behind it.
func TestReadAtBehindDamagedLength(t *testing.T) {
	first, second := write(prose(1, 300)).seal(t), messages(prose(2, 3000), 100).seal(t)
	content := slices.Concat(prose(1, 300), prose(2, 3000))
	c := chunksOf(t, first)[0]
	for at := int(c.Offset); at < len(first); at++ {
		for bit := range 8 {
			damaged := slices.Concat(first, second)
			damaged[at] ^= 1 << bit
			r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
			if err != nil {
				require.True(t, isPlacedVerdict(err))
				require.False(t, at >= int(c.Offset)+c.HeaderLen && at < int(c.Offset)+c.HeaderLen+c.EncodedLen, "its content alone is damaged")
				continue
			}
			requireReadAt(t, r, content, 300, 3000)
			if got, err := io.ReadAll(sigio.NewReader(bytes.NewReader(damaged))); err == nil {
				requireSame(t, content, got) // a bit that says nothing
				continue
			}
			_, err = r.ReadAt(make([]byte, 10), 0)
			require.ErrorIs(t, err, sigio.ErrCorrupt)
		}
	}
}

// TestReadAtGoesPastControlRecords: one that is damaged takes nothing else with
// it.
func TestReadAtGoesPastControlRecords(t *testing.T) {
	note := act{meta: []byte("a note")}
	s := slices.Concat(messages(prose(1, 900), 300), write(noise(1, 200_000)), script{{flush: true}, note}, write(noise(2, 100_000)), messages(prose(2, 900), 300))
	stream := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	at := bytes.Index(stream, note.meta)
	for _, damaged := range [][]byte{changed(stream, at, at+1), slices.Concat(changed(stream, at, at+1), write(prose(3, 50)).seal(t))} {
		r, err := sigio.OpenReaderAt(bytes.NewReader(damaged), int64(len(damaged)))
		require.NoError(t, err)
		requireReadAt(t, r, s.content(), 0, len(s.content()))
	}
}
