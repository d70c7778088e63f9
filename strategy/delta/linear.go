package delta

import (
	"encoding/binary"
	"math/bits"
)

// Linear prediction: each number is predicted by a weighted sum of the ones
// before it, as audio codecs do (J. Makhoul, Linear prediction: a tutorial
// review, 1975). The weights are integers, found anew for each segment.
const (
	linearOrder = 8
	linearShift = 12
	maxWeight   = 1 << 19
)

// linear holds the weights of the last linearOrder numbers, latest first,
// times 1<<linearShift.
type linear [linearOrder]int64

func (l *linear) append(dst []byte) []byte {
	for _, w := range l {
		dst = binary.AppendVarint(dst, w)
	}
	return dst
}

func (l *linear) parse(src []byte) ([]byte, error) {
	for i := range l {
		w, n := binary.Varint(src)
		if n <= 0 || w > maxWeight || w < -maxWeight || n > 1 && src[n-1] == 0 {
			return nil, errMalformed
		}
		l[i], src = w, src[n:]
	}
	return src, nil
}

const (
	// The weights are fitted on fitSpans stretches of fitLen numbers, scaled
	// down to fitBits bits each so that sums of products are exact in 64 bits and
	// in floats.
	fitSpans = 16
	fitLen   = 256
	fitBits  = 20
)

// fit sets the weights to those with the least sum of squared residuals over
// stretches of col, taken relative to base.
//
// The floats here give the same result on every machine: each operation is
// rounded by itself, since an explicit conversion keeps a product from being
// fused with an addition (The Go Programming Language Specification,
// Floating-point operators).
func (l *linear) fit(col []uint64, base uint64, width uint8) {
	span := min(fitLen, len(col)/fitSpans)
	var spans [fitSpans][]uint64
	for i := range spans {
		spans[i] = col[(len(col)-span)*i/(fitSpans-1):][:span]
	}
	l.fitSpans(spans[:], base, width)
}

// fitSpans is fit for given stretches of at most fitLen numbers.
func (l *linear) fitSpans(spans [][]uint64, base uint64, width uint8) {
	*l = linear{}
	var m normal
	for _, span := range spans {
		if len(span) < 2*linearOrder {
			return
		}
		var buf [fitLen]uint64
		s := buf[:copy(buf[:], span)]
		rebase(s, base, width)
		m.add(s)
	}
	l.solve(&m)
}

// normal holds the coefficients of the normal equations: for each pair of
// lags the sum of the products of the numbers at these lags.
type normal [linearOrder + 1][linearOrder + 1]float64

// add adds a stretch, scaled to a power of one lest the loud ones decide
// alone. Only lag 0 takes a pass over the numbers; the sums of the other lags
// follow from it by what enters and what leaves at the ends.
func (m *normal) add(col []uint64) {
	const p = linearOrder
	var largest uint64
	for _, x := range col {
		largest |= x ^ uint64(int64(x)>>63)
	}
	shift := uint(max(bits.Len64(largest)-fitBits, 0))
	var t [linearOrder + 1][linearOrder + 1]int64
	at := func(i int) int64 { return int64(col[i]) >> (shift & 63) }
	for i := p; i < len(col); i++ {
		w := (*[p + 1]uint64)(col[i-p:])
		x := int64(w[p]) >> (shift & 63)
		for j := range t[0] {
			t[0][j] += x * (int64(w[p-j]) >> (shift & 63))
		}
	}
	n := len(col)
	for i := 1; i <= p; i++ {
		for j := i; j <= p; j++ {
			t[i][j] = t[i-1][j-1] + at(p-i)*at(p-j) - at(n-i)*at(n-j)
		}
	}
	power := float64(t[0][0]) + 1
	for i := range t {
		for j := i; j <= p; j++ {
			m[i][j] += float64(t[i][j]) / power
		}
	}
}

// solve finds the weights from the normal equations by the square-root-free
// decomposition of Cholesky.
func (l *linear) solve(m *normal) {
	const p = linearOrder
	var lower [p][p]float64
	var diagonal, y [p]float64
	for i := range p {
		for j := 0; j <= i; j++ {
			sum := m[j+1][i+1]
			if i == j {
				sum += float64(sum*1e-9) + 1e-12
			}
			for k := range j {
				sum -= float64(float64(lower[i][k]*lower[j][k]) * diagonal[k])
			}
			if i == j {
				diagonal[i] = sum
			} else {
				lower[i][j] = sum / diagonal[j]
			}
		}
		if !(diagonal[i] > 0) {
			return // singular beyond rounding: no prediction
		}
		sum := m[0][i+1]
		for k := range i {
			sum -= float64(lower[i][k] * y[k])
		}
		y[i] = sum
	}
	var w [p]float64
	for i := p - 1; i >= 0; i-- {
		sum := y[i] / diagonal[i]
		for k := i + 1; k < p; k++ {
			sum -= float64(lower[k][i] * w[k])
		}
		w[i] = sum
	}
	for i := range w {
		scaled := float64(w[i] * (1 << linearShift))
		if !(scaled < maxWeight && scaled > -maxWeight) {
			*l = linear{}
			return
		}
		if scaled >= 0 {
			l[i] = int64(scaled + 0.5)
		} else {
			l[i] = -int64(0.5 - scaled)
		}
	}
}
