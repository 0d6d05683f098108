package session_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

// owned begins a session of a user and returns its cookie as a pair.
func owned(t *testing.T, f *session.Factory, user string) string {
	t.Helper()
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("user", user) })
	return v.request().Header.Get("Cookie")
}

// renewed renews the session of a cookie and returns the new one.
func renewed(t *testing.T, f *session.Factory, cookie string) string {
	t.Helper()
	set := rawVisit(t, f, testURL, []string{cookie}, func(s *session.Session) {
		if err := s.Renew(t.Context()); err != nil {
			t.Error(err)
		}
	}).Cookies()
	if len(set) != 1 {
		t.Fatalf("cookies %v", set)
	}
	return set[0].Name + "=" + set[0].Value
}

// A cookie whose session was renewed a moment ago stands beside the new one, as
// after a change of cookie_path: the search goes on to the session that lives.
func TestRenewedSessionBesideItsSuccessor(t *testing.T) {
	for _, format := range formats {
		f := newTestFactory(t, newMemStore(), edits(discardLog, ofFormat(format)))
		first := owned(t, f, "ann")
		second := renewed(t, f, first)
		third := renewed(t, f, second)
		for name, header := range map[string][]string{
			"before it":       {first, third},
			"after it":        {third, first},
			"two of them":     {first, second, third},
			"on both sides":   {second, third, first},
			"and a forged":    {first, "session=forged", third},
			"before any":      {second, owned(t, f, "ann")},
			"twice":           {first, first, third},
			"and a forged it": {"session=forged", first, third, "session=forged"},
		} {
			t.Run(format.String()+"/"+name, func(t *testing.T) {
				v := []string{strings.Join(header, "; ")}
				resp := rawVisit(t, f, testURL, v, func(s *session.Session) {
					if user, _ := s.Get("user"); user != "ann" {
						t.Errorf("the session of %v", user)
					}
					s.Set("seen", name)
				})
				if set := resp.Header["Set-Cookie"]; len(set) > 0 {
					t.Errorf("Set-Cookie: %q", set)
				}
				rawVisit(t, f, testURL, v, func(s *session.Session) {
					if seen, _ := s.Get("seen"); seen != name {
						t.Errorf("what was set is not there: %v", seen)
					}
				})
			})
		}
	}
}

// When no other cookie leads to a session, the request is one that was under way
// during the renewal: it cannot begin a session, whose cookie would replace the
// new one, and a logout in it ends the successor.
func TestRenewedSessionBesideNone(t *testing.T) {
	for name, beside := range map[string]func(f *session.Factory, cookie string) []string{
		"alone":          func(_ *session.Factory, c string) []string { return []string{c} },
		"a forged last":  func(_ *session.Factory, c string) []string { return []string{c, "session=forged"} },
		"a forged first": func(_ *session.Factory, c string) []string { return []string{"session=forged", c} },
		"unknown last": func(f *session.Factory, c string) []string {
			value, _ := session.SignerOf(f).Sign("in no store")
			return []string{c, "session=" + value}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			f := newTestFactory(t, store, discardLog)
			stopClock(f) // those that were under way come for five seconds
			old := owned(t, f, "ann")
			successor := renewed(t, f, old)
			header := []string{strings.Join(beside(f, old), "; ")}
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Cookie"] = header
			f.Handler(withSession(t, f, func(s *session.Session) {
				s.Set("user", "a stranger")
			})).ServeHTTP(w, r)
			if w.Code == http.StatusOK || len(w.Result().Cookies()) > 0 {
				t.Errorf("status %d, cookies %v", w.Code, w.Result().Cookies())
			}
			rawVisit(t, f, testURL, header, func(s *session.Session) {
				if err := s.Invalidate(t.Context()); err != nil {
					t.Error(err)
				}
			})
			rawVisit(t, f, testURL, []string{successor}, func(s *session.Session) {
				if s.Has("user") {
					t.Error("the successor is still logged in")
				}
			})
		})
	}
}

// logouts are the ways to end a request's session.
var logouts = map[string]func(f *session.Factory, r *http.Request) error{
	"Factory.Invalidate": func(f *session.Factory, r *http.Request) error { return f.Invalidate(r) },
	"Factory.Invalidate after Get": func(f *session.Factory, r *http.Request) error {
		_, err := f.Get(r)
		return errors.Join(err, f.Invalidate(r))
	},
	"Session.Invalidate": func(f *session.Factory, r *http.Request) error {
		s, err := f.Get(r)
		if err != nil {
			return err
		}
		return s.Invalidate(r.Context())
	},
	"Session.Invalidate after a change": func(f *session.Factory, r *http.Request) error {
		s, err := f.Get(r)
		if err != nil {
			return err
		}
		s.Set("k", "v")
		_, err = s.CSRFToken(r.Context())
		return errors.Join(err, s.Invalidate(r.Context()))
	},
	"Session.Invalidate after Renew": func(f *session.Factory, r *http.Request) error {
		s, err := f.Get(r)
		if err != nil {
			return err
		}
		return errors.Join(s.Renew(r.Context()), s.Invalidate(r.Context()))
	},
}

// A logout ends each session that the request's cookies name: with one left, the
// visitor would still be logged in. In the Pyramid formats it ends the one that
// Python reads, which is that of the last cookie.
func TestLogoutWithSeveralCookies(t *testing.T) {
	type cookies func(f *session.Factory, store *memStore) []string
	users := func(n int) cookies {
		return func(f *session.Factory, _ *memStore) (all []string) {
			for range n {
				all = append(all, owned(t, f, "ann"))
			}
			return all
		}
	}
	tests := map[string]cookies{
		"one":                  users(1),
		"two":                  users(2),
		"three":                users(3),
		"as many as are tried": users(session.MaxCookies),
		"forged ones between": func(f *session.Factory, s *memStore) []string {
			u := users(2)(f, s)
			return []string{"session=forged", u[0], "session=forged", u[1]}
		},
		"one of them twice": func(f *session.Factory, s *memStore) []string { u := users(2)(f, s); return []string{u[0], u[0], u[1]} },
		"the first cannot be read": func(f *session.Factory, s *memStore) []string {
			u := users(1)(f, s)
			damage(s)
			return append(u, users(1)(f, s)...)
		},
		"the last cannot be read": func(f *session.Factory, s *memStore) []string {
			u := users(1)(f, s)
			damage(s)
			return append(users(1)(f, s), u...)
		},
		"two cannot be read": func(f *session.Factory, s *memStore) []string {
			u := users(2)(f, s)
			damage(s)
			return append(u, users(1)(f, s)...)
		},
		"renewed, another": func(f *session.Factory, s *memStore) []string { u := users(2)(f, s); renewed(t, f, u[0]); return u },
		"another, renewed": func(f *session.Factory, s *memStore) []string { u := users(2)(f, s); renewed(t, f, u[1]); return u },
		"two that were renewed": func(f *session.Factory, s *memStore) []string {
			u := users(2)(f, s)
			renewed(t, f, u[0])
			renewed(t, f, u[1])
			return u
		},
		"the old and the new, others": func(f *session.Factory, s *memStore) []string {
			u := users(3)(f, s)
			return append(u, renewed(t, f, u[1]))
		},
	}
	for name, cookies := range tests {
		for way, logout := range logouts {
			for _, format := range formats {
				t.Run(format.String()+"/"+way+"/"+name, func(t *testing.T) {
					store := newMemStore()
					f := newTestFactory(t, store, edits(discardLog, ofFormat(format)))
					header := strings.Join(cookies(f, store), "; ")
					before := len(store.records)
					r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
					r.Header.Set("Cookie", header)
					read := pythonReads(f, r)
					f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						if err := logout(f, r); err != nil && (!errors.Is(err, session.ErrGone) || !strings.Contains(name, "renewed")) {
							t.Error(err)
						}
					})).ServeHTTP(w, r)
					leads := format == session.FormatNative || name != "two that were renewed"
					if set := w.Result().Cookies(); leads && (len(set) != 1 || set[0].MaxAge >= 0) {
						t.Errorf("cookies %v", set)
					}
					if format == session.FormatNative {
						for _, record := range store.records {
							if !isMarker(record.data) {
								t.Error("a record is left")
							}
						}
						return
					}
					if _, ok := store.records[read]; ok {
						t.Error("the session that Python reads is left")
					}
					if strings.Contains(name, "read") || strings.Contains(name, "renewed") || strings.Contains(name, "new") {
						return // there is more than one that Python does not find
					}
					if len(store.records) != before-1 {
						t.Errorf("%d of %d records are left", len(store.records), before)
					}
				})
			}
		}
	}
}

// recordHeader is the length of a native record's header (internal/record).
const recordHeader = 52

// isMarker reports whether a native record is what a renewal has left: it is no
// session.
func isMarker(record []byte) bool {
	return len(record) >= recordHeader && strings.HasPrefix(string(record), "rs\x01m")
}

// damage makes the records that are there unreadable.
func damage(store *memStore) {
	for _, key := range slices.Collect(maps.Keys(store.records)) {
		store.put(key, []byte("damaged"), 0)
	}
}

// pythonReads returns the key of the last cookie's session.
func pythonReads(f *session.Factory, r *http.Request) string {
	all := r.CookiesNamed("session")
	id, _ := session.VerifiedID(f, all[len(all)-1].Value)
	return session.FormatOf(f).Address(id).Key
}

// Without a Handler the same sessions end.
func TestLogoutWithSeveralCookiesWithoutAHandler(t *testing.T) {
	for way, logout := range logouts {
		store := newMemStore()
		f := newTestFactory(t, store, discardLog)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", owned(t, f, "ann")+"; "+owned(t, f, "bob"))
		if err := logout(f, r); err != nil {
			t.Error(err)
		}
		if len(store.records) > 0 {
			t.Errorf("%s: %d records are left", way, len(store.records))
		}
	}
}

// A logout that could not end all of them is an error, ends those that it can,
// and a second one ends the rest.
func TestLogoutOfSeveralThatFailsHalfway(t *testing.T) {
	for way, logout := range logouts {
		store := newMemStore()
		failing := &failingRemoves{Store: store}
		f := newTestFactory(t, failing, discardLog)
		header := owned(t, f, "ann") + "; " + owned(t, f, "bob") + "; " + owned(t, f, "eve")
		failing.fail = 1
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", header)
		f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := logout(f, r); !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("%s: error %v", way, err)
			}
			// The marker of a renewal leads to the one whose removal failed.
			if left := len(store.records); left != 1 && !strings.Contains(way, "Renew") {
				t.Errorf("%s: %d records are left by the first", way, left)
			}
			if err := f.Invalidate(r); err != nil {
				t.Errorf("%s: the second: %v", way, err)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
		if len(store.records) > 0 {
			t.Errorf("%s: %d records are left", way, len(store.records))
		}
	}
}

// failingRemoves is a store whose next so many removals fail.
type failingRemoves struct {
	session.Store
	fail int
}

func (s *failingRemoves) Remove(ctx context.Context, key string, guard []byte) error {
	if s.fail > 0 {
		s.fail--
		return errRefused
	}
	return s.Store.Remove(ctx, key, guard)
}

// Renew moves the session that was loaded and leaves those of other cookies: they
// may belong to another path of the site.
func TestRenewLeavesOtherSessions(t *testing.T) {
	for _, format := range formats {
		f := newTestFactory(t, newMemStore(), edits(discardLog, ofFormat(format)))
		ann, bob := owned(t, f, "ann"), owned(t, f, "bob")
		loaded, other := ann, bob
		if session.LastCookieFirst(f) {
			loaded, other = bob, ann
		}
		successor := renewed(t, f, ann+"; "+bob)
		for _, c := range []string{successor, other} {
			rawVisit(t, f, testURL, []string{c}, func(s *session.Session) {
				if !s.Has("user") {
					t.Errorf("%s: a session is gone", format)
				}
			})
		}
		rawVisit(t, f, testURL, []string{loaded + "; " + successor}, func(s *session.Session) {
			if !s.Has("user") {
				t.Errorf("%s: the old cookie hides the new one", format)
			}
		})
	}
}
