package delta

// differences subtracts from each number the one before it, order times.
func differences(col []uint64, order int) {
	for ; order > 0; order-- {
		var last uint64
		for i, x := range col {
			col[i] = x - last
			last = x
		}
	}
}

// The median edge detector predicts from the neighbours in the row and in
// the row before: the smaller of west and north at an edge, the larger at the
// opposite edge, else the plane through the three (M. Weinberger et al., The
// LOCO-I lossless image compression algorithm, 2000).
func median(west, north, northWest int64) int64 {
	return max(min(west, north), min(max(west, north), west+north-northWest))
}
