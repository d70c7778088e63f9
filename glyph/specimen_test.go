package glyph

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The messages of the tests are of our own making, and the same each time.

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

var words = strings.Fields(`accept account action active address agent amount archive balance bank basket batch
bridge buffer cache cancel carrier channel charge client cluster commit config connect customer database deliver
device district document driver email engine error event export failure filter forward gateway group harbour header
history host image import index invoice item journal kernel label lantern library limit market member memory message
meter mirror mobile module month network node notice number object offer office order package partner payment phase
player pocket policy port price process product profile project queue rate reader record region release report request
result river route sample schedule search season section sensor server service session signal source station status
storage stream street summary supply switch system table target ticket token track transfer update user valley value
vendor version video village volume warning water window winter worker`)

// records returns n messages of a service: some fields vary, most do not.
func records(r *rand.Rand, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		w := func() string { return words[int(r.ExpFloat64()*20)%len(words)] }
		all[i] = fmt.Appendf(nil, `{"time":"2026-03-%02dT%02d:%02d:%02d.%03dZ","level":"%s","service":"%s","user":%d,"path":"/%s/%s/%d","took":%.2f,"note":"%s %s %s"}`+"\n",
			1+i/500%28, i/60%24, i%60, r.IntN(60), r.IntN(1000), []string{"info", "info", "info", "warn", "error"}[r.IntN(5)],
			w(), r.IntN(5000), w(), w(), r.IntN(100), r.ExpFloat64()*20, w(), w(), w())
	}
	return all
}

// prose returns n bytes of text.
func prose(r *rand.Rand, n int) []byte {
	var out []byte
	for len(out) < n {
		out = append(out, words[int(r.ExpFloat64()*30)%len(words)]...)
		out = append(out, " ,. \n"[r.IntN(5)])
	}
	return out[:n]
}

// noise returns n bytes that cannot be compressed.
func noise(r *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// anyMessage returns one of a kind that r chooses, of up to most bytes.
func anyMessage(r *rand.Rand, most int) []byte {
	n := r.IntN(most + 1)
	switch r.IntN(6) {
	case 0:
		return noise(r, n)
	case 1:
		return make([]byte, n)
	case 2:
		return prose(r, n)
	case 3:
		return prose(r, min(n, 40))
	case 4:
		return append(noise(r, n/4), prose(r, n-n/4)...)
	default:
		return records(r, 1)[0]
	}
}
