package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// Two pages of one visitor are rendered at once, and both forms must work.
func TestTwoFirstCSRFTokens(t *testing.T) {
	store := newMemStore()
	plain := newTestFactory(t, store, nil)
	v := newVisitor(t, plain)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	var tokens []string
	ask := func(s *session.Session) {
		token, err := s.CSRFToken(context.Background())
		if err != nil {
			t.Error(err)
		}
		tokens = append(tokens, token)
	}
	v.f = newTestFactory(t, meanwhile(store, "replace", func() {
		v.at(plain).visit(ask)
	}), nil)
	v.visit(ask)
	v.f = plain
	v.visit(ask)
	if len(tokens) != 3 || tokens[0] != tokens[1] || tokens[1] != tokens[2] {
		t.Errorf("the tokens %v were handed out", tokens)
	}
}

// The token is in Redis before anybody sees it, and so is the session of a
// visitor who had none.
func TestCSRFTokenIsSavedFirst(t *testing.T) {
	for _, anew := range []bool{true, false} {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, store, nil))
		want := []string{"create"}
		if !anew {
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			want = []string{"load", "replace"}
		}
		store.takeCalls()
		v.visit(func(s *session.Session) {
			token, err := s.CSRFToken(context.Background())
			if err != nil || token == "" {
				t.Errorf("CSRFToken: %q, %v", token, err)
			}
			if calls := store.takeCalls(); !slices.Equal(calls, want) {
				t.Errorf("before the token was handed out: %v, want %v", calls, want)
			}
		})
		if calls := store.takeCalls(); len(calls) != 0 {
			t.Errorf("saved again: %v", calls)
		}
	}
}

// Only the token is saved early: what else the request changes is not seen by
// others before the request has succeeded.
func TestCSRFTokenSavesNothingElse(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	v.visit(func(s *session.Session) {
		s.Set("a", 2)
		s.Flash("", "half done")
		if _, err := s.CSRFToken(context.Background()); err != nil {
			t.Error(err)
		}
		v.visit(func(other *session.Session) {
			if a, _ := other.Get("a"); a != 1 || len(other.PeekFlash("")) > 0 {
				t.Error("the request's changes were saved with the token")
			}
		})
	})
	v.visit(func(s *session.Session) {
		if a, _ := s.Get("a"); a != 2 || len(s.PeekFlash("")) != 1 {
			t.Error("the request's changes were lost")
		}
	})
}

// No token is handed out that is not saved, and when the application goes on
// without one its page is not sent and its changes are not saved.
func TestCSRFTokenWhenItCannotBeSaved(t *testing.T) {
	store := newMemStore()
	var failed error
	v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.ErrorHandler = fails(&failed) }))
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := v.f.Get(r)
		store.err = errors.New("down")
		if token, err := s.CSRFToken(r.Context()); token != "" || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("CSRFToken: %q, %v", token, err)
		}
		store.err = nil
		s.Set("a", 2)
	})
	v.visit(func(s *session.Session) {
		if a, _ := s.Get("a"); a != 1 || s.Has(session.CSRFKey) || !errors.Is(failed, session.ErrUnavailable) {
			t.Errorf("afterwards a is %v, there is a token: %v, error %v", a, s.Has(session.CSRFKey), failed)
		}
	})
}

// A visitor opens two tabs at once: each gets a session, and each tab's cookie
// is valid.
func TestTwoTabsBeginAtOnce(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	one, two := newVisitor(t, f), newVisitor(t, f)
	one.visit(func(s *session.Session) {
		s.Set("tab", "one")
		two.visit(func(s *session.Session) { s.Set("tab", "two") })
	})
	for want, v := range map[string]*siteVisitor{"one": one, "two": two} {
		v.visit(func(s *session.Session) {
			if tab, _ := s.Get("tab"); tab != want || s.IsNew() {
				t.Errorf("tab %s came back to the session of %v", want, tab)
			}
		})
	}
	if len(store.records) != 2 {
		t.Errorf("there are %d sessions", len(store.records))
	}
}
