package sighttp

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Rows are named for the defect they would catch.
var negotiations = map[string]struct {
	lines  []string
	coding Coding
	refuse bool // 406
}{
	"no header, compressed all the same":          {nil, identity, false},
	"empty header taken for a missing one":        {[]string{""}, identity, false},
	"only sigma not understood":                   {[]string{"sigma"}, Sigma, false},
	"only zstd not understood":                    {[]string{"zstd"}, Zstd, false},
	"only gzip not understood":                    {[]string{"gzip"}, Gzip, false},
	"upper case not understood":                   {[]string{"GZIP"}, Gzip, false},
	"x-gzip not taken for gzip":                   {[]string{"x-gzip"}, Gzip, false},
	"coding of others taken for ours":             {[]string{"br, deflate"}, identity, false},
	"prefix taken for a name":                     {[]string{"gzipped"}, identity, false},
	"order of the client taken for a weight":      {[]string{"gzip, zstd, sigma"}, Sigma, false},
	"browser not served zstd":                     {[]string{"gzip, deflate, br, zstd"}, Zstd, false},
	"second line not read":                        {[]string{"br", "zstd"}, Zstd, false},
	"first line not read":                         {[]string{"zstd", "br"}, Zstd, false},
	"weight not read":                             {[]string{"sigma;q=0.5, gzip;q=0.8"}, Gzip, false},
	"weight with spaces not read":                 {[]string{"sigma ; q=0.5 ,\tgzip ;\tq=0.8"}, Gzip, false},
	"weight in upper case not read":               {[]string{"sigma;Q=0.1, gzip;Q=0.2"}, Gzip, false},
	"third decimal not read":                      {[]string{"sigma;q=0.001, gzip;q=0.002"}, Gzip, false},
	"refused coding sent":                         {[]string{"sigma;q=0, gzip"}, Gzip, false},
	"q=0.000 not taken for a refusal":             {[]string{"gzip;q=0.000"}, identity, false},
	"q=1.000 not understood":                      {[]string{"gzip;q=1.000"}, Gzip, false},
	"q=1. not understood":                         {[]string{"gzip;q=1."}, Gzip, false},
	"weight above 1 believed":                     {[]string{"gzip;q=1.001"}, identity, false},
	"negative weight believed":                    {[]string{"gzip;q=-1"}, identity, false},
	"four decimals believed":                      {[]string{"gzip;q=0.1234"}, identity, false},
	"weight that is no number believed":           {[]string{"gzip;q=x"}, identity, false},
	"NaN believed":                                {[]string{"gzip;q=NaN"}, identity, false},
	"exponent believed":                           {[]string{"gzip;q=1e0"}, identity, false},
	"parameter that is no weight believed":        {[]string{"gzip;level=9"}, identity, false},
	"bad item spoils those behind it":             {[]string{"zstd;q=?, gzip"}, Gzip, false},
	"empty items spoil those behind them":         {[]string{",, ,gzip"}, Gzip, false},
	"refusal undone by a repetition":              {[]string{"gzip;q=0, gzip;q=1"}, identity, false},
	"wildcard sends what few can read":            {[]string{"*"}, Gzip, false},
	"wildcard overrides a weight":                 {[]string{"zstd;q=0.5, *;q=0.1"}, Zstd, false},
	"wildcard not counted":                        {[]string{"zstd;q=0.1, *;q=0.5"}, Gzip, false},
	"wildcard overrides a refusal":                {[]string{"gzip;q=0, *"}, identity, false},
	"refused wildcard refuses what is named":      {[]string{"gzip, *;q=0"}, Gzip, false},
	"identity preferred, compressed all the same": {[]string{"identity, gzip;q=0.5"}, identity, false},
	"identity less liked, sent all the same":      {[]string{"identity;q=0.5, gzip"}, Gzip, false},
	"tie with identity not compressed":            {[]string{"identity, gzip"}, Gzip, false},
	"refused identity sent":                       {[]string{"identity;q=0"}, identity, true},
	"refused identity sent for want of others":    {[]string{"identity;q=0, br"}, identity, true},
	"refused identity refuses codings":            {[]string{"identity;q=0, gzip"}, Gzip, false},
	"refused wildcard, identity sent":             {[]string{"*;q=0"}, identity, true},
	"named identity refused by the wildcard":      {[]string{"identity, *;q=0"}, identity, false},
	"identity with weight refused by wildcard":    {[]string{"identity;q=0.1, *;q=0"}, identity, false},
	"refused identity, wildcard not used":         {[]string{"identity;q=0, *"}, Gzip, false},
	"all refused, something sent":                 {[]string{"gzip;q=0, zstd;q=0, sigma;q=0, identity;q=0"}, identity, true},
}

func TestNegotiation(t *testing.T) {
	for name, row := range negotiations {
		t.Run(name, func(t *testing.T) {
			a := parseAccept(row.lines)
			coding, ok := a.choose([]Coding{Sigma, Zstd, Gzip})
			require.Equal(t, row.coding, coding)
			require.Equal(t, row.refuse, !ok)
		})
	}
}

func TestOfferIsRespected(t *testing.T) {
	a := parseAccept([]string{"sigma, zstd, gzip"})
	for _, offered := range [][]Coding{{Gzip}, {Zstd, Gzip}, {Gzip, Zstd}, {Sigma}} {
		coding, ok := a.choose(offered)
		require.Equal(t, offered[0], coding)
		require.True(t, ok)
	}
}

func TestVaryIsNotRepeated(t *testing.T) {
	for have, want := range map[string]string{
		"":                         "Accept-Encoding",
		"Origin":                   "Origin|Accept-Encoding",
		"Origin, accept-encoding":  "Origin, accept-encoding",
		"*":                        "*",
		"X-Accept-Encoding":        "X-Accept-Encoding|Accept-Encoding",
		"Cookie,Accept-Encoding,A": "Cookie,Accept-Encoding,A",
	} {
		h := http.Header{}
		if have != "" {
			h.Set("Vary", have)
		}
		addVary(h, "Accept-Encoding")
		require.Equal(t, want, strings.Join(h["Vary"], "|"))
	}
}

func TestTags(t *testing.T) {
	for name, row := range map[string]struct{ list, want, added string }{
		"plain tag changed":              {`"a"`, `"a"`, ``},
		"suffix not removed":             {`"a-gzip"`, `"a-gzip", "a"`, `"a"`},
		"weak tag not translated":        {`W/"a-gzip"`, `W/"a-gzip", W/"a"`, `W/"a"`},
		"other coding translated":        {`"a-zstd"`, `"a-zstd"`, ``},
		"comma within a tag splits it":   {`"a,b-gzip", "c"`, `"a,b-gzip", "a,b", "c"`, `"a,b"`},
		"tag without quotes lost":        {`a-gzip,b`, `a-gzip, a, b`, `a`},
		"empty tag not translated":       {`"-gzip"`, `"-gzip", ""`, `""`},
		"any changed":                    {`*`, `*`, ``},
		"only the last suffix goes":      {`"a-gzip-gzip"`, `"a-gzip-gzip", "a-gzip"`, `"a-gzip"`},
		"open quote runs over the end":   {`"a-gzip`, `"a-gzip, "a`, `"a`},
		"empty items taken for tags":     {`, ,"a-gzip",`, `"a-gzip", "a"`, `"a"`},
		"suffix in the middle a suffix":  {`"a-gzip-1"`, `"a-gzip-1"`, ``},
		"empty list taken for something": {``, ``, ``},
	} {
		t.Run(name, func(t *testing.T) {
			tags, added := withUnsuffixed([]string{row.list}, Gzip)
			require.Equal(t, row.want, strings.Join(tags, ", "))
			require.Equal(t, row.added, strings.Join(added, ", "))
		})
	}
	for _, c := range []Coding{Sigma, Zstd, Gzip} {
		for _, tag := range []string{`"a"`, `"a-gzip"`, `bare`, `"with space"`} {
			back, ok := unsuffixed(suffixed(tag, c), c)
			require.True(t, ok)
			require.Equal(t, tag, back)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	for contentType, want := range map[string]bool{
		"text/html; charset=utf-8": true, "application/json": true, "image/svg+xml": true, "text/event-stream": true,
		"application/wasm": true, "image/bmp": true, "application/octet-stream": true, "font/ttf": true, "IMAGE/PNG": false,
		"image/jpeg": false, "image/png": false, "image/webp": false, "video/mp4": false, "audio/mpeg": false,
		"application/zip": false, "application/gzip": false, "application/x-7z-compressed": false,
		"font/woff2": false, "application/grpc+proto": false, "application/zstd": false,
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": false,
	} {
		require.Equal(t, want, Compressible(contentType), contentType)
	}
}
