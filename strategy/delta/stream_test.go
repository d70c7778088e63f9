package delta

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/klauspost/compress/huff0"
	"github.com/stretchr/testify/require"
)

// streamLengths are those around which the forms of a stream change.
var streamLengths = []int{
	1, 2, 7, 8, 9, 23, 24, 25, 31, 32, 33, 63, 64, 65, 254, 255, 256, 257, 300, 511, 512, 513,
	1023, 1024, 2047, 2048, 2049, 2079, 2080, 5000, 64<<10 - 1, 64 << 10,
}

func TestStreamRoundTrip(t *testing.T) {
	seen := map[byte]bool{}
	e := Encoder{effort: 1}
	var d Decoder
	backend := newFrames(t)
	for _, kind := range kinds {
		for _, n := range streamLengths {
			s := make([]byte, n)
			kind.fill(seeded(uint64(n)), s)
			for _, allowed := range []depth{depthTop, depthClass, depthPart} {
				about := fmt.Sprintf("%s, %d bytes, depth %d", kind.name, n, allowed)
				e.backend, e.lanes, e.at, e.pool = backend, e.lanes[:0], 0, e.pool[:0]
				e.poolRoom = n
				out := e.appendStream([]byte("prefix"), s, allowed)
				require.LessOrEqual(t, len(out), len("prefix")+1+n, "longer than raw: %s", about)
				require.Equal(t, "prefix", string(out[:6]))
				form := out[6]
				seen[form] = true
				require.False(t, allowed != depthTop && form >= formClassed, about)
				require.False(t, allowed == depthPart && form >= formSparse, about)
				d.src, d.pool = out[6:], e.pool
				got := make([]byte, n)
				require.NoError(t, d.readStream(got, allowed), about)
				requireSame(t, s, got, about)
				require.Empty(t, d.src, about)
				require.Empty(t, d.pool, about)
				e.release(mark{})
				d.release(mark{})
			}
		}
	}
	require.Len(t, seen, int(formPooled)+1, "forms that no data brought about: %v", seen)
}

// TestFormsRoundTrip writes each form itself, whether or not it pays.
func TestFormsRoundTrip(t *testing.T) {
	for _, c := range []struct {
		form   byte
		append func(e *Encoder, s []byte) ([]byte, bool)
	}{
		{formHuffman, func(e *Encoder, s []byte) ([]byte, bool) { return e.appendHuffman(nil, s) }},
		{formClassed, func(e *Encoder, s []byte) ([]byte, bool) { return e.appendClassed(nil, s), true }},
		{formSparse, func(e *Encoder, s []byte) ([]byte, bool) {
			var h [256]uint32
			count(&h, s)
			top, n := dominant(&h)
			return e.appendSparse(nil, s, top, len(s)-int(n), 1<<60)
		}},
		{formPooled, func(e *Encoder, s []byte) ([]byte, bool) { return e.appendPooled(nil, s), true }},
	} {
		for _, kind := range kinds {
			for _, n := range streamLengths {
				s := make([]byte, n)
				kind.fill(seeded(uint64(n)), s)
				var e Encoder
				out, ok := c.append(&e, s)
				if !ok {
					require.NotEqual(t, formClassed, c.form)
					continue
				}
				about := fmt.Sprintf("%s, %d bytes, form %d", kind.name, n, c.form)
				require.Equal(t, c.form, out[0], about)
				d := Decoder{src: out, pool: e.pool}
				got := make([]byte, n)
				require.NoError(t, d.readStream(got, depthTop), about)
				requireSame(t, s, got, about)
				require.Empty(t, d.src, about)
			}
		}
	}
}

func TestSplitSparse(t *testing.T) {
	for _, c := range []struct {
		name         string
		s            []byte
		gaps, values []byte
	}{
		{"none but dominant", make([]byte, 100), nil, nil},
		{"first and last", []byte{5, 0, 0, 6}, []byte{0, 2}, []byte{5, 6}},
		{"last that one gap counts", append(make([]byte, 254), 1), []byte{254}, []byte{1}},
		{"gap of the escape's length", append(make([]byte, 255), 1), []byte{255, 0}, []byte{1}},
		{"gap beyond the escape", append(make([]byte, 256), 1), []byte{255, 1}, []byte{1}},
		{"two escapes", append(make([]byte, 510), 1, 2), []byte{255, 255, 0, 0}, []byte{1, 2}},
		{"neighbours within a word", []byte{0, 0, 3, 4, 0, 0, 0, 5, 0, 0}, []byte{2, 0, 3}, []byte{3, 4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := len(c.s)
			most := len(c.values)
			gaps, values, ok := splitSparse(make([]byte, n/maxGap+most+1), make([]byte, most), c.s, 0)
			require.True(t, ok)
			require.Equal(t, string(c.gaps), string(gaps))
			require.Equal(t, string(c.values), string(values))
			if most > 0 {
				_, _, ok = splitSparse(make([]byte, n/maxGap+most), make([]byte, most-1), c.s, 0)
				require.False(t, ok, "one exception more than there may be")
			}
		})
	}
}

// rawPart is a stream in raw form.
func rawPart(b ...byte) []byte { return append([]byte{formRaw}, b...) }

func TestReadStreamRefuses(t *testing.T) {
	huffman, _ := new(Encoder).appendHuffman(nil, slices.Repeat([]byte("aaabaac"), 50))
	short, _, err := huff0.Compress1X([]byte("aaabaacaaaabaacaaaaaaaa"), nil)
	require.NoError(t, err)
	tiny := append([]byte{formHuffman, byte(len(short))}, short...)
	sparse := func(nGaps, nValues byte, parts ...byte) []byte {
		return append([]byte{formSparse, 9, nGaps, nValues}, parts...)
	}
	long := binary.AppendUvarint([]byte{formHuffman}, 1<<40)
	for _, c := range []struct {
		name    string
		in      []byte
		n       int
		allowed depth
		ok      bool
	}{
		{"good huffman", huffman, 350, depthPart, true},
		{"huffman of another length", huffman, 349, depthPart, false},
		{"huffman of too many", huffman, 351, depthPart, false},
		{"huffman that is shorter than any encoder makes", tiny, minHuffman - 1, depthPart, false},
		{"huffman longer than the payload", long, 100, depthPart, false},
		{"huffman without a block", []byte{formHuffman, 0}, 100, depthPart, false},
		{"no form", nil, 3, depthTop, false},
		{"unknown form", []byte{formPooled + 1, 0, 0, 0}, 3, depthTop, false},
		{"raw cut short", []byte{formRaw, 1, 2}, 3, depthTop, false},
		{"constant without a byte", []byte{formConstant}, 3, depthTop, false},
		{"pool too short", []byte{formPooled}, 3, depthTop, false},
		{"good sparse", slices.Concat(sparse(2, 2), rawPart(1, 0), rawPart(7, 8)), 4, depthClass, true},
		{"sparse within sparse", slices.Concat(sparse(2, 2), rawPart(1, 0), rawPart(7, 8)), 4, depthPart, false},
		{"sparse beyond the end", slices.Concat(sparse(2, 2), rawPart(1, 2), rawPart(7, 8)), 4, depthTop, false},
		{"sparse with values to spare", slices.Concat(sparse(2, 2), rawPart(255, 0), rawPart(7, 8)), 300, depthTop, false},
		{"sparse with too few values", slices.Concat(sparse(2, 1), rawPart(0, 0), rawPart(7)), 4, depthTop, false},
		{"more gaps than bytes", slices.Concat(sparse(5, 0), rawPart(255, 255, 255, 255, 255)), 4, depthTop, false},
		{"more values than gaps", slices.Concat(sparse(1, 2), rawPart(0), rawPart(7, 8)), 4, depthTop, false},
		{"escapes far beyond the end", slices.Concat(sparse(4, 0), rawPart(255, 255, 255, 255)), 4, depthTop, false},
		{"good classed", []byte{formClassed, formConstant, 0, formConstant, 5}, 33, depthTop, true},
		{"classed within classed", []byte{formClassed, formConstant, 0, formConstant, 5}, 33, depthClass, false},
		{"classes beyond the last block", []byte{formClassed, formConstant, 0x55, formConstant, 5}, 33, depthTop, false},
		{"classed without a class", []byte{formClassed, formConstant, 4, formConstant, 5}, 33, depthTop, false},
		{"pooled part", []byte{formClassed, formPooled, formConstant, 5}, 33, depthTop, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decoder{src: c.in}
			err := d.readStream(make([]byte, c.n), c.allowed)
			if c.ok {
				require.NoError(t, err)
				require.Empty(t, d.src)
				return
			}
			require.ErrorIs(t, err, errMalformed)
		})
	}
}

func TestCount(t *testing.T) {
	for _, n := range streamLengths {
		s := make([]byte, n)
		noise(seeded(3), s)
		h := [256]uint32{7: 5}
		count(&h, s)
		want := [256]uint32{7: 5}
		for _, b := range s {
			want[b]++
		}
		require.Equal(t, want, h, "%d bytes", n)
	}
}

func TestSumOf(t *testing.T) {
	block := make([]byte, classBlock)
	paint(block, 0xFF)
	for n := range classBlock + 1 {
		require.Equal(t, 255*n, sumOf(block[:n]), "%d bytes", n)
	}
	noise(seeded(4), block)
	want := 0
	for _, b := range block {
		want += int(b)
	}
	require.Equal(t, want, sumOf(block))
}

func TestLaneChanged(t *testing.T) {
	for _, c := range []struct {
		name        string
		lane        lane
		information uint64
		want        bool
	}{
		{"no habit yet", lane{perByte: 100}, 1000, true},
		{"same", lane{habit: habitPlain, perByte: 100}, 1000, false},
		{"a little more", lane{habit: habitPlain, perByte: 100}, 1100, false},
		{"much more", lane{habit: habitPlain, perByte: 100}, 2000, true},
		{"a little less", lane{habit: habitPool, perByte: 100}, 910, false},
		{"much less", lane{habit: habitPool, perByte: 100}, 500, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := c.lane
			require.Equal(t, c.want, l.changed(c.information, 10))
			if c.want {
				require.Equal(t, c.information/10, l.perByte)
			}
		})
	}
}
