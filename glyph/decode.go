package glyph

import "errors"

// ErrMalformed is returned for a payload that no encoder makes, as far as it
// can be told. Damage that it cannot tell is for a check of the content to
// find.
var ErrMalformed = errors.New("glyph: malformed message")

// decoder decodes one message.
type decoder struct {
	book    *Codebook
	tables  *decodeTables
	model   *model        // nil: it does not adapt
	own     *decodeTables // of the model, when it has moved away from the book's
	history *history      // nil: none
	recent  recent
}

// message fills out from payload. Time is bounded by the length of out.
func (d *decoder) message(out, payload []byte) error {
	r := bitReader{in: payload}
	tables := d.tables
	for i := 0; i < len(out); {
		if r.held < longestToken {
			r.refill()
		}
		entry := tables.tokens[r.acc&(1<<quickBits-1)]
		if entry == 0 {
			entry = tables.long(r.acc)
		}
		r.skip(uint8(entry & 15))
		token, place := int(entry>>4), -1
		if token < firstLength {
			out[i] = byte(token)
			i++
		} else {
			length := lengthRanges[token-firstLength]
			n := int(length.base + r.take(length.extra))
			entry = tables.places[r.acc&(1<<placeLimit-1)]
			r.skip(uint8(entry & 15))
			place = int(entry >> 4)
			distance := uint32(0)
			if place < recentPlaces {
				distance = d.recent[place]
			} else {
				p := placeRanges[place-recentPlaces]
				distance = p.base + r.take(p.extra)
			}
			d.recent.use(distance)
			if n > len(out)-i || !d.copy(out, i, n, int(distance)) {
				return ErrMalformed
			}
			i += n
		}
		if d.model != nil && d.model.count(token, place) {
			d.model.rebuild()
			d.own.build(d.model)
			d.tables, tables = d.own, d.own
		}
	}
	if !r.finished() {
		return ErrMalformed
	}
	return nil
}

// copy copies n bytes from a distance before place i to there. It reports false
// if nothing is that far back.
func (d *decoder) copy(out []byte, i, n, distance int) bool {
	for n > 0 && distance > i {
		src := d.before(distance - i)
		if len(src) == 0 {
			return false
		}
		k := copy(out[i:i+n], src)
		i += k
		n -= k
	}
	if n == 0 {
		return true
	}
	from := i - distance
	if distance >= n {
		copy(out[i:i+n], out[from:])
		return true
	}
	for k := range n {
		out[i+k] = out[from+k]
	}
	return true
}

// before returns what stands at a distance before the message, as far as it
// goes without a break; nothing if nothing is that far back.
func (d *decoder) before(distance int) []byte {
	h := 0
	if d.history != nil {
		if h = d.history.len(); distance <= h {
			return d.history.at(distance)
		}
	}
	text := d.book.text
	if distance -= h; distance > len(text) {
		return nil
	}
	return text[len(text)-distance:]
}
