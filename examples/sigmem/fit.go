package main

import "math"

// fit is memory = a · size^b, by least squares of the logarithms.
type fit struct {
	n         int // measurements
	a, b      float64
	r2        float64 // coefficient of determination of the logarithms
	low, high float64 // of b, with 95 % confidence
	cv        float64 // coefficient of variation of the memory
}

// growth is what the exponent of a fit says.
type growth string

const (
	unknown   growth = "unknown"
	constant  growth = "constant"
	sublinear growth = "sub-linear"
	linear    growth = "linear"
)

// Up to mostConstant an exponent means that memory is constant, doubling when
// the stream grows by a factor of 10^15; from leastLinear on it follows the
// stream.
const (
	mostConstant = 0.02
	leastLinear  = 0.9
)

func (f fit) growth() growth {
	switch {
	case f.n < 3 || math.IsNaN(f.b):
		return unknown
	case f.b <= mostConstant:
		return constant
	case f.b < leastLinear:
		return sublinear
	}
	return linear
}

// at is the memory that the fit expects for a size.
func (f fit) at(size float64) float64 { return f.a * math.Pow(size, f.b) }

// fitPower fits points of positive sizes and memory; others are left out.
func fitPower(sizes, memory []float64) fit {
	var x, y, kept []float64
	for i, s := range sizes {
		if s > 0 && memory[i] > 0 {
			x, y, kept = append(x, math.Log(s)), append(y, math.Log(memory[i])), append(kept, memory[i])
		}
	}
	f := fit{n: len(x), a: math.NaN(), b: math.NaN(), r2: math.NaN(), low: math.NaN(), high: math.NaN(), cv: variation(kept)}
	mx, my := mean(x), mean(y)
	var sxx, sxy, syy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
		syy += (y[i] - my) * (y[i] - my)
	}
	if sxx == 0 { // one size, or none
		return f
	}
	f.b = sxy / sxx
	f.a = math.Exp(my - f.b*mx)
	rest := max(syy-f.b*sxy, 0)
	f.r2 = 1
	if syy > 0 {
		f.r2 = 1 - rest/syy
	}
	if df := len(x) - 2; df > 0 {
		half := studentT(df) * math.Sqrt(rest/float64(df)/sxx)
		f.low, f.high = f.b-half, f.b+half
	}
	return f
}

// studentT is the 97.5 % quantile of Student's distribution: exact for one and
// two degrees of freedom, else by the expansion of Cornish and Fisher
// (M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.7.5).
func studentT(df int) float64 {
	switch df {
	case 1:
		return 12.706
	case 2:
		return 4.303
	}
	const z = 1.959964
	v := float64(df)
	z3, z5, z7, z9 := math.Pow(z, 3), math.Pow(z, 5), math.Pow(z, 7), math.Pow(z, 9)
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v) +
		(79*z9+776*z7+1482*z5-1920*z3-945*z)/(92160*v*v*v*v)
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// variation is the coefficient of variation: the standard deviation in parts of
// the mean, NaN for fewer than two values.
func variation(v []float64) float64 {
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum/float64(len(v)-1)) / m
}
