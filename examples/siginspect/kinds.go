package main

import "github.com/sigmalang/sigma/strategy"

// kind is how a strategy looks. Colours never stand alone: each has a letter.
type kind struct {
	letter string
	class  string // in the page's style sheet
	colour string // of the background on a terminal with 256 colours
	ink    string // of the letter there
}

// kindOf tells built-in strategies apart; plug-ins share a kind.
func kindOf(id strategy.ID) kind {
	switch id {
	case strategy.Store:
		return kind{"S", "store", "245", "16"}
	case strategy.RunLength:
		return kind{"R", "runlength", "74", "16"}
	case strategy.Delta:
		return kind{"D", "delta", "208", "16"}
	case strategy.Glyph:
		return kind{"G", "glyph", "140", "16"}
	case strategy.LZ4:
		return kind{"L", "lz4", "221", "16"}
	case strategy.Zstd:
		return kind{"Z", "zstd", "36", "16"}
	case strategy.S2:
		return kind{"T", "s2", "211", "16"}
	case strategy.Branch:
		return kind{"B", "branch", "150", "16"}
	}
	return kind{"P", "plugin", "255", "16"}
}

// damage is how a chunk looks whose content does not pass its check.
var damage = kind{"!", "damage", "160", "231"}

// classLetter is the mark of a class in the map.
func classLetter(c strategy.Class) string {
	switch c {
	case strategy.ClassHighlyRepetitive:
		return "H"
	case strategy.ClassRandomBinary:
		return "B"
	case strategy.ClassMixedStructured:
		return "M"
	case strategy.ClassTextLike:
		return "T"
	case strategy.ClassDeltaFriendly:
		return "N"
	case strategy.ClassRLEFriendly:
		return "R"
	}
	return "U"
}
