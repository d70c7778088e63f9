package delta

import "testing"

// BenchmarkTables shows what searching, encoding and decoding take for tables
// that bring the kernels out one by one. What a profile of them says today:
//
//   - Huffman coding is the larger part of both directions for numbers of one
//     and two bytes. huff0 counts the symbols, whoever counted them before: it
//     takes a histogram only for a table of its own. So streams are counted here
//     only until their form is known, and when it no longer fits.
//   - Linear and median prediction wait for each number before they can begin
//     the next; the other kernels keep two to four operations going at once.
//   - A shift by a variable costs a comparison unless its range is plain, hence
//     the masks by 63; a field of a struct that is read in a loop which stores
//     through another pointer is loaded each time, hence the local copies.
func BenchmarkTables(b *testing.B) {
	backend := newFrames(b)
	for _, c := range []struct {
		name string
		src  []byte
	}{
		{"16 bits, linear", samples16(400_000)},
		{"32 bits", walk32(200_000)},
		{"float32 decimals", quotes(200_000)},
		{"float64 decimals", temperatures(100_000)},
		{"24 bits", packed24(300_000)},
		{"records of 24 bytes", records24(40_000)},
		{"pixels, median", image(640, 400)},
		{"time stamps", timestamps(100_000)},
	} {
		var e Encoder
		var d Decoder
		v, ok := e.Find(c.src, 1, backend)
		if !ok {
			b.Fatal("no table found")
		}
		start := Start{Plan: v.Plan.Clone()}
		payload, err := e.Append(nil, c.src, start, 1, backend)
		if err != nil {
			b.Fatal(err)
		}
		run := func(name string, f func()) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(c.src)))
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
		buf := make([]byte, 0, 2*len(c.src))
		run("find", func() { e.Find(c.src, 1, backend) })
		run("encode", func() { payload, _ = e.Append(payload[:0], c.src, start, 1, backend) })
		run("decode", func() {
			if _, err := d.Decode(buf, payload, len(c.src), backend); err != nil {
				b.Fatal(err)
			}
		})
	}
}
