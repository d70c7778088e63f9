package delta

import "github.com/sigmalang/sigma/internal/entropy"

// Effort is how much time a byte saved may cost, in both directions: 0 for
// the least to 3 for as much as it takes.
type Effort int

// price is what something that takes more time than the rest must gain. The
// first four are percentages of what the rest makes of the data, 100 for a
// tie.
type price struct {
	linear  uint64 // linear prediction: eight products a number, one after the other
	median  uint64 // median prediction: each number waits for the one before
	rows    uint64 // prediction across rows: memory traffic
	classes uint64 // classed streams: four tables, and blocks that are moved

	pool      uint64 // the backend: what it saves of a byte, in fixed point
	poolShare uint64 // 100 for all, 1000 for a tenth of the information
	poolTrial bool   // whether it is tried or a probe for matches is believed
}

func (e Effort) price() *price { return &prices[min(max(e, 0), 3)] }

var prices = [...]price{
	{linear: 130, median: 115, rows: 108, classes: 110, pool: entropy.One / 2, poolShare: 300},
	{linear: 110, median: 106, rows: 104, classes: 103, pool: entropy.One / 5, poolShare: 1600, poolTrial: true},
	{linear: 103, median: 102, rows: 102, classes: 102, pool: entropy.One / 32, poolShare: 1600, poolTrial: true},
	{linear: 101, median: 101, rows: 101, classes: 101, pool: 0, poolShare: 3200, poolTrial: true},
}
