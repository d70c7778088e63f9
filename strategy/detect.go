package strategy

const (
	// A window is the unit of sampling: long enough for local repeats and
	// strides to show, short enough that sixteen cost some ten microseconds.
	windowLen  = 384
	maxWindows = 16
	minWindows = 4

	// There is one window for each windowEvery bytes, so that detection stays
	// a small part of what encoding will cost. A chunk no longer than the
	// fewest windows is looked at from end to end.
	windowEvery = 4 << 10
	fullScan    = minWindows * windowLen
)

// Detect returns the profile of p.
func Detect(p []byte) Profile {
	var prof Profile
	DetectInto(&prof, p)
	return prof
}

// DetectInto replaces *prof by the profile of p. It does not allocate, keeps
// nothing of p, and its result depends on p alone. It looks at no more than
// 6 KiB of a chunk, unless these say that there is nothing to gain: then a
// survey touches all of it lightly.
func DetectInto(prof *Profile, p []byte) {
	*prof = Profile{Len: len(p)}
	var t tally
	if len(p) <= shortScan {
		t.scanShort(prof, p)
	} else {
		t.scanLong(prof, p)
	}
	t.summarize(prof)

	var far findings
	random := t.looksRandom(prof)
	switch {
	case random && len(p) > fullScan:
		far = survey(p, minRepeat)
		prof.FarRepeat = far.hasRepeats()
	case !random && prof.Run < runDominated:
		searchLag(prof, p)
	}
	prof.Class, prof.Confidence = classify(prof, far, random)
}

// window returns the i-th of n windows of size bytes. Each has an equal
// stretch of p to itself, and a place in it that differs from stretch to
// stretch, lest the windows keep time with pages, records or tar headers.
func window(p []byte, n, i, size int) []byte {
	each := len(p) / n
	slack := uint64(each - size + 1)
	jitter := uint64(uint32(i+1)*goldenRatio32) * slack >> 32
	return p[i*each+int(jitter):][:size]
}
