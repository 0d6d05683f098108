package session_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// TestCookieIsSetOnlyWhenItChanges goes through what a request can do to a
// session that the browser knows.
func TestCookieIsSetOnlyWhenItChanges(t *testing.T) {
	tests := []struct {
		name string
		use  func(t *testing.T, s *session.Session)
		set  string // in Set-Cookie; "" for none
	}{
		{"reading", func(_ *testing.T, s *session.Session) { s.Get("seed") }, ""},
		{"writing", func(_ *testing.T, s *session.Session) { s.Set("k", "v") }, ""},
		{"clearing", func(_ *testing.T, s *session.Session) { s.Clear() }, ""},
		{"an idle timeout", func(_ *testing.T, s *session.Session) { s.AdjustTimeout(time.Hour) }, ""},
		{"a lifetime of the cookie", func(_ *testing.T, s *session.Session) { s.AdjustCookieMaxAge(time.Hour) }, "Max-Age=3600"},
		{"more than browsers keep", func(_ *testing.T, s *session.Session) { s.Remember(1000 * 24 * time.Hour) }, "Max-Age=34560000"},
		{"renewing", func(t *testing.T, s *session.Session) {
			if err := s.Renew(t.Context()); err != nil {
				t.Error(err)
			}
		}, "session="},
		{"invalidating", func(t *testing.T, s *session.Session) {
			if err := s.Invalidate(t.Context()); err != nil {
				t.Error(err)
			}
		}, "Max-Age=0"},
		{"invalidating, and beginning another", func(t *testing.T, s *session.Session) {
			if err := s.Invalidate(t.Context()); err != nil {
				t.Error(err)
			}
			s.Set("k", "v")
		}, "session="},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), nil)
			set := rawVisit(t, f, testURL, []string{seed(t, f).String()}, func(s *session.Session) { test.use(t, s) }).Header["Set-Cookie"]
			switch {
			case test.set == "" && len(set) > 0, len(set) > 1:
				t.Errorf("Set-Cookie: %q", set)
			case test.set != "" && (len(set) != 1 || !strings.Contains(set[0], test.set)):
				t.Errorf("Set-Cookie: %q, want one with %s", set, test.set)
			}
		})
	}
}

// A session's own lifetime of the cookie goes along when the cookie changes
// later.
func TestCookieKeepsTheSessionsLifetime(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("k", "v"); s.Remember(time.Hour) })
	cookies := v.visit(func(s *session.Session) {
		if err := s.Renew(t.Context()); err != nil {
			t.Error(err)
		}
	}).Cookies()
	if len(cookies) != 1 || cookies[0].MaxAge != 3600 {
		t.Errorf("%v", cookies)
	}
}

// The application's own cookies stay, and its own word on caching.
func TestCookieBesideTheApplications(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	resp := newVisitor(t, f).serve(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
		http.SetCookie(w, &http.Cookie{Name: "sessions", Value: "another name"})
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "this one cannot be"})
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header().Add("Vary", "Accept-Encoding")
		w.Header().Add("Vary", "Origin, cookie")
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("k", "v")
	})
	var names []string
	for _, c := range resp.Cookies() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "theme sessions session" || strings.Contains(strings.Join(resp.Header["Set-Cookie"], ""), "cannot be") {
		t.Errorf("Set-Cookie: %q", resp.Header["Set-Cookie"])
	}
	if got := resp.Header["Cache-Control"]; len(got) != 1 || got[0] != "private, max-age=60" {
		t.Errorf("Cache-Control: %q", got)
	}
	if got := resp.Header["Vary"]; len(got) != 2 { // cookie is there already, in the application's spelling
		t.Errorf("Vary: %q", got)
	}
}

// valueSigner signs with whatever it is told.
type valueSigner string

func (v valueSigner) Sign(string) (string, error) { return string(v), nil }

func (valueSigner) Verify(string) (string, error) { return "", session.ErrBadCookie }

// A value that no browser would send back is an error before anything is
// written, not a new session at every request.
func TestCookieValueThatCannotBe(t *testing.T) {
	for _, value := range []string{"two\r\nlines", "a;b", `a"b`, "ü", strings.Repeat("x", 4096)} {
		store := newMemStore()
		var failed error
		f := newTestFactory(t, store, func(o *session.Options) {
			discardLog(o)
			o.Secret, o.Signer = "", valueSigner(value)
			o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) { failed = err; w.WriteHeader(500) }
		})
		resp := newVisitor(t, f).serve(withSession(t, f, func(s *session.Session) {
			s.Set("k", "v")
		}))
		if failed == nil || len(resp.Cookies()) > 0 || len(store.records) > 0 {
			t.Errorf("%.20q: error %v, %d cookies, %d records", value, failed, len(resp.Cookies()), len(store.records))
		}
		if len(value) < 100 && failed != nil && strings.Contains(failed.Error(), value) {
			t.Errorf("the error shows the value: %v", failed)
		}
	}
}

// TestCookieTossing sends several cookies of one name, as an attacker on a
// subdomain can arrange it. Each is tried, in order, up to a cap.
func TestCookieTossing(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	first, second := seed(t, f).String(), seed(t, f).String()
	id := func(cookie string) string {
		v, err := session.VerifiedID(f, strings.TrimSuffix(strings.TrimPrefix(strings.SplitN(cookie, ";", 2)[0], "session="), ";"))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	pair := func(cookie string) string { return strings.SplitN(cookie, ";", 2)[0] }
	unknown, err := session.SignerOf(f).Sign("an ID that is in no store")
	if err != nil {
		t.Fatal(err)
	}
	const forged = "session=forged"
	manyForged := strings.Repeat(forged+"; ", session.MaxCookies-1)
	tests := []struct {
		name  string
		lines []string
		want  string // the cookie whose session it is, "" for a new one
	}{
		{"one", []string{pair(first)}, first},
		{"a forged one first", []string{forged + "; " + pair(first)}, first},
		{"a forged one last", []string{pair(first) + "; " + forged}, first},
		{"an empty one first", []string{"session=; " + pair(first)}, first},
		{"one whose session is gone first", []string{"session=" + unknown + "; " + pair(first)}, first},
		{"two valid ones", []string{pair(first) + "; " + pair(second)}, first},
		{"two valid ones, the other way round", []string{pair(second) + "; " + pair(first)}, second},
		{"in two header lines", []string{forged, pair(second)}, second},
		{"the last that is tried", []string{manyForged + pair(first)}, first},
		{"one too many before it", []string{manyForged + forged + "; " + pair(first)}, ""},
		{"another case is another name", []string{"Session=" + pair(first)[len("session="):]}, ""},
		{"a name that begins with ours", []string{"session2=" + pair(first)[len("session="):]}, ""},
		{"none that is valid", []string{forged + "; session=" + unknown}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp := rawVisit(t, f, testURL, test.lines, func(s *session.Session) {
				switch {
				case test.want == "" && (!s.IsNew() || s.ID() != "" || s.Len() > 0):
					t.Error("it is somebody's session")
				case test.want != "" && s.ID() != id(test.want):
					t.Error("it is not the session it should be")
				}
			})
			if set := resp.Header["Set-Cookie"]; len(set) > 0 {
				t.Errorf("Set-Cookie: %q", set)
			}
		})
	}
}

// Each cookie of a flood costs at most one command, and there is an end to it.
func TestCookieFlood(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, nil)
	var lines []string
	for i := range 100 {
		value, err := session.SignerOf(f).Sign(strings.Repeat("x", i+1))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, "session="+value)
	}
	rawVisit(t, f, testURL, []string{strings.Join(lines, "; ")}, func(*session.Session) {})
	if calls := store.takeCalls(); len(calls) != 8 { // as docs/security.md says
		t.Errorf("%d commands, want 8", len(calls))
	}
	// The same one again and again is one.
	rawVisit(t, f, testURL, []string{strings.Repeat(lines[0]+"; ", 5)}, func(*session.Session) {})
	if calls := store.takeCalls(); len(calls) != 1 {
		t.Errorf("%d commands, want 1", len(calls))
	}
}

// A hook that keeps the cookie out of a response keeps the record out of Redis. What
// the handler puts into the header counts when the header is sent: CSRFToken does
// not look at it (TestCSRFTokenUnderTheCookieHook).
func TestCookieRefusedByTheHook(t *testing.T) {
	store := newMemStore()
	f := newTestFactory(t, store, func(o *session.Options) {
		discardLog(o)
		o.AllowCookie = func(h http.Header) bool { return h.Get("X-Cached") == "" }
	})
	resp := newVisitor(t, f).serve(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Cached", "yes")
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("k", "v")
		if _, err := s.CSRFToken(r.Context()); err != nil {
			t.Errorf("CSRFToken: %v", err)
		}
	})
	if resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 || len(store.records) > 0 {
		t.Errorf("status %d, %d cookies, %d records", resp.StatusCode, len(resp.Cookies()), len(store.records))
	}
}

// The log hears of it once, whatever the response is, and of no mistake: the
// handler has made none.
func TestCookieRefusedByTheHookIsLoggedOnce(t *testing.T) {
	for _, body := range []string{"", "page"} {
		var log bytes.Buffer
		f := newTestFactory(t, newMemStore(), func(o *session.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			o.AllowCookie = func(http.Header) bool { return false }
		})
		newVisitor(t, f).serve(func(w http.ResponseWriter, r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			s.Set("k", "v")
			_, _ = io.WriteString(w, body)
		})
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") {
			t.Errorf("body %q: logged\n%s", body, got)
		}
	}
}
