package delta

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/huff0"
	"github.com/sigmalang/sigma/internal/entropy"
)

// appendHuffman has the block written where it belongs, but for the bytes that
// its length may take less than that of s.
func (e *Encoder) appendHuffman(dst, s []byte) ([]byte, bool) {
	// huff0 writes eight bytes at a time.
	const slack = 512
	if len(s) < minHuffman {
		return dst, false
	}
	var out []byte
	var err error
	at := len(dst) + 1 + (bits.Len(uint(len(s)))+6)/7
	dst = slices.Grow(dst, at-len(dst)+len(s)+slack)
	e.huff.Out = dst[at:at:cap(dst)]
	e.huff.Reuse = huff0.ReusePolicyNone
	if len(s) >= minFourWay {
		out, _, err = huff0.Compress4X(s, &e.huff)
	} else {
		out, _, err = huff0.Compress1X(s, &e.huff)
	}
	e.huff.Out = nil
	if err != nil || len(out)+3 >= len(s) {
		return dst, false
	}
	head := binary.AppendUvarint(append(dst, formHuffman), uint64(len(out)))
	if len(head) == at && &out[0] == &dst[:at+1][at] {
		return dst[:at+len(out)], true
	}
	return append(head, out...), true
}

// rawCost and huffmanCost are in bits, with entropy.FracBits behind the point.
func rawCost(n int) uint64 { return uint64(n) * 8 * entropy.One }

// huffmanCost estimates a Huffman block with its table. No symbol can take
// less than a bit, which matters when one of them is frequent.
func huffmanCost(h *[256]uint32, n int, information uint64, values int) uint64 {
	if values <= 1 {
		return 16 * entropy.One
	}
	if _, top := dominant(h); 2*int(top) > n {
		rest := uint32(n) - top
		if rest > 0 && top > 0 {
			// Of the information, this much says whether it is the dominant one.
			whether := uint64(n)*uint64(entropy.Log2(uint32(n))) -
				uint64(top)*uint64(entropy.Log2(top)) - uint64(rest)*uint64(entropy.Log2(rest))
			information += uint64(n)*entropy.One - min(whether, uint64(n)*entropy.One)
		}
	}
	return information + information>>7 + uint64(3*min(values, 128)+80)*entropy.One
}

func (d *Decoder) readHuffman(out []byte) error {
	n, err := d.int(len(d.src))
	if err != nil || n > len(d.src) {
		return errMalformed
	}
	block := d.src[:n]
	d.src = d.src[n:]
	_, rest, err := huff0.ReadTable(block, &d.huff)
	if err != nil {
		return errMalformed
	}
	var got []byte
	if len(out) >= minFourWay {
		got, err = d.huff.Decoder().Decompress4X(out[:0:len(out)], rest)
	} else {
		got, err = d.huff.Decoder().Decompress1X(out[:0:len(out)], rest)
	}
	if err != nil || len(got) != len(out) || &got[0] != &out[0] {
		return errMalformed
	}
	return nil
}
