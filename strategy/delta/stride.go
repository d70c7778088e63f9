package delta

import (
	"slices"

	"github.com/sigmalang/sigma/internal/lag"
)

const (
	lagWindows    = 2
	maxCandidates = 8
)

var commonStrides = [...]int{1, 2, 3, 4, 8}

// strides appends to dst the record lengths that are worth a closer look: the
// common ones, first, and those at which bytes agree more often than elsewhere
// with the byte that far before them. It also returns the likeliest of the
// latter, 0 if there is none, and the share of bytes that agree at it, in
// percent.
func strides(dst []int, p []byte) (all []int, likeliest, share int) {
	dst = append(dst, commonStrides[:]...)
	longest := min(maxStride, len(p)/8)
	var agree [maxStride + 2]int
	for i := range lagWindows {
		at := longest
		if room := len(p) - longest - lag.Span; room > 0 {
			at += room * i / (lagWindows - 1)
		}
		lag.CountEqual(agree[:longest+1], p[at-longest:at+lag.Span])
	}
	sum := 0
	for _, n := range agree[1 : longest+1] {
		sum += n
	}
	mean := sum / max(longest, 1)
	enough := mean + mean/16 + 8

	var list [maxStride]int
	peaks := list[:0]
	for s := 5; s <= longest; s++ {
		if agree[s] > enough && agree[s] >= agree[s-1] && agree[s] >= agree[s+1] {
			peaks = append(peaks, s)
		}
	}
	slices.SortStableFunc(peaks, func(a, b int) int { return agree[b] - agree[a] })
	if len(peaks) == 0 {
		return dst, 0, 0
	}
	share = agree[peaks[0]] * 100 / (lagWindows * lag.Span)
	for i, s := range peaks {
		// A multiple of a record's length agrees as well as the length.
		for d := 2; d < s; d++ {
			if s%d == 0 && (agree[d]-mean)*5 >= (agree[s]-mean)*4 {
				s = d
				break
			}
		}
		if i == 0 {
			likeliest = s
		}
		if len(dst) < maxCandidates && !slices.Contains(dst, s) {
			dst = append(dst, s)
		}
	}
	return dst, likeliest, share
}
