package main

import (
	"cmp"
	"slices"

	"github.com/sigmalang/sigma/strategy"
)

// survey adds up chunks. Its size does not depend on how many there are.
type survey struct {
	outcome
	err error // why it is not complete, or nil

	streams, chunks uint64
	raw, encoded    int64 // of sound chunks, without framing
	light, flushed  uint64
	headers         int64 // bytes
	seen, agreed    uint64

	strategies []*usage
	classes    [strategy.ClassRLEFriendly + 1]usage
	reasons    []*usage
	cells      cells
}

// usage is what fell to a strategy, a class or a reason.
type usage struct {
	id           strategy.ID
	name         string // of the strategy or class
	reason       string
	chunks       uint64
	raw, encoded int64
}

func (u *usage) add(c *chunk) {
	u.chunks++
	u.raw += int64(c.RawLen)
	u.encoded += int64(c.EncodedLen)
}

// mostNames bounds how many names of strategies are kept apart: streams one
// behind the other may each bring their own.
const mostNames = 64

// the name of what goes beyond that.
const otherName = "(others)"

func newSurvey(limit int) *survey {
	s := &survey{cells: cells{limit: limit}}
	for i := range s.classes {
		s.classes[i].name = strategy.Class(i).String()
	}
	return s
}

// add takes the next chunk.
func (s *survey) add(c *chunk) {
	s.streams = uint64(c.Stream) + 1
	if c.state == damaged {
		s.cells.add(c, s.strategyOf(c))
		return
	}
	s.chunks++
	s.raw += int64(c.RawLen)
	s.encoded += int64(c.EncodedLen)
	s.headers += int64(c.HeaderLen)
	if c.Light {
		s.light++
	}
	if c.Flushed {
		s.flushed++
	}
	index := s.strategyOf(c)
	s.strategies[index].add(c)
	if c.state == seen {
		s.seen++
		s.classes[c.class].add(c)
		s.reasonOf(c).add(c)
		if c.agrees() {
			s.agreed++
		}
	}
	s.cells.add(c, index)
}

// strategyOf returns the index of the chunk's strategy in s.strategies.
func (s *survey) strategyOf(c *chunk) int {
	for i, u := range s.strategies {
		if u.id == c.Strategy && u.name == c.Name || u.name == otherName {
			return i
		}
	}
	name := c.Name
	if len(s.strategies) == mostNames {
		name = otherName
	}
	s.strategies = append(s.strategies, &usage{id: c.Strategy, name: name})
	return len(s.strategies) - 1
}

// reasonOf returns the usage of what the selector says and would choose.
func (s *survey) reasonOf(c *chunk) *usage {
	for _, u := range s.reasons {
		if u.id == c.chosen && u.reason == c.reason {
			return u
		}
	}
	u := &usage{id: c.chosen, name: c.chosen.String(), reason: c.reason}
	s.reasons = append(s.reasons, u)
	return u
}

// framing is all that is neither payload nor metadata, in bytes.
func (s *survey) framing() int64 { return max(0, s.input-s.encoded-s.metaBytes) }

// largest returns the usages that have chunks, those with the most content
// first.
func largest(all []*usage) []*usage {
	var some []*usage
	for _, u := range all {
		if u.chunks > 0 {
			some = append(some, u)
		}
	}
	slices.SortStableFunc(some, func(a, b *usage) int { return cmp.Compare(b.raw, a.raw) })
	return some
}

func (s *survey) classList() []*usage {
	var all []*usage
	for i := range s.classes {
		all = append(all, &s.classes[i])
	}
	return largest(all)
}
