package strategy

import (
	"errors"

	"github.com/sigmalang/sigma/internal/freelist"
)

const (
	// trialLen is the sample that is tried: long enough for tables to pay for
	// themselves, a small part of a chunk.
	trialLen = 32 << 10

	// A challenger must need no more than this much of what the rule's choice
	// needs, in percent.
	mustNeed = 95

	// A codec refers back to more in the whole chunk than in the sample. What
	// it makes of the sample is scaled up and then cut to this much, in percent.
	longerWindow = 95

	// maxEstimate bounds the costs that an Estimator may claim, in ns per KiB,
	// so that the arithmetic cannot overflow.
	maxEstimate = 1 << 30
)

// challenge lets the Estimators of the Set compete with the rule's choice. It
// encodes samples only when one of them promises to win.
func challenge(in Input, byRule Choice) Choice {
	var t *trial
	for _, m := range in.Set.list() {
		e, ok := m.Strategy.(Estimator)
		if !ok || m.id == byRule.ID {
			continue
		}
		sample := middle(in.Chunk, trialLen)
		estimate, ok := e.Estimate(in.Profile, sample)
		if !ok || !promising(in, estimate, byRule.ID) {
			continue
		}
		if t == nil {
			t = newTrial(in, sample, byRule)
		}
		t.run(m.id, e, costFrom(estimate))
	}
	if t == nil {
		return byRule
	}
	trialBuffers.Put(t.buffer) // not deferred: whoever panicked may still hold it
	return t.winner
}

// promising reports whether the estimate would win if the rule's choice
// gained nothing at all: if not, no trial can.
func promising(in Input, e Estimate, rival ID) bool {
	n := len(in.Chunk)
	if e.EncodedLen < 0 || e.EncodedLen >= n {
		return false
	}
	return beats(objective(in.Level, n, e.EncodedLen, costFrom(e)),
		objective(in.Level, n, n, costOf(rival, in.Level)))
}

func beats(need, rivalNeeds int64) bool { return need*100 <= rivalNeeds*mustNeed }

func costFrom(e Estimate) cost {
	return cost{min(max(e.EncodeCost, 0), maxEstimate), min(max(e.DecodeCost, 0), maxEstimate)}
}

// middle returns n bytes from the middle of p, or p when it is no longer.
func middle(p []byte, n int) []byte {
	if len(p) <= n {
		return p
	}
	return p[(len(p)-n)/2:][:n]
}

// trialBuffers are for what is encoded on trial. It may become a little
// longer than the sample.
var trialBuffers freelist.List[*trialBuffer]

type trialBuffer [trialLen + 1<<10]byte

// trial is a competition on one sample.
type trial struct {
	in     Input
	sample []byte
	buffer *trialBuffer

	rival    ID    // the rule's choice
	rivalLen int   // of the sample as it encodes it
	toBeat   int64 // the objective of that
	winner   Choice
	least    int64 // the objective of the winner
	failed   bool  // winner is a strategy that failed: it shall fail for real
}

func newTrial(in Input, sample []byte, byRule Choice) *trial {
	buffer, ok := trialBuffers.Get(func(*trialBuffer) bool { return true })
	if !ok {
		buffer = new(trialBuffer)
	}
	t := &trial{in: in, sample: sample, buffer: buffer, rival: byRule.ID, winner: byRule}
	t.rivalLen = len(sample)
	if byRule.ID != Store {
		rival, _ := in.Set.Lookup(byRule.ID)
		if n, ok := t.encodedLen(byRule.ID, rival); ok {
			t.rivalLen = min(n, len(sample))
		}
	}
	t.toBeat = objective(in.Level, len(sample), t.rivalLen, costOf(t.rival, in.Level))
	t.least = t.toBeat
	return t
}

// encodedLen encodes the sample. It reports false when s would not, and makes
// s the winner when it fails.
func (t *trial) encodedLen(id ID, s Strategy) (n int, ok bool) {
	if t.failed {
		return 0, false
	}
	p := Params{Level: t.in.Level, Limit: len(t.sample), Profile: t.in.Profile}
	out, err := s.Encode(t.buffer[:0], t.sample, p)
	switch {
	case err == nil:
		return len(out), true
	case !errors.Is(err, ErrSkip):
		t.winner, t.failed = Choice{ID: id, Reason: "trial failed"}, true
	}
	return 0, false
}

// run has a challenger encode the sample.
func (t *trial) run(id ID, e Estimator, c cost) {
	n, ok := t.encodedLen(id, e)
	if !ok {
		return
	}
	need := objective(t.in.Level, len(t.sample), n, c)
	if need >= t.least || !beats(need, t.toBeat) {
		return
	}
	t.least = need
	saved := int(100 - need*100/max(t.toBeat, 1))
	t.winner = Choice{
		ID: id, Expected: t.breakEven(c),
		Confidence: certainty(saved-(100-mustNeed), 50), Reason: "won the trial",
	}
}

// breakEven is the payload of the whole chunk at which the challenger would
// need as much as the rule's choice: above it the trial was misleading.
func (t *trial) breakEven(c cost) int {
	n, level := len(t.in.Chunk), t.in.Level
	rivalLen := n
	if t.rival != Store {
		rivalLen = int(int64(t.rivalLen) * int64(n) / int64(len(t.sample)))
		if n > len(t.sample) {
			rivalLen = rivalLen * longerWindow / 100
		}
	}
	spare := objective(level, n, rivalLen, costOf(t.rival, level)) - objective(level, n, 0, c)
	return int(min(max(spare/nsPerByte(level), 1), int64(n-1)))
}
