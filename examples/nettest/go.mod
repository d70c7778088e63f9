module github.com/sigmalang/sigma/examples/nettest

go 1.25

replace github.com/sigmalang/sigma => ../..

require (
	github.com/sigmalang/sigma v0.0.0-00010101000000-000000000000
	golang.org/x/net v0.50.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
)
