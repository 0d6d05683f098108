package dbsc

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/pyramidgo/redissessions/session"
)

// The headers and paths of the draft.
const (
	registerPath = "/register"
	refreshPath  = "/refresh"

	challengeHeader = "Secure-Session-Challenge"
	responseHeader  = "Secure-Session-Response"
	sessionIDHeader = "Sec-Secure-Session-Id"
)

// finder is what session.Binding.Serve is given.
type finder func(ref string, is func(state string) bool) (*session.BoundSession, error)

// Serves implements session.Binding.
func (b *binding) Serves(path string) bool {
	below, ok := strings.CutPrefix(path, b.path)
	return ok && (below == registerPath || below == refreshPath)
}

// Serve implements session.Binding. No answer may be read by another site or cached.
func (b *binding) Serve(w http.ResponseWriter, r *http.Request, find func(string, func(string) bool) (*session.BoundSession, error)) {
	h := w.Header()
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	switch {
	case r.Method != http.MethodPost:
		h.Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed)
	case bodyTooLong(r):
		refuse(w, http.StatusRequestEntityTooLarge)
	case r.URL.Path == b.path+registerPath:
		b.serveRegistration(w, r, find)
	default:
		b.serveRefresh(w, r, find)
	}
}

// bodyTooLong reports whether a body is longer than any that a browser sends. Browsers send
// none.
func bodyTooLong(r *http.Request) bool {
	if r.ContentLength >= 0 || r.Body == nil {
		return r.ContentLength > maxBytes
	}
	n, _ := io.CopyN(io.Discard, r.Body, maxBytes+1)
	return n > maxBytes
}

func refuse(w http.ResponseWriter, code int) { http.Error(w, http.StatusText(code), code) }

// refuseMalformed answers a request that a browser would not send.
func refuseMalformed(w http.ResponseWriter, err error) {
	if errors.Is(err, errTooLong) {
		refuse(w, http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	refuse(w, http.StatusBadRequest)
}

// unavailable answers when the store did not. The browser tries again: nothing has ended.
func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	refuse(w, http.StatusServiceUnavailable)
}

// instructions are the JSON body of the answer to a registration or a refresh.
type instructions struct {
	ID          string       `json:"session_identifier"`
	RefreshURL  string       `json:"refresh_url"`
	Scope       scope        `json:"scope"`
	Credentials []credential `json:"credentials"`
}

type scope struct {
	IncludeSite   bool            `json:"include_site"`
	Specification []specification `json:"scope_specification"`
}

type specification struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

type credential struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Attributes string `json:"attributes"`
}

// answerBound sends a fresh bound cookie.
func (b *binding) answerBound(w http.ResponseWriter, id nonce) {
	ck, err := b.cookie.make(id, b.now())
	if err != nil { // the application's signer
		refuse(w, http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, ck)
	answer(w, instructions{
		ID: id.String(), RefreshURL: b.path + refreshPath,
		Scope:       scope{Specification: []specification{{"exclude", b.path + registerPath}, {"exclude", b.path + refreshPath}}},
		Credentials: []credential{{"cookie", b.cookie.name, b.cookie.described()}},
	})
}

// answerEnded answers with instructions that make the browser forget the session.
func answerEnded(w http.ResponseWriter, id string) {
	answer(w, struct {
		ID       string `json:"session_identifier"`
		Continue bool   `json:"continue"`
	}{id, false})
}

func answer(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil { // not with these fields
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK) // some routers have begun with another
	_, _ = w.Write(append(body, '\n'))
}
