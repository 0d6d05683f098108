package session

import (
	"context"
	"errors"

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
	s.data.amend(csrfKey, func(old any, ok bool) (any, bool) {
		if t, isText := old.(string); ok && isText && t != "" {
			return t, true
		}
		return token, true
	})
	if s.savedWithTheHeader() {
		return token, nil
	}
	only := func(key string) bool { return key == csrfKey }
	if s.data.cleared {
		only = nil // the token is newer than the Clear, which must not wait behind it
	}
	if err := s.commit(ctx, only); err != nil {
		s.data.forget(csrfKey)
		return "", err
	}
	token, _ = s.csrfToken()
	return token, nil
}

// savedWithTheHeader reports whether a new session has to wait for the header: only
// there AllowCookie can tell whether the browser gets its cookie. No other request
// can ask for its token before.
func (s *Session) savedWithTheHeader() bool {
	return s.f.opts.AllowCookie != nil && s.guard == nil && !s.headerSent &&
		s.ended == nil && s.unavailable == nil && !s.cookieRefused()
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
	v, _ := s.data.lookup(csrfKey)
	token, ok := v.(string)
	return token, ok && token != ""
}
