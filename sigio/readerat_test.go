package sigio_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
)

// A store is a file of one or several streams, as tests of reading at any
// place, appending, repairing and salvaging take it.
type store struct {
	name    string
	stream  []byte
	content []byte
	reading []sigio.ReaderOption
}

// stores are files of all kinds of chunks and streams, with an index and
// without. They are made once, and not to be changed.
func stores(t testing.TB) []store {
	madeStores.Do(func() { madeStores.all = makeStores(t) })
	return madeStores.all
}

var madeStores struct {
	sync.Once
	all []store
}

func makeStores(t testing.TB) (all []store) {
	scale, talk := 1, 500
	if testing.Short() {
		scale, talk = 3, 100
	}
	book := trainedBook(t)
	small := sigio.WithChunkSize(sigio.MinChunkSize)
	tiny := func(seed uint64) script { return write(prose(seed, 50)) }
	for _, v := range []struct {
		name    string
		scripts []script
		opts    []sigio.WriterOption
		reading []sigio.ReaderOption
	}{
		{name: "empty", scripts: []script{nil}},
		{name: "empty ones", scripts: []script{nil, nil, nil}},
		{name: "short", scripts: []script{tiny(1)}},
		{name: "short ones", scripts: []script{tiny(1), nil, tiny(2), tiny(3), nil}},
		{name: "short with metadata", scripts: []script{tiny(1), append(script{{meta: noise(1, 100_000)}}, tiny(2)...), tiny(3)}},
		{name: "light", scripts: []script{messages(prose(1, 90_000/scale), 300, 70, 900)}},
		{name: "light across many sync points", scripts: []script{messages(prose(1, 70*1500/scale), 70)}},
		{name: "blocks", scripts: []script{write(medley(1, 700_000/scale))}},
		{name: "blocks and messages", scripts: []script{lifeScript(), slices.Concat(messages(prose(1, 5000), 100), write(medley(2, 200_000)), messages(prose(3, 5000), 90))}},
		{name: "several", scripts: []script{write(medley(1, 300_000)), nil, tiny(4), write(noise(2, 100_000)), messages(prose(1, 3000), 100), tiny(5)}},
		{name: "plug-in", scripts: []script{slices.Concat(messages(ledgerOf(9, 900), 90), write(append(noise(1, 100_000), ledgerOf(2, 300_000/scale)...)))}, opts: []sigio.WriterOption{withLedger()}},
		{name: "history", scripts: []script{talkScript(1)[:talk], talkScript(2)[:200/scale]}, opts: []sigio.WriterOption{sigio.WithHistory(64 << 10)}},
		{name: "shared frame", scripts: []script{talkScript(1)[:300/scale], talkScript(2)[:talk]}, opts: []sigio.WriterOption{sigio.WithHistory(128 << 10)}},
		{name: "codebook", scripts: []script{talkScript(1)[:100], tiny(2)}, opts: []sigio.WriterOption{sigio.WithHistory(64 << 10), sigio.WithCodebook(book)}, reading: []sigio.ReaderOption{sigio.WithCodebook(book)}},
		{name: "transport", scripts: []script{messages(prose(1, 90_000/scale), 300, 70)}, opts: []sigio.WriterOption{sigio.WithTransportChecks()}, reading: []sigio.ReaderOption{sigio.WithTransportChecks()}},
	} {
		for _, index := range []bool{false, true} {
			s := store{name: v.name, reading: append(v.reading, withLedger())}
			opts := append([]sigio.WriterOption{small}, v.opts...)
			if index {
				s.name += ", index"
				opts = append(opts, sigio.WithIndex())
			}
			for _, script := range v.scripts {
				s.stream = append(s.stream, script.seal(t, opts...)...)
				s.content = append(s.content, script.content()...)
			}
			all = append(all, s)
		}
	}
	return all
}

func (s *store) open(t testing.TB) *sigio.ReaderAt {
	t.Helper()
	r, err := sigio.OpenReaderAt(bytes.NewReader(s.stream), int64(len(s.stream)), s.reading...)
	require.NoError(t, err)
	require.EqualValues(t, len(s.content), r.Size())
	return r
}

// requireReadAt holds one ReadAt to io.ReaderAt's contract.
func requireReadAt(t testing.TB, r io.ReaderAt, content []byte, off, n int) {
	t.Helper()
	p := make([]byte, n)
	k, err := r.ReadAt(p, int64(off))
	want := content[min(off, len(content)):min(off+n, len(content))]
	requireSame(t, want, p[:k], "at ", off, ": ", err)
	if k < n {
		requireIdentical(t, io.EOF, err)
	} else {
		require.NoError(t, err)
	}
}

func TestReadAt(t *testing.T) {
	for _, s := range stores(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			requireSame(t, s.content, unseal(t, s.stream, s.reading...))
			n := len(s.content)
			requireReadAt(t, s.open(t), s.content, 0, n)
			requireReadAt(t, s.open(t), s.content, 0, n+1)
			whole, err := io.ReadAll(io.NewSectionReader(s.open(t), 0, int64(n)))
			require.NoError(t, err)
			requireSame(t, s.content, whole)

			r, rng := s.open(t), rand.New(rand.NewPCG(1, uint64(n)))
			requireReadAt(t, r, s.content, n, 1)
			requireReadAt(t, r, s.content, n+1, 1)
			for range 100 {
				requireReadAt(t, r, s.content, rng.IntN(n+1), rng.IntN(1+rng.IntN(100_000)))
			}
			for range 5 { // each the first read of its file
				requireReadAt(t, s.open(t), s.content, rng.IntN(n+1), 1+rng.IntN(5000))
			}
			for off := n; off > 0; { // backwards
				k := min(off, 1+rng.IntN(1+n/30))
				off -= k
				requireReadAt(t, r, s.content, off, k)
			}
		})
	}
}

func TestReadAtContract(t *testing.T) {
	s := stores(t)[0]
	for _, s = range stores(t) {
		if s.name == "blocks, index" {
			break
		}
	}
	r := s.open(t)
	_, err := r.ReadAt(make([]byte, 1), -1)
	require.ErrorContains(t, err, "negative offset")
	n, err := r.ReadAt(nil, 5)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, iotest.TestReader(io.NewSectionReader(r, 100, 200_000), s.content[100:200_100]))
	_, err = sigio.OpenReaderAt(bytes.NewReader(nil), -1)
	require.ErrorContains(t, err, "negative size")
	_, err = sigio.OpenReaderAt(bytes.NewReader(nil), 0, sigio.WithMaxChunk(-1))
	require.ErrorContains(t, err, "maximal chunk")
}

// TestReadAtConcurrently is for the race detector: calls, and cursors of each
// goroutine's own.
func TestReadAtConcurrently(t *testing.T) {
	for _, s := range stores(t) {
		r := s.open(t)
		var readers sync.WaitGroup
		for g := range uint64(8) {
			readers.Add(1)
			go func() {
				defer readers.Done()
				rng := rand.New(rand.NewPCG(g, 1))
				p := make([]byte, 10_000)
				cursor := io.NewSectionReader(r, 0, r.Size())
				for range 40 {
					off := rng.IntN(len(s.content) + 1)
					n, err := r.ReadAt(p[:rng.IntN(len(p))], int64(off))
					if err != nil && err != io.EOF || !bytes.Equal(s.content[off:off+n], p[:n]) {
						t.Errorf("%s: %d bytes at %d: %v", s.name, n, off, err)
						return
					}
					_, _ = cursor.Seek(int64(off), io.SeekStart)
					n, err = io.ReadFull(cursor, p[:min(200, len(s.content)-off)])
					if err != nil && err != io.EOF || !bytes.Equal(s.content[off:off+n], p[:n]) {
						t.Errorf("%s: cursor at %d: %v", s.name, off, err)
						return
					}
				}
			}()
		}
		readers.Wait()
	}
}

// TestReadAtDecodesOnce: of many who want the same chunk at the same time one
// decodes it.
func TestReadAtDecodesOnce(t *testing.T) {
	var mu sync.Mutex
	decoded := 0
	zstd, _ := strategy.Default().Lookup(strategy.Zstd)
	slow := &slowStrategy{Strategy: zstd, decode: func() {
		mu.Lock()
		decoded++
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}}
	content := prose(1, 3*sigio.MinChunkSize)
	set := strategy.Default().With(slow)
	stream := write(content).seal(t, sigio.WithIndex(), sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithStrategies(set), sigio.WithSelector(always(slow.ID())))
	r, err := sigio.OpenReaderAt(bytes.NewReader(stream), int64(len(stream)), sigio.WithStrategies(set))
	require.NoError(t, err)
	var readers sync.WaitGroup
	for range 8 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			p := make([]byte, 100)
			if _, err := r.ReadAt(p, 70_000); err != nil || !bytes.Equal(p, content[70_000:70_100]) {
				t.Errorf("wrong bytes: %v", err)
			}
		}()
	}
	readers.Wait()
	require.Equal(t, 1, decoded)
}

type slowStrategy struct {
	strategy.Strategy
	decode func()
}

func (*slowStrategy) ID() strategy.ID { return 210 }
func (*slowStrategy) Name() string    { return "slow" }

func (s *slowStrategy) Decode(dst, src []byte, n int) ([]byte, error) {
	s.decode()
	return s.Strategy.Decode(dst, src, n)
}

// TestReadAtServes: range requests, zip archives and cursors.
func TestReadAtServes(t *testing.T) {
	var archive bytes.Buffer
	zw := zip.NewWriter(&archive)
	contents := map[string][]byte{"a": prose(1, 200_000), "b/c": noise(2, 150_000), "b/empty": {}}
	for _, name := range []string{"a", "b/c", "b/empty"} {
		f, err := zw.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		_, err = f.Write(contents[name])
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())
	stream := write(archive.Bytes()).seal(t, sigio.WithIndex(), sigio.WithChunkSize(sigio.MinChunkSize))
	s := store{stream: stream, content: archive.Bytes()}
	r := s.open(t)

	zr, err := zip.NewReader(r, r.Size())
	require.NoError(t, err)
	require.NoError(t, fstest.TestFS(zr, "a", "b/c", "b/empty"))

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.ServeContent(w, req, "x.zip", time.Time{}, io.NewSectionReader(r, 0, r.Size()))
	}))
	defer server.Close()
	for _, v := range []struct{ first, last int }{{0, 0}, {65_535, 65_536}, {100_000, 300_000}, {len(s.content) - 1, len(s.content) - 1}} {
		req, err := http.NewRequest("GET", server.URL, nil)
		require.NoError(t, err)
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", v.first, v.last))
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		got, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusPartialContent, res.StatusCode)
		requireSame(t, s.content[v.first:v.last+1], got)
	}
}

// TestReadAtReturnsItsSourcesErrors: unchanged, and the next call goes on.
func TestReadAtReturnsItsSourcesErrors(t *testing.T) {
	own := errors.New("own")
	for _, s := range stores(t) {
		for fail := 0; ; fail++ {
			calls, failed := 0, false
			src := readerAtFunc(func(p []byte, off int64) (int, error) {
				if calls++; calls == fail+1 {
					failed = true
					return 0, own
				}
				return bytes.NewReader(s.stream).ReadAt(p, off)
			})
			r, err := sigio.OpenReaderAt(src, int64(len(s.stream)), s.reading...)
			if err != nil {
				requireIdentical(t, own, err, s.name)
				continue
			}
			off := int64(len(s.content) * 2 / 3)
			p := make([]byte, min(100, len(s.content)-int(off)))
			n, err := r.ReadAt(p, off)
			if failed {
				if err != nil {
					requireIdentical(t, own, err, s.name)
				}
				n, err = r.ReadAt(p, off)
			}
			if err != io.EOF {
				require.NoError(t, err, s.name)
			}
			requireSame(t, s.content[off:][:len(p)], p[:n], s.name)
			if !failed || fail > 200 {
				break
			}
		}
	}
}

type readerAtFunc func(p []byte, off int64) (int, error)

func (f readerAtFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

// TestOpenReaderAtRefuses what a Reader refuses, with the same verdict.
func TestOpenReaderAtRefuses(t *testing.T) {
	for _, s := range stores(t) {
		for _, v := range []struct {
			name   string
			stream []byte
		}{
			{"nothing", nil},
			{"torn end", s.stream[:len(s.stream)-1]},
			{"torn in the middle", s.stream[:len(s.stream)*2/3]},
			{"junk behind the end", append(bytes.Clone(s.stream), 7)},
			{"zeros behind the end", append(bytes.Clone(s.stream), make([]byte, 600)...)},
		} {
			_, want := io.Copy(io.Discard, sigio.NewReader(bytes.NewReader(v.stream), s.reading...))
			r, err := sigio.OpenReaderAt(bytes.NewReader(v.stream), int64(len(v.stream)), s.reading...)
			if want == nil { // cut between two streams
				require.NoError(t, err)
				continue
			}
			require.Nil(t, r)
			require.True(t, isPlacedVerdict(err), "%s, %s: %v", s.name, v.name, err)
			require.Equal(t, want, err, "%s, %s", s.name, v.name)
		}
	}
	content := prose(1, 100_000)
	stream := write(content).seal(t)
	_, err := sigio.OpenReaderAt(bytes.NewReader(stream), int64(len(stream)), sigio.WithMaxOutput(99_999))
	require.ErrorIs(t, err, sigio.ErrTooLarge)
	both := append(bytes.Clone(stream), "junk"...)
	r, err := sigio.OpenReaderAt(bytes.NewReader(both), int64(len(both)), sigio.WithSingleStream())
	require.NoError(t, err)
	requireReadAt(t, r, content, 99_000, 1000)
	require.EqualValues(t, 100_000, r.Size())
	messages := messages(prose(1, 500), 50).seal(t, sigio.WithTransportChecks())
	_, err = sigio.OpenReaderAt(bytes.NewReader(messages), int64(len(messages)))
	require.ErrorIs(t, err, sigio.ErrUnsupported)
}

// TestReadAtHoldsWhatItSays: of chunks that are shorter than the stream
// allows, the cache holds no more than their content takes.
func TestReadAtHoldsWhatItSays(t *testing.T) {
	const piece = 300 << 10
	content := prose(1, 40*piece)
	stream := messages(content, piece).seal(t, sigio.WithChunkSize(sigio.MaxChunkSize), sigio.WithIndex())
	r := must(sigio.OpenReaderAt(bytes.NewReader(stream), int64(len(stream)), sigio.WithMaxChunk(sigio.MaxChunkSize)))
	held := heldBy(func() error {
		for off := 0; off < len(content); off += piece {
			requireReadAt(t, r, content, off, 1000)
		}
		return nil
	})
	require.Less(t, held, int64(12<<20))
	runtime.KeepAlive(r)
}
