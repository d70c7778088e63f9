package strategy

const (
	// Up to these limits nothing is to be gained: measured on archives, media
	// files and their fragments, zstd shortened what passed them, and the
	// survey, by less than 0.1 % in sum. Local skew alone is of little use to
	// a codec, whose tables serve 128 KiB: so its limit is the wider one.
	maxRandomSkew   = 400 // within a window, per mille above chance
	maxRandomTilt   = 130 // over the whole sample
	maxRandomRepeat = 10  // share of 4-byte sequences, and of runs

	// Random bytes are printable ASCII at 387 per mille.
	maxRandomPrintable = 600

	runDominated   = 900
	runRich        = 500
	mostlyRepeated = 700
	mostlyText     = 900
	minText        = 450  // UTF-16 has 500
	minTextSkew    = 2500 // base64 has 3000, evenly spread printables 1700

	// How much more often bytes must equal those one stride back than they do
	// on average over all strides. Machine code, too, repeats at strides of
	// its instructions: weak evidence counts only where codecs find little.
	strongLag  = 100
	weakLag    = 40
	fewRepeats = 50

	// Fewer bytes than this show nothing.
	minClassified = 16
)

// looksRandom reports whether the sample shows nothing to gain. The limits
// give way for short samples, where chance alone passes them, up to three
// standard deviations.
func (t *tally) looksRandom(prof *Profile) bool {
	if prof.Printable > maxRandomPrintable || prof.Repeat > maxRandomRepeat || prof.Run > maxRandomRepeat ||
		!nearChance(t.equal, t.pairs, maxRandomSkew) {
		return false
	}
	var equal uint64
	for _, c := range &prof.Histogram {
		equal += uint64(c) * (uint64(c) - 1) / 2 // wraps for 0, to 0
	}
	n := uint64(t.sampled)
	return nearChance(equal, n*(n-1)/2, maxRandomTilt)
}

// nearChance reports whether of pairs of bytes no more are equal than one in
// 256, plus tolerance per mille of that or three standard deviations.
func nearChance(equal, pairs uint64, tolerance uint64) bool {
	if equal*256 <= pairs {
		return true
	}
	excess := equal*256 - pairs
	return excess*1000 <= pairs*tolerance || excess <= pairs && excess*excess <= 9*256*pairs
}

// classify names what the figures show, most telling evidence first, and says
// how sure that is.
func classify(prof *Profile, far findings, random bool) (Class, uint8) {
	text := textShare(prof)
	lagExcess := int(prof.LagShare) - int(prof.LagMean)
	switch {
	case prof.Len < minClassified:
		return ClassUnknown, 0
	case random && 2*far.repeats >= prof.Len:
		return ClassHighlyRepetitive, 80
	case random && far.hasAny():
		return ClassMixedStructured, 50
	case random:
		return ClassRandomBinary, certainty(maxRandomSkew-int(prof.Skew), maxRandomSkew)
	case prof.Run >= runDominated:
		return ClassRLEFriendly, certainty(int(prof.Run)-runDominated, 1000-runDominated)
	case text < mostlyText && lagExcess >= strongLag:
		return ClassDeltaFriendly, certainty(lagExcess-strongLag, 2*strongLag)
	case text < mostlyText && lagExcess >= weakLag && prof.Repeat < fewRepeats:
		return ClassDeltaFriendly, 50
	case prof.Run >= runRich:
		return ClassRLEFriendly, certainty(int(prof.Run)-runRich, runDominated-runRich)
	case prof.Repeat >= mostlyRepeated:
		return ClassHighlyRepetitive, certainty(int(prof.Repeat)-mostlyRepeated, 1000-mostlyRepeated)
	case text >= mostlyText:
		return ClassTextLike, certainty(text-mostlyText, 1000-mostlyText)
	}
	return ClassMixedStructured, 50
}

// textShare is the share of printable bytes among those that are not 0, since
// archives pad their texts and UTF-16 alternates with zeros. It is 0 where
// few bytes are printable, or where their values are spread too evenly for
// letters, as in quantised numbers that happen to lie in the printable range.
func textShare(prof *Profile) int {
	if prof.Printable < minText || prof.Skew < minTextSkew {
		return 0
	}
	return int(prof.Printable) * 1000 / (1000 - int(prof.Zero))
}

const (
	manyDigits = 350
	mostDigits = 500 // beside which little else is worth a search

	// Digits that repeat by chance repeat in fewer places of the sample.
	mostlyRepeats = 650
)

// mostlyDigits reports whether the chunk is text of which a good part is numbers.
// These repeat in short pieces, if at all, and hold little more than three bits
// a digit: the work of a codec is in the entropy coder then.
func mostlyDigits(prof *Profile) bool {
	return prof.Digit >= manyDigits && textShare(prof) >= mostlyText
}

// hardlyMoreThanDigits reports whether a search for anything but short
// repeats is in vain, too.
func hardlyMoreThanDigits(prof *Profile) bool {
	return mostlyDigits(prof) && prof.Digit >= mostDigits && prof.Repeat < mostlyRepeats
}

// onlyFewBits reports whether an entropy coder pays even where bytes are cheap,
// and what looks for repeats alone finds next to none.
func onlyFewBits(prof *Profile) bool {
	const (
		fewBits = 6*256 + 100
		rarely  = 200
	)
	return prof.Entropy <= fewBits && prof.Repeat < rarely
}

// certainty maps a margin of 0 to full onto 50 to 100.
func certainty(margin, full int) uint8 {
	return uint8(50 + 50*min(max(margin, 0), full)/full)
}
