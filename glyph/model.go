package glyph

// model holds the codes of both alphabets. In a stream they follow what was
// coded: they are built anew from the counts after some tokens, more each
// time, also in the middle of a message.
type model struct {
	tokens, places prefixCode // whose slices are the arrays below
	seen           int        // tokens since the last rebuild
	due            int        // tokens after which the next one is
	modelCounts
	modelCodes
}

type modelCounts struct {
	tokenCount [tokenSymbols]uint16
	placeCount [placeSymbols]uint16
}

// modelCodes change with a rebuild alone.
type modelCodes struct {
	tokenLen   [tokenSymbols]uint8
	placeLen   [placeSymbols]uint8
	tokenCode  [tokenSymbols]uint16
	placeCode  [placeSymbols]uint16
	tokenOrder [tokenSymbols]uint16
	placeOrder [placeSymbols]uint16
}

const (
	firstDue = 32
	lastDue  = 2048
)

// init ties the parts of m together. m must not be moved or assigned.
func (m *model) init() {
	m.tokens = prefixCode{
		limit: tokenLimit, never: 1,
		len: m.tokenLen[:], code: m.tokenCode[:], count: m.tokenCount[:], order: m.tokenOrder[:],
	}
	m.places = prefixCode{
		limit: placeLimit, never: 4,
		len: m.placeLen[:], code: m.placeCode[:], count: m.placeCount[:], order: m.placeOrder[:],
	}
	m.due = firstDue
}

// set makes m equal to o. Both were made ready by init.
func (m *model) set(o *model) {
	m.modelCounts, m.modelCodes = o.modelCounts, o.modelCodes
	m.seen, m.due = o.seen, o.due
}

// count takes note of a token, and of a place unless it is negative. It reports
// whether a rebuild is due.
func (m *model) count(token, place int) bool {
	m.tokenCount[token] += onePer
	if place >= 0 {
		m.placeCount[place] += onePer
	}
	m.seen++
	return m.seen >= m.due
}

// rebuild makes the codes that suit the counts.
func (m *model) rebuild() {
	m.seen, m.due = 0, min(2*m.due, lastDue)
	m.tokens.rebuild()
	m.places.rebuild()
}

// savedModel is what a model was before a message.
type savedModel struct {
	modelCounts
	seen, due int

	modelCodes // if there was a rebuild since
	rebuilt    bool
}

func (s *savedModel) save(m *model) {
	s.modelCounts = m.modelCounts
	s.seen, s.due, s.rebuilt = m.seen, m.due, false
}

// rebuild does that to m.
func (s *savedModel) rebuild(m *model) {
	if !s.rebuilt {
		s.modelCodes, s.rebuilt = m.modelCodes, true
	}
	m.rebuild()
}

func (s *savedModel) restore(m *model) {
	m.modelCounts = s.modelCounts
	m.seen, m.due = s.seen, s.due
	if s.rebuilt {
		m.modelCodes = s.modelCodes
	}
}
