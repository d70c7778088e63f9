package glyph

import (
	"bytes"
	"testing"
)

func FuzzDecode(f *testing.F) {
	f.Add([]byte{}, []byte{}, uint16(0))
	history := prose(newRand(1), 500)
	e := NewEncoder(Builtin(), MinHistory)
	e.Observe(history)
	msg := []byte(`{"level":"info"} ` + string(history[100:200]))
	payload, _ := e.Append(nil, msg, len(msg), 0)
	f.Add(payload, history, uint16(len(msg)))
	f.Fuzz(func(t *testing.T, payload, history []byte, rawLen uint16) {
		n := int(rawLen)
		if got, err := Builtin().Decode(nil, payload, n); err == nil {
			if len(got) != n {
				t.Fatal("another length than said")
			}
			// What is decoded can be encoded.
			again, ok := Builtin().Append(nil, got, 2*n+8, 0)
			back, err := Builtin().Decode(nil, again, n)
			if ok && (err != nil || !bytes.Equal(back, got)) {
				t.Fatal("changed by a second round")
			}
		} else if len(got) != 0 {
			t.Fatal("bytes beside an error")
		}
		d := NewDecoder(Builtin(), MinHistory)
		d.Observe(history)
		for range 3 {
			if got, err := d.Decode(nil, payload, n); err == nil && len(got) != n || err != nil && len(got) != 0 {
				t.Fatal("another length than said")
			} else if err != nil {
				break
			}
		}
	})
}

// FuzzStream cuts data into messages, as steps say, and sends them.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 20, 1, 200, 2, 9, 3, 0, 4, 77, 5, 200, 0, 20}, []byte("GET /a/b HTTP/1.1 GET /a/b HTTP/1.1 \x00\x01\x02"))
	f.Add([]byte{5, 255, 5, 255, 5, 255}, prose(newRand(1), 3000))
	f.Fuzz(func(t *testing.T, steps, data []byte) {
		l := newLink(Builtin(), MinHistory)
		for total := 0; len(steps) >= 2 && len(data) > 0 && total < 1<<18; steps = steps[2:] {
			msg := data[:min(len(data), int(steps[1])*(1+int(steps[0]>>4)))]
			data = append(data[len(msg):len(data):len(data)], msg...)
			total += len(msg) + 64
			switch steps[0] % 8 {
			case 0:
				l.observe(t, msg)
			case 1:
				l.restart()
			case 2:
				l.send(t, msg, len(msg)/3)
			case 3:
				l.e.stale = true // the workset was taken
				l.send(t, msg, len(msg)-1)
			default:
				l.send(t, msg, 2*len(msg)+8)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, n := range []int{1, 300} {
		b, err := Train(records(newRand(1), 50), TrainOptions{TextLen: n})
		if err != nil {
			f.Fatal(err)
		}
		form, _ := b.MarshalBinary()
		f.Add(form, []byte("a message"))
	}
	f.Fuzz(func(t *testing.T, form, msg []byte) {
		b, err := Parse(form)
		if err != nil {
			return
		}
		if again, _ := b.MarshalBinary(); !bytes.Equal(form, again) {
			t.Fatal("two forms of one codebook")
		}
		msg = msg[:min(len(msg), MaxMessage)]
		if p, ok := b.Append(nil, msg, 2*len(msg)+8, 0); ok {
			if got, err := b.Decode(nil, p, len(msg)); err != nil || !bytes.Equal(msg, got) {
				t.Fatal("a message was changed", err)
			}
		}
		l := newLink(b, MinHistory)
		for range 4 {
			l.send(t, msg, len(msg))
		}
	})
}

// FuzzTrain cuts data into samples at a byte.
func FuzzTrain(f *testing.F) {
	f.Add([]byte("one sample\nanother sample\none sample more\nand one\n\n\nsample\n"), byte('\n'), uint16(100))
	f.Add(prose(newRand(1), 2000), byte(' '), uint16(0))
	f.Add(make([]byte, 3000), byte(1), uint16(9))
	f.Fuzz(func(t *testing.T, data []byte, cut byte, textLen uint16) {
		samples := bytes.SplitAfter(data, []byte{cut})
		b, err := Train(samples, TrainOptions{TextLen: int(textLen)})
		if err != nil {
			return
		}
		if n := b.TextLen(); textLen > 0 && n > int(textLen) {
			t.Fatal("text of", n)
		}
		form, _ := b.MarshalBinary()
		if _, err := Parse(form); err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			s = s[:min(len(s), MaxMessage)]
			if p, ok := b.Append(nil, s, 2*len(s)+8, 0); ok {
				if got, err := b.Decode(nil, p, len(s)); err != nil || !bytes.Equal(s, got) {
					t.Fatal("a message was changed", err)
				}
			}
		}
	})
}
