package strategy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDetectClass(t *testing.T) {
	for _, s := range specimens() {
		t.Run(s.name, func(t *testing.T) {
			prof := Detect(s.data)
			require.Equal(t, s.class, prof.Class, "%s", figures(prof))
			require.LessOrEqual(t, prof.Confidence, uint8(100))
		})
	}
}

// figures are those of a profile that fit on a line.
func figures(p Profile) string {
	return fmt.Sprintf("entropy %d skew %d printable %d zero %d run %d repeat %d lag %d %d/%d far %t, %v %d",
		p.Entropy, p.Skew, p.Printable, p.Zero, p.Run, p.Repeat, p.Lag, p.LagShare, p.LagMean, p.FarRepeat, p.Class, p.Confidence)
}

func TestDetectFigures(t *testing.T) {
	between := func(lo, hi int) func(int) bool { return func(v int) bool { return lo <= v && v <= hi } }
	tests := []struct {
		name string // the defect
		data []byte
		get  func(Profile) int
		ok   func(int) bool
	}{
		{"a small sample of random bytes seems orderly", randomBytes(256, 1), func(p Profile) int { return int(p.Entropy) }, between(1950, 2048)},
		{"random bytes have less than 8 bits", randomBytes(mib, 1), func(p Profile) int { return int(p.Entropy) }, between(2040, 2048)},
		{"a constant has entropy", make([]byte, mib), func(p Profile) int { return int(p.Entropy) }, between(0, 0)},
		{"base64 has not 6 bits", base64Like(mib, 1), func(p Profile) int { return int(p.Entropy) }, between(1530, 1540)},
		{"chance counts as skew", randomBytes(mib, 2), func(p Profile) int { return int(p.Skew) }, between(0, 50)},
		{"skew is not seen when it moves", moving(mib), func(p Profile) int { return int(p.Skew) }, between(1000, 65535)},
		{"skew overflows", make([]byte, mib), func(p Profile) int { return int(p.Skew) }, between(65535, 65535)},
		{"cut characters make text unprintable", cyrillic(mib, 3), func(p Profile) int { return int(p.Printable) }, between(990, 1000)},
		{"any high bytes pass for UTF-8", randomBytes(mib, 3), func(p Profile) int { return int(p.Printable) }, between(350, 430)},
		{"continuation bytes alone pass for UTF-8", repeated("\x80\x91\xA2\xB3\xBF", mib), func(p Profile) int { return int(p.Printable) }, between(0, 0)},
		{"zeros are not counted", utf16(english(512*kib, 4)), func(p Profile) int { return int(p.Zero) }, between(490, 510)},
		{"a run of eight-byte patterns is missed", repeated("abcdefgh", mib), func(p Profile) int { return int(p.Run) }, between(1000, 1000)},
		{"a period of nine passes for a run", repeated("abcdefghi", mib), func(p Profile) int { return int(p.Run) }, between(0, 0)},
		{"repeats are missed", jsonRows(mib, 5), func(p Profile) int { return int(p.Repeat) }, between(500, 1000)},
		{"random bytes repeat", randomBytes(mib, 5), func(p Profile) int { return int(p.Repeat) }, between(0, 1)},
		{"a multiple of the stride wins", int32Series(mib, 6), func(p Profile) int { return int(p.Lag) }, between(4, 4)},
		{"a record is longer than any stride tried", records(mib, 7), func(p Profile) int { return int(p.Lag) }, between(24, 24)},
		{"the longest stride is not tried", strided(mib, 64), func(p Profile) int { return int(p.Lag) }, between(64, 64)},
		{"all bytes equal overflow their lane", strided(mib, 64), func(p Profile) int { return int(p.LagShare) }, between(990, 1000)},
		{"a large chunk is read whole", english(mib, 8), func(p Profile) int { return p.Sampled }, between(4*kib, 8*kib)},
		{"a message is not read whole", english(1500, 8), func(p Profile) int { return p.Sampled }, between(1500, 1500)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			prof := Detect(tt.data)
			require.True(t, tt.ok(tt.get(prof)), "%d: %s", tt.get(prof), figures(prof))
		})
	}
}

// moving uses half of the byte values at any place, and all of them on the
// whole.
func moving(n int) []byte {
	b := randomBytes(n, 9)
	for i := range b {
		b[i] = b[i]&0x7F + byte(i>>12)
	}
	return b
}

// strided repeats random bytes with the given period, a few of them changed.
func strided(n, period int) []byte {
	b := repeated(string(randomBytes(period, 10)), n)
	r := seeded(11)
	for range n / 1000 {
		b[r.IntN(n)]++
	}
	return b
}

// TestFarRepeatsAreFound: random data that repeats far apart looks like any
// random data to a sample, and would be stored.
func TestFarRepeatsAreFound(t *testing.T) {
	tests := []struct {
		name                   string
		size, from, to, length int
	}{
		{"64 KiB in 1 MiB, aligned, far apart", mib, 0, 960 * kib, 64 * kib},
		{"64 KiB in 1 MiB, at odd distance", mib, 12_345, 900_001, 64 * kib},
		{"64 KiB in 1 MiB, side by side", mib, 300_000, 300_000 + 64*kib, 64 * kib},
		{"48 KiB in 1 MiB, at odd distance", mib, 7, 500_000, 48 * kib},
		{"33 KiB in 1 MiB, at odd distance", mib, 77_777, 600_601, 33 * kib},
		{"20 KiB in 1 MiB, aligned to 256", mib, 256 * 100, 256 * 3000, 20 * kib},
		{"half of 1 MiB", mib, 0, 512*kib + 1, 511 * kib},
		{"the last bytes", mib, 1, mib - 64*kib, 64 * kib},
		{"9 KiB in 64 KiB, at odd distance", 64 * kib, 1001, 50_000, 9 * kib},
		{"2 KiB in 8 KiB", 8 * kib, 100, 5_001, 2 * kib},
		{"384 KiB in 16 MiB, at odd distance", 16 * mib, 1_000_001, 15_000_000, 384 * kib},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seeds := uint64(10)
			if tt.size > mib {
				seeds = 2
			}
			for seed := range seeds {
				prof := Detect(plant(randomBytes(tt.size, 100+seed), tt.from, tt.to, tt.length))
				require.True(t, prof.FarRepeat, "seed %d: %s", seed, figures(prof))
				require.NotEqual(t, ClassRandomBinary, prof.Class)
			}
		})
	}
}

// TestManyShortFarRepeats: each too short to be worth anything, together more
// than half of the chunk.
func TestManyShortFarRepeats(t *testing.T) {
	r, parts := seeded(1), randomBytes(64*kib, 2)
	var b []byte
	for len(b) < mib {
		at := r.IntN(len(parts) - 4*kib)
		b = append(b, parts[at:at+4*kib]...)
	}
	require.NotEqual(t, ClassRandomBinary, Detect(b[:mib]).Class)
}

// TestRandomStaysRandom: a false alarm costs the time of the codec.
func TestRandomStaysRandom(t *testing.T) {
	for _, size := range []int{64, 300, 1000, 2000, 5000, 64 * kib, 300_000, mib} {
		wrong := 0
		const rounds = 100
		for seed := range uint64(rounds) {
			b := randomBytes(size, 1000+seed)
			if size > 10*kib { // padding is not worth a codec
				clear(b[size/2:][:100])
				clear(b[size/3:][:100])
			}
			if prof := Detect(b); prof.Class != ClassRandomBinary {
				wrong++
			}
		}
		allowed := 2
		if size < 100 {
			allowed = 6 // one in thirty is balanced like UTF-8
		}
		require.LessOrEqual(t, wrong, allowed, "of %d chunks of %d bytes", rounds, size)
	}
}

// TestDetectEveryLength: no length reads beyond the chunk, keeps anything of
// the profile before, or changes the chunk.
func TestDetectEveryLength(t *testing.T) {
	text, noise := english(3000, 1), randomBytes(3000, 2)
	var prof Profile
	for n := range 2200 {
		for _, src := range [][]byte{text, noise} {
			p := slices.Clip(bytes.Clone(src[len(src)-n:]))
			DetectInto(&prof, p)
			if prof != Detect(p) || prof.Len != n || prof.Sampled > n {
				t.Fatalf("%d bytes: %s", n, figures(prof))
			}
			if !bytes.Equal(src[len(src)-n:], p) {
				t.Fatalf("%d bytes are changed", n)
			}
		}
	}
	for _, n := range []int{4095, 4097, 64*kib + 1, 256*kib - 1, mib - 1, mib + 1, 4*mib + 3, 16*mib - 5} {
		DetectInto(&prof, slices.Clip(randomBytes(n, 3)))
		require.Equal(t, ClassRandomBinary, prof.Class, n)
	}
}

// TestDetectConcurrently: tables are reused between calls and goroutines, and must
// carry nothing over.
func TestDetectConcurrently(t *testing.T) {
	all := specimens()
	want := make([]Profile, len(all))
	for i, s := range all {
		want[i] = Detect(s.data)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			var prof Profile
			for i := range all {
				i = (i*7 + worker) % len(all)
				DetectInto(&prof, all[i].data)
				if prof != want[i] {
					t.Errorf("%s: %s", all[i].name, figures(prof))
				}
			}
		})
	}
	wg.Wait()
}

func TestDetectAllocatesNothing(t *testing.T) {
	var prof Profile
	var cuts [32]int
	for _, s := range specimens() {
		require.Zero(t, testing.AllocsPerRun(5, func() {
			DetectInto(&prof, s.data)
			AppendCuts(cuts[:0], s.data[:min(len(s.data), mib)])
		}), s.name)
	}
}

// BenchmarkDetect reports the cost per chunk. SIGMA_CORPUS may name a folder
// with more to look at, one chunk from the start of each file.
func BenchmarkDetect(b *testing.B) {
	run := func(name string, data []byte) {
		b.Run(name, func(b *testing.B) {
			var prof Profile
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				DetectInto(&prof, data)
			}
		})
	}
	for _, s := range specimens() {
		run(s.name, s.data)
	}
	for name, data := range corpusFiles(b) {
		run(name, data[:min(len(data), mib)])
	}
}

func corpusFiles(tb testing.TB) map[string][]byte {
	files := map[string][]byte{}
	root := os.Getenv("SIGMA_CORPUS")
	if root == "" {
		return files
	}
	paths, err := filepath.Glob(filepath.Join(root, "*", "*"))
	require.NoError(tb, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(tb, err)
		name, err := filepath.Rel(root, path)
		require.NoError(tb, err)
		files[name] = data
	}
	return files
}
