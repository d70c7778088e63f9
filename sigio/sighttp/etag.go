package sighttp

import (
	"net/http"
	"strings"
)

// isStrong says whether an entity tag is a strong one. Tags without quotes,
// which are malformed but common, count as strong.
func isStrong(tag string) bool { return tag != "" && tag != "*" && !strings.HasPrefix(tag, "W/") }

// suffixed returns a tag for the same content in the coding.
func suffixed(tag string, c Coding) string {
	bare, quoted := strings.CutSuffix(tag, `"`)
	bare += "-" + c.String()
	if quoted {
		bare += `"`
	}
	return bare
}

// unsuffixed undoes suffixed.
func unsuffixed(tag string, c Coding) (string, bool) {
	bare, quoted := strings.CutSuffix(tag, `"`)
	bare, ok := strings.CutSuffix(bare, "-"+c.String())
	if quoted {
		bare += `"`
	}
	return bare, ok && bare != ""
}

// splitTags splits a list of entity tags, which may have commas within quotes.
func splitTags(list string) []string {
	var tags []string
	start, quoted := 0, false
	for i := 0; i <= len(list); i++ {
		switch {
		case i < len(list) && list[i] == '"':
			quoted = !quoted
		case i == len(list) || list[i] == ',' && !quoted:
			if tag := strings.Trim(list[start:i], " \t"); tag != "" {
				tags = append(tags, tag)
			}
			start = i + 1
		}
	}
	return tags
}

// withUnsuffixed returns the tags of a condition's lines and, behind each that
// has the suffix of one of the codings, the tag without it: the handler may
// know either. added are those that came in that way.
func withUnsuffixed(lines []string, codings ...Coding) (tags, added []string) {
	for _, line := range lines {
		for _, tag := range splitTags(line) {
			tags = append(tags, tag)
			for _, c := range codings {
				if bare, ok := unsuffixed(tag, c); ok {
					tags = append(tags, bare)
					added = append(added, bare)
				}
			}
		}
	}
	return tags, added
}

// translateConditions returns r with conditions that the handler understands.
// known are the tags of If-None-Match that the client has as tags of coding c.
//
// If-None-Match asks about the very coding that would be sent: other suffixes
// stay foreign. If-Match guards a change of the content, whatever the coding it
// was read in. If-Range stays as it is: ranges of a compressed body don't fit
// those of the plain one.
func translateConditions(r *http.Request, c Coding) (translated *http.Request, known []string) {
	var header http.Header
	set := func(name string, tags []string) {
		if header == nil {
			header = r.Header.Clone()
		}
		header.Set(name, strings.Join(tags, ", "))
	}
	if c != identity {
		var tags []string
		if tags, known = withUnsuffixed(r.Header["If-None-Match"], c); known != nil {
			set("If-None-Match", tags)
		}
	}
	if tags, added := withUnsuffixed(r.Header["If-Match"], Sigma, Zstd, Gzip); added != nil {
		set("If-Match", tags)
	}
	if header == nil {
		return r, nil
	}
	translated = new(http.Request)
	*translated = *r
	translated.Header = header
	return translated, known
}

// restoreTag gives a 304 the tag that the client knows the content by.
func restoreTag(h http.Header, c Coding, known []string) {
	tag := h.Get("Etag")
	if !isStrong(tag) {
		return
	}
	for _, k := range known {
		if strings.TrimPrefix(k, "W/") == tag {
			h.Set("Etag", suffixed(tag, c))
			return
		}
	}
}
