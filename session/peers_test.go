package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/session"
)

// Defects that other session libraries were measured to have. Each test is what
// one of them does not pass.

// All of them bring a session back that was logged out while a slow request
// was under way; pyramid_session_redis even when that only reads.
func TestPeersLogoutUndoneBySlowRequest(t *testing.T) {
	var list any
	requests := map[string]struct {
		do      func(s *session.Session) error
		options func(*session.Options)
		lost    bool // the request had something to lose
	}{
		"read":           {do: func(s *session.Session) error { s.Get("cart"); return nil }},
		"read, touching": {func(s *session.Session) error { s.Get("cart"); return nil }, func(o *session.Options) { o.TouchAfter = time.Nanosecond }, false},
		"read, expiry in record": {func(s *session.Session) error { s.Get("cart"); return nil },
			func(o *session.Options) { o.ExpiryInRecord = true }, false},
		"read, own timeout": {do: func(s *session.Session) error { s.Timeout(); return nil }},
		"write":             {do: func(s *session.Session) error { s.Set("late", 1); return nil }, lost: true},
		"deep change":       {do: func(s *session.Session) error { list, _ = s.Get("list"); list.([]any)[0] = "late"; return nil }, lost: true},
		"delete":            {do: func(s *session.Session) error { s.Delete("cart"); return nil }, lost: true},
		"clear":             {do: func(s *session.Session) error { s.Clear(); return nil }, lost: true},
		"flash":             {do: func(s *session.Session) error { s.Flash("", "late"); return nil }, lost: true},
		"timeout":           {do: func(s *session.Session) error { s.AdjustTimeout(time.Hour); return nil }, lost: true},
		"csrf token":        {do: func(s *session.Session) error { _, err := s.CSRFToken(context.Background()); return err }, lost: true},
		"renew":             {do: func(s *session.Session) error { return s.Renew(context.Background()) }, lost: true},
		"empty":             {func(s *session.Session) error { s.Clear(); return nil }, func(o *session.Options) { o.InvalidateEmpty = true }, true},
	}
	for name, slow := range requests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				var failed error
				f := newTestFactory(t, store, func(o *session.Options) {
					if slow.options != nil {
						slow.options(o)
					}
					o.ErrorHandler = fails(&failed)
				})
				v := newVisitor(t, f)
				v.visit(func(s *session.Session) {
					s.Set("cart", "book")
					s.Set("list", []any{"a"})
					if name == "read, own timeout" {
						s.AdjustTimeout(time.Hour)
					}
				})
				pass(time.Minute) // of the bubble's: so that there is something to touch
				var err error
				v.serve(func(_ http.ResponseWriter, r *http.Request) {
					s, loadErr := f.Get(r)
					if loadErr != nil {
						t.Fatal(loadErr)
					}
					if err := f.Invalidate(httptestRequest(r)); err != nil {
						t.Error(err)
					}
					err = slow.do(s)
				})
				if len(store.records) != 0 {
					t.Error("the session is back")
				}
				if slow.lost && !errors.Is(errors.Join(err, failed), session.ErrGone) {
					t.Errorf("the request was told %v, %v; want ErrGone", err, failed)
				}
				if got := v.request().Cookies(); slow.lost && len(got) != 0 {
					t.Errorf("the browser still has %v", got)
				}
			})
		})
	}
}

// httptestRequest returns another request with the cookies of r.
func httptestRequest(r *http.Request) *http.Request {
	other := httptest.NewRequest(http.MethodPost, "/logout", nil)
	other.Header["Cookie"] = r.Header["Cookie"]
	return other
}

// All of them lose one of two changes that concurrent requests make, also to
// different keys.
func TestPeersLostUpdate(t *testing.T) {
	type request func(s *session.Session)
	tests := map[string]struct {
		slow, fast request
		want       func(s *session.Session) bool
	}{
		"different keys": {
			func(s *session.Session) { s.Set("a", 1) }, func(s *session.Session) { s.Set("b", 2) },
			func(s *session.Session) bool { return s.Has("a") && s.Has("b") },
		},
		"a key and a deleted one": {
			func(s *session.Session) { s.Set("a", 1) }, func(s *session.Session) { s.Delete("old") },
			func(s *session.Session) bool { return s.Has("a") && !s.Has("old") },
		},
		"counters": {
			func(s *session.Session) { s.Modify("n", increment) }, func(s *session.Session) { s.Modify("n", increment) },
			func(s *session.Session) bool { n, _ := session.Value[int](s, "n"); return n == 2 },
		},
		"flashes, in order of saving": {
			func(s *session.Session) { s.Flash("", "slow") }, func(s *session.Session) { s.Flash("", "fast") },
			func(s *session.Session) bool { return slices.Equal(s.PeekFlash(""), []any{"fast", "slow"}) },
		},
		"a popped queue and a flash": {
			func(s *session.Session) { s.PopFlash("q") }, func(s *session.Session) { s.Flash("q", "new") },
			func(s *session.Session) bool { return slices.Equal(s.PeekFlash("q"), []any{"new"}) },
		},
		"a popped key that was set again": {
			func(s *session.Session) { s.Pop("old") }, func(s *session.Session) { s.Set("old", "new") },
			func(s *session.Session) bool { v, _ := s.Get("old"); return v == "new" },
		},
		"a clear, also of what comes meanwhile": {
			func(s *session.Session) { s.Clear(); s.Set("a", 1) }, func(s *session.Session) { s.Set("b", 2) },
			func(s *session.Session) bool { return slices.Equal(s.Keys(), []string{"a"}) },
		},
		"a timeout": {
			func(s *session.Session) { s.Set("a", 1) }, func(s *session.Session) { s.AdjustTimeout(time.Hour) },
			func(s *session.Session) bool { return s.Has("a") && s.Timeout() == time.Hour },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), nil)
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("old", "old"); s.Flash("q", "shown") })
			v.visit(func(s *session.Session) {
				test.slow(s)
				v.visit(test.fast)
			})
			v.visit(func(s *session.Session) {
				if !test.want(s) {
					t.Errorf("after both: %v, queues %v %v, timeout %v", s.Keys(), s.PeekFlash(""), s.PeekFlash("q"), s.Timeout())
				}
			})
		})
	}
}

func increment(old any) any {
	n, _ := old.(int)
	return n + 1
}

// scs with go-redis: a save after the deadline leaves a key without a time to
// live that loads for ever.
func TestPeersSaveAfterTheDeadline(t *testing.T) {
	for _, inRecord := range []bool{false, true} { // true: Redis would keep the record for ever
		synctest.Test(t, func(t *testing.T) {
			store := newMemStore()
			var failed error
			f := newTestFactory(t, store, func(o *session.Options) {
				o.IdleTimeout, o.AbsoluteTimeout, o.ExpiryInRecord = session.Never, time.Hour, inRecord
				o.ErrorHandler = fails(&failed)
			})
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			v.serve(func(_ http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Fatal(err)
				}
				pass(time.Hour)
				s.Set("b", 2)
			})
			if !errors.Is(failed, session.ErrGone) {
				t.Errorf("the save came to %v, want ErrGone", failed)
			}
			for _, r := range store.records {
				if !inRecord && (r.expires.IsZero() || r.expires.After(time.Now())) {
					t.Errorf("the record expires at %v", r.expires)
				}
			}
			v.visit(func(s *session.Session) {
				if s.Has("b") {
					t.Error("the session loads after its deadline")
				}
			})
		})
	}
}

// scs: a client that disconnects loses the save.
func TestPeersClientThatHangsUp(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, meanwhile(store, "none", nil), nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	ctx, hangUp := context.WithCancel(context.Background())
	f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := f.Get(r)
		if err != nil {
			t.Fatal(err)
		}
		s.Set("a", 2)
		hangUp()
	})).ServeHTTP(httptest.NewRecorder(), v.request().WithContext(ctx))
	v.visit(func(s *session.Session) {
		if a, _ := s.Get("a"); a != 2 {
			t.Errorf("a is %v: the save was lost", a)
		}
	})
}

// gob: a type that nobody has registered fails the save.
func TestPeersTypesAreNotRegistered(t *testing.T) {
	type cart struct {
		Books []string
		Price float64
	}
	for name, codec := range map[string]encode.Codec{"default": {}, "json": encode.JSON, "msgpack": encode.MsgPack} {
		f := newTestFactory(t, newMemStore(), func(o *session.Options) { o.Codec = codec })
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) { s.Set("cart", cart{[]string{"Dune"}, 9.5}) })
		v.visit(func(s *session.Session) {
			if c, ok := session.Value[cart](s, "cart"); !ok || c.Price != 9.5 || len(c.Books) != 1 {
				t.Errorf("%s: the cart came back as %v, %v", name, c, ok)
			}
		})
	}
}

// scs and others: a record that cannot be decoded fails every request until
// the cookie is gone; pyramid_session_redis answers 500.
func TestPeersUndecodableRecord(t *testing.T) {
	store := newMemStore()
	var reported []error
	f := newTestFactory(t, store, func(o *session.Options) {
		o.OnInvalid = func(_ *http.Request, err error) { reported = append(reported, err) }
	})
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	for key, r := range store.records {
		r.data = []byte("not what we wrote")
		store.records[key] = r
	}
	v.visit(func(s *session.Session) {
		if !s.IsNew() {
			t.Error("the session is not a new one")
		}
		s.Set("b", 2)
	})
	if len(reported) != 1 || !errors.Is(reported[0], session.ErrUndecodable) {
		t.Errorf("the hook heard %v", reported)
	}
	v.visit(func(s *session.Session) {
		if b, _ := s.Get("b"); b != 2 {
			t.Error("the new session was not kept")
		}
	})
}

// What cannot be decoded must not outlive a logout either.
func TestInvalidateEndsAnUndecodableRecord(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, nil))
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	v.f = newTestFactory(t, store, func(o *session.Options) { o.Codec = encode.JSON }) // the next release
	v.visit(func(s *session.Session) {
		if err := s.Invalidate(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if len(store.records) != 0 || len(v.request().Cookies()) != 0 {
		t.Errorf("after the logout there are %d records and %v", len(store.records), v.request().Cookies())
	}
}
