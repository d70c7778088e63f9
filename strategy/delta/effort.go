package delta

// Effort is how hard the encoder tries, 0 to 3.
type Effort int
