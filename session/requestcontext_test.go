package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// otherRequests are what code that is not a plain handler asks for the session
// with: requests and contexts that were made of the one that came in.
var otherRequests = map[string]func(r *http.Request) *http.Request{
	"the request": func(r *http.Request) *http.Request { return r },
	"an empty request with its context": func(r *http.Request) *http.Request {
		return (&http.Request{}).WithContext(r.Context())
	},
	"a clone": func(r *http.Request) *http.Request { return r.Clone(r.Context()) },
	"another context": func(r *http.Request) *http.Request {
		return r.WithContext(context.WithValue(r.Context(), otherKey{}, 1))
	},
	"a context over":   func(r *http.Request) *http.Request { return r.WithContext(over(r.Context())) },
	"a detached one":   func(r *http.Request) *http.Request { return r.WithContext(context.WithoutCancel(r.Context())) },
	"a deleted cookie": func(r *http.Request) *http.Request { r.Header.Del("Cookie"); return r },
	"a replaced cookie": func(r *http.Request) *http.Request {
		r.Header.Set("Cookie", "session=forged")
		return r
	},
	"a cookie overwritten in its place": func(r *http.Request) *http.Request {
		r.Header["Cookie"][0] = "session=forged"
		return r
	},
	"a header that was taken away": func(r *http.Request) *http.Request { r.Header = nil; return r },
	"a clone with another visitor's cookie": func(r *http.Request) *http.Request {
		c := r.Clone(r.Context())
		c.Header.Set("Cookie", c.Header.Get("X-Other"))
		return c
	},
}

type otherKey struct{}

func over(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

// ways are how a session is asked for.
var ways = map[string]func(f *session.Factory, r *http.Request) (*session.Session, error){
	"Get":         func(f *session.Factory, r *http.Request) (*session.Session, error) { return f.Get(r) },
	"FromRequest": func(_ *session.Factory, r *http.Request) (*session.Session, error) { return session.FromRequest(r) },
	"FromContext": func(_ *session.Factory, r *http.Request) (*session.Session, error) {
		return session.FromContext(r.Context())
	},
}

// The session is that of the request that came in, whatever it is asked with.
func TestSessionOfTheRequestThatCameIn(t *testing.T) {
	for with, other := range otherRequests {
		for way, ask := range ways {
			t.Run(way+"/"+with, func(t *testing.T) {
				f := newTestFactory(t, newMemStore(), nil)
				v := newVisitor(t, f)
				v.visit(func(s *session.Session) { s.Set("user", "ann") })
				stranger := newVisitor(t, f)
				stranger.visit(func(s *session.Session) { s.Set("user", "bob") })
				r := v.request()
				r.Header.Set("X-Other", stranger.request().Header.Get("Cookie"))
				w := httptest.NewRecorder()
				f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					s, err := ask(f, other(r))
					if err != nil {
						t.Fatal(err)
					}
					if user, _ := s.Get("user"); user != "ann" {
						t.Errorf("the session of %v", user)
					}
					if again, err := f.Get(r); again != s || err != nil {
						t.Errorf("a later Get returns another session, %v", err)
					}
					s.Set("seen", true)
				})).ServeHTTP(w, r)
				if w.Code != http.StatusOK || len(w.Result().Cookies()) > 0 {
					t.Errorf("status %d, cookies %v", w.Code, w.Result().Cookies())
				}
				v.visit(func(s *session.Session) {
					if !s.Has("seen") {
						t.Error("what was set is not in the visitor's session")
					}
				})
			})
		}
	}
}

// So is the session that Factory.Invalidate ends.
func TestInvalidateEndsTheSessionThatCameIn(t *testing.T) {
	for with, other := range otherRequests {
		for _, loaded := range []bool{false, true} {
			store := newMemStore()
			f := newTestFactory(t, store, nil)
			v, stranger := newVisitor(t, f), newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("user", "ann") })
			stranger.visit(func(s *session.Session) { s.Set("user", "bob") })
			r := v.request()
			r.Header.Set("X-Other", stranger.request().Header.Get("Cookie"))
			w := httptest.NewRecorder()
			f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if loaded {
					if _, err := f.Get(r); err != nil {
						t.Error(err)
					}
				}
				if err := f.Invalidate(other(r)); err != nil {
					t.Error(err)
				}
			})).ServeHTTP(w, r)
			if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
				t.Errorf("%s, loaded %v: the cookie is not deleted: %v", with, loaded, c)
			}
			v.visit(func(s *session.Session) {
				if s.Has("user") {
					t.Errorf("%s, loaded %v: the session goes on", with, loaded)
				}
			})
			if stranger.visit(func(s *session.Session) {
				if !s.Has("user") {
					t.Errorf("%s, loaded %v: another visitor's session has ended", with, loaded)
				}
			}); len(store.records) != 1 {
				t.Errorf("%s, loaded %v: %d records", with, loaded, len(store.records))
			}
		}
	}
}

// Of nested Handlers FromRequest and FromContext take the innermost, and each
// factory its own, whatever it is asked with.
func TestNestedFactoriesKeepTheirSessions(t *testing.T) {
	store := newMemStore()
	factories := map[string]*session.Factory{}
	for _, name := range []string{"outer", "middle", "inner"} {
		factories[name] = newTestFactory(t, store, func(o *session.Options) { o.Cookie.Name = name })
	}
	handler := func(next http.HandlerFunc) http.Handler {
		return factories["outer"].Handler(factories["middle"].Handler(factories["inner"].Handler(next)))
	}
	w := httptest.NewRecorder()
	handler(func(_ http.ResponseWriter, r *http.Request) {
		for name, f := range factories {
			s, err := f.Get(r)
			if err != nil {
				t.Fatal(err)
			}
			s.Set("factory", name)
		}
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	for with, other := range otherRequests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		handler(func(_ http.ResponseWriter, r *http.Request) {
			r = other(r)
			is := func(want string) func(s *session.Session, err error) {
				return func(s *session.Session, err error) {
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := s.Get("factory"); got != want {
						t.Errorf("%s: the session of %v, want that of %s", with, got, want)
					}
				}
			}
			is("inner")(session.FromContext(r.Context()))
			is("inner")(session.FromRequest(r))
			for name, f := range factories {
				is(name)(f.Get(r))
			}
		}).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// A context that came through no Handler has no session.
func TestFromContextWithoutAHandler(t *testing.T) {
	if s, err := session.FromContext(t.Context()); s != nil || !errors.Is(err, session.ErrNoHandler) {
		t.Errorf("%v, %v", s, err)
	}
}

// Hooks get the request that came in as well.
func TestHooksGetTheRequestThatCameIn(t *testing.T) {
	store := newMemStore()
	hosts := map[string]int{}
	f := newTestFactory(t, nil, func(o *session.Options) {
		o.StoreFor = func(r *http.Request) (session.Store, error) { hosts["store for "+r.Host]++; return store, nil }
		o.OnInvalid = func(r *http.Request, _ error) { hosts["invalid at "+r.Host]++ }
	})
	r := httptest.NewRequest(http.MethodGet, testURL, nil)
	r.Header.Set("Cookie", "session=forged")
	f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := session.FromContext(r.Context()); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if hosts["store for example.test"] != 1 || hosts["invalid at example.test"] != 1 || len(hosts) != 2 {
		t.Errorf("%v", hosts)
	}
}
