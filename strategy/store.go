package strategy

// maxChunk is the largest chunk the stream format allows, in bytes. No codec
// here takes or makes a longer one, so that what a payload can demand is
// bounded even where a caller forgot to bound it.
const maxChunk = 16 << 20

// store carries the bytes as they are: what no codec can shorten costs no
// more than a copy.
type store struct{}

func (store) ID() ID       { return Store }
func (store) Name() string { return Store.String() }

func (store) Encode(dst, src []byte, p Params) ([]byte, error) {
	if len(src) > p.Limit {
		return dst, ErrSkip
	}
	return append(dst, src...), nil
}

func (store) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if len(src) != rawLen {
		return dst, ErrMalformed
	}
	return append(dst, src...), nil
}
