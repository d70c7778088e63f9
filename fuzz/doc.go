// Package fuzz holds black-box fuzz targets: they see of Sigma what its users
// see. Targets of the wire format, which users don't see, are beside it in
// sigio and sigio/internal/frame.
//
//	go test -fuzz FuzzRoundTrip ./fuzz
package fuzz
