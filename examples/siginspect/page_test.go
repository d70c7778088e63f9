package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/sigmalang/sigma/sigio"
	"github.com/stretchr/testify/require"
)

var script = regexp.MustCompile(`(?s)<script>.*?</script>`)

// wellFormed fails the test unless all elements of a page are closed in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(script.ReplaceAllString(page, "")))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	require.Zero(t, depth)
}

func pageOf(t *testing.T, title string, data []byte) string {
	t.Helper()
	s := newSurvey(mapCells)
	s.outcome, s.err = inspect(bytes.NewReader(data), sigio.LevelDefault, s.add)
	var b bytes.Buffer
	require.NoError(t, writePage(&b, title, sigio.LevelDefault, s))
	return b.String()
}

func TestPageIsWellFormed(t *testing.T) {
	for name, data := range map[string][]byte{
		"mixed": mixed(t), "empty": stream(t, nil), "nothing": nil, "cut": mixed(t)[:66_500], "plugged": plugged(t),
	} {
		t.Run(name, func(t *testing.T) { wellFormed(t, pageOf(t, name, data)) })
	}
}

// TestPageStandsAlone: it loads nothing from anywhere.
func TestPageStandsAlone(t *testing.T) {
	page := strings.ReplaceAll(pageOf(t, "a", mixed(t)), "http://www.w3.org/2000/svg", "")
	for _, load := range []string{"http:", "https:", "//cdn", "<link", "@import", "url(", " src=", "fetch("} {
		require.NotContains(t, page, load)
	}
}

// TestPageEscapes names that come from outside.
func TestPageEscapes(t *testing.T) {
	page := pageOf(t, hostile{}.Name(), plugged(t))
	wellFormed(t, page)
	require.Equal(t, 1, strings.Count(page, "</script>"))
	require.NotContains(t, page, "<img")
	require.NotContains(t, page, `'"&{{`)
	require.Contains(t, page, "&lt;/script&gt;")
}

func TestPageTellsOfDamage(t *testing.T) {
	page := pageOf(t, "cut", mixed(t)[:66_500])
	require.Contains(t, page, "could not be read to its end")
	require.Contains(t, page, "truncated stream")
	require.NotContains(t, pageOf(t, "whole", mixed(t)), `role="alert"`)
}
