package sigio_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
)

// What other packages build on: that a Reader takes what it needs from its
// source and no more, that errors keep their type, that Flush delivers.

// TestFlushedContentIsReadWithoutMoreInput: the source fails the test when it
// is asked for more than what had been written when Flush returned.
func TestFlushedContentIsReadWithoutMoreInput(t *testing.T) {
	const chunk = sigio.MinChunkSize
	for _, v := range []struct {
		name  string
		sizes []int
	}{
		{"a byte", []int{1}},
		{"messages", []int{1, 127, 128, 300, 4095, 4096}},
		{"light chunks in their longest form", []int{16_383, 16_384, 20_000}},
		{"more than a light chunk may hold", []int{chunk + 1, 3 * chunk}},
		{"whole blocks", []int{chunk, 2 * chunk}},
		{"whole blocks and a message", []int{2*chunk + 1, chunk - 1}},
		{"messages across sync points", []int{40_000, 10, 30_000}},
	} {
		for _, meta := range []bool{false, true} {
			for _, c := range concurrencies {
				t.Run(fmt.Sprintf("%s/%v/%d", v.name, meta, c), func(t *testing.T) {
					var wire sink
					w := sigio.NewWriter(&wire, sigio.WithChunkSize(chunk), sigio.WithConcurrency(c))
					source := readerFunc(func(p []byte) (int, error) {
						require.NotZero(t, wire.Len(), "read beyond what was flushed")
						return wire.Read(p)
					})
					metas := 0
					opts := []sigio.ReaderOption{sigio.WithConcurrency(c)}
					if meta {
						opts = append(opts, sigio.WithMeta(func(uint8, []byte) error { metas++; return nil }))
					}
					r := sigio.NewReader(source, opts...)
					content := medley(1, 400_000)
					for i := 0; len(content) > 0; i++ {
						piece := content[:min(v.sizes[i%len(v.sizes)], len(content))]
						content = content[len(piece):]
						if meta {
							require.NoError(t, w.WriteMeta(1, []byte("between")))
						}
						require.NoError(t, messages(piece, len(piece)).play(w))
						got := make([]byte, len(piece))
						_, err := io.ReadFull(r, got)
						require.NoError(t, err)
						requireSame(t, piece, got)
						if i == 1000 {
							break
						}
					}
					if meta {
						require.Positive(t, metas)
					}
				})
			}
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestSingleStreamStopsAtItsEnd: not a byte behind the end record is read, so
// that what follows can be read by others from the same source.
func TestSingleStreamStopsAtItsEnd(t *testing.T) {
	alone(t)
	scripts := map[string]script{
		"empty":       nil,
		"short":       write(prose(1, 1000)),
		"messages":    messages(prose(2, 5000), 300, 1),
		"positioned":  write(medley(3, 200_000)),
		"everything":  lifeScript(),
		"of metadata": {{meta: []byte("alone")}},
	}
	const tail = "what follows is no stream"
	for first, s := range scripts {
		for second, s2 := range scripts {
			for _, c := range concurrencies {
				opts := []sigio.WriterOption{sigio.WithChunkSize(sigio.MinChunkSize)}
				source := bytes.NewReader(append(append(s.seal(t, opts...), s2.seal(t, opts...)...), tail...))
				r := sigio.NewReader(source, sigio.WithSingleStream(), sigio.WithConcurrency(c))
				got, err := io.ReadAll(r)
				require.NoError(t, err)
				requireSame(t, s.content(), got, first)
				_, err = r.Read(make([]byte, 1))
				requireIdentical(t, io.EOF, err, "the end sticks")
				require.Equal(t, len(s2.seal(t, opts...))+len(tail), source.Len(), first)

				r.Reset(source)
				n, err := r.WriteTo(io.Discard)
				require.NoError(t, err)
				require.EqualValues(t, len(s2.content()), n, second)
				rest, err := io.ReadAll(source)
				require.NoError(t, err)
				require.Equal(t, tail, string(rest))
			}
		}
	}
}

// TestSingleStreamReadsNothingAhead: nor does it ask for more than the record
// that it is at, so that a source which ends the stream late is not waited on.
func TestSingleStreamReadsNothingAhead(t *testing.T) {
	s := messages(noise(1, 100_000), 5, 100, 5000, 70_000)
	stream := s.seal(t)
	for _, c := range concurrencies {
		source := &spring{rest: stream}
		r := sigio.NewReader(source, sigio.WithSingleStream(), sigio.WithConcurrency(c))
		for _, info := range chunksOf(t, stream) {
			_, err := io.ReadFull(r, make([]byte, info.RawLen))
			require.NoError(t, err)
			end := int(info.Offset) + info.HeaderLen + info.EncodedLen
			require.InDelta(t, end, len(stream)-len(source.rest), 4, "a check follows the payload and nothing else is read")
		}
	}
}

// TestMetadataKeepsItsPlace: a record is handed over after all content before
// it was, and before any behind it.
func TestMetadataKeepsItsPlace(t *testing.T) {
	const chunk = sigio.MinChunkSize
	flushed, places := script{{meta: []byte{0}}}, []int{0}
	for i, n := range []int{100, 3 * chunk, 5000, 1, 2*chunk + 1, 70} {
		flushed = append(flushed, messages(medley(uint64(i), n), n)...)
		flushed = append(flushed, act{meta: []byte{byte(i + 1)}}, act{meta: []byte("twin")})
		places = append(places, len(flushed.content()), len(flushed.content()))
	}
	for _, v := range []struct {
		name   string
		script script
		places []int // content before each record
	}{
		{"behind flushed content", flushed, places},
		{"between whole blocks that a Reader decodes ahead", script{
			{write: noise(1, 2*chunk)}, {meta: []byte("a")}, {write: noise(2, 2*chunk)}, {meta: []byte("b")}, {write: noise(3, 2*chunk)},
		}, []int{2 * chunk, 4 * chunk}},
		{"behind the blocks that are complete", script{
			{write: noise(1, chunk+1)}, {meta: []byte("a")}, {write: noise(2, chunk)}, {meta: []byte("b")}, {write: noise(3, 1000)},
		}, []int{chunk, 2 * chunk}},
	} {
		stream := v.script.seal(t, sigio.WithChunkSize(chunk))
		for _, c := range concurrencies {
			var read sink
			var at []int
			var metas [][]byte
			r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c), sigio.WithMeta(func(kind uint8, p []byte) error {
				require.EqualValues(t, metaKind, kind)
				at = append(at, read.Len())
				metas = append(metas, bytes.Clone(p))
				return nil
			}))
			_, err := r.WriteTo(&read)
			require.NoError(t, err)
			require.Equal(t, v.places, at, v.name)
			require.Equal(t, v.script.metas(), metas, v.name)
		}
	}
}

// TestErrorOfTheMetadataFunction is returned as it is, ends the reading, and
// the record is not handed over again.
func TestErrorOfTheMetadataFunction(t *testing.T) {
	before := medley(1, 200_000)
	s := script{{write: before}, {flush: true}, {meta: []byte("note")}, {write: prose(2, 100)}}
	stream := s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, c := range concurrencies {
		calls := 0
		r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c), sigio.WithMeta(func(uint8, []byte) error { calls++; return errReset }))
		got, err := io.ReadAll(r)
		requireSame(t, before, got)
		requireIdentical(t, errReset, err)
		_, err = r.Read(make([]byte, 1))
		requireIdentical(t, errReset, err)
		require.Equal(t, 1, calls)
	}
}

func TestMetadataLimits(t *testing.T) {
	var out sink
	w := sigio.NewWriter(&out)
	require.ErrorIs(t, w.WriteMeta(1, make([]byte, sigio.MaxMeta+1)), sigio.ErrTooLarge)
	longest := noise(1, sigio.MaxMeta)
	waiting := 0
	for ; w.WriteMeta(metaKind, longest) == nil; waiting++ {
		require.Less(t, waiting, 8, "records that wait take 1 MiB at most")
	}
	require.GreaterOrEqual(t, waiting, 7)
	require.ErrorIs(t, w.WriteMeta(1, longest), sigio.ErrTooLarge)
	require.NoError(t, messages([]byte("content"), 7).play(w), "the refusal does not stick")
	require.NoError(t, w.WriteMeta(metaKind, longest), "none waits any more")
	require.NoError(t, w.Close())
	got := 0
	content := unseal(t, out.Bytes(), sigio.WithMeta(func(kind uint8, p []byte) error {
		requireSame(t, longest, p)
		got++
		return nil
	}))
	require.Equal(t, "content", string(content))
	require.Equal(t, waiting+1, got)
}

func TestConcatenatedStreamsReadAsOne(t *testing.T) {
	var all, content []byte
	for _, s := range []script{write(prose(1, 1000)), nil, lifeScript(), nil, nil, messages(prose(2, 900), 100)} {
		all = append(all, s.seal(t, sigio.WithChunkSize(sigio.MinChunkSize))...)
		content = append(content, s.content()...)
	}
	for _, c := range concurrencies {
		requireSame(t, content, unseal(t, all, sigio.WithConcurrency(c)))
	}
}

// TestCommand wires both ends to a process: os/exec copies by ReadFrom and
// WriteTo, and looks at the type of their errors.
func TestCommand(t *testing.T) {
	lookUp(t, "cat")
	content := medley(1, 2<<20)
	stream := write(content).seal(t)
	for _, c := range concurrencies {
		var out bytes.Buffer
		w := sigio.NewWriter(&out, sigio.WithConcurrency(c))
		cmd := exec.Command("cat")
		cmd.Stdin, cmd.Stdout = sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c)), w
		require.NoError(t, cmd.Run())
		require.NoError(t, w.Close())
		requireSame(t, stream, out.Bytes())
	}
}

// TestCommandThatStopsReading: os/exec forgives a broken pipe, but only if
// the error comes through as it is.
func TestCommandThatStopsReading(t *testing.T) {
	lookUp(t, "head")
	content := medley(1, 2<<20)
	stream := write(content).seal(t)
	for _, c := range concurrencies {
		var out bytes.Buffer
		w := sigio.NewWriter(&out, sigio.WithConcurrency(c))
		cmd := exec.Command("head", "-c", "1000")
		cmd.Stdin, cmd.Stdout = sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c)), w
		require.NoError(t, cmd.Run())
		require.NoError(t, w.Close())
		requireSame(t, content[:1000], unseal(t, out.Bytes()))
	}
}

// TestCommandFedADamagedStream: the verdict is what Run returns.
func TestCommandFedADamagedStream(t *testing.T) {
	lookUp(t, "cat")
	content := medley(1, 300_000)
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	var out bytes.Buffer
	cmd := exec.Command("cat")
	cmd.Stdin, cmd.Stdout = sigio.NewReader(bytes.NewReader(stream[:len(stream)-1])), &out
	err := cmd.Run()
	require.ErrorIs(t, err, sigio.ErrTruncated)
	requireSame(t, content, out.Bytes())
}

func lookUp(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
}

// TestZip registers the package under a private method of a zip archive.
func TestZip(t *testing.T) {
	const method = 0xFF53
	var archive bytes.Buffer
	zw := zip.NewWriter(&archive)
	zw.RegisterCompressor(method, func(w io.Writer) (io.WriteCloser, error) { return sigio.NewWriter(w), nil })
	files := map[string][]byte{"empty": {}, "prose": prose(1, 100), "medley": medley(2, 300_000)}
	for name, content := range files {
		f, err := zw.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		require.NoError(t, err)
		_, err = f.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())

	zr, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	zr.RegisterDecompressor(method, func(r io.Reader) io.ReadCloser { return sigio.NewReader(r) })
	require.Len(t, zr.File, len(files))
	for _, f := range zr.File {
		content, err := f.Open()
		require.NoError(t, err)
		got, err := io.ReadAll(content)
		require.NoError(t, err, "zip compares length and CRC-32 too")
		requireSame(t, files[f.Name], got, f.Name)
		require.NoError(t, content.Close())
	}
}

// TestWriteToReturnsItsDestinationsError, which is not the Reader's: the next
// call goes on behind what was taken.
func TestWriteToReturnsItsDestinationsError(t *testing.T) {
	content := medley(1, 200_000)
	stream := write(content).seal(t, sigio.WithChunkSize(sigio.MinChunkSize))
	for _, v := range []struct {
		name string
		want error
		take func(n int) int
	}{
		{"nothing taken", errNoSpace, func(int) int { return 0 }},
		{"a part taken", errNoSpace, func(n int) int { return n / 3 }},
		{"all taken", errNoSpace, func(n int) int { return n }},
		{"short write without an error", io.ErrShortWrite, func(n int) int { return n - 1 }},
	} {
		for _, c := range concurrencies {
			out := &sink{on: func(call int, p []byte) (int, error) {
				if call%2 == 1 {
					return len(p), nil
				}
				if v.want == io.ErrShortWrite {
					return v.take(len(p)), nil
				}
				return v.take(len(p)), v.want
			}}
			r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c))
			var n int64
			failures := 0
			for {
				k, err := r.WriteTo(out)
				n += k
				require.EqualValues(t, out.Len(), n, v.name)
				if err == nil {
					break
				}
				requireIdentical(t, v.want, err, v.name)
				failures++
			}
			requireSame(t, content, out.Bytes(), v.name)
			require.Equal(t, (out.calls+1)/2, failures, v.name)
		}
	}
	for _, count := range []int{-1, 1} {
		r := sigio.NewReader(bytes.NewReader(stream))
		n, err := r.WriteTo(&sink{on: func(_ int, p []byte) (int, error) {
			if count > 0 {
				return len(p) + 1, nil
			}
			return -1, nil
		}})
		require.Error(t, err, "an invalid count")
		require.Zero(t, n)
	}
}
