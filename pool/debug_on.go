//go:build pooldebug

package pool

import (
	"fmt"
	"unsafe"
)

// poison is what buffers hold that were given back.
const poison = 0xDB

// ledger knows the buffers that are in a class.
type ledger struct{ inside map[*byte]bool }

func (l *ledger) giveBack(b []byte) {
	at := unsafe.SliceData(b)
	if l.inside[at] {
		panic(fmt.Sprintf("pool: buffer of %d bytes given back twice", len(b)))
	}
	if l.inside == nil {
		l.inside = map[*byte]bool{}
	}
	l.inside[at] = true
	for i := range b {
		b[i] = poison
	}
}

func (l *ledger) lend(b []byte) {
	at := unsafe.SliceData(b)
	delete(l.inside, at)
	for i, x := range b {
		if x != poison {
			panic(fmt.Sprintf("pool: byte %d of a buffer of %d was written after it was given back", i, len(b)))
		}
	}
}

// drop forgets a buffer that the class let go of.
func (l *ledger) drop(b []byte) { delete(l.inside, unsafe.SliceData(b)) }
