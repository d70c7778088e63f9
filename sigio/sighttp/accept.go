package sighttp

import (
	"net/http"
	"strings"
)

// A Coding is a content coding that this package speaks.
type Coding uint8

// The codings. Sigma is the stream of package sigio; the other two are those
// of the registry (RFC 9110 §8.4.1.3, RFC 8878 §7.2).
const (
	Sigma Coding = 1 + iota
	Zstd
	Gzip

	identity  Coding = 0
	numCoding        = int(Gzip) + 1
)

// String returns the name that stands in headers.
func (c Coding) String() string {
	switch c {
	case Sigma:
		return "sigma"
	case Zstd:
		return "zstd"
	case Gzip:
		return "gzip"
	}
	return "identity"
}

// codingNamed returns the coding of a name, which is case-insensitive.
func codingNamed(name string) (Coding, bool) {
	for c := identity; int(c) < numCoding; c++ {
		if strings.EqualFold(name, c.String()) {
			return c, true
		}
	}
	// RFC 9110 §8.4.1.3.
	return Gzip, strings.EqualFold(name, "x-gzip")
}

// maxStacked is how many codings of one body are undone. Each may multiply what
// the one over it yields.
const maxStacked = 4

// peel splits what the lines of Content-Encoding list, in the order of
// application (RFC 9110 §8.4): undone are the last ones, as far as they are
// spoken, and left those before them. It undoes none of too many.
func (c *config) peel(lines []string) (left []string, undone []Coding) {
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.Trim(name, " \t")
			coding, known := codingNamed(name)
			switch {
			case name == "" || known && coding == identity: // says nothing
			case known && c.speaks(coding):
				undone = append(undone, coding)
			default: // and what is beneath it cannot be reached
				for _, u := range undone {
					left = append(left, u.String())
				}
				left, undone = append(left, name), nil
			}
		}
	}
	if len(undone) > maxStacked {
		for _, u := range undone {
			left = append(left, u.String())
		}
		undone = nil
	}
	return left, undone
}

// unmentioned is the weight of a coding that Accept-Encoding does not name.
const unmentioned = -1

// acceptance is what Accept-Encoding says: weights in thousandths. Of a coding
// that is named twice the lower weight counts, so that nobody is sent what they
// refused.
type acceptance struct {
	weight   [numCoding]int
	wildcard int
}

// parseAccept reads all lines of Accept-Encoding. What is malformed counts as
// not there.
func parseAccept(lines []string) acceptance {
	a := acceptance{wildcard: unmentioned}
	for i := range a.weight {
		a.weight[i] = unmentioned
	}
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			a.add(item)
		}
	}
	return a
}

func (a *acceptance) add(item string) {
	name, params, _ := strings.Cut(item, ";")
	weight, ok := parseWeight(params)
	if !ok {
		return
	}
	name = strings.Trim(name, " \t")
	slot := &a.wildcard
	if name != "*" {
		c, known := codingNamed(name)
		if !known {
			return
		}
		slot = &a.weight[c]
	}
	if *slot == unmentioned || weight < *slot {
		*slot = weight
	}
}

// parseWeight reads the parameters behind a coding: nothing, or a q-value of
// at most three decimals (RFC 9110 §12.4.2), in thousandths.
func parseWeight(params string) (int, bool) {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1000, true
	}
	name, value, found := strings.Cut(params, "=")
	if !found || !strings.EqualFold(strings.TrimRight(name, " \t"), "q") {
		return 0, false
	}
	value = strings.TrimLeft(value, " \t")
	whole, decimals, _ := strings.Cut(value, ".")
	if whole != "0" && whole != "1" || len(decimals) > 3 {
		return 0, false
	}
	weight := int(whole[0]-'0') * 1000
	for i, unit := 0, 100; i < len(decimals); i, unit = i+1, unit/10 {
		digit := int(decimals[i]) - '0'
		if digit < 0 || digit > 9 {
			return 0, false
		}
		weight += digit * unit
	}
	return weight, weight <= 1000
}

// of returns the weight of a coding that is to be sent. The wildcard stands for
// gzip alone: it is what all can be expected to read who name nothing.
func (a *acceptance) of(c Coding) int {
	switch w := a.weight[c]; {
	case w != unmentioned:
		return w
	case c == Gzip && a.wildcard != unmentioned:
		return a.wildcard
	}
	return 0
}

// refusesIdentity says whether a body may not be sent as it is.
func (a *acceptance) refusesIdentity() bool {
	if w := a.weight[identity]; w != unmentioned {
		return w == 0
	}
	return a.wildcard == 0
}

// choose returns the coding with the greatest weight, of equals the first one
// offered. It is identity where none of those offered is accepted, or where
// identity is named and weighs more. It returns false when identity is refused
// as well.
func (a *acceptance) choose(offered []Coding) (Coding, bool) {
	best, weight := identity, 0
	for _, c := range offered {
		if w := a.of(c); w > weight {
			best, weight = c, w
		}
	}
	if best == identity {
		return identity, !a.refusesIdentity()
	}
	if a.weight[identity] > weight {
		return identity, true
	}
	return best, true
}

// acceptValue is the value of Accept-Encoding that asks for the codings.
func acceptValue(codings []Coding) string {
	names := make([]string, len(codings))
	for i, c := range codings {
		names[i] = c.String()
	}
	return strings.Join(names, ",")
}

// addVary makes Vary name a request header, unless it does.
func addVary(h http.Header, name string) {
	for _, line := range h["Vary"] {
		if line == "*" || hasToken(line, name) {
			return
		}
	}
	h.Add("Vary", name)
}

// hasToken says whether a comma-separated list contains a token, in whatever
// case.
func hasToken(list, token string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(item, " \t"), token) {
			return true
		}
	}
	return false
}
