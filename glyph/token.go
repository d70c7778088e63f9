package glyph

import "math/bits"

// A message is a sequence of tokens: literals, and copies of what stands
// somewhere before. A token is a symbol of the first alphabet; a copy goes on
// with a symbol of the second one, which says from where.
//
// Lengths and distances have a symbol for each value up to a point, and from
// there on two for each power of two, with the rest of their bits behind the
// code.
const (
	firstLength  = 256 // symbol of the shortest copy; those below are literals
	tokenSymbols = firstLength + 40
	tokenLimit   = 14 // longest code, in bits
	minCopy      = 3  // bytes
	lengthPlain  = 4  // 1<<lengthPlain lengths have symbols of their own

	recentPlaces = 3 // the first symbols: one of the last distances again
	placeSymbols = recentPlaces + 36
	placeLimit   = 9
	placePlain   = 1

	// longestToken is how many bits a copy takes at most: two codes, and the
	// bits behind the highest symbols.
	longestToken = tokenLimit + 14 + placeLimit + 16
)

// Limits, in bytes. Distances reach back to the start of the text, and are
// thus below 1<<18.
const (
	// MaxMessage is the length of the longest message.
	MaxMessage = 64 << 10

	// MaxText is the length of the longest text of a Codebook.
	MaxText = 64 << 10

	// MaxHistory and MinHistory bound the history of a stream.
	MaxHistory = 64 << 10
	MinHistory = 16 << 10

	// mostReach is more than any distance.
	mostReach = MaxText + MaxHistory + MaxMessage + 1
)

// spread returns the symbol of x, and how many bits of x stand behind it.
func spread(x uint32, plain uint) (symbol int, extra uint8) {
	if x < 1<<plain {
		return int(x), 0
	}
	top := uint(bits.Len32(x)) - 1
	return 1<<plain + 2*int(top-plain) + int(x>>((top-1)&31)&1), uint8(top - 1)
}

// gather is the inverse of spread: it returns the smallest value of a symbol,
// and how many bits are to be added to it.
func gather(symbol int, plain uint) (base uint32, extra uint8) {
	if symbol < 1<<plain {
		return uint32(symbol), 0
	}
	s := uint(symbol - 1<<plain)
	top := plain + s/2
	return 1<<(top&31) | uint32(s&1)<<((top-1)&31), uint8(top - 1)
}

// symbolRange is what a symbol with more bits behind it stands for.
type symbolRange struct {
	base  uint32
	extra uint8
}

var lengthRanges, placeRanges = func() (lengths [tokenSymbols - firstLength]symbolRange, places [placeSymbols - recentPlaces]symbolRange) {
	for s := range lengths {
		base, extra := gather(s, lengthPlain)
		lengths[s] = symbolRange{base + minCopy, extra}
	}
	for s := range places {
		base, extra := gather(s, placePlain)
		places[s] = symbolRange{base + 1, extra}
	}
	return lengths, places
}()

// recent are the distances of the last copies, the last one first.
type recent [recentPlaces]uint32

// plainRecent is for messages with none before them.
var plainRecent = recent{1, 4, 8}

// use makes d the last distance.
func (r *recent) use(d uint32) {
	switch d {
	case r[0]:
	case r[1]:
		r[0], r[1] = r[1], r[0]
	default:
		r[0], r[1], r[2] = d, r[0], r[1]
	}
}

// place returns the symbol of a distance.
func (r *recent) place(d uint32) (symbol int, extra uint8) {
	switch d {
	case r[0]:
		return 0, 0
	case r[1]:
		return 1, 0
	case r[2]:
		return 2, 0
	}
	symbol, extra = spread(d-1, placePlain)
	return recentPlaces + symbol, extra
}

// starts are the lengths of the messages before, the last one first. A
// message often begins as those before it do: so its recent distances are
// those to their starts.
type starts [recentPlaces]uint32

// add takes note of a message of n bytes. One that is longer than any history
// counts as too long to reach over.
func (s *starts) add(n int) {
	if n > 0 {
		s[0], s[1], s[2] = uint32(min(n, mostReach)), s[0], s[1]
	}
}

// recent returns the distances that a message begins with.
func (s *starts) recent() recent {
	r := plainRecent
	sum := uint32(0)
	for i, n := range s {
		if n == 0 {
			break
		}
		sum += n
		r[i] = sum
	}
	return r
}
