package main

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/sigmalang/sigma/strategy"
)

// nmea is a strategy for logs of GPS receivers. Every NMEA 0183 sentence ends
// with a checksum, the exclusive or of its characters:
//
//	$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76
//
// To a general codec those two digits are noise. nmea leaves out the ones that
// are right and hands the rest to zstd:
//
//	payload = uvarint length of the rest, zstd payload of the rest
//
// In the rest a line "$...*" has lost its checksum.
type nmea struct{}

// ID is from the range that belongs to users; the stream names it.
func (nmea) ID() strategy.ID { return strategy.FirstPrivate + 1 }

func (nmea) Name() string { return "example.org/nmea" }

var errMalformed = errors.New("nmea: malformed payload")

// behind is the strategy that does the rest of the work.
var behind, _ = strategy.Default().Lookup(strategy.Zstd)

func (nmea) Encode(dst, src []byte, p strategy.Params) ([]byte, error) {
	rest, ok := strip(src)
	if !ok {
		return dst, strategy.ErrSkip
	}
	start := len(dst)
	dst = binary.AppendUvarint(dst, uint64(len(rest)))
	p.Limit -= len(dst) - start
	return behind.Encode(dst, rest, p)
}

func (nmea) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	n, at := binary.Uvarint(src)
	if at <= 0 || n > uint64(rawLen) {
		return dst, errMalformed
	}
	rest, err := behind.Decode(make([]byte, 0, n), src[at:], int(n))
	if err != nil {
		return dst, err
	}
	return restore(dst, rest, rawLen)
}

// Estimate makes nmea a candidate where it finds sentences. From the sample
// alone it cannot know what zstd will reach; it says what it would save of a
// typical log, and the selector tries it before it believes that.
func (nmea) Estimate(p *strategy.Profile, sample []byte) (strategy.Estimate, bool) {
	sentences := bytes.Count(sample, []byte("\n$"))
	if sentences == 0 || len(sample)/sentences > 100 {
		return strategy.Estimate{}, false
	}
	return strategy.Estimate{EncodedLen: p.Len / 5, EncodeCost: 5500, DecodeCost: 2000}, true
}

// strip returns src without the checksums that can be computed. It fails where
// a sentence without one would read as a sentence that lost it.
func strip(src []byte) (rest []byte, ok bool) {
	rest = make([]byte, 0, len(src))
	for line := range bytes.Lines(src) {
		body, end := cutEnd(line)
		if isOpen(body) {
			return nil, false
		}
		if n := len(body) - 2; n > 0 && isOpen(body[:n]) && string(body[n:]) == string(checksum(body[:n])) {
			body = body[:n]
		}
		rest = append(append(rest, body...), end...)
	}
	return rest, true
}

// restore is the inverse of strip. It appends rawLen bytes or fails.
func restore(dst, rest []byte, rawLen int) ([]byte, error) {
	start := len(dst)
	for line := range bytes.Lines(rest) {
		body, end := cutEnd(line)
		dst = append(dst, body...)
		if isOpen(body) {
			dst = append(dst, checksum(body)...)
		}
		dst = append(dst, end...)
		if len(dst)-start > rawLen {
			return dst[:start], errMalformed
		}
	}
	if len(dst)-start != rawLen {
		return dst[:start], errMalformed
	}
	return dst, nil
}

// isOpen reports whether a line is a sentence up to its checksum.
func isOpen(line []byte) bool {
	return len(line) >= 2 && line[0] == '$' && line[len(line)-1] == '*'
}

// cutEnd splits a line into what it says and its line end.
func cutEnd(line []byte) (body, end []byte) {
	n := len(bytes.TrimRight(line, "\r\n"))
	return line[:n], line[n:]
}

// checksum returns the two digits for a sentence "$...*".
func checksum(sentence []byte) []byte {
	var sum byte
	for _, c := range sentence[1 : len(sentence)-1] {
		sum ^= c
	}
	const digits = "0123456789ABCDEF"
	return []byte{digits[sum>>4], digits[sum&15]}
}
