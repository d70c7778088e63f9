package main

import "math"

// placeLabels puts each name beside its point where it covers the least of
// the other points and names. Names of points with fewest neighbours wait for
// the others, which have less choice.
func (p *plot) placeLabels() {
	for i := range p.Points {
		p.Points[i].Label = box{} // not placed
	}
	for _, i := range p.byCrowd() {
		q := &p.Points[i]
		least := math.Inf(1)
		for _, c := range candidates(*q) {
			if cost := p.cost(i, c.box) + c.cost; cost < least {
				least, q.Label, q.Leader = cost, c.box, c.far
			}
		}
	}
}

// byCrowd orders the points, those with near neighbours first.
func (p *plot) byCrowd() []int {
	crowd := make([]float64, len(p.Points))
	order := make([]int, len(p.Points))
	for i, a := range p.Points {
		order[i] = i
		for _, b := range p.Points {
			crowd[i] += 1 / (1 + math.Hypot(a.X-b.X, a.Y-b.Y))
		}
	}
	// An insertion sort: a dozen points, and the order of equals stays.
	for i := 1; i < len(order); i++ {
		for j := i; j > 0 && crowd[order[j]] > crowd[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	return order
}

// candidate is a place for a name, with what speaks against it by itself.
type candidate struct {
	box
	far  bool
	cost float64
}

func candidates(q point) []candidate {
	w, h := charWidth*float64(len(q.Name)), fontSize+4
	var all []candidate
	for ring, d := range []float64{markSize + 5, markSize + 16, markSize + 30, markSize + 44} {
		for k, at := range []box{
			{q.X + d, q.Y - h/2, w, h},             // right
			{q.X - d - w, q.Y - h/2, w, h},         // left
			{q.X - w/2, q.Y - d - h + 3, w, h},     // above
			{q.X - w/2, q.Y + d - 3, w, h},         // below
			{q.X + d*.6, q.Y - d*.6 - h + 4, w, h}, // the corners
			{q.X + d*.6, q.Y + d*.6 - 4, w, h},
			{q.X - d*.6 - w, q.Y - d*.6 - h + 4, w, h},
			{q.X - d*.6 - w, q.Y + d*.6 - 4, w, h},
		} {
			all = append(all, candidate{at, ring > 0, float64(ring*40 + k)})
		}
	}
	return all
}

// cost is what a name of the i-th point would cover at b. Beyond the edges it
// is out of the question.
func (p *plot) cost(i int, b box) float64 {
	cost := 0.0
	if b.X < p.Left+2 || b.Y < 0 || b.X+b.W > p.Width || b.Y+b.H > p.Bottom-1 {
		cost += 1e6
	}
	for j, q := range p.Points {
		const s = markSize + 2
		if j != i {
			cost += 8 * b.overlap(box{q.X - s, q.Y - s, 2 * s, 2 * s})
			cost += 12 * b.overlap(q.Label)
		}
	}
	return cost
}
