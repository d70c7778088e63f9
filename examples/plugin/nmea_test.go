package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/strategy"
	"github.com/stretchr/testify/require"
)

func TestPluginWins(t *testing.T) {
	track := makeTrack(40_000)
	plain, err := compress(track, strategy.Default())
	require.NoError(t, err)
	set := strategy.Default().With(nmea{})
	require.NoError(t, set.Check())
	plugged, err := compress(track, set)
	require.NoError(t, err)
	require.Less(t, len(plugged), len(plain))

	for _, n := range []int{1, 4} {
		r := sigio.NewReader(bytes.NewReader(plugged), sigio.WithStrategies(set), sigio.WithConcurrency(n))
		back, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(track, back))
		require.NotZero(t, r.Stats().ByStrategy[nmea{}.ID()].Chunks, "the plug-in was not chosen")
	}
}

func TestReaderWithoutPluginNamesIt(t *testing.T) {
	plugged, err := compress(makeTrack(10_000), strategy.Default().With(nmea{}))
	require.NoError(t, err)
	_, err = io.ReadAll(sigio.NewReader(bytes.NewReader(plugged)))
	require.ErrorIs(t, err, sigio.ErrUnsupported)
	var missing *sigio.MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "example.org/nmea", missing.Name)
}

func TestRoundTripOfOddLines(t *testing.T) {
	tests := map[string]string{
		"wrong checksum stays":         "$GPGGA,1*00\r\n",
		"right checksum":               "$A*41\r\n$AB*03\n",
		"no line end":                  "$A*41",
		"not a sentence":               "hello\nworld*zz\n\n\r\n",
		"star first":                   "*2A\n*00\n*\n$*00\n",
		"lower case digits are no sum": "$z*7a\n$z*7A\n",
		"only a carriage return":       "$A*41\r",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			rest, ok := strip([]byte(text))
			require.True(t, ok)
			back, err := restore(nil, rest, len(text))
			require.NoError(t, err)
			require.Equal(t, text, string(back))
		})
	}
}

func TestAmbiguousSentenceIsSkipped(t *testing.T) {
	src := []byte(strings.Repeat("$GPGGA,1*\r\n", 100))
	_, err := nmea{}.Encode(nil, src, strategy.Params{Limit: len(src)})
	require.ErrorIs(t, err, strategy.ErrSkip)
}

func TestMalformedPayload(t *testing.T) {
	src := makeTrack(100)
	payload, err := nmea{}.Encode(nil, src, strategy.Params{Limit: len(src)})
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"empty":                nil,
		"length above content": append([]byte{0xff, 0xff, 0xff, 0x7f}, payload...),
		"cut":                  payload[:len(payload)/2],
	} {
		_, err := nmea{}.Decode(nil, bad, len(src))
		require.Error(t, err, name)
	}
	_, err = nmea{}.Decode(nil, payload, len(src)-1)
	require.Error(t, err, "length of the content too small")
}
