package sigio

import (
	"cmp"
	"slices"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// WithIndex writes an index before the end of each stream: where its chunks
// are, so that a ReaderAt finds them without a walk over their headers. It
// takes some 6 bytes a chunk and at most 1.3 MB, beyond what the package
// promises of the size, and up to 1 MiB of memory. Short streams and those of
// light chunks alone get none.
func WithIndex() WriterOption { return writerOption(func(c *config) { c.index = true }) }

// maxPlaces is how many places of chunks a Writer keeps for a stream, and a
// ReaderAt for the streams that it knows. Beyond that every second one is
// left out, over and over: it bounds memory, and with it the index (at most
// 20 bytes an entry, where frame.MaxIndex allows for 256).
const maxPlaces = 1 << 16

// indexer collects what the index of a stream says.
type indexer struct {
	entries []frame.IndexEntry
	names   []frame.StrategyName // in increasing order
	offered uint64               // chunks that could be entries
	stride  uint64               // of those, each of this number is; a power of two
}

func (x *indexer) restart() {
	*x = indexer{entries: x.entries[:0], names: x.names[:0], stride: 1}
}

func (x *indexer) add(e frame.IndexEntry) {
	if len(x.entries) == maxPlaces {
		x.entries = everySecond(x.entries)
		x.stride *= 2
	}
	if x.offered%x.stride == 0 {
		x.entries = append(x.entries, e)
	}
	x.offered++
}

// everySecond keeps the first of each pair.
func everySecond[T any](list []T) []T {
	n := 0
	for i := 0; i < len(list); i += 2 {
		list[n] = list[i]
		n++
	}
	return list[:n]
}

func (x *indexer) name(n frame.StrategyName) {
	at, known := slices.BinarySearchFunc(x.names, n.ID, func(s frame.StrategyName, id uint8) int { return cmp.Compare(s.ID, id) })
	if !known {
		x.names = slices.Insert(x.names, at, n)
	}
}

func (x *indexer) footprint() int {
	const entry = 16 // bytes
	return cap(x.entries) * entry
}

// appendIndex appends the index record and returns its length, 0 where there
// is nothing to say (FORMAT §8).
func (f *framer) appendIndex() uint32 {
	if len(f.index.entries) == 0 {
		return 0
	}
	at := len(f.out)
	body := frame.Index{Entries: f.index.entries, Strategies: f.index.names}.Append(nil)
	r := frame.Record{Kind: frame.KindIndex, EncLen: len(body), Link: f.chain}
	f.appendRecord(r, body)
	return uint32(len(f.out) - at)
}
