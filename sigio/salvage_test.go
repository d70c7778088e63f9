package sigio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frame"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/strategy"
)

// pipe hides what a source can do beside Read.
func pipe(b []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(b)} }

// salvage returns what Salvage makes of b, with zeros in the gaps.
func salvage(t testing.TB, src io.Reader, opts ...sigio.ReaderOption) (content []byte, gaps []sigio.Gap) {
	t.Helper()
	var out bytes.Buffer
	_, err := sigio.Salvage(&out, src, func(g sigio.Gap) sigio.Fill {
		gaps = append(gaps, g)
		return sigio.FillZeros
	}, append(opts, sigio.WithMaxOutput(16<<20))...)
	require.NoError(t, err, "%+v", gaps)
	return out.Bytes(), gaps
}

// bothSources runs a test with a source that can seek and one that cannot.
func bothSources(b []byte, f func(src io.Reader, seeks string)) {
	f(bytes.NewReader(b), "seekable")
	f(pipe(b), "a pipe")
}

// TestSalvageOfSoundFiles is reading them.
func TestSalvageOfSoundFiles(t *testing.T) {
	for _, s := range stores(t) {
		bothSources(s.stream, func(src io.Reader, seeks string) {
			got, gaps := salvage(t, src, s.reading...)
			requireSame(t, s.content, got, s.name, seeks)
			require.Empty(t, gaps, s.name)
		})
	}
	var metas []string
	stream := script{{meta: []byte("a")}, {write: []byte("x")}, {flush: true}, {meta: []byte("b")}}.seal(t)
	_, gaps := salvage(t, pipe(stream), sigio.WithMeta(func(_ uint8, p []byte) error { metas = append(metas, string(p)); return nil }))
	require.Empty(t, gaps)
	require.Equal(t, []string{"a", "b"}, metas)
}

// A row is a stream of many small positioned chunks, and where they are.
type row struct {
	name    string
	stream  []byte
	content []byte
	chunks  []sigio.ChunkInfo
	index   int // where it begins
}

// rows has one of each strategy.
func rows(t testing.TB, n int) (all []row) {
	fills := map[strategy.ID]func(uint64, int) []byte{strategy.Store: noise, strategy.RunLength: runs, strategy.Delta: measurements}
	for st := range strategy.Default().With(ledger{"ledger"}).All() {
		fill := fills[st.ID()]
		switch {
		case st.ID() == ledgerID:
			fill = ledgerOf
		case fill == nil:
			fill = prose
		}
		r := row{name: st.Name()}
		b := new(frametest.Builder).Header(frame.Header{CapLog: 16, ID: 7})
		for i := range uint64(n) {
			content := fill(i, 2000+int(i)%7*100)
			payload := content
			if st.ID() != strategy.Store {
				payload = encoded(t, st, content)
			}
			if st.ID() == ledgerID {
				b.Name(uint8(ledgerID), "ledger")
			}
			b.Chunk(uint8(st.ID()), payload, content)
			r.content = append(r.content, content...)
		}
		r.index = len(b.Bytes())
		b.Index(frame.Index{Entries: b.Positions()}.Append(nil)).End()
		r.stream = b.Bytes()
		requireSame(t, r.content, unseal(t, r.stream, withLedger()))
		r.chunks = chunksOf(t, r.stream)
		require.Len(t, r.chunks, n)
		all = append(all, r)
	}
	return all
}

// hit reports whether bytes from..to of the stream belong to a chunk.
func hit(c sigio.ChunkInfo, from, to int) bool {
	return from < int(c.Offset)+c.HeaderLen+c.EncodedLen+tailLen(c) && to > int(c.Offset)
}

// without is the content with the chunks that were hit replaced by zeros, up to
// a chunk of the given number.
func (r *row) without(from, to int) []byte {
	want := bytes.Clone(r.content)
	for _, c := range r.chunks {
		if hit(c, from, to) {
			clear(want[c.RawOffset:][:c.RawLen])
		}
	}
	return want
}

// TestSalvageRecoversAllOtherChunks: one byte, or one sector, damaged at any
// place; and beside that the header gone, the end, or the index with it.
// SIGMA_PLACES is how many places are tried.
func TestSalvageRecoversAllOtherChunks(t *testing.T) {
	count, step, examined := 100, 80, 8
	if testing.Short() {
		count, step, examined = 20, 10, 2
	}
	if n, err := strconv.Atoi(os.Getenv("SIGMA_PLACES")); err == nil {
		count, step, examined = 100, n, 100
	}
	for _, r := range rows(t, count) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			last := r.chunks[len(r.chunks)-1]
			for _, v := range []struct {
				name     string
				from, to int // that is gone beside
			}{
				{"nothing else", 0, 0},
				{"header", 0, 16},
				{"first sector", 0, 512},
				{"end", len(r.stream) - 40, len(r.stream)},
				{"index and end", r.index, len(r.stream)},
			} {
				check := func(from, to int) {
					damaged := bytes.Clone(r.stream)
					for i := from; i < to; i++ {
						damaged[i] ^= byte(0x55 + i - from)
					}
					clear(damaged[v.from:v.to])
					if v.to == len(damaged) {
						damaged = damaged[:v.from]
					}
					want := r.without(from, to)
					harmless := r.without(len(r.stream), len(r.stream)) // some bits of a payload say nothing
					for _, c := range r.chunks {
						if v.to > 0 && hit(c, v.from, v.to) {
							clear(want[c.RawOffset:][:c.RawLen])
							clear(harmless[c.RawOffset:][:c.RawLen])
						}
					}
					lostEnd := v.to == len(r.stream) || to > r.index && from < len(r.stream)
					bothSources(damaged, func(src io.Reader, seeks string) {
						got, gaps := salvage(t, src, withLedger())
						if lostEnd && hit(last, from, to) {
							got = append(got, make([]byte, max(0, len(want)-len(got)))...)
						}
						require.LessOrEqual(t, len(gaps), 4)
						if !bytes.Equal(want, got) && !bytes.Equal(harmless, got) {
							at := divergence(want, got)
							require.Failf(t, "content is lost", "%s, and bytes %d to %d of %d; %s: %d bytes of %d, differ at %d\n%+v",
								v.name, from, to, len(r.stream), seeks, len(got), len(want), at, gaps)
						}
					})
				}
				for at := 0; at < len(r.stream); at += 1 + len(r.stream)/step {
					check(at, at+1)
				}
				for _, c := range r.chunks[:examined] {
					for _, at := range []int{0, 9, 15, 21, 25, 27, c.HeaderLen, c.HeaderLen + c.EncodedLen} {
						check(int(c.Offset)+at, int(c.Offset)+at+1)
					}
				}
				for at := 0; at+512 <= len(r.stream); at += 512 * (1 + len(r.stream)/100/step) {
					check(at, at+512)
				}
			}
		})
	}
}

// TestSalvageGaps: what is reported as lost is exactly that.
func TestSalvageGaps(t *testing.T) {
	r := rows(t, 10)[0]
	c := func(i int) sigio.ChunkInfo { return r.chunks[i] }
	end := len(r.stream)
	for _, v := range []struct {
		name   string
		damage func(b []byte) []byte
		want   []sigio.Gap // without reasons
	}{
		{"payload", func(b []byte) []byte { b[c(3).Offset+40] ^= 1; return b },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: int64(c(3).RawLen), EncodedOffset: c(3).Offset, EncodedLen: c(4).Offset - c(3).Offset}}},
		{"header of a chunk", func(b []byte) []byte { b[c(3).Offset+2] ^= 1; return b },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: int64(c(3).RawLen), EncodedOffset: c(3).Offset, EncodedLen: c(4).Offset - c(3).Offset}}},
		{"two chunks", func(b []byte) []byte { clear(b[c(3).Offset+5 : c(4).Offset+5]); return b },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: int64(c(3).RawLen + c(4).RawLen), EncodedOffset: c(3).Offset, EncodedLen: c(5).Offset - c(3).Offset}}},
		{"chunk cut out", func(b []byte) []byte { return slices.Delete(b, int(c(3).Offset), int(c(4).Offset)) },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: int64(c(3).RawLen), EncodedOffset: c(3).Offset}}},
		{"bytes cut out", func(b []byte) []byte { return slices.Delete(b, int(c(3).Offset)+100, int(c(3).Offset)+110) },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: int64(c(3).RawLen), EncodedOffset: c(3).Offset, EncodedLen: c(4).Offset - c(3).Offset - 10}}},
		{"bytes slipped in", func(b []byte) []byte { return slices.Insert(b, int(c(3).Offset)+100, noise(5, 700)...) },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: int64(c(3).RawLen), EncodedOffset: c(3).Offset, EncodedLen: c(4).Offset - c(3).Offset + 700}}},
		{"junk between chunks", func(b []byte) []byte { return slices.Insert(b, int(c(3).Offset), noise(5, 70)...) },
			[]sigio.Gap{{RawOffset: c(3).RawOffset, RawLen: 0, EncodedOffset: c(3).Offset, EncodedLen: 70}}},
		{"doubled chunk", func(b []byte) []byte {
			return slices.Insert(b, int(c(4).Offset), bytes.Clone(b[c(3).Offset:c(4).Offset])...)
		}, []sigio.Gap{{RawOffset: c(4).RawOffset, RawLen: 0, EncodedOffset: c(4).Offset, EncodedLen: c(4).Offset - c(3).Offset}}},
		{"last chunk", func(b []byte) []byte { b[c(9).Offset+40] ^= 1; return b },
			[]sigio.Gap{{RawOffset: c(9).RawOffset, RawLen: int64(c(9).RawLen), EncodedOffset: c(9).Offset, EncodedLen: int64(end-48) - c(9).Offset}}},
		{"end is missing", func(b []byte) []byte { return b[:r.index] },
			[]sigio.Gap{{RawOffset: int64(len(r.content)), RawLen: -1, EncodedOffset: int64(r.index)}}},
		{"torn in a chunk", func(b []byte) []byte { return b[:c(8).Offset+100] },
			[]sigio.Gap{{RawOffset: c(8).RawOffset, RawLen: -1, EncodedOffset: c(8).Offset, EncodedLen: 100}}},
		{"junk behind the end", func(b []byte) []byte { return append(b, noise(1, 99)...) },
			[]sigio.Gap{{RawOffset: int64(len(r.content)), RawLen: -1, EncodedOffset: int64(end), EncodedLen: 99}}},
		{"nothing but junk", func([]byte) []byte { return noise(1, 1000) }, []sigio.Gap{{RawLen: -1, EncodedLen: 1000}}},
		{"nothing at all", func([]byte) []byte { return nil }, []sigio.Gap{{RawLen: -1}}},
	} {
		t.Run(v.name, func(t *testing.T) {
			damaged := v.damage(bytes.Clone(r.stream))
			bothSources(damaged, func(src io.Reader, seeks string) {
				_, gaps := salvage(t, src, withLedger())
				for i := range gaps {
					require.NotEmpty(t, gaps[i].Reason)
					gaps[i].Reason = ""
				}
				if v.name == "last chunk" {
					gaps[0].EncodedLen = v.want[0].EncodedLen // the index is as good as the end
				}
				require.Equal(t, v.want, gaps, seeks)
			})
		})
	}
}

// TestSalvageFills: zeros, nothing, or the end.
func TestSalvageFills(t *testing.T) {
	r := rows(t, 10)[0]
	damaged := bytes.Clone(r.stream)
	lost := []sigio.ChunkInfo{r.chunks[2], r.chunks[6]}
	for _, c := range lost {
		damaged[c.Offset+50] ^= 1
	}
	zeroed := r.without(int(lost[0].Offset)+50, int(lost[0].Offset)+51)
	clear(zeroed[lost[1].RawOffset:][:lost[1].RawLen])
	left := slices.Concat(r.content[:lost[0].RawOffset], r.content[r.chunks[3].RawOffset:lost[1].RawOffset], r.content[r.chunks[7].RawOffset:])
	run := func(onGap func(sigio.Gap) sigio.Fill, opts ...sigio.ReaderOption) ([]byte, sigio.Stats, error) {
		var out bytes.Buffer
		stats, err := sigio.Salvage(&out, pipe(damaged), onGap, opts...)
		return out.Bytes(), stats, err
	}
	got, stats, err := run(nil)
	require.NoError(t, err)
	requireSame(t, zeroed, got)
	require.EqualValues(t, 8, stats.Chunks)
	require.EqualValues(t, len(left), stats.Raw)
	require.EqualValues(t, len(damaged), stats.Encoded)
	require.Zero(t, stats.Buffered)

	got, _, err = run(func(sigio.Gap) sigio.Fill { return sigio.FillNothing })
	require.NoError(t, err)
	requireSame(t, left, got)

	got, _, err = run(func(sigio.Gap) sigio.Fill { return sigio.FillStop })
	require.ErrorIs(t, err, sigio.ErrCorrupt)
	var placed *sigio.StreamError
	require.ErrorAs(t, err, &placed)
	require.Equal(t, lost[0].Offset, placed.Offset)
	requireSame(t, r.content[:lost[0].RawOffset], got)

	got, _, err = run(nil, sigio.WithMaxOutput(lost[0].RawOffset+10))
	require.ErrorIs(t, err, sigio.ErrTooLarge)
	requireSame(t, r.content[:lost[0].RawOffset], got)
	_, _, err = run(nil, sigio.WithMaxChunk(-1))
	require.ErrorContains(t, err, "maximal chunk")

	own := errors.New("own")
	_, err = sigio.Salvage(&sink{on: func(int, []byte) (int, error) { return 0, own }}, pipe(damaged), nil)
	requireIdentical(t, own, err)
	_, err = sigio.Salvage(&sink{on: func(_ int, p []byte) (int, error) { return len(p) - 1, nil }}, pipe(damaged), nil)
	requireIdentical(t, io.ErrShortWrite, err)
	for fail := range 20 {
		_, err = sigio.Salvage(io.Discard, &spring{rest: damaged, on: func(call int, p []byte) (int, error) {
			if call == fail {
				return 0, own
			}
			return len(p), nil
		}}, nil)
		if err != nil {
			requireIdentical(t, own, err)
		}
		require.True(t, err != nil || fail > 3)
	}
}

// TestSalvageOfMessages: light chunks up to the damage and from the next sync
// point on, with a history and without.
func TestSalvageOfMessages(t *testing.T) {
	alone(t)
	for _, v := range []struct {
		name string
		opts []sigio.WriterOption
	}{
		{"plain", nil},
		{"history", []sigio.WriterOption{sigio.WithHistory(64 << 10)}},
		{"shared frame", []sigio.WriterOption{sigio.WithHistory(128 << 10)}},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := messages(prose(1, 200_000), 100, 40, 2000, 700)
			content := s.content()
			stream := s.seal(t, v.opts...)
			chunks := chunksOf(t, stream)
			rng := rand.New(rand.NewPCG(1, 1))
			for range 60 {
				at := rng.IntN(len(stream))
				damaged := bytes.Clone(stream)
				damaged[at] ^= 0x55
				bothSources(damaged, func(src io.Reader, seeks string) {
					got, gaps := salvage(t, src)
					// All whole chunks before the damage, and all from the next sync point on.
					before, behind := 0, len(content)
					for _, c := range chunks {
						if int(c.Offset)+c.HeaderLen+c.EncodedLen+tailLen(c) <= at {
							before = int(c.RawOffset) + c.RawLen
						}
						if int(c.Offset) > at && !c.Light {
							behind = min(behind, int(c.RawOffset))
						}
					}
					if v.name == "shared frame" { // until a frame begins, which is far
						behind = len(content)
						if len(got) < len(content) {
							got = append(got, make([]byte, len(content)-len(got))...)
						}
					}
					require.Len(t, got, len(content), "%s %d: %+v", seeks, at, gaps)
					requireSame(t, content[:before], got[:before], seeks)
					requireSame(t, content[behind:], got[behind:], seeks)
					for i, c := range got {
						if c != content[i] && c != 0 {
							require.Failf(t, "wrong byte", "at %d", i)
						}
					}
				})
			}
		})
	}
}

// TestSalvageIsNotFooledByStoredStreams: a file of ours within a chunk of the
// damaged one is content.
func TestSalvageIsNotFooledByStoredStreams(t *testing.T) {
	inner := write(noise(3, 300_000)).seal(t, sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithIndex())
	content := slices.Concat(noise(1, 100_000), inner, noise(2, 2_000_000))
	stream := write(content).seal(t, sigio.WithChunkSize(512<<10), sigio.WithSelector(always(strategy.Store)))
	chunks := chunksOf(t, stream)
	for _, c := range chunks[:3] {
		for _, at := range []int64{c.Offset + 4, c.Offset + 28 + 200, c.Offset + 28 + 110_000} {
			damaged := bytes.Clone(stream)
			damaged[at] ^= 1
			want := bytes.Clone(content)
			clear(want[c.RawOffset:][:c.RawLen])
			bothSources(damaged, func(src io.Reader, seeks string) {
				got, gaps := salvage(t, src)
				requireSame(t, want, got, seeks)
				require.Len(t, gaps, 1)
			})
		}
	}
	for _, gone := range []int{16, 512, 4096} {
		damaged := bytes.Clone(stream)
		clear(damaged[:gone])
		got, _ := salvage(t, bytes.NewReader(damaged))
		want := bytes.Clone(content)
		if gone > 16 {
			clear(want[:512<<10])
		}
		requireSame(t, want, got)
	}
}

// TestSalvageOfSeveralStreams: damage anywhere in one leaves the others alone.
func TestSalvageOfSeveralStreams(t *testing.T) {
	var b, content []byte
	var starts, raws []int
	for i := range uint64(6) {
		p := append(noise(i, 30_000), prose(i, 40_000)...)
		starts, raws = append(starts, len(b)), append(raws, len(content))
		b = append(b, write(p).seal(t)...)
		content = append(content, p...)
	}
	starts, raws = append(starts, len(b)), append(raws, len(content))
	for k := range 6 {
		for _, v := range []struct {
			name     string
			from, to int
		}{
			{"header", starts[k], starts[k] + 16},
			{"sector at the start", max(0, starts[k]-100), starts[k] + 412},
			{"content", starts[k] + 5000, starts[k] + 5001},
			{"end", starts[k+1] - 48, starts[k+1]},
		} {
			damaged := bytes.Clone(b)
			for i := v.from; i < v.to; i++ {
				damaged[i] ^= 0x5A
			}
			bothSources(damaged, func(src io.Reader, seeks string) {
				got, gaps := salvage(t, src)
				name := fmt.Sprintf("%s of stream %d, %s: %+v", v.name, k, seeks, gaps)
				for i := range 6 {
					if i == k || i == k-1 && v.from < starts[k] {
						continue
					}
					require.True(t, bytes.Contains(got, content[raws[i]:raws[i+1]]), "stream %d is lost: %s", i, name)
				}
				require.NotEmpty(t, gaps, name)
			})
		}
	}
}

// TestSalvageFromWhereTheFileIs: what stands before is not its business, not
// even when it asks the end for what the header said.
func TestSalvageFromWhereTheFileIs(t *testing.T) {
	r := rows(t, 10)[0]
	file := bytes.NewReader(slices.Concat(r.stream, noise(1, 100), make([]byte, 16), r.stream[16:]))
	from := int64(len(r.stream) + 100)
	_, err := file.Seek(from, io.SeekStart)
	require.NoError(t, err)
	got, gaps := salvage(t, file)
	requireSame(t, r.content, got)
	require.Len(t, gaps, 1)
	require.Zero(t, gaps[0].EncodedOffset, "offsets count from there")
	require.Zero(t, gaps[0].RawLen)
}

// TestSalvageGoesOnBehindAMisplacedEnd: an end record of the same stream, that
// was written over a part of it or came between, ends nothing.
func TestSalvageGoesOnBehindAMisplacedEnd(t *testing.T) {
	for _, r := range rows(t, 12) {
		end := r.stream[len(r.stream)-frame.EndLen:]
		for _, c := range r.chunks[1:] {
			for name, at := range map[string]int{
				"before": int(c.Offset), "header": int(c.Offset) + 3, "payload": int(c.Offset) + c.HeaderLen + 1,
			} {
				for _, headless := range []bool{false, true} {
					over := bytes.Clone(r.stream)
					copy(over[at:len(r.stream)-frame.EndLen], end)
					between := slices.Insert(bytes.Clone(r.stream), at, end...)
					want, wantBetween := r.without(at, at+frame.EndLen), r.without(at, at+1)
					if name == "before" {
						wantBetween = r.content
					}
					if headless {
						clear(over[:frame.HeaderLen])
						clear(between[:frame.HeaderLen])
					}
					bothSources(over, func(src io.Reader, seeks string) {
						got, _ := salvage(t, src, withLedger())
						requireSame(t, want, got, r.name, c.Chunk, "over ", name, seeks, headless)
					})
					bothSources(between, func(src io.Reader, seeks string) {
						got, _ := salvage(t, src, withLedger())
						requireSame(t, wantBetween, got, r.name, c.Chunk, "between ", name, seeks, headless)
					})
				}
			}
		}
		bothSources(append(bytes.Clone(r.stream), end...), func(src io.Reader, seeks string) {
			got, gaps := salvage(t, src, withLedger())
			requireSame(t, r.content, got, "doubled ", seeks)
			require.Len(t, gaps, 1)
		})
	}
}

// TestSalvageOfStreamsBehindATear: where a chunk is torn, the bytes that it
// claims are others', and whole streams may stand in front of what the end
// records tell of.
func TestSalvageOfStreamsBehindATear(t *testing.T) {
	row := func(id uint32, sizes ...int) (b, content []byte) {
		s := stream(frame.Header{CapLog: 16, ID: id})
		for i, n := range sizes {
			c := noise(uint64(id)<<8+uint64(i), n)
			s.Chunk(0, c, c)
			content = append(content, c...)
		}
		return s.End().Bytes(), content
	}
	torn, first := row(1, 900, 60_000)
	torn = torn[:frame.HeaderLen+2*frame.ChunkHeaderLen+frame.CheckLen+1000]
	first = first[:900]
	small, second := row(2, 700, 800, 900, 300)
	unsealed := changed(small, len(small)-20, len(small)-10)
	last, third := row(3, 300, 800, 20_000)
	const shift = 7
	longer := slices.Insert(bytes.Clone(last), len(last)-500, noise(9, shift)...)
	shorter := slices.Delete(bytes.Clone(last), len(last)-500, len(last)-500+shift)
	for _, v := range []struct {
		name  string
		b     []byte
		parts [][]byte
	}{
		{"a whole stream", slices.Concat(torn, small), [][]byte{first, second}},
		{"a torn stream", slices.Concat(torn, unsealed), [][]byte{first, second}},
		{"two streams", slices.Concat(torn, small, last), [][]byte{first, second, third}},
		{"one without its end, and another", slices.Concat(torn, unsealed, last), [][]byte{first, second, third}},
		{"one that is longer than its end says", slices.Concat(torn, small, longer), [][]byte{first, second, third[:1100]}},
		{"one that is shorter", slices.Concat(torn, small, shorter), [][]byte{first, second, third[:1100]}},
	} {
		bothSources(v.b, func(src io.Reader, seeks string) {
			var out bytes.Buffer
			_, err := sigio.Salvage(&out, src, func(sigio.Gap) sigio.Fill { return sigio.FillNothing })
			require.NoError(t, err)
			requireSame(t, slices.Concat(v.parts...), out.Bytes(), v.name, ", ", seeks)
		})
	}
}
