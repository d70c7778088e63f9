package strategy

// A Selector decides how a chunk is encoded. It must be deterministic, safe
// for concurrent use, and keep nothing of its Input: whole blocks are worked
// on in parallel, in no particular order.
type Selector interface {
	Select(in Input) Choice
}

// Input is what a Selector sees. All of it is read only.
type Input struct {
	Chunk   []byte
	Profile *Profile
	Level   Level
	Set     Set
}

// Choice is a Selector's verdict. Where it cannot be carried out (its strategy
// is not in the Set, or returns ErrSkip), the Set's general codec takes its
// place, and store the place of that, so that no choice can make a chunk larger
// than stored.
type Choice struct {
	ID   ID
	Plan any // handed to Encode in Params.Plan; Zstd takes a Level for its own

	// Limit is the length in bytes that the payload must not pass; 0 is just
	// below the chunk's.
	Limit int

	// Expected is the payload's length up to which the choice is right for
	// sure. A longer one is held against the general codec's of the whole chunk,
	// and the shorter is taken. 0 is no doubt.
	Expected int

	Confidence uint8  // 0 to 100
	Reason     string // a short phrase for people
}
