package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// A login that is refused because there are too many sessions changes nothing: a request
// whose session was renewed a moment ago still cannot begin one, whose cookie would take the
// place of the new one.
func TestRefusedLoginOfARenewedSession(t *testing.T) {
	s := newSite(t, session.FormatNative, func(o *session.Options) {
		discardLog(o)
		o.Users = &session.UserOptions{Max: 1, WhenFull: session.Refuse}
	})
	stopClock(s.f) // a moment is five seconds
	v := visitor.New(t)
	s.as(v, func(_ context.Context, se *session.Session) { se.Set("cart", 1) })
	old := v.Cookie("session")
	if err := s.login(v, "ann"); err != nil {
		t.Fatal(err)
	}
	slow := visitor.New(t)
	slow.SetCookie("session", old)
	var refused error
	resp := slow.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		se, err := s.f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		refused = se.Login(r.Context(), "ann")
		se.Flash("", "too many")
	})), "/")
	if !errors.Is(refused, session.ErrTooManySessions) {
		t.Fatalf("Login: %v", refused)
	}
	if set := resp.Header["Set-Cookie"]; len(set) > 0 || resp.StatusCode != http.StatusConflict {
		t.Errorf("status %d, %d cookies", resp.StatusCode, len(set))
	}
}
