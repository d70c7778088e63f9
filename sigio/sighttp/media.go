package sighttp

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/sigmalang/sigma/strategy"
)

// compressedTypes begin the media types that are compressed by themselves and
// that gzhttp's filter, made for archives, audio and video, lets through.
var compressedTypes = []string{
	"image/png", "image/gif", "image/webp", "image/avif", "image/heic", "image/heif",
	"font/woff", "application/font-woff", "application/x-font-woff",
	"application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument",
	"application/vnd.android.package-archive", "application/java-archive", "application/vnd.rar", "application/x-rar",
	"application/grpc", // its messages have a compression of their own
}

// Compressible says whether bodies of a media type are worth compressing: all
// but those that are compressed by themselves. It is the default of
// WithContentTypes.
func Compressible(contentType string) bool {
	t := strings.ToLower(strings.TrimSpace(contentType))
	for _, prefix := range compressedTypes {
		if strings.HasPrefix(t, prefix) {
			return false
		}
	}
	return gzhttp.DefaultContentTypeFilter(t)
}

// magics begin compressed data that http.DetectContentType does not know.
var magics = []string{"\x28\xb5\x2f\xfd", "\xfd7zXZ\x00", "BZh", "7z\xbc\xaf\x27\x1c", "\xff\x06\x00\x00sNaPpY", "\x04\x22\x4d\x18"}

// sniff returns the media type that content seems to have.
func sniff(content []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(content, []byte(m)) {
			return "application/x-compressed"
		}
	}
	return http.DetectContentType(content)
}

// isText says whether content, by its beginning, is text, and not mainly numbers.
func isText(content []byte) bool {
	content = content[:min(len(content), maxHeld)]
	profile := strategy.Detect(content)
	if profile.Class != strategy.ClassTextLike && profile.Class != strategy.ClassHighlyRepetitive {
		return false
	}
	content = content[:min(len(content), 8<<10)]
	letters := 0
	for _, c := range content {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 {
			letters++
		}
	}
	return letters > len(content)/6
}

// isOpaque says whether a media type says nothing of the content.
func isOpaque(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.TrimSpace(t)
	return t == "" || strings.EqualFold(t, "application/octet-stream")
}

// isEventStream says whether a media type is that of server-sent events (HTML
// §9.2), whatever is sent first.
func isEventStream(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(t), "text/event-stream")
}

// hasBody says whether a response of a status has a body of its own: 206 has
// parts of one.
func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified &&
		status != http.StatusPartialContent
}

// forbidsTransform says whether Cache-Control says no-transform (RFC 9111
// §5.2.2.6).
func forbidsTransform(h http.Header) bool {
	for _, line := range h["Cache-Control"] {
		if hasToken(line, "no-transform") {
			return true
		}
	}
	return false
}
