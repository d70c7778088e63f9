package delta

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// numberKinds make columns of numbers of a width, for predictors.
var numberKinds = map[string]func(r *rand.Rand, col []uint64){
	"noise": func(r *rand.Rand, col []uint64) {
		for i := range col {
			col[i] = r.Uint64()
		}
	},
	"extremes wrap around": func(r *rand.Rand, col []uint64) {
		limits := [...]uint64{0, 1, 1<<64 - 1, 1 << 63, 1<<63 - 1, 0x80, 0x7F, 0x8000, 0x7FFF, 1 << 23, 1<<23 - 1, 1 << 31, 1<<31 - 1}
		for i := range col {
			col[i] = limits[r.IntN(len(limits))]
		}
	},
	"walk over the border": func(r *rand.Rand, col []uint64) {
		x := uint64(0)
		for i := range col {
			x += uint64(r.IntN(7)) - 3
			col[i] = x
		}
	},
	"smooth grid": func(r *rand.Rand, col []uint64) {
		for i := range col {
			col[i] = uint64(i%64*3 + i/64*5 + r.IntN(2))
		}
	},
}

// predictions are all predictors with all orders.
func predictions() (all []Field) {
	for x := range uint8(maxX + 1) {
		for y := range uint8(maxY + 1) {
			all = append(all, Field{X: x, Y: y})
		}
	}
	return append(all, Field{Predict: PredictMedian}, Field{Predict: PredictLinear})
}

// eachPrediction calls f for every predictor, width and kind of numbers.
func eachPrediction(t *testing.T, n int, f func(t *testing.T, field *Field, col []uint64)) {
	for name, kind := range numberKinds {
		for _, field := range predictions() {
			for _, field.Width = range widths {
				t.Run(fmt.Sprintf("%s/%+v", name, field), func(t *testing.T) {
					col := make([]uint64, n)
					kind(seeded(uint64(field.Width)), col)
					mask(col, field.Width)
					f(t, &field, col)
				})
			}
		}
	}
}

// foldTiles returns what is coded of the numbers behind the history in grid.
func foldTiles(r *residuals, grid []uint64, history int) (folded []uint64) {
	for col := grid[history:]; len(col) > 0; {
		n := min(tileLen, len(col))
		folded = append(folded, r.fold(col[:n])...)
		col = col[n:]
	}
	return folded
}

// TestFoldUnfold predicts within the row and across rows, shorter and longer
// than a tile, from the start of a table and from a history.
func TestFoldUnfold(t *testing.T) {
	var fold, unfold residuals
	eachPrediction(t, 1700, func(t *testing.T, f *Field, all []uint64) {
		rows := []int{0}
		if f.acrossRows() {
			rows = []int{2, 3, 7, 63, 511, 512, 513, 700, 1699, 3000}
			if testing.Short() {
				rows = []int{2, 63, 513}
			}
		}
		for _, row := range rows {
			for _, first := range []int{0, 1, row / 2, row, 600, 1600} {
				first = min(first, 1650)
				history := min(first, f.history(row))
				table := slices.Clone(all[first-history:])
				numbers := slices.Clone(table[history:])
				base := f.base(numbers)
				var weights linear
				if f.Predict == PredictLinear {
					weights.fit(numbers, base, f.Width)
				}
				before := slices.Clone(table[:history])

				fold.start(f, base, 1)
				fold.weights = weights
				if f.acrossRows() {
					fold.startGrid(table, history, row)
				}
				folded := foldTiles(&fold, table, history)
				requireWithin(t, folded, f.Width)

				unfold.start(f, base, 1)
				unfold.weights = weights
				grid := append(before, make([]uint64, len(numbers))...)
				if f.acrossRows() {
					unfold.startGrid(grid, history, row)
				}
				for at := 0; at < len(folded); at += tileLen {
					unfold.unfold(folded[at:min(at+tileLen, len(folded))])
				}
				mask(folded, f.Width)
				require.Equal(t, numbers, folded, "row %d, %d before", row, history)
			}
		}
	})
}

// requireWithin requires that no number is wider than the field, which lanes
// would cut off.
func requireWithin(t *testing.T, col []uint64, width uint8) {
	t.Helper()
	for i, x := range col {
		if x>>(8*width-8)>>8 != 0 {
			t.Fatalf("number %d is %#x, wider than %d bytes", i, x, width)
		}
	}
}

// TestPredictionsPredict: numbers that follow a rule leave nothing to code.
func TestPredictionsPredict(t *testing.T) {
	const row = 40
	quadratic := func(i int) uint64 { return uint64(i*i*3 + i*5) }
	for _, c := range []struct {
		name  string
		field Field
		rule  func(i int) uint64
		warm  int // numbers at the start that are not predicted
	}{
		{"first differences miss a constant", Field{X: 1}, func(int) uint64 { return 9 }, 0},
		{"second differences miss a slope", Field{X: 2}, func(i int) uint64 { return uint64(3 * i) }, 2},
		{"third differences miss a parabola", Field{X: 3}, quadratic, 3},
		{"first rows differ", Field{Y: 1}, func(i int) uint64 { return uint64(i % row * 7) }, row},
		{"slope along equal rows", Field{X: 1, Y: 1}, func(i int) uint64 { return quadratic(i%row) + uint64(i/row*11) }, 2 * row},
		{"slope across the rows", Field{Y: 2}, func(i int) uint64 { return quadratic(i%row) + uint64(i/row*11) }, 2 * row},
		{"median edge detector misses a plane", Field{Predict: PredictMedian}, func(i int) uint64 { return uint64(i/row*1000 - i%row) }, 2 * row},
		{"linear prediction misses a line", Field{Predict: PredictLinear}, func(i int) uint64 { return uint64(100 * i) }, linearOrder},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := c.field
			f.Width = 4
			col := make([]uint64, 15*row)
			for i := range col {
				col[i] = c.rule(i)
			}
			var r residuals
			r.start(&f, col[0], 1)
			r.weights = linear{2 << linearShift, -1 << linearShift}
			if f.acrossRows() {
				r.startGrid(col, 0, row)
			}
			wrong := 0
			for _, x := range foldTiles(&r, col, 0)[c.warm:] {
				if x != 0 {
					wrong++
				}
			}
			allowed := 0
			if f.Predict == PredictMedian {
				allowed = 15 // where a row begins
			} else if f.acrossRows() && f.X > 0 {
				allowed = 2 * 15
			}
			require.LessOrEqual(t, wrong, allowed)
		})
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name                         string
		west, north, northWest, want int64
	}{
		{"all equal", 5, 5, 5, 5},
		{"plane", 10, 12, 11, 11},
		{"edge takes the smaller", 10, 20, 30, 10},
		{"opposite edge takes the larger", 10, 20, 5, 20},
		{"edge the other way", 20, 10, 30, 10},
		{"negative", -10, -20, -12, -18},
		{"at the limits of the plane", 10, 20, 10, 20},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, median(c.west, c.north, c.northWest)) })
	}
}

func TestBase(t *testing.T) {
	for _, c := range []struct {
		name string
		f    Field
		col  []uint64
		want uint64
	}{
		{"differences start elsewhere", Field{Width: 2, X: 1}, []uint64{500, 3, 9}, 500},
		{"lowest of unsigned", Field{Width: 1}, []uint64{200, 100, 250}, 100},
		{"lowest of signed", Field{Width: 1}, []uint64{2, 0xFE, 3}, 0xFE},
		{"lowest of signed longs", Field{Width: 8}, []uint64{2, 1<<64 - 9, 3}, 1<<64 - 9},
		{"mean of signed", Field{Width: 2, Predict: PredictLinear}, []uint64{0xFFFF, 1, 3, 0xFFFD}, 0},
		{"mean of unsigned", Field{Width: 2, Predict: PredictLinear}, []uint64{0x8000, 0x8002, 0x7FFE}, 0x8000},
		{"mean of longs overflows", Field{Width: 8, Predict: PredictMedian}, slices.Repeat([]uint64{1 << 61}, 100), 1 << 61},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := []uint64{c.f.base(c.col)}
			mask(got, c.f.Width)
			require.Equal(t, c.want, got[0])
		})
	}
}
