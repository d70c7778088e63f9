module github.com/sigmalang/sigma/examples/chi

go 1.25

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/sigmalang/sigma v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/sigmalang/sigma => ../..
