package sigio_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sigmalang/sigma/sigio"
	"github.com/sigmalang/sigma/sigio/internal/leaktest"
	"github.com/sigmalang/sigma/strategy"
)

// The plug-in of these tests knows the lines of one program: each holds in
// hexadecimal the successor, under a linear congruence, of the number on the
// line before it. Its payload is the content up to the end of the first line,
// from which all that follows is computed; to every other strategy the digits
// are random.
type ledger struct{ name string }

const ledgerID = strategy.ID(200)

const (
	ledgerLine    = 9 // bytes: eight digits and the end of the line
	ledgerPayload = 2 * ledgerLine
)

var errNoLedger = errors.New("payload does not start a ledger")

func (l ledger) ID() strategy.ID { return ledgerID }
func (l ledger) Name() string    { return l.name }

func (l ledger) Encode(dst, src []byte, p strategy.Params) ([]byte, error) {
	head := min(len(src), ledgerPayload)
	if head > p.Limit {
		return dst, strategy.ErrSkip
	}
	want, err := l.Decode(make([]byte, 0, len(src)), src[:head], len(src))
	if err != nil || !bytes.Equal(want, src) {
		return dst, strategy.ErrSkip
	}
	return append(dst, src[:head]...), nil
}

func (l ledger) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	end := bytes.LastIndexByte(src, '\n')
	var number [4]byte
	if len(src) > ledgerPayload || rawLen < len(src) || end < ledgerLine-1 {
		return dst, errNoLedger
	}
	if _, err := hex.Decode(number[:], src[end-8:end]); err != nil {
		return dst, errNoLedger
	}
	start := len(dst)
	dst = appendLedger(append(dst, src[:end+1]...), binary.BigEndian.Uint32(number[:]), start+rawLen)
	if !bytes.HasPrefix(dst[start:], src) {
		return dst[:start], errNoLedger
	}
	return dst[:start+rawLen], nil
}

func (l ledger) Estimate(_ *strategy.Profile, sample []byte) (strategy.Estimate, bool) {
	head := sample[:min(len(sample), ledgerPayload)]
	if bytes.LastIndexByte(head, '\n') < ledgerLine-1 {
		return strategy.Estimate{}, false
	}
	_, err := l.Encode(nil, sample, strategy.Params{Limit: ledgerPayload})
	return strategy.Estimate{EncodedLen: ledgerPayload, EncodeCost: 2000, DecodeCost: 2000}, err == nil
}

// appendLedger appends the lines behind that of number to b until it has n
// bytes or a little more.
func appendLedger(b []byte, number uint32, n int) []byte {
	const digits = "0123456789abcdef"
	for len(b) < n {
		number = number*1664525 + 1013904223
		for shift := 28; shift >= 0; shift -= 4 {
			b = append(b, digits[number>>shift&15])
		}
		b = append(b, '\n')
	}
	return b
}

// ledgerOf is content for the plug-in.
func ledgerOf(seed uint64, n int) []byte { return appendLedger(nil, uint32(seed), n)[:n] }

func withLedger() sigio.Option {
	return sigio.WithStrategies(strategy.Default().With(ledger{"ledger"}))
}

// forms are ways to write a content that end in one form of chunk.
var forms = []struct {
	name   string
	light  bool
	script func(content []byte) script
}{
	{"positioned", false, write},
	{"light", true, func(p []byte) script { return messages(p, 500, 90, 3000) }},
}

var concurrencies = []int{1, 4}

func TestPluginIsChosenByItsEstimate(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			content := ledgerOf(1, 40_000)
			if !form.light {
				content = ledgerOf(1, 300_000)
			}
			var first []byte
			for _, c := range concurrencies {
				stream := form.script(content).seal(t, withLedger(), sigio.WithChunkSize(sigio.MinChunkSize), sigio.WithConcurrency(c))
				if first == nil {
					first = stream
				}
				requireSame(t, first, stream, "concurrency ", c)
				requireSame(t, content, unseal(t, stream, withLedger(), sigio.WithConcurrency(c)))
			}
			require.Less(t, len(first), len(content)/4, "digits that the plug-in does not compute cost half of their length")
			for _, info := range chunksOf(t, first)[:1] {
				require.Equal(t, ledgerID, info.Strategy)
				require.Equal(t, "ledger", info.Name)
				require.Equal(t, form.light, info.Light)
			}
		})
	}
}

// TestPluginIsNamedBehindEverySyncPoint: a reader may start at a positioned
// chunk, so what names the strategy stands again behind each.
func TestPluginIsNamedBehindEverySyncPoint(t *testing.T) {
	s := messages(ledgerOf(1, 500*300), 500) // 131 of them reach 64 KiB
	s = append(s, messages(noise(1, 70_000), 70_000)...)
	s = append(s, messages(ledgerOf(2, 500*3), 500)...)
	stream := s.seal(t, withLedger(), sigio.WithSelector(always(ledgerID)))
	var want []int // offsets of the chunks that a name has to stand right before
	named := false
	for _, info := range chunksOf(t, stream) {
		named = named && info.Light
		if info.Strategy == ledgerID && !named {
			want = append(want, int(info.Offset))
			named = true
		}
	}
	require.Greater(t, len(want), 3)
	var got []int
	name := []byte("\xc8ledger")
	for at := 0; bytes.Contains(stream[at:], name); {
		at += bytes.Index(stream[at:], name) + len(name)
		got = append(got, at+4) // behind the check of the record
	}
	require.Equal(t, want, got)
	requireSame(t, s.content(), unseal(t, stream, withLedger()))
}

func TestReaderWithoutTheStrategy(t *testing.T) {
	namesake := strategy.Default().With(ledger{"almanac"})
	for _, v := range []struct {
		name   string
		made   strategy.ID
		fill   func(seed uint64, n int) []byte
		reader strategy.Set
		want   sigio.MissingError
	}{
		{"reader without the plug-in", ledgerID, ledgerOf, strategy.Default(), sigio.MissingError{Strategy: ledgerID, Name: "ledger"}},
		{"reader with another plug-in under the number", ledgerID, ledgerOf, namesake, sigio.MissingError{Strategy: ledgerID, Name: "ledger"}},
		{"reader with store alone", strategy.Zstd, prose, strategy.Set{}, sigio.MissingError{Strategy: strategy.Zstd, Name: "zstd"}},
		{"reader without a built-in", strategy.LZ4, prose, strategy.Default().Only(strategy.Zstd), sigio.MissingError{Strategy: strategy.LZ4, Name: "lz4"}},
	} {
		for _, form := range forms {
			for _, c := range concurrencies {
				t.Run(fmt.Sprintf("%s/%s/%d", v.name, form.name, c), func(t *testing.T) {
					plain := noise(1, sigio.MinChunkSize)
					s := append(messages(plain, len(plain)), form.script(v.fill(2, 3*sigio.MinChunkSize/2))...)
					stream := s.seal(t, withLedger(), sigio.WithSelector(always(v.made)), sigio.WithChunkSize(sigio.MinChunkSize))

					r := sigio.NewReader(bytes.NewReader(stream), sigio.WithConcurrency(c), sigio.WithStrategies(v.reader))
					got, err := io.ReadAll(r)
					requireSame(t, plain, got, "what needs no strategy")
					var missing *sigio.MissingError
					require.ErrorAs(t, err, &missing)
					require.Equal(t, v.want, *missing)
					require.ErrorIs(t, err, sigio.ErrUnsupported)
					require.NotErrorIs(t, err, sigio.ErrCorrupt)
					var verdict *sigio.StreamError
					require.ErrorAs(t, err, &verdict)
					require.EqualValues(t, 1, verdict.Chunk)
					_, again := r.Read(make([]byte, 1))
					requireIdentical(t, err, again, "a verdict sticks")
				})
			}
		}
	}
}

// TestNamesHoldForTheirStreamAlone: the next stream may give the number to
// another strategy.
func TestNamesHoldForTheirStreamAlone(t *testing.T) {
	content := ledgerOf(1, 1000)
	var streams []byte
	for _, name := range []string{"ledger", "almanac"} {
		set := sigio.WithStrategies(strategy.Default().With(ledger{name}))
		streams = append(streams, write(content).seal(t, set, sigio.WithSelector(always(ledgerID)))...)
	}
	for _, c := range concurrencies {
		got, err := io.ReadAll(sigio.NewReader(bytes.NewReader(streams), withLedger(), sigio.WithConcurrency(c)))
		requireSame(t, content, got)
		var missing *sigio.MissingError
		require.ErrorAs(t, err, &missing)
		require.Equal(t, "almanac", missing.Name)
	}
}

// unruly is the plug-in with some of its methods replaced.
type unruly struct {
	ledger
	encode   func(dst, src []byte, p strategy.Params) ([]byte, error)
	decode   func(dst, src []byte, rawLen int) ([]byte, error)
	estimate func(p *strategy.Profile, sample []byte) (strategy.Estimate, bool)
}

func (u *unruly) Encode(dst, src []byte, p strategy.Params) ([]byte, error) {
	if u.encode != nil {
		return u.encode(dst, src, p)
	}
	return u.ledger.Encode(dst, src, p)
}

func (u *unruly) Decode(dst, src []byte, rawLen int) ([]byte, error) {
	if u.decode != nil {
		return u.decode(dst, src, rawLen)
	}
	return u.ledger.Decode(dst, src, rawLen)
}

func (u *unruly) Estimate(p *strategy.Profile, sample []byte) (strategy.Estimate, bool) {
	if u.estimate != nil {
		return u.estimate(p, sample)
	}
	return u.ledger.Estimate(p, sample)
}

// selectFunc is a Selector.
type selectFunc func(strategy.Input) strategy.Choice

func (f selectFunc) Select(in strategy.Input) strategy.Choice { return f(in) }

var errPlugin = errors.New("plug-in's own error")

// TestUnrulyEncoder: what a plug-in does wrong while encoding is a typed error
// of the Writer, kept like any other, and never more than that.
func TestUnrulyEncoder(t *testing.T) {
	var noMap map[string]int
	type encode = func(dst, src []byte, p strategy.Params) ([]byte, error)
	for _, v := range []struct {
		name     string
		encode   encode
		estimate func(*strategy.Profile, []byte) (strategy.Estimate, bool)
		selector strategy.Selector
	}{
		{name: "panics with a string", encode: func(_, _ []byte, _ strategy.Params) ([]byte, error) { panic("at work") }},
		{name: "panics with an error", encode: func(_, _ []byte, _ strategy.Params) ([]byte, error) { panic(errPlugin) }},
		{name: "panics with nil", encode: func(_, _ []byte, _ strategy.Params) ([]byte, error) { panic(nil) }},
		{name: "panics in the runtime", encode: func(_, _ []byte, _ strategy.Params) ([]byte, error) { noMap["a"] = 1; return nil, nil }},
		{name: "fails", encode: func(dst, _ []byte, _ strategy.Params) ([]byte, error) { return dst, errPlugin }},
		{name: "fails beside a payload", encode: func(dst, src []byte, _ strategy.Params) ([]byte, error) { return append(dst, src[0]), errPlugin }},
		{name: "makes an empty payload", encode: func(dst, _ []byte, _ strategy.Params) ([]byte, error) { return dst, nil }},
		{name: "makes nothing", encode: func(_, _ []byte, _ strategy.Params) ([]byte, error) { return nil, nil }},
		{name: "reads beyond its input", encode: func(dst, src []byte, _ strategy.Params) ([]byte, error) {
			return append(dst, src[:len(src)+1][len(src)]), nil
		}},
		{name: "writes beyond its room", encode: func(dst, _ []byte, _ strategy.Params) ([]byte, error) {
			return dst[:cap(dst)+1], nil
		}},
		{name: "panics in Estimate", estimate: func(*strategy.Profile, []byte) (strategy.Estimate, bool) { panic("at work") }},
		{name: "selector panics", selector: selectFunc(func(strategy.Input) strategy.Choice { panic("at work") })},
	} {
		for _, c := range concurrencies {
			t.Run(fmt.Sprintf("%s/%d", v.name, c), func(t *testing.T) {
				before := runtime.NumGoroutine()
				u := &unruly{ledger: ledger{"ledger"}, encode: v.encode, estimate: v.estimate}
				opts := []sigio.WriterOption{sigio.WithStrategies(strategy.Default().With(u)), sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize)}
				switch {
				case v.selector != nil:
					opts = append(opts, sigio.WithSelector(v.selector))
				case v.encode != nil:
					opts = append(opts, sigio.WithSelector(always(ledgerID)))
				}
				var out sink
				w := sigio.NewWriter(&out, opts...)
				err := write(ledgerOf(1, 400_000)).play(w)
				if err == nil {
					err = w.Flush()
				}
				require.ErrorIs(t, err, sigio.ErrStrategy)
				var fault *sigio.StreamError
				require.ErrorAs(t, err, &fault)
				require.NotEmpty(t, fault.Reason)
				requireStuck(t, w, &out, fault)

				w.Reset(&out)
				require.NoError(t, w.Flush(), "a Reset clears the error")
				leaktest.Goroutines(t, before)
			})
		}
	}
}

// TestUncommonEncoder: what looks wrong and is not.
func TestUncommonEncoder(t *testing.T) {
	good := ledger{"ledger"}
	for _, v := range []struct {
		name   string
		taken  bool // or another strategy does the work
		encode func(dst, src []byte, p strategy.Params) ([]byte, error)
	}{
		{"payload in memory of its own", true, func(_, src []byte, p strategy.Params) ([]byte, error) {
			return good.Encode(nil, src, p)
		}},
		{"payload that is a part of the input", true, func(_, src []byte, p strategy.Params) ([]byte, error) {
			payload, err := good.Encode(nil, src, p)
			return src[:len(payload)], err
		}},
		{"payload further behind in its room", true, func(dst, src []byte, p strategy.Params) ([]byte, error) {
			payload, err := good.Encode(append(dst, 0, 0, 0), src, p)
			return payload[3:], err
		}},
		{"all of its room is used as scratch", true, func(dst, src []byte, p strategy.Params) ([]byte, error) {
			clear(dst[:cap(dst)])
			return good.Encode(dst, src, p)
		}},
		{"payload above the limit without saying so", false, func(dst, src []byte, p strategy.Params) ([]byte, error) {
			return append(dst, src[:p.Limit+1]...), nil
		}},
		{"payload above its room", false, func(dst, src []byte, _ strategy.Params) ([]byte, error) {
			return append(append(dst, src...), src...), nil
		}},
		{"wrapped ErrSkip", false, func(dst, _ []byte, _ strategy.Params) ([]byte, error) {
			return dst, fmt.Errorf("not mine: %w", strategy.ErrSkip)
		}},
	} {
		for _, form := range forms {
			for _, c := range concurrencies {
				t.Run(fmt.Sprintf("%s/%s/%d", v.name, form.name, c), func(t *testing.T) {
					set := strategy.Default().With(&unruly{ledger: good, encode: v.encode})
					s := form.script(ledgerOf(3, 200_000))
					stream := s.seal(t, sigio.WithStrategies(set), sigio.WithSelector(always(ledgerID)), sigio.WithConcurrency(c), sigio.WithChunkSize(sigio.MinChunkSize))
					requireSame(t, s.content(), unseal(t, stream, withLedger(), sigio.WithConcurrency(c)))
					require.Equal(t, v.taken, chunksOf(t, stream)[0].Strategy == ledgerID)
				})
			}
		}
	}
}

// TestUnrulyDecoder: what a plug-in does wrong while decoding is ErrCorrupt,
// found before any of it is delivered.
func TestUnrulyDecoder(t *testing.T) {
	good := ledger{"ledger"}
	for _, v := range []struct {
		name   string
		decode func(dst, src []byte, rawLen int) ([]byte, error)
	}{
		{"panics with a string", func(_, _ []byte, _ int) ([]byte, error) { panic("at work") }},
		{"panics with nil", func(_, _ []byte, _ int) ([]byte, error) { panic(nil) }},
		{"fails", func(dst, _ []byte, _ int) ([]byte, error) { return dst, errPlugin }},
		{"fails beside the right content", func(dst, src []byte, rawLen int) ([]byte, error) {
			dst, _ = good.Decode(dst, src, rawLen)
			return dst, errPlugin
		}},
		{"makes nothing", func(_, _ []byte, _ int) ([]byte, error) { return nil, nil }},
		{"makes one byte too few", func(dst, src []byte, rawLen int) ([]byte, error) { return good.Decode(dst, src, rawLen-1) }},
		{"makes one byte too many", func(dst, src []byte, rawLen int) ([]byte, error) { return good.Decode(dst, src, rawLen+1) }},
		{"makes one wrong byte", func(dst, src []byte, rawLen int) ([]byte, error) {
			dst, err := good.Decode(dst, src, rawLen)
			dst[len(dst)-1] ^= 1
			return dst, err
		}},
		{"leaves its room as it was", func(dst, _ []byte, rawLen int) ([]byte, error) { return dst[:rawLen], nil }},
		{"reads beyond its input", func(dst, src []byte, rawLen int) ([]byte, error) {
			return good.Decode(dst, src[:len(src)+1], rawLen)
		}},
		{"writes beyond its room", func(dst, src []byte, rawLen int) ([]byte, error) {
			clear(dst[: rawLen+1 : rawLen+1])
			return good.Decode(dst, src, rawLen)
		}},
	} {
		for _, form := range forms {
			for _, c := range concurrencies {
				t.Run(fmt.Sprintf("%s/%s/%d", v.name, form.name, c), func(t *testing.T) {
					before := runtime.NumGoroutine()
					plain := prose(1, sigio.MinChunkSize)
					choose := selectFunc(func(in strategy.Input) strategy.Choice {
						if in.Chunk[0] == plain[0] && len(in.Chunk) == len(plain) {
							return strategy.Choice{ID: strategy.Zstd}
						}
						return strategy.Choice{ID: ledgerID}
					})
					s := append(messages(plain, len(plain)), form.script(ledgerOf(2, 3*sigio.MinChunkSize))...)
					stream := s.seal(t, withLedger(), sigio.WithSelector(choose), sigio.WithChunkSize(sigio.MinChunkSize))
					require.Equal(t, ledgerID, chunksOf(t, stream)[1].Strategy)

					set := strategy.Default().With(&unruly{ledger: good, decode: v.decode})
					r := sigio.NewReader(bytes.NewReader(stream), sigio.WithStrategies(set), sigio.WithConcurrency(c))
					got, err := io.ReadAll(r)
					requireSame(t, plain, got)
					require.ErrorIs(t, err, sigio.ErrCorrupt)
					var verdict *sigio.StreamError
					require.ErrorAs(t, err, &verdict)
					require.EqualValues(t, 1, verdict.Chunk)
					_, again := r.Read(make([]byte, 1))
					require.Same(t, verdict, again, "a verdict sticks")
					require.NoError(t, r.Close())
					leaktest.Goroutines(t, before)
				})
			}
		}
	}
}

// TestUncommonDecoder: content that did not grow out of dst is still content,
// and what a plug-in leaves behind in its input hurts nobody else.
func TestUncommonDecoder(t *testing.T) {
	good := ledger{"ledger"}
	for _, v := range []struct {
		name   string
		decode func(dst, src []byte, rawLen int) ([]byte, error)
	}{
		{"content in memory of its own", func(_, src []byte, rawLen int) ([]byte, error) { return good.Decode(nil, src, rawLen) }},
		{"payload overwritten", func(dst, src []byte, rawLen int) ([]byte, error) {
			dst, err := good.Decode(dst, src, rawLen)
			clear(src[:cap(src)])
			return dst, err
		}},
	} {
		for _, form := range forms {
			for _, c := range concurrencies {
				t.Run(fmt.Sprintf("%s/%s/%d", v.name, form.name, c), func(t *testing.T) {
					s := form.script(ledgerOf(2, 3*sigio.MinChunkSize))
					stream := s.seal(t, withLedger(), sigio.WithSelector(always(ledgerID)), sigio.WithChunkSize(sigio.MinChunkSize))
					set := strategy.Default().With(&unruly{ledger: good, decode: v.decode})
					requireSame(t, s.content(), unseal(t, stream, sigio.WithStrategies(set), sigio.WithConcurrency(c)))
				})
			}
		}
	}
}

// numbered is a plug-in that claims a number of its own choice.
type numbered struct {
	ledger
	id strategy.ID
}

func (n numbered) ID() strategy.ID { return n.id }

// TestUnfitPluginIsRefusedAtOnce: a Set that cannot work is the error of the
// first call, whichever that is, before a byte is written or read.
func TestUnfitPluginIsRefusedAtOnce(t *testing.T) {
	for _, v := range []struct {
		name   string
		plugin func() strategy.Strategy
	}{
		{"takes the number of a built-in", func() strategy.Strategy { return numbered{ledger{"ledger"}, strategy.Zstd} }},
		{"takes the number of store", func() strategy.Strategy { return numbered{ledger{"ledger"}, strategy.Store} }},
		{"takes a reserved number", func() strategy.Strategy { return numbered{ledger{"ledger"}, 127} }},
		{"has no name", func() strategy.Strategy { return ledger{""} }},
		{"has a space in its name", func() strategy.Strategy { return ledger{"led ger"} }},
		{"has a control character in its name", func() strategy.Strategy { return ledger{"ledger\n"} }},
		{"has a letter beyond ASCII in its name", func() strategy.Strategy { return ledger{"lédger"} }},
		{"has a name of 65 bytes", func() strategy.Strategy { return ledger{strings.Repeat("l", 65)} }},
	} {
		t.Run(v.name, func(t *testing.T) {
			opt := func() sigio.Option { return sigio.WithStrategies(strategy.Default().With(v.plugin())) }
			requireBadOption(t, opt, opt)
		})
	}
}
