package glyph

// Effort is how hard an encoder looks for copies, from -1 to 2; 0 is the usual.
// -1 takes some 15 % less time and makes messages 2 to 7 % larger, 1 and 2 take
// 10 and 30 % more and make them 1 and 3 % smaller (BenchmarkEncode). What is
// beyond counts as the nearest. A Decoder need not know.
type Effort int

// reach is how far an encoder goes.
type reach struct {
	past int // places in the history and the message that are looked at for each place
	text int // and in the text
	good int // a copy as long as this is taken without looking further
}

func (e Effort) reach() *reach { return &reaches[min(max(e, -1), 2)+1] }

var reaches = [...]reach{
	{past: 4, text: 4, good: 16},
	{past: 12, text: 12, good: 32},
	{past: 24, text: 16, good: 48},
	{past: 64, text: 32, good: 64},
}
