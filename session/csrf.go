package session

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/pyramidgo/redissessions/session/internal/sign"
)

// csrfKey is where Pyramid keeps the token.
const csrfKey = "_csrft_"

// CSRFToken returns the session's CSRF token, and makes one when there is none.
// A new token is saved before it is returned, so that two requests that ask at
// once hand out the same one. When it fails, Handler answers with the error
// handler and saves nothing, as it does for an Invalidate that failed; only where
// the AllowCookie hook forbids the cookie of a new session the page is sent.
func (s *Session) CSRFToken(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, err := s.savedToken(ctx)
	if errors.Is(err, errCookieRefused) {
		// The operator's hook chose a page without a session.
		s.f.opts.Logger.Warn("session: no CSRF token was made", errorAttr(err))
		return "", err
	}
	return value, s.outcome(tokenStep, err)
}

// savedToken returns the token once it is stored.
func (s *Session) savedToken(ctx context.Context) (string, error) {
	if token, ok := s.csrfToken(); ok {
		return token, nil
	}
	token, err := s.f.newToken()
	if err != nil {
		return "", err
	}
	s.data.Edit(csrfKey, func(old any, ok bool) (any, bool) {
		if t, isText := old.(string); ok && isText && t != "" {
			return t, true
		}
		return token, true
	})
	if s.savedWithTheHeader() {
		return token, nil
	}
	keys := []string{csrfKey}
	if s.data.Cleared() {
		keys = nil // the token is newer than the Clear, which has to be saved first
	}
	if err := s.commit(ctx, keys...); err != nil {
		s.data.Undo(csrfKey)
		return "", err
	}
	token, _ = s.csrfToken()
	return token, nil
}

// savedWithTheHeader reports whether a new session has to wait for the header: only
// there AllowCookie can tell whether the browser gets its cookie. No other request
// can ask for its token before.
func (s *Session) savedWithTheHeader() bool {
	return s.f.opts.AllowCookie != nil && s.state == isNotStored && !s.headerSent && !s.cookieRefused()
}

// NewCSRFToken replaces the CSRF token, as a change of privilege asks for. It is
// saved with the session: of two requests that replace it, the last one wins.
func (s *Session) NewCSRFToken() string {
	token, err := s.f.newToken()
	if err != nil {
		panic(err) // no randomness: the request must not go on
	}
	s.Set(csrfKey, token)
	return token
}

func (f *Factory) newToken() (string, error) { return sign.RandomHex(f.rules.tokenBytes) }

func (s *Session) csrfToken() (string, bool) {
	v, _ := s.data.Get(csrfKey)
	token, ok := v.(string)
	return token, ok && token != ""
}

// CSRFFormField and CSRFHeader are where CheckCSRF looks for the token, as
// Pyramid's check_csrf_token does.
const (
	CSRFFormField = "csrf_token"
	CSRFHeader    = "X-CSRF-Token"
)

// ErrCSRF is returned by CheckCSRF for a request that does not carry its
// session's token.
var ErrCSRF = errors.New("session: the CSRF token is missing or wrong; send the one of Session.CSRFToken as form field csrf_token or header X-CSRF-Token")

// ErrFormTooLarge is returned by CheckCSRF for a request whose token would be in
// a form that is larger than it reads.
var ErrFormTooLarge = errors.New("session: the form is too large to look for the CSRF token in it; send the token in the header X-CSRF-Token, or raise CSRFProtection.MaxFormBytes or MaxMultipartBytes")

// CheckCSRF returns nil when the request carries its session's CSRF token in the
// header X-CSRF-Token or else in the form field csrf_token, ErrCSRF when it does
// not, and the error of the load when the session could not be read. The request must have
// come through a Handler. The comparison takes constant time.
//
// The body is read only when the session has a token and the header is not there.
// CheckCSRF reads the default limits of CSRFProtection at most and returns
// ErrFormTooLarge for a larger body; CSRFProtection.CheckToken has other limits.
func CheckCSRF(r *http.Request) error { return new(CSRFProtection).CheckToken(r) }

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
	// MaxFormBytes is the size up to which a body of type
	// application/x-www-form-urlencoded is read to find the token. The default
	// is 1 MiB.
	MaxFormBytes int64
	// MaxMultipartBytes is the same for multipart/form-data. The default is 64
	// MiB. What does not fit into 32 MiB of memory is in temporary files, which
	// the session's Handler removes after the response.
	MaxMultipartBytes int64
	// Denied answers a refused request. err is ErrCSRF when the token was
	// missing or wrong; it is ErrUnbound too when the request does not prove that it
	// comes from the session's browser (Options.DeviceBound). It is ErrFormTooLarge when
	// the form was larger than it is read, the error of the load when the session could
	// not be read, and what http.CrossOriginProtection.Check returned when the origin was
	// wrong. The
	// default answers 413 to ErrFormTooLarge, 503 to ErrUnavailable, as it is with
	// Options.AnonymousWhenDown, and 403 to the others. It is not
	// asked about a request that came through no session Handler: that is a
	// mistake in the program, answered with 500 and logged.
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
		denied = p.denied
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if changesNothing(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		err := origins.Check(r)
		if err == nil {
			err = p.CheckToken(r)
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

// changesNothing reports whether a method is a safe one (RFC 9110, section 9.2.1).
func changesNothing(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// Serve is Handler for a server that has neither a http.Request nor a http.ResponseWriter,
// inside Factory.Serve. It calls in.Next and returns nil, or returns the answer to a request
// that is refused, for which Next is not called.
func (p *CSRFProtection) Serve(ctx context.Context, in *Incoming) *Answer {
	if changesNothing(in.Method) {
		in.Next(ctx)
		return nil
	}
	kept, passed := in.kept(), false
	p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		passed = true
		in.Next(r.Context())
	})).ServeHTTP(kept, in.Request().WithContext(ctx))
	if passed {
		return nil
	}
	return answerOf(kept)
}

// CheckToken is CheckCSRF with the limits of p. It does not look at the origin.
func (p *CSRFProtection) CheckToken(r *http.Request) error {
	s, err := FromRequest(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	want, ok := s.csrfToken()
	st, why := s.state, s.why
	s.mu.Unlock()
	switch {
	case ok:
	case st == isUnavailable:
		return why // AnonymousWhenDown: the visitor's session may have the token
	case st == isUnbound:
		return fmt.Errorf("%w: %w", ErrCSRF, why) // and that session may too
	default:
		return ErrCSRF // no form can be right
	}
	got := r.Header.Get(CSRFHeader)
	if got == "" {
		if got, err = p.formToken(r); err != nil {
			return err
		}
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return ErrCSRF
	}
	return nil
}

// formToken returns the token in a request's form. It parses the form when nothing
// has done so before.
func (p *CSRFProtection) formToken(r *http.Request) (string, error) {
	limit, isMultipart, isForm := p.limit(r)
	if isForm && r.Body != nil && (r.PostForm == nil || isMultipart && r.MultipartForm == nil) {
		if r.ContentLength > limit {
			return "", ErrFormTooLarge
		}
		r.Body = http.MaxBytesReader(nil, r.Body, limit)
		parse := r.ParseForm
		if isMultipart {
			parse = func() error { return r.ParseMultipartForm(formMemory) }
		}
		err := parse()
		if x := innermost(r.Context()); x != nil && r.MultipartForm != nil {
			x.removeLater(r.MultipartForm)
		}
		passed, tooLarge := errors.AsType[*http.MaxBytesError](err)
		switch {
		case tooLarge && passed.Limit < limit: // the application's own limit
			return "", fmt.Errorf("%w: %w", ErrFormTooLarge, passed)
		case tooLarge, errors.Is(err, multipart.ErrMessageTooLarge):
			return "", ErrFormTooLarge
		}
	}
	return r.PostForm.Get(CSRFFormField), nil
}

const (
	defaultFormBytes      = 1 << 20
	defaultMultipartBytes = 64 << 20
	// formMemory is how much of a multipart form's files is kept in memory, as
	// http.Request.FormValue has it.
	formMemory = 32 << 20
)

// limit returns how much of a request's body may be read for its form.
func (p *CSRFProtection) limit(r *http.Request) (bytes int64, isMultipart, isForm bool) {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "multipart/form-data":
		return cmp.Or(p.MaxMultipartBytes, defaultMultipartBytes), true, true
	case "application/x-www-form-urlencoded":
		return cmp.Or(p.MaxFormBytes, defaultFormBytes), false, true
	}
	return 0, false, false
}

// denied is the default of Denied.
func (p *CSRFProtection) denied(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrUnbound):
		answerError(w, r, err)
		return
	case errors.Is(err, ErrFormTooLarge):
		limit, _, _ := p.limit(r)
		if passed, ok := errors.AsType[*http.MaxBytesError](err); ok {
			limit = passed.Limit
		}
		http.Error(w, fmt.Sprintf("the form is too large: at most %d bytes are accepted", limit), http.StatusRequestEntityTooLarge)
		return
	}
	http.Error(w, "the form was not sent from this site, or is too old: go back, reload the page and try again", http.StatusForbidden)
}
