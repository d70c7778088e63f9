// Package buffers holds the pool that all of the process shares: the chunks of
// streams, what is made of them, and what strategies work in. Few of them are
// in use at the same moment, and one pool lets each have what another left.
package buffers

import "github.com/sigmalang/sigma/pool"

// Shared is a cache: it changes no result.
var Shared pool.Pool
