package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// TestSecretRotation exchanges the secret as an operator does: the new one
// signs, the old one still verifies, and later does no more.
func TestSecretRotation(t *testing.T) {
	const oldest, old, recent = "the first secret, of more than 32 bytes", "the second secret, of more than 32 bytes", "the third secret, of more than 32 bytes"
	store := newMemStore()
	factory := func(secret string, previous ...string) *session.Factory {
		return newTestFactory(t, store, func(o *session.Options) { o.Secret, o.PreviousSecrets = secret, previous })
	}
	v := newVisitor(t, factory(oldest))
	v.visit(func(s *session.Session) { s.Set("name", "Ada"); s.Remember(time.Hour) })
	var id string
	v.visit(func(s *session.Session) { id = s.ID() })
	stale := v.request()

	for _, step := range []struct {
		name    string
		f       *session.Factory
		cookies int
	}{
		{"a new secret gives a new cookie", factory(old, oldest), 1},
		{"which is good from then on", factory(old, oldest), 0},
		{"another new one", factory(recent, old, oldest), 1},
		{"the old ones removed", factory(recent), 0},
	} {
		v.f = step.f
		resp := v.visit(func(s *session.Session) {
			if name, _ := s.Get("name"); name != "Ada" || s.ID() != id {
				t.Errorf("%s: the visitor is logged out", step.name)
			}
		})
		if n := len(resp.Cookies()); n != step.cookies {
			t.Errorf("%s: %d cookies, want %d", step.name, n, step.cookies)
		} else if n == 1 && resp.Cookies()[0].MaxAge != 3600 {
			t.Errorf("%s: the new cookie has lost its lifetime", step.name)
		}
	}

	v = visitorWith(t, v.f, stale)
	v.visit(func(s *session.Session) {
		if s.Len() > 0 || !s.IsNew() {
			t.Error("a cookie of a removed secret still verifies")
		}
	})
}

// A request whose old cookie meets a session that has just been renewed gets no
// cookie at all: it would replace the renewed one by one without an ID.
func TestSecretRotationMeetsARenewal(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.Secret = "an older secret, of more than 32 bytes" }))
	v.visit(func(s *session.Session) { s.Set("name", "Ada") })
	slow := v.request()
	v.f = newTestFactory(t, store, func(o *session.Options) { o.PreviousSecrets = []string{"an older secret, of more than 32 bytes"} })
	v.visit(func(s *session.Session) {
		if err := s.Renew(t.Context()); err != nil {
			t.Error(err)
		}
	})
	late := visitorWith(t, v.f, slow)
	if set := late.visit(func(*session.Session) {}).Header["Set-Cookie"]; len(set) > 0 {
		t.Errorf("Set-Cookie: %q", set)
	}
}

// A signer of the application's stands in for the secret.
type reversing struct{}

func (reversing) Sign(id string) (string, error) { return "r" + id, nil }

func (reversing) Verify(value string) (string, error) {
	id, ok := strings.CutPrefix(value, "r")
	if !ok {
		return "", errors.New("it does not begin with r")
	}
	return id, nil
}

func TestSignerOfTheApplication(t *testing.T) {
	var heard []error
	f := newTestFactory(t, newMemStore(), func(o *session.Options) {
		o.Secret, o.Signer = "", reversing{}
		o.OnInvalid = func(_ *http.Request, err error) { heard = append(heard, err) }
	})
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("k", "v") })
	v.visit(func(s *session.Session) {
		if !s.Has("k") {
			t.Error("the session is not there")
		}
	})
	for _, cookie := range []string{"session=x", "session=r"} {
		rawVisit(t, f, testURL, []string{cookie}, func(s *session.Session) {
			if !s.IsNew() {
				t.Errorf("%s leads to a session", cookie)
			}
		})
	}
	if len(heard) != 2 || !errors.Is(heard[0], session.ErrBadCookie) || !errors.Is(heard[1], session.ErrBadCookie) {
		t.Errorf("the hook heard %v", heard)
	}
	if _, err := session.NewFactory(newMemStore(), &session.Options{Secret: testSecret, Signer: reversing{}}); err == nil {
		t.Error("a secret and a signer are both accepted")
	}
}

// rotating is a signer of the application's that knows an older secret: what begins
// with "old." was signed with it.
type rotating struct{ reversing }

func (r rotating) VerifyRotated(value string) (id string, old bool, err error) {
	value, old = strings.CutPrefix(value, "old.")
	if value == "empty" {
		return "", old, nil
	}
	id, err = r.Verify(value)
	return id, old, err
}

// A RotatingSigner of the application's has its cookies signed anew, once.
func TestRotatingSigner(t *testing.T) {
	var told []error
	v := newVisitor(t, newTestFactory(t, newMemStore(), func(o *session.Options) {
		o.Secret, o.Signer = "", rotating{}
		o.OnInvalid = func(_ *http.Request, err error) { told = append(told, err) }
	}))
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	value := v.request().Cookies()[0].Value
	for _, row := range []struct {
		cookie string
		found  bool
		anew   bool
	}{{value, true, false}, {"old." + value, true, true}, {"old.", false, false}, {"empty", false, false}, {"old.empty", false, false}} {
		told = nil
		v.Forget()
		v.keep(&http.Cookie{Name: "session", Value: row.cookie})
		resp := v.visit(func(s *session.Session) {
			if s.IsNew() == row.found {
				t.Errorf("%q: found %v", row.cookie, !s.IsNew())
			}
		})
		cookies := resp.Cookies()
		if row.anew != (len(cookies) == 1) || row.anew && cookies[0].Value != value {
			t.Errorf("%q: the response has the cookies %v", row.cookie, cookies)
		}
		if !row.found && (len(told) != 1 || !errors.Is(told[0], session.ErrBadCookie)) {
			t.Errorf("%q: the hook was told %v", row.cookie, told)
		}
	}
}
