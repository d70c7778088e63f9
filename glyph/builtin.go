package glyph

import (
	_ "embed"
	"sync"
)

// The built-in Codebook is made from sample messages of many kinds.
//
//go:generate go run ./internal/mkbuiltin -o builtin.bin internal/mkbuiltin/samples
//go:embed builtin.bin
var builtinForm []byte

// BuiltinVersion is the number of the built-in Codebook. One that was released
// never changes; another would have another number.
const BuiltinVersion = 0

var builtin = sync.OnceValue(func() *Codebook {
	b, err := Parse(builtinForm)
	if err != nil {
		panic(err) // the tests parse it
	}
	return b
})

// Builtin returns the built-in Codebook, for messages in json, logs, http,
// csv, sql, markup, code and prose.
func Builtin() *Codebook { return builtin() }
