package sigio_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/frametest"
	"github.com/sigmalang/sigma/strategy"
)

// A vector is a file of testdata/vectors: a stream and what a Reader must
// make of it. Lines "key: value" come first, an annotated hex listing behind
// an empty line.
//
//	about:    what the stream is, or what is wrong with it
//	expect:   whole, corrupt, truncated, unsupported or too-large
//	reason:   part of the error's text
//	content:  bytes delivered before the verdict, and their SHA-256
//	options:  of the Reader: max-chunk=N max-output=N transport single
type vector struct {
	expect  error // io.EOF for a whole stream
	reason  string
	length  int
	sum     string
	options []sigio.ReaderOption
	stream  []byte
}

var expectations = map[string]error{
	"whole":       io.EOF,
	"corrupt":     sigio.ErrCorrupt,
	"truncated":   sigio.ErrTruncated,
	"unsupported": sigio.ErrUnsupported,
	"too-large":   sigio.ErrTooLarge,
}

func parseVector(t *testing.T, text string) (v vector) {
	head, listing, ok := strings.Cut(text, "\n\n")
	require.True(t, ok, "no empty line")
	fields := map[string]string{}
	for line := range strings.Lines(head) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		require.True(t, ok, line)
		fields[key] = strings.TrimSpace(value)
	}
	require.NotEmpty(t, fields["about"])
	require.Contains(t, expectations, fields["expect"])
	v.expect, v.reason = expectations[fields["expect"]], fields["reason"]
	require.Equal(t, v.expect == io.EOF, v.reason == "", "a verdict has a reason")
	length, sum, _ := strings.Cut(fields["content"], " ")
	var err error
	v.length, err = strconv.Atoi(length)
	require.NoError(t, err)
	v.sum = sum
	for _, o := range strings.Fields(fields["options"]) {
		v.options = append(v.options, parseOption(t, o))
	}
	v.stream = parseListing(t, listing)
	return v
}

func parseOption(t *testing.T, s string) sigio.ReaderOption {
	name, value, _ := strings.Cut(s, "=")
	n, _ := strconv.Atoi(value)
	switch name {
	case "max-chunk":
		return sigio.WithMaxChunk(n)
	case "max-output":
		return sigio.WithMaxOutput(int64(n))
	case "transport":
		return sigio.WithTransportChecks()
	case "single":
		return sigio.WithSingleStream()
	}
	require.Fail(t, "unknown option", s)
	return nil
}

// Every release reads, and refuses, what stands in testdata/vectors.
func TestVectors(t *testing.T) {
	paths, err := filepath.Glob("testdata/vectors/*.sigma")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".sigma"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			v := parseVector(t, string(text))
			t.Run("inline", func(t *testing.T) {
				v.require(t, bytes.NewReader(v.stream))
			})
			t.Run("parallel", func(t *testing.T) {
				v.require(t, bytes.NewReader(v.stream), sigio.WithConcurrency(4))
			})
			t.Run("byte by byte", func(t *testing.T) {
				v.require(t, iotest.OneByteReader(bytes.NewReader(v.stream)))
			})
			if v.expect == io.EOF {
				require.Equal(t, v.stream, frametest.Repair(v.stream, decodeBuiltin), "Repair finds fault")
			}
		})
	}
}

// decodeBuiltin is what frametest.Repair needs to know of strategies.
func decodeBuiltin(id uint8, payload []byte, rawLen int) ([]byte, error) {
	st, ok := strategy.Default().Lookup(strategy.ID(id))
	if !ok {
		return nil, errors.New("not a built-in")
	}
	return st.Decode(make([]byte, 0, rawLen), payload, rawLen)
}

func (v vector) require(t *testing.T, src io.Reader, more ...sigio.ReaderOption) {
	r := sigio.NewReader(src, append(more, v.options...)...)
	var content bytes.Buffer
	_, err := io.Copy(&content, struct{ io.Reader }{r})
	if v.expect == io.EOF {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, v.expect)
		require.ErrorContains(t, err, v.reason)
		_, again := r.Read(make([]byte, 1))
		require.Same(t, err, again, "the verdict does not stick")
	}
	sum := sha256.Sum256(content.Bytes())
	require.Equal(t, v.length, content.Len(), "bytes delivered")
	require.Equal(t, v.sum, hex.EncodeToString(sum[:]))
}
