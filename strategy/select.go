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

// Choice is a Selector's verdict. A choice that fails (its strategy is not in
// the Set, or returns ErrSkip) falls back to zstd, then to store, so that no
// choice can make a chunk larger than stored.
type Choice struct {
	ID         ID
	Plan       any    // handed to Encode in Params.Plan
	Limit      int    // payload length above which the fallback is preferred; 0: just below the chunk's
	Confidence uint8  // 0 to 100
	Reason     string // a short phrase for people
}
