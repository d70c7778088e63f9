package strategy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

const magic = "\x28\xb5\x2f\xfd"

// Kinds of zstd blocks.
const (
	rawBlock = iota
	repeatBlock
	compressedBlock
	reservedBlock
)

// block returns a block header with what follows it.
func block(last bool, kind, size int, content string) string {
	h := size<<3 | kind<<1
	if last {
		h |= 1
	}
	return string([]byte{byte(h), byte(h >> 8), byte(h >> 16)}) + content
}

func le32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

// TestZstdFrameRules has one frame for each rule of a payload. Those that are
// refused for one reason only differ from a good one in that alone, and most
// of them are frames that the library by itself would take.
func TestZstdFrameRules(t *testing.T) {
	hello := block(true, rawBlock, 5, "hello")
	good := magic + "\x20\x05" + hello
	skippable := "\x50\x2a\x4d\x18" + le32(2) + "ab"
	long := string(noise(300))
	longBlock := block(true, rawBlock, 300, long)
	full := zeros(zstdMaxBlock)
	fullBlock := block(false, rawBlock, zstdMaxBlock, full)

	for _, v := range []struct {
		name   string
		frame  string
		rawLen int
		ok     bool
	}{
		{"single segment", good, 5, true},
		{"blocks of two kinds", magic + "\x20\x08" + block(false, repeatBlock, 3, "x") + hello, 8, true},
		{"empty last block", magic + "\x20\x05" + block(false, rawBlock, 5, "hello") + block(true, rawBlock, 0, ""), 5, true},
		{"size of two bytes", magic + "\x60\x2c\x00" + longBlock, 300, true},
		{"size of four bytes", magic + "\xa0" + le32(2*zstdMaxBlock) + fullBlock + block(true, repeatBlock, zstdMaxBlock, "x"), 2 * zstdMaxBlock, true},
		{"window of 1 KiB", magic + "\x40\x00\x2c\x00" + longBlock, 300, true},
		{"window that just holds it", magic + "\x80\x40" + le32(2*zstdMaxBlock) + fullBlock + block(true, repeatBlock, zstdMaxBlock, "x"), 2 * zstdMaxBlock, true},

		{"nothing", "", 5, false},
		{"magic alone", magic, 5, false},
		{"wrong magic", "\x27\xb5\x2f\xfd\x20\x05" + hello, 5, false},
		{"checksum flag", magic + "\x24\x05" + hello + "\x00\x00\x00\x00", 5, false},
		{"dictionary id", magic + "\x21\x07\x05" + hello, 5, false},
		{"dictionary id 0 of two bytes", magic + "\x22\x00\x00\x05" + hello, 5, false},
		{"reserved bit", magic + "\x28\x05" + hello, 5, false},
		{"unused bit", magic + "\x30\x05" + hello, 5, false},
		{"no content size", magic + "\x00\x00" + hello, 5, false},
		{"content size too small", magic + "\x20\x04" + hello, 5, false},
		{"content size too large", magic + "\x20\x06" + hello, 5, false},
		{"content size right, content shorter", magic + "\x20\x06" + hello, 6, false},
		{"content size right, content longer", magic + "\x20\x04" + hello, 4, false},
		{"content size padded to four bytes", magic + "\xa0" + le32(5) + hello, 5, false},
		{"content size padded to eight bytes", magic + "\xe0" + le32(5) + le32(0) + hello, 5, false},
		{"content size of 2^32-1", magic + "\xa0\xff\xff\xff\xff" + hello, 5, false},
		{"content size of 2^64-1", magic + "\xe0" + repeat("\xff", 8) + hello, 5, false},
		{"content size cut off", magic + "\x60\x2c", 300, false},
		{"window one step too large", magic + "\x40\x01\x2c\x00" + longBlock, 300, false},
		{"window twice too large", magic + "\x80\x48" + le32(2*zstdMaxBlock) + fullBlock + block(true, repeatBlock, zstdMaxBlock, "x"), 2 * zstdMaxBlock, false},
		{"largest window", magic + "\x40\xff\x2c\x00" + longBlock, 300, false},
		{"window cut off", magic + "\x40", 300, false},
		{"no block", magic + "\x20\x05", 5, false},
		{"no last block", magic + "\x20\x05" + block(false, rawBlock, 5, "hello"), 5, false},
		{"block cut off", good[:len(good)-1], 5, false},
		{"block header cut off", magic + "\x20\x05" + block(false, rawBlock, 5, "hello") + "\x01\x00", 5, false},
		{"reserved block kind", magic + "\x20\x05" + block(true, reservedBlock, 5, "hello"), 5, false},
		{"block larger than the window", magic + "\x20\x05" + block(true, compressedBlock, 6, "hello!"), 5, false},
		{"block of more than 128 KiB", magic + "\xa0" + le32(zstdMaxBlock+1) + block(true, rawBlock, zstdMaxBlock+1, full+"x"), zstdMaxBlock + 1, false},
		{"repeats beyond the content", magic + "\x20\x05" + block(false, repeatBlock, 5, "x") + block(true, repeatBlock, 5, "x"), 5, false},
		{"empty compressed block", magic + "\x20\x05" + block(false, compressedBlock, 0, "") + hello, 5, false},
		{"trailing byte", good + "\x00", 5, false},
		{"two frames", good + good, 5, false},
		{"two frames, both counted", good + good, 10, false},
		{"skippable frame before", skippable + good, 5, false},
		{"skippable frame behind", good + skippable, 5, false},
		{"skippable frame alone", skippable, 5, false},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, err := decodeGuarded(t, zstdFrame{}, []byte(v.frame), v.rawLen)
			if v.ok {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
		})
	}
}

// TestZstdTakesFramesOfOthers: any encoder may have written a payload, as long
// as it keeps to the rules.
func TestZstdTakesFramesOfOthers(t *testing.T) {
	for _, n := range []int{1, 255, 256, 1024, 1025, 65791, 65792, 1 << 18} {
		src := prose(n)
		most := max(1024, 1<<bits.Len(uint(n-1)))
		for window := 1024; window <= most; window *= 2 {
			e, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithSingleSegment(n < 256), zstd.WithWindowSize(window))
			require.NoError(t, err)
			got, err := zstdFrame{}.Decode(nil, e.EncodeAll(src, nil), n)
			require.NoError(t, err, "%d bytes, window %d", n, window)
			require.True(t, bytes.Equal(src, got))
		}
	}
}

// TestZstdRefusesForeignOptions: complete and correct frames that another
// encoder's defaults would make.
func TestZstdRefusesForeignOptions(t *testing.T) {
	src := prose(10_000)
	for name, option := range map[string]zstd.EOption{
		"checksum":   zstd.WithEncoderCRC(true),
		"dictionary": zstd.WithEncoderDictRaw(7, prose(1000)),
		"padding":    zstd.WithEncoderPadding(1000),
	} {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), option)
		require.NoError(t, err)
		_, err = zstdFrame{}.Decode(nil, e.EncodeAll(src, nil), len(src))
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	var streamed bytes.Buffer
	e, err := zstd.NewWriter(&streamed, zstd.WithEncoderCRC(false))
	require.NoError(t, err)
	_, err = e.Write(src)
	require.NoError(t, err)
	require.NoError(t, e.Flush())
	require.NoError(t, e.Close())
	_, err = zstdFrame{}.Decode(nil, streamed.Bytes(), len(src))
	require.ErrorIs(t, err, ErrMalformed, "a stream does not know its size")
}

// TestZstdWindowLeavesNoTrace: an encoder with a larger window than its input
// needs writes the same bytes, which lets a stream use one for all chunks.
func TestZstdWindowLeavesNoTrace(t *testing.T) {
	for _, n := range []int{1, 200, 1024, 65536, 65537, 131072, 131073, 300_000} {
		src := append(prose(n/2), patches(n-n/2)...)
		for level := LevelFastest; level <= LevelBest; level++ {
			want := newZstdEncoder(zstdLevel(level), zstdWindow(n)).EncodeAll(src, nil)
			for _, window := range []int{1 << 20, maxChunk} {
				got := newZstdEncoder(zstdLevel(level), window).EncodeAll(src, nil)
				require.True(t, bytes.Equal(want, got), "%d bytes at %v, window %d", n, level, window)
			}
		}
	}
}

// TestZstdNearLeavesNoTrace: the encoder that sees only what is near is not used
// for others, nor theirs for it.
func TestZstdNearLeavesNoTrace(t *testing.T) {
	src := prose(nearWindow * 3 / 2)
	src = append(src, src...) // what repeats is further away than it sees
	encode := map[string]func() []byte{
		"far": func() []byte {
			out, err := zstdFrame{}.Encode(nil, src, Params{Level: LevelFastest, Limit: unlimited})
			require.NoError(t, err)
			return out
		},
		"near": func() []byte {
			out, err := appendZstdNear(nil, src, unlimited)
			require.NoError(t, err)
			return out
		},
	}
	want := map[string][]byte{}
	for name, f := range encode {
		dropIdle()
		want[name] = f()
	}
	require.Less(t, len(want["far"])*2, len(want["near"])*9/4)
	for _, name := range []string{"far", "near", "near", "far", "far", "near"} {
		require.True(t, bytes.Equal(want[name], encode[name]()), name)
	}
}

// TestZstdEncoderAges: an encoder counts the positions it has seen and clears
// its tables when they no longer fit 31 bits; that must not show. With the
// largest window this happens every 130 chunks or so.
// TestZstdTakesALevel from a Selector that knows better than the Writer's.
func TestZstdTakesALevel(t *testing.T) {
	text := english(mib, 1)
	encode := func(p Params) []byte {
		p.Limit = len(text)
		out, err := zstdFrame{}.Encode(nil, text, p)
		require.NoError(t, err)
		return out
	}
	fast, usual := encode(Params{Level: LevelFastest}), encode(Params{Level: LevelDefault})
	require.NotEqual(t, len(fast), len(usual))
	require.True(t, bytes.Equal(usual, encode(Params{Level: LevelFastest, Plan: LevelDefault})))
	require.True(t, bytes.Equal(fast, encode(Params{Level: LevelDefault, Plan: LevelFastest})))
}

func TestZstdEncoderAges(t *testing.T) {
	for level := LevelFastest; level <= LevelBest; level++ {
		e := newZstdEncoder(zstdLevel(level), maxChunk)
		want := [][]byte{prose(3000), patches(140_000), noise(20)}
		for i, src := range want {
			want[i] = newZstdEncoder(zstdLevel(level), zstdWindow(len(src))).EncodeAll(src, nil)
		}
		for round := range 300 {
			if !slices.Equal(want[0], e.EncodeAll(prose(3000), nil)) {
				require.Fail(t, "short chunk differs", "%v, round %d", level, round)
			}
			if round%32 == 0 {
				require.True(t, bytes.Equal(want[1], e.EncodeAll(patches(140_000), nil)), "%v, round %d", level, round)
				require.True(t, bytes.Equal(want[2], e.EncodeAll(noise(20), nil)), "%v, round %d", level, round)
			}
		}
	}
}

// TestZstdOneEncoderServesAStream: chunks that grow replace the encoder, and
// shorter ones share the one that is there.
func TestZstdOneEncoderServesAStream(t *testing.T) {
	dropIdle()
	for _, n := range []int{1000, 200_000, 500_000, 1000, 200_000} {
		_, err := zstdFrame{}.Encode(nil, prose(n), Params{Limit: unlimited})
		require.NoError(t, err)
		require.Equal(t, 1, idle(&zstdEncoders))
	}
}

// TestZstdCodesLiteralsAlone: of what hardly repeats, and holds few bits a byte,
// the fast levels leave no blocks as they are. The others look for repeats in
// it all the same.
func TestZstdCodesLiteralsAlone(t *testing.T) {
	for _, alphabet := range []string{"0123456789", "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"} {
		src := noise(300_000)
		for i, b := range src {
			src[i] = alphabet[int(b)%len(alphabet)]
		}
		prof := Detect(src)
		most := len(src) / 100 * int(prof.Entropy) * 103 / (8 * 256)
		for level := LevelFastest; level <= LevelDefault; level++ {
			out, err := zstdFrame{}.Encode(nil, src, Params{Level: level, Limit: unlimited, Profile: &prof})
			require.NoError(t, err)
			require.LessOrEqual(t, len(out), most, "%v of %d kinds of bytes", level, len(alphabet))
		}
	}
}

// TestZstdDigitsThatRepeat: text with many digits is not much longer by what
// the level does for numbers.
func TestZstdDigitsThatRepeat(t *testing.T) {
	var src []byte
	places := []string{"Aalborg", "Bergen", "Cottbus", "Dordrecht", "Esbjerg", "Fredrikstad", "Groningen", "Husum"}
	for i, b := range noise(24_000) {
		src = fmt.Appendf(src, "%05d,%s,%d,%d.%02d\n", 10_000+i, places[b%8], 1000*int(b%5), 50+i/10_000, b/4)
	}
	prof := Detect(src)
	require.True(t, mostlyDigits(&prof))
	lengthWith := func(prof *Profile) int {
		out, err := zstdFrame{}.Encode(nil, src, Params{Limit: unlimited, Profile: prof})
		require.NoError(t, err)
		return len(out)
	}
	require.LessOrEqual(t, 1000*lengthWith(&prof), 1005*lengthWith(nil))
}

func BenchmarkZstdSmall(b *testing.B) {
	for _, n := range []int{200, 1000, 4000} {
		src := prose(n)
		dst := make([]byte, 0, 2*n)
		for level := LevelFastest; level <= LevelBest; level++ {
			p := Params{Level: level, Limit: unlimited}
			b.Run(fmt.Sprintf("encode/%v/%d", level, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					_, _ = zstdFrame{}.Encode(dst, src, p)
				}
			})
			b.Run(fmt.Sprintf("encodeFirst/%v/%d", level, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					dropIdle()
					_, _ = zstdFrame{}.Encode(dst, src, p)
				}
			})
		}
		payload, err := zstdFrame{}.Encode(nil, src, Params{Limit: unlimited})
		require.NoError(b, err)
		b.Run(fmt.Sprintf("decode/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				_, _ = zstdFrame{}.Decode(dst, payload, n)
			}
		})
	}
}
