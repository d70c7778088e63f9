package signet_test

import (
	"fmt"
	"math/rand/v2"
)

// logLines makes n lines of a log: of requests, with a word from other parts of
// the program now and then.
func logLines(seed uint64, n int) (lines [][]byte) {
	rng := rand.New(rand.NewPCG(seed, 11))
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	ms := int64(seed % 1000)
	for range n {
		ms += int64(rng.ExpFloat64() * 40)
		stamp := fmt.Sprintf("2026-03-%02dT%02d:%02d:%02d.%03dZ", 1+ms/86_400_000%28, ms/3_600_000%24, ms/60_000%60, ms/1000%60, ms%1000)
		var line string
		switch rng.IntN(12) {
		case 0:
			line = fmt.Sprintf("%s WARN  [pool-%d] c.e.store.Connections - waited %d ms for a connection, %d of %d in use\n",
				stamp, rng.IntN(4), rng.IntN(900), 10+rng.IntN(22), 32)
		case 1:
			line = fmt.Sprintf("%s ERROR [http-%d] c.e.api.%s - request %08x failed: %s\n", stamp, rng.IntN(16),
				pick("Orders", "Users", "Search"), rng.Uint32(), pick("context deadline exceeded", "connection reset by peer", "duplicate key value violates unique constraint \"orders_pkey\""))
		default:
			line = fmt.Sprintf("%s INFO  [http-%d] c.e.api.Access - 10.0.%d.%d %s /api/v1/%s/%d status=%s bytes=%d took=%dms id=%08x\n",
				stamp, rng.IntN(16), rng.IntN(4), rng.IntN(250), pick("GET", "GET", "GET", "POST", "PUT"),
				pick("orders", "users", "search", "carts", "items"), rng.IntN(100_000), pick("200", "200", "200", "201", "304", "404", "500"),
				rng.IntN(20_000), int(rng.ExpFloat64()*30), rng.Uint32())
		}
		lines = append(lines, []byte(line))
	}
	return lines
}
