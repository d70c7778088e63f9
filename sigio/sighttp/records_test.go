package sighttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// recordSets are the records of several files or kinds.
type recordSets [][]json.RawMessage

// bodies returns n arrays of records of one set each, with lengths from least
// to most bytes where there are enough, made of every other record: the odd or the even ones.
func (sets recordSets) bodies(n, least, most, parity int) [][]byte {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(most)))
	bodies := make([][]byte, n)
	for i := range bodies {
		set := sets[i%len(sets)]
		length := least
		if n > 1 { // many short ones, few long ones
			length += (most - least) * i * i / ((n - 1) * (n - 1))
		}
		at := rng.IntN(len(set))
		body := []byte(`{"page":` + strconv.Itoa(i) + `,"items":[`)
		for taken := 0; len(body) < length && taken < len(set); taken += 2 { // none twice
			body = append(append(body, set[(at&^1+parity)%len(set)]...), ',')
			at += 2
		}
		body[len(body)-1] = ']'
		bodies[i] = append(body, '}')
	}
	return bodies
}

func records() recordSets {
	root := os.Getenv("SIGMA_CORPUS")
	if root == "" {
		return recordSets{madeUsers(12000), madeEvents(15000)}
	}
	names, err := filepath.Glob(filepath.Join(root, "json", "*"))
	if err != nil {
		panic(err)
	}
	var sets recordSets
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		if set := recordsIn(content); len(set) >= 100 {
			sets = append(sets, set)
		}
	}
	if len(sets) == 0 {
		panic("no records in " + root + "/json")
	}
	return sets
}

// recordsIn returns the elements of an array, or of the longest one in an
// object, or the lines of JSON. Of a file that was cut it returns those that are
// whole.
func recordsIn(content []byte) (set []json.RawMessage) {
	d := json.NewDecoder(bytes.NewReader(content))
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("[")) {
		_, _ = d.Token()
	}
	for d.More() {
		var record json.RawMessage
		if d.Decode(&record) != nil {
			break
		}
		var compact bytes.Buffer
		_ = json.Compact(&compact, record)
		set = append(set, compact.Bytes())
	}
	if len(set) != 1 {
		return set
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(set[0], &object) != nil {
		return nil
	}
	set = nil
	for _, value := range object {
		if value[0] == '[' {
			if inner := recordsIn(value); len(inner) > len(set) {
				set = inner
			}
		}
	}
	return set
}

var (
	firstNames = strings.Fields("Ada Alan Barbara Claude Dennis Edsger Frances Grace Ivan John Karen Leslie Margaret Niklaus Radia Shafi Tony Ursula")
	lastNames  = strings.Fields("Allen Backus Dijkstra Goldwasser Hamilton Hoare Hopper Kay Knuth Lamport Liskov Lovelace McCarthy Perlman Ritchie Shannon Turing Wirth")
	words      = strings.Fields("the order was shipped late customer asked refund parcel damaged delivered to neighbour invoice missing address changed twice payment failed again please call back thanks")
)

func madeUsers(n int) (set []json.RawMessage) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		first, last := firstNames[rng.IntN(len(firstNames))], lastNames[rng.IntN(len(lastNames))]
		set = append(set, fmt.Appendf(nil, `{"id":%d,"login":"%s.%s%d","name":"%s %s","email":"%s@example.com","created_at":"20%02d-%02d-%02dT%02d:%02d:%02dZ","balance":%d.%02d,"active":%t,"roles":["user"%s],"address":{"city":"Springfield","zip":"%05d"},"avatar_url":"https://cdn.example.com/avatars/%08x.png"}`,
			10000+i, strings.ToLower(first), strings.ToLower(last), rng.IntN(100), first, last, strings.ToLower(last),
			10+rng.IntN(15), 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(1000), rng.IntN(100),
			rng.IntN(3) > 0, []string{"", `,"admin"`, `,"editor"`}[rng.IntN(3)], rng.IntN(100000), rng.Uint32()))
	}
	return set
}

func madeEvents(n int) (set []json.RawMessage) {
	rng := rand.New(rand.NewPCG(2, 2))
	at := int64(1_700_000_000_000)
	for range n {
		at += rng.Int64N(5000)
		note := make([]string, 3+rng.IntN(12))
		for k := range note {
			note[k] = words[rng.IntN(len(words))]
		}
		set = append(set, fmt.Appendf(nil, `{"event_id":"%016x","ts":%d,"type":"%s","user":{"id":%d},"value":%.4f,"tags":{"region":"eu-%d","host":"web-%02d"},"note":"%s"}`,
			rng.Uint64(), at, []string{"order.created", "order.shipped", "ticket.opened", "ticket.closed"}[rng.IntN(4)],
			10000+rng.IntN(4000), rng.Float64()*500, 1+rng.IntN(3), rng.IntN(40), strings.Join(note, " ")))
	}
	return set
}
