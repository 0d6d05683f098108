package session

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"net/http"
)

// CSRFFormField and CSRFHeader are where CheckCSRF looks for the token, as
// Pyramid's check_csrf_token does.
const (
	CSRFFormField = "csrf_token"
	CSRFHeader    = "X-CSRF-Token"
)

// ErrCSRF is returned by CheckCSRF for a request that does not carry its
// session's token.
var ErrCSRF = errors.New("session: the CSRF token is missing or wrong; send the one of Session.CSRFToken as form field csrf_token or header X-CSRF-Token")

// CheckCSRF returns nil when the request carries its session's CSRF token in the
// header X-CSRF-Token or else in the form field csrf_token, ErrCSRF when it does
// not, and the error of the load when there is no telling. The request must have
// come through a Handler. Looking into the form reads the body; a request that
// sends the header keeps its body unread. The comparison takes constant time.
func CheckCSRF(r *http.Request) error {
	s, err := FromRequest(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	want, ok := s.csrfToken()
	s.mu.Unlock()
	got := r.Header.Get(CSRFHeader)
	if got == "" {
		got = r.PostFormValue(CSRFFormField)
	}
	if !ok || subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return ErrCSRF
	}
	return nil
}

// CSRFField returns a hidden form field with the session's CSRF token, for use
// in a template. Like CSRFToken it saves a new token first.
func (s *Session) CSRFField(ctx context.Context) (template.HTML, error) {
	token, err := s.CSRFToken(ctx)
	if err != nil {
		return "", err
	}
	field := fmt.Sprintf(`<input type="hidden" name="%s" value="%s">`, CSRFFormField, template.HTMLEscapeString(token))
	return template.HTML(field), nil
}

// CSRFProtection is middleware that refuses unsafe requests from other sites. It
// does so twice: by what the browser says of the request's origin
// (http.CrossOriginProtection), and by the session's token, which also holds
// where a browser or a subdomain cannot be trusted with that. The zero value is
// ready to use. Session.Renew drops the token, so that a form which was rendered
// before a login is refused.
//
// It goes inside the session's Handler:
//
//	sessions.Handler(new(session.CSRFProtection).Handler(mux))
type CSRFProtection struct {
	// Origins decides which other origins are trusted. The default trusts none.
	Origins *http.CrossOriginProtection
	// Denied answers a refused request. err is ErrCSRF when the token was
	// missing or wrong, the error of the load when there is no telling, and what
	// http.CrossOriginProtection.Check returned when the origin was. The default
	// answers 403. It is not asked about a request that came through no session
	// Handler: that is a mistake in the program, answered with 500 and logged.
	Denied func(w http.ResponseWriter, r *http.Request, err error)
}

// Handler wraps next. GET, HEAD, OPTIONS and TRACE requests pass unchecked: they
// must change nothing (RFC 9110, section 9.2.1).
func (p *CSRFProtection) Handler(next http.Handler) http.Handler {
	origins, denied := p.Origins, p.Denied
	if origins == nil {
		origins = http.NewCrossOriginProtection()
	}
	if denied == nil {
		denied = func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "the form was not sent from this site, or is too old: go back, reload the page and try again", http.StatusForbidden)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
			next.ServeHTTP(w, r)
			return
		}
		err := origins.Check(r)
		if err == nil {
			err = CheckCSRF(r)
		}
		switch {
		case errors.Is(err, ErrNoHandler):
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		case err != nil:
			denied(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}
