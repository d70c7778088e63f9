package strategy

// cost is the time a strategy takes for 1 KiB of raw data, in nanoseconds.
type cost struct{ encode, decode int }

// In nanoseconds per KiB.
const (
	copyCost   = 100 // memory speed
	filterCost = 700 // of package branch
)

// costOf returns the costs of a built-in strategy. They are fixed figures, of
// one core of a common server, and not measured at run time, since a choice
// must not depend on the machine or its load.
func costOf(id ID, level Level) cost {
	switch id {
	case Zstd:
		encode := [...]int{3_900, 6_600, 21_300, 102_000}
		return cost{encode[step(level)], 1_000}
	case Branch:
		zstd := costOf(Zstd, level)
		return cost{zstd.encode + filterCost + copyCost, zstd.decode + filterCost}
	case Delta:
		return cost{4_500, 1_800}
	case Glyph:
		return cost{20_000, 3_000}
	case S2:
		encode := [...]int{1_400, 1_400, 3_500, 3_500}
		return cost{encode[step(level)], 650}
	case LZ4:
		encode := [...]int{3_000, 3_000, 20_000, 60_000}
		return cost{encode[step(level)], 420}
	}
	return cost{copyCost, copyCost}
}

// step returns the level as an index of tables, 0 for LevelFastest.
func step(level Level) int {
	return int(min(max(level, LevelFastest), LevelBest) - LevelFastest)
}

// objective is what counts when strategies compete: the time in nanoseconds
// until rawLen bytes are encoded, sent as encodedLen bytes, and decoded again.
// The level sets the speed of sending; at LevelBest nothing but the length
// counts. The larger of two objectives loses.
func objective(level Level, rawLen, encodedLen int, c cost) int64 {
	perByte := nsPerByte(level)
	if level >= LevelBest {
		return perByte * int64(encodedLen)
	}
	return perByte*int64(encodedLen) + (int64(c.encode)+int64(c.decode))*int64(rawLen)>>10
}

// nsPerByte is the price of an encoded byte. LevelFastest stands for a link of
// some 600 Mbit/s. The others are such that zstd's own level is the best of its
// four at that price: its default pays from 120 ns a byte, better from 780.
func nsPerByte(level Level) int64 {
	return [...]int64{14, 300, 2000, 1}[step(level)]
}
