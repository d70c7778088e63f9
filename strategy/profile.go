package strategy

// Class is the detector's one-word verdict on a chunk: what kind of data it
// looks like, not how to encode it. A Selector may use it as a first hint;
// the figures of the Profile say more.
type Class uint8

// The classes. A chunk that shows evidence of several gets the one that
// decides most about its encoding; classify holds the order.
const (
	ClassUnknown          Class = iota // too short to tell
	ClassHighlyRepetitive              // most of it was seen before, near or far
	ClassRandomBinary                  // nothing to gain: random, encrypted or compressed
	ClassMixedStructured               // binary or mixed data with some redundancy
	ClassTextLike                      // text in ASCII or UTF-8
	ClassDeltaFriendly                 // bytes resemble those one stride back
	ClassRLEFriendly                   // runs of a byte or of a short pattern
)

var classNames = [...]string{
	"unknown", "highly repetitive", "random or binary", "mixed structured",
	"text-like", "delta-friendly", "rle-friendly",
}

// String returns the class's name.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return classNames[ClassUnknown]
}

// Profile describes a chunk by a sample of it. All figures are integers made
// with integer arithmetic, so that they, and every choice that follows from
// them, are the same on every machine. Shares are in per mille.
//
// A Profile is a plain value of about 1 KiB; whoever works on many chunks
// keeps one and refills it with DetectInto.
type Profile struct {
	Len     int // bytes in the chunk
	Sampled int // bytes of it that were looked at

	// Histogram counts the sampled bytes by value. It is the one histogram
	// that everything downstream shares.
	Histogram [256]uint32

	// Entropy is the order-0 entropy of the sample in 1/256 bit per byte,
	// corrected for the sample's size: 0 to 2048.
	Entropy uint16

	// Skew says how much more often than chance two bytes within the same 384
	// bytes are equal: 0 for random data, 1000 for twice as often. It sees what
	// Entropy cannot, a distribution that changes from place to place and is
	// even only on the whole; and it needs few bytes to tell.
	Skew uint16

	Printable uint16 // share of bytes that are printable ASCII, white space or plausibly UTF-8
	Digit     uint16 // share of bytes that are ASCII digits
	Zero      uint16 // share of zero bytes
	Run       uint16 // share of bytes that continue a run with a period of 1 to 8 bytes
	Repeat    uint16 // share of 4-byte sequences that the sample contained before

	// Lag is the stride, 1 to 64, at which most bytes equal the byte one
	// stride back; LagShare is how many do, LagMean how many do on average
	// over all strides. LagShare well above LagMean is evidence of records or
	// numbers Lag bytes wide. All three are 0 when the search was not worth
	// its time: in short, run-dominated and random chunks.
	Lag               uint8
	LagShare, LagMean uint16

	// FarRepeat reports that a probe over the whole chunk found repeats, of 32
	// bytes or more each, that may be worth 1 % of it. Only chunks of more than
	// 1.5 KiB whose sample shows nothing to gain are probed.
	FarRepeat bool

	Class      Class
	Confidence uint8 // in Class: 0 to 100
}
