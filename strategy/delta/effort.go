package delta

import "github.com/sigmalang/sigma/internal/entropy"

// Effort is how much time a byte saved may cost, in both directions: 0 for
// the least to 3 for as much as it takes.
type Effort int

// price is by how many percent what takes more time than the rest must be
// shorter, times 100 and more.
type price struct {
	linear  uint64 // linear prediction: eight products a number, one after the other
	median  uint64 // median prediction: each number waits for the one before
	rows    uint64 // prediction across rows: memory traffic
	classes uint64 // classed streams: four tables, and blocks that are moved
	pool    uint64 // the backend: what it must save of a byte, in fixed point
}

func (e Effort) price() *price { return &prices[min(max(e, 0), 3)] }

var prices = [...]price{
	{linear: 130, median: 115, rows: 108, classes: 110, pool: entropy.One / 2},
	{linear: 110, median: 106, rows: 104, classes: 103, pool: entropy.One / 8},
	{linear: 103, median: 102, rows: 102, classes: 102, pool: entropy.One / 32},
	{linear: 101, median: 101, rows: 101, classes: 101, pool: 0},
}
