package delta

import "github.com/sigmalang/sigma/internal/entropy"

// Effort is how much time a byte saved may cost, in both directions: 0 for
// the least to 3 for as much as it takes.
type Effort int

// price is what something that takes more time than the rest must gain, and
// how long to look for it. The first four are percentages of what the rest
// makes of the data, 100 for a tie, 0 for never.
type price struct {
	linear  uint64 // linear prediction: eight products a number, one after the other
	median  uint64 // median prediction: each number waits for the one before
	rows    uint64 // prediction across rows: memory traffic, and a long search
	classes uint64 // classed streams: four tables, and blocks that are moved

	pool      uint64 // the backend: what it saves of a byte, in fixed point
	poolShare uint64 // 100 for all, 1000 for a tenth of the information
	poolTrial bool   // whether it is tried or a probe for matches is believed

	clear   uint64 // what the best layout may take of the bytes' information, in per mille
	scored  int    // records that layouts are scored on, at most
	drafted int    // layouts that are drafted
	refined int    // records that fields are refined on
	believe int    // after how many stretches a plan is looked at again
}

func (e Effort) price() *price { return &prices[min(max(e, 0), 3)] }

var prices = [...]price{
	{
		linear: 130, median: 115, rows: 0, classes: 0, pool: entropy.One / 2, poolShare: 300,
		clear: 800, scored: 768, drafted: 1, refined: 384, believe: 2,
	},
	{
		linear: 112, median: 110, rows: 105, classes: 104, pool: entropy.One / 3, poolShare: 1600, poolTrial: true,
		clear: 1000, scored: 1536, drafted: 2, refined: 384, believe: 2,
	},
	{
		linear: 103, median: 102, rows: 102, classes: 102, pool: entropy.One / 32, poolShare: 1600, poolTrial: true,
		clear: 1000, scored: 1536, drafted: 2, refined: 768, believe: 1,
	},
	{
		linear: 101, median: 101, rows: 101, classes: 101, pool: 0, poolShare: 3200, poolTrial: true,
		clear: 1000, scored: 1536, drafted: 2, refined: 768, believe: 1,
	},
}
