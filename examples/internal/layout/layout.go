// Package layout has what the pages of the programs share: a look, light and
// dark, from the width of a phone to that of a desk, in one file that needs no
// other.
package layout

import (
	_ "embed"
	"html/template"
)

//go:embed frame.html
var frame string

// Parse returns the template of a page. In source stand
//
//	{{template "head"}}    in the head, before styles of its own
//	{{template "axes" .}}  in a chart, which has Left, Right, Top, Bottom, XTicks and YTicks
//	{{template "tip"}}     at the end: what shows the data-tip of each .point with a .mark
func Parse(source string) (*template.Template, error) {
	t, err := template.New("frame").Parse(frame)
	if err != nil {
		return nil, err
	}
	return t.New("page").Parse(source)
}
