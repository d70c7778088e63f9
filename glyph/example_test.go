package glyph_test

import (
	"fmt"

	"github.com/sigmalang/sigma/glyph"
)

func order(i int) []byte {
	return fmt.Appendf(nil, `{"order":%d,"customer":"c-%04d","status":"shipped","items":[{"sku":"A-%d","count":%d}]}`,
		1000+i, i*37%400, i*7%90, 1+i%5)
}

// A Codebook is trained once, on messages like those to come, and given to both
// ends. With it also a message that stands alone becomes short.
func ExampleTrain() {
	var samples [][]byte
	for i := range 400 {
		samples = append(samples, order(i))
	}
	book, err := glyph.Train(samples, glyph.TrainOptions{TextLen: 4 << 10})
	if err != nil {
		panic(err)
	}
	form, _ := book.MarshalBinary() // to be stored or sent

	there, err := glyph.Parse(form)
	if err != nil {
		panic(err)
	}
	msg := order(4711)
	payload, ok := book.Append(nil, msg, len(msg), 0)
	if !ok {
		panic("to be sent as it is")
	}
	got, err := there.Decode(nil, payload, len(msg))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(got))
	fmt.Println("a fifth or less:", 5*len(payload) <= len(msg), "same codebook:", book.ID() == there.ID())
	// Output:
	// {"order":5711,"customer":"c-0307","status":"shipped","items":[{"sku":"A-37","count":2}]}
	// a fifth or less: true same codebook: true
}

// In a stream each message may copy from those before it.
func ExampleEncoder() {
	enc := glyph.NewEncoder(glyph.Builtin(), glyph.MinHistory)
	dec := glyph.NewDecoder(glyph.Builtin(), glyph.MinHistory)
	for i := range 3 {
		msg := order(i)
		payload, ok := enc.Append(nil, msg, len(msg)-1, 0)
		if !ok {
			dec.Observe(msg) // it would not have become shorter
			continue
		}
		got, err := dec.Decode(nil, payload, len(msg))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(got))
	}
	// Output:
	// {"order":1000,"customer":"c-0000","status":"shipped","items":[{"sku":"A-0","count":1}]}
	// {"order":1001,"customer":"c-0037","status":"shipped","items":[{"sku":"A-7","count":2}]}
	// {"order":1002,"customer":"c-0074","status":"shipped","items":[{"sku":"A-14","count":3}]}
}
