package delta

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// number reads a field byte by byte: what gather must agree with.
func number(b []byte, big bool) (x uint64) {
	for i := range b {
		if big {
			x = x<<8 | uint64(b[i])
		} else {
			x |= uint64(b[i]) << (8 * i)
		}
	}
	return x
}

// eachForm calls f for every width and byte order, with several strides.
func eachForm(t *testing.T, f func(t *testing.T, width uint8, big bool, stride int)) {
	for _, width := range widths {
		for _, big := range []bool{false, true} {
			for _, stride := range []int{int(width), int(width) + 1, 2*int(width) + 1, 13, 100, 511} {
				t.Run(fmt.Sprintf("width %d big %t stride %d", width, big, stride), func(t *testing.T) {
					f(t, width, big, stride)
				})
			}
		}
	}
}

func TestGatherScatter(t *testing.T) {
	const n = 37
	eachForm(t, func(t *testing.T, width uint8, big bool, stride int) {
		// No byte more than the last field ends with.
		src := make([]byte, (n-1)*stride+int(width))
		noise(seeded(uint64(stride)), src)
		col := make([]uint64, n)
		gather(col, src, stride, width, big)
		for i, x := range col {
			require.Equal(t, number(src[i*stride:][:width], big), x, "number %d", i)
		}

		garbled := slices.Clone(col)
		for i := range garbled {
			if width < 8 {
				garbled[i] |= 0xA5 << 56 // high bytes don't count
			}
		}
		dst := make([]byte, len(src))
		scatter(dst, garbled, stride, width, big)
		for i := range dst {
			want := src[i]
			if i%stride >= int(width) {
				want = 0
			}
			require.Equal(t, want, dst[i], "byte %d: lost, or beside a field", i)
		}
		gather(nil, nil, stride, width, big)
		scatter(nil, nil, stride, width, big)
	})
}

func TestSigned(t *testing.T) {
	for _, c := range []struct {
		name  string
		x     uint64
		width uint8
		want  int64
	}{
		{"high bytes count", 0xFF01, 1, 1},
		{"sign of a byte lost", 0x80, 1, -128},
		{"largest byte taken as negative", 0x7F, 1, 127},
		{"sign of two bytes lost", 0x8000, 2, -32768},
		{"sign of three bytes lost", 0x800000, 3, -1 << 23},
		{"sign of four bytes lost", 0xFFFFFFFF, 4, -1},
		{"shift by 64", 1 << 63, 8, -1 << 63},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, signed(c.x, c.width)) })
	}
}

func TestZigzag(t *testing.T) {
	for _, width := range widths {
		shift := 64 - 8*uint(width)
		limit := int64(1)<<(8*width-1) - 1
		for _, c := range []struct {
			name string
			v    int64
			want uint64
		}{
			{"zero", 0, 0},
			{"smallest negative is next to zero", -1, 1},
			{"one", 1, 2},
			{"largest", limit, uint64(limit) << 1},
			{"lowest", -limit - 1, uint64(limit)<<1 | 1},
		} {
			t.Run(fmt.Sprintf("%s, width %d", c.name, width), func(t *testing.T) {
				clean := uint64(c.v) << shift >> shift
				for _, x := range []uint64{clean, uint64(c.v), clean | 0x5A<<shift<<8} {
					if signed(x, width) != c.v {
						continue
					}
					col := []uint64{x}
					zigzag(col, width)
					require.Equal(t, c.want, col[0])
					unzigzag(col)
					require.Equal(t, c.v, int64(col[0]))
				}
			})
		}
	}
}

// TestLoadStore covers what the arena makes of a field that is subtracted from
// the next.
func TestLoadStore(t *testing.T) {
	eachForm(t, func(t *testing.T, width uint8, big bool, stride int) {
		if 2*int(width) > stride || width == 1 && big {
			return
		}
		var a arena
		records := make([]byte, 20*stride)
		noise(seeded(7), records)
		f := Field{Width: width, Big: big, Minus: true}
		col := make([]uint64, 20)
		a.load(col, records, int(width), stride, &f)
		mask(col, width)
		for i, x := range col {
			r := records[i*stride:]
			want := []uint64{number(r[width:][:width], big) - number(r[:width], big)}
			mask(want, width)
			require.Equal(t, want[0], x)
		}
		got := slices.Clone(records)
		for i := range 20 {
			clear(got[i*stride+int(width):][:width])
		}
		a.store(got, col, int(width), stride, &f)
		require.Equal(t, records, got)
		require.Empty(t, a.columns, "scratch not given back")
	})
}

// mask keeps the low width bytes of the numbers.
func mask(col []uint64, width uint8) {
	shift := 64 - 8*uint(width)
	for i, x := range col {
		col[i] = x << (shift & 63) >> (shift & 63)
	}
}
