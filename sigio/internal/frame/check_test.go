package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio/internal/frame"
)

// crc is FORMAT §1's CRC of a concatenation, written from the text: package
// frame must agree with it. A uint32 is hashed as a u32.
func crc(parts ...any) uint32 {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, p)
		}
	}
	return crc32.ChecksumIEEE(b)
}

// requireVerdict requires that err is package frame's and says so much.
func requireVerdict(t *testing.T, err error, unsupported bool, reason string) {
	t.Helper()
	var fe *frame.Error
	require.True(t, errors.As(err, &fe), "got %v", err)
	require.Equal(t, unsupported, fe.Unsupported, fe.Reason)
	require.Contains(t, fe.Reason, reason)
	require.Equal(t, "frame: "+fe.Reason, err.Error())
}

// flipped returns b with one bit inverted.
func flipped(b []byte, bit int) []byte {
	c := bytes.Clone(b)
	c[bit/8] ^= 1 << (bit % 8)
	return c
}

func TestRawCRC(t *testing.T) {
	counting := make([]byte, 32)
	for i := range counting {
		counting[i] = byte(i)
	}
	for _, c := range []struct {
		name string
		in   []byte
		want uint32
	}{
		{"empty input is not the initial value", nil, 0},
		{"not the check value of CRC-32", []byte("123456789"), 0xCBF43926},
		{"wrong for zeros", make([]byte, 32), 0x190A55AD},
		{"wrong for ones", bytes.Repeat([]byte{0xFF}, 32), 0xFF6CAB0B},
		{"wrong for incrementing bytes", counting, 0x91267E8A},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, frame.RawCRC(c.in))
		})
	}
}

func TestRunningCRCIsRawCRC(t *testing.T) {
	text := []byte("parts of any length, empty ones among them")
	for cut := range len(text) + 1 {
		var sum frame.RunningCRC
		sum.Write(text[:cut])
		sum.Write(nil)
		sum.Write(text[cut:])
		require.Equal(t, frame.RawCRC(text), sum.Sum(), "cut at %d", cut)
	}
	require.Zero(t, new(frame.RunningCRC).Sum())
}

// FORMAT §3.2 and §3.3, for values that tell the operands and the byte order
// apart.
func TestChecksAreThoseOfTheSpecification(t *testing.T) {
	const a, b = uint32(0x01020304), uint32(0xF1F2F3F4)
	require.Equal(t, crc(a, b), frame.ContentCheck(a, b))
	require.Equal(t, crc(a, b), frame.Chain(a, b))
	require.NotEqual(t, frame.Chain(b, a), frame.Chain(a, b))
	for n := range 9 {
		header := []byte("\x28\x05\xff\xff\x03\xfe\xff\x02")[:n]
		require.Equal(t, crc(a, header, stirred(b)), frame.ChainLight(a, header, b), "header of %d bytes", n)
	}
}

// What check.go says of the choice of the polynomial: records are hashed in
// pieces of a few bytes, contents in pieces of up to a chunk.
func BenchmarkCRC(b *testing.B) {
	for _, poly := range []struct {
		name  string
		table *crc32.Table
	}{
		{"Castagnoli", crc32.MakeTable(crc32.Castagnoli)},
		{"IEEE", crc32.IEEETable},
	} {
		for _, n := range []int{24, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%dB", poly.name, n), func(b *testing.B) {
				p := make([]byte, n)
				b.SetBytes(int64(n))
				for b.Loop() {
					p[0] += byte(crc32.Checksum(p, poly.table))
				}
			})
		}
	}
}

// stirred is FORMAT §3.3's stir, written from the text.
func stirred(x uint32) uint32 {
	x = x ^ x/(1<<16)
	x = uint32(uint64(x) * 0x85EBCA6B % (1 << 32))
	x = x ^ x/(1<<13)
	x = uint32(uint64(x) * 0xC2B2AE35 % (1 << 32))
	return x ^ x/(1<<16)
}
