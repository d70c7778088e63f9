package frame

// History is the body of a TagHistory record (FORMAT §6).
type History struct {
	WindowLog uint8 // log2 of the history of strategy 3 in bytes
	ZstdLog   uint8 // log2 of the window of the shared zstd frame; 0 for none
	Builtin   uint8 // version of the built-in codebook
}

const (
	historyLen = 3

	minWindowLog, maxWindowLog = 14, 16
	minZstdLog, maxZstdLog     = 17, 23

	// CodebookIDLen is the length of the body of a TagCodebookID record.
	CodebookIDLen = 8
)

// Append appends the body to dst.
func (h History) Append(dst []byte) []byte {
	return append(dst, h.WindowLog, h.ZstdLog, h.Builtin)
}

// ParseHistory parses the body of a TagHistory record.
func ParseHistory(body []byte) (History, error) {
	if len(body) != historyLen {
		return History{}, corrupt("malformed history parameters")
	}
	h := History{body[0], body[1], body[2]}
	if h.WindowLog < minWindowLog || h.WindowLog > maxWindowLog ||
		h.ZstdLog != 0 && (h.ZstdLog < minZstdLog || h.ZstdLog > maxZstdLog) {
		return History{}, corrupt("history parameters out of range")
	}
	return h, nil
}
