package sighttp

import (
	"net/http"

	"github.com/sigmalang/sigma/glyph"
)

// codebookHeader is the request header that lists the codebooks which the
// client has, by the hexadecimal form of their glyph.ID.
const codebookHeader = "Sigma-Codebook"

// handler is what Handler returns. It is not changed once made.
type handler struct {
	config
	next     http.Handler
	encoders *encoders
	decoders *decoders
	scratch  scratchList
}

// Handler compresses what next answers, in the coding that suits the client;
// see the package documentation for the rules. It is safe for concurrent use,
// as far as next is.
//
// The ResponseWriter that next gets works with http.ResponseController, and
// implements http.Flusher, http.Hijacker and io.ReaderFrom. It is for the
// goroutine that serves the request, and until next returns.
//
// A client that accepts no coding and refuses identity is answered 406, by
// Handler itself. A bad option is the answer, 500, to every request.
func Handler(next http.Handler, opts ...HandlerOption) http.Handler {
	h := &handler{config: defaults(), next: next}
	for _, o := range opts {
		o.applyHandler(&h.config)
	}
	h.err = h.validate()
	h.encoders = newEncoders(h.level, h.codings, h.books)
	h.decoders = &decoders{books: h.books}
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.err != nil {
		http.Error(w, h.err.Error(), http.StatusInternalServerError)
		return
	}
	h.vary(w.Header())
	if r.Method == http.MethodConnect || isUpgrade(r) {
		h.next.ServeHTTP(w, r)
		return
	}
	accepted := parseAccept(r.Header["Accept-Encoding"])
	coding, ok := accepted.choose(h.codings)
	if !ok {
		http.Error(w, "no content coding is acceptable", http.StatusNotAcceptable)
		return
	}
	res := &response{ResponseWriter: w, handler: h, coding: coding, forced: accepted.refusesIdentity(), head: r.Method == http.MethodHead}
	if coding == Sigma {
		res.book = h.bookFor(r)
	}
	translated, known := translateConditions(r, coding)
	res.knownTags = known
	if h.requestMax > 0 {
		translated, ok = h.decodeRequest(w, translated, res)
		if !ok {
			return
		}
	}
	if translated != r {
		defer tellBack(r, translated)
	}
	h.serve(res, translated)
}

// tellBack has the server's request know what the handler's copy has come to
// know: the files of a form, which the server removes, and the pattern, which
// those around Handler count requests by.
func tellBack(r, served *http.Request) {
	if r.MultipartForm == nil {
		r.MultipartForm = served.MultipartForm
	}
	r.Pattern = served.Pattern
}

// serve calls the handler behind, and seals the response if it returns.
func (h *handler) serve(res *response, r *http.Request) {
	returned := false
	defer func() {
		if !returned {
			res.abandon()
		}
		if res.request != nil {
			res.request.release()
		}
	}()
	h.next.ServeHTTP(res, r)
	returned = true
	res.finish()
	if h.observe != nil && res.state != hijacked {
		h.observe(r, res.sent())
	}
}

// vary names the request headers that the response depends on.
func (h *handler) vary(header http.Header) {
	addVary(header, "Accept-Encoding")
	if len(h.books) > 0 {
		addVary(header, codebookHeader)
	}
}

// bookFor returns the codebook to use for a client, or nil.
func (h *handler) bookFor(r *http.Request) *glyph.Codebook {
	for _, line := range r.Header[codebookHeader] {
		for _, b := range h.books {
			if hasToken(line, b.ID().String()) {
				return b
			}
		}
	}
	return nil
}

func isUpgrade(r *http.Request) bool {
	for _, line := range r.Header["Connection"] {
		if hasToken(line, "upgrade") {
			return true
		}
	}
	return false
}

// decodeRequest returns r with its body decoded. If it cannot be, it answers
// and returns false.
func (h *handler) decodeRequest(w http.ResponseWriter, r *http.Request, res *response) (*http.Request, bool) {
	left, undone := h.peel(r.Header["Content-Encoding"])
	if len(left) > 0 {
		// RFC 9110 §15.5.16.
		w.Header().Set("Accept-Encoding", acceptValue(h.codings))
		http.Error(w, "unknown content coding", http.StatusUnsupportedMediaType)
		return nil, false
	}
	if len(undone) == 0 || r.Body == nil || r.Body == http.NoBody {
		return r, true
	}
	served := &servedBody{ReadCloser: r.Body}
	decoded := h.decoders.decode(served, undone, h.requestMax)
	res.request = &cappedBody{ReadCloser: http.MaxBytesReader(w, decoded, h.requestMax), served: served}
	out := new(http.Request)
	*out = *r
	out.Header = r.Header.Clone()
	out.Header.Del("Content-Encoding")
	out.Header.Del("Content-Length")
	out.ContentLength = -1
	out.Body = res.request
	return out, true
}
