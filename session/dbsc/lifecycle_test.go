package dbsc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// TestBound: a session is bound by the registration, goes on as long as its browser
// refreshes, and its cookies are of no use to a thief after the bound cookie's end.
func TestBound(t *testing.T) {
	for name, key := range map[string]func(b *browser){
		"ES256": func(*browser) {},
		"RS256": func(b *browser) {
			k, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			b.key, b.alg = k, jose.RS256
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, dbsc.Options{})
				b := newBrowser(s)
				key(b)
				b.bound()
				b.wantUser("after the registration", "anna")
				thief := b.thief()
				thief.wantUser("with all cookies, in time", "anna")
				for range 20 {
					pass(9 * time.Minute)
					b.refreshed()
					b.wantUser("after a refresh", "anna")
				}
				thief.wantUser("with all cookies, later", "")
				if resp := thief.get("/write"); resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 {
					t.Errorf("a thief's change: status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
				}
				if !strings.Contains(s.log.String(), "level=WARN") || !strings.Contains(s.log.String(), session.ErrUnbound.Error()) {
					t.Errorf("the log says nothing of the thief: %s", s.log)
				}
				b.wantUser("in its browser", "anna")
				if resp := b.get("/write"); resp.StatusCode != http.StatusOK {
					t.Errorf("a change by its browser: status %d", resp.StatusCode)
				}
			})
		})
	}
}

// TestRegistrationAnswer: the JSON and the cookie are those of the draft.
func TestRegistrationAnswer(t *testing.T) {
	s := newSite(t, dbsc.Options{Path: "/app/keys", Refresh: 7 * time.Minute}, func(o *session.Options) {
		o.Cookie = session.CookieOptions{Path: "/app", Domain: "example.com", SameSite: http.SameSiteStrictMode, ScriptReadable: true}
	})
	b := newBrowser(s)
	resp := b.get("/login")
	own := resp.Cookies()[0].Value
	found := offered.FindStringSubmatch(resp.Header.Get("Secure-Session-Registration"))
	if found == nil || found[1] != "/app/keys/register" {
		t.Fatalf("offer %q", resp.Header["Secure-Session-Registration"])
	}
	b.path, b.challenge = found[1], found[2]
	resp = b.register()
	text := body(t, resp)
	const want = `,"refresh_url":"/app/keys/refresh","scope":{"include_site":false,"scope_specification":[{"type":"exclude","path":"/app/keys/register"},{"type":"exclude","path":"/app/keys/refresh"}]},` +
		`"credentials":[{"type":"cookie","name":"session_bound","attributes":"Path=/app; Domain=example.com; HttpOnly; Secure; SameSite=Strict"}]}`
	id, rest, _ := strings.Cut(strings.TrimPrefix(text, `{"session_identifier":"`), `"`)
	if strings.TrimSpace(rest) != want || len(id) < 22 {
		t.Errorf("the answer is\n%s\nnot\n%s", text, want)
	}
	line := resp.Header.Get("Set-Cookie")
	if _, attributes, _ := strings.Cut(line, "; "); attributes != "Path=/app; Domain=example.com; Max-Age=420; HttpOnly; Secure; SameSite=Strict" {
		t.Errorf("Set-Cookie: %s", line)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	} {
		if resp.Header.Get(name) != value {
			t.Errorf("%s: %q", name, resp.Header.Get(name))
		}
	}
	if strings.Contains(text, own) || strings.Contains(s.log.String(), b.challenge) {
		t.Error("the session's cookie or the challenge is where it must not be")
	}
}

// TestScope: the application's own paths stay in scope, also where they begin like those of the
// binding: a browser does not refresh for a path that is excluded.
func TestScope(t *testing.T) {
	b := newBrowser(newSite(t, dbsc.Options{Path: "/app"}, func(o *session.Options) { o.Cookie.Path = "/app" }))
	found := offered.FindStringSubmatch(b.get("/login").Header.Get("Secure-Session-Registration"))
	if found == nil {
		t.Fatal("no offer")
	}
	b.path, b.challenge = found[1], found[2]
	b.registered()
	for _, rule := range b.known.Scope.Specification {
		if page := "/app/account"; rule["type"] == "exclude" && strings.HasPrefix(page, rule["path"]) {
			t.Errorf("%s excludes a page", rule["path"])
		}
	}
}

// TestOfferOnce: only the response of Login offers to register, and each does.
func TestOfferOnce(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	b := newBrowser(s)
	b.login()
	first := b.challenge
	for _, path := range []string{"/", "/write", "/renew", "/remember"} {
		if got := b.get(path).Header["Secure-Session-Registration"]; got != nil {
			t.Errorf("%s offers to register: %q", path, got)
		}
	}
	b.login()
	if b.challenge == first {
		t.Error("two logins have one challenge")
	}
}

// TestLoginAgain: a login begins another binding. The earlier one is over.
func TestLoginAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		earlier := b.known
		b.login()
		b.wantUser("before the second registration", "anna")
		again := b.known
		b.known = earlier
		b.wantEnded("the earlier binding", b.refresh(""))
		b.known = again
		b.key = newKey(t)
		b.register()
		pass(20 * time.Minute)
		b.wantUser("without a refresh", "")
	})
}

// TestRenewKeepsTheBinding: the bound cookie and the key stay good under the new ID, also
// for a refresh that was under way with the old one.
func TestRenewKeepsTheBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		pass(5 * time.Minute)
		old := b.thief()
		old.key = b.key
		b.get("/renew")
		b.wantUser("after Renew", "anna")
		old.wantFresh("a refresh under way", old.refresh(b.proof(old.ask(), false)))
		b.refreshed()
		pass(9 * time.Minute)
		b.wantUser("after Renew and a refresh", "anna")
	})
}

// TestGrace: requests that were under way count for a tenth of the life, at least two
// seconds, after the bound cookie's end and after the registration.
func TestGrace(t *testing.T) {
	for _, c := range []struct{ life, grace time.Duration }{
		{10 * time.Minute, time.Minute},
		{5 * time.Second, 2 * time.Second},
		{time.Second, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, dbsc.Options{Refresh: c.life})
			b := newBrowser(s)
			b.login()
			unbound := b.thief()
			if resp := b.register(); resp.StatusCode != http.StatusOK {
				t.Fatalf("status %d", resp.StatusCode)
			}
			both := b.thief()
			pass(c.grace - time.Millisecond)
			unbound.wantUser("under way at the registration", "anna")
			pass(time.Millisecond)
			unbound.wantUser("without the bound cookie, after the grace", "")
			pass(c.life - time.Millisecond)
			both.wantUser("in the grace after the end", "anna")
			pass(time.Millisecond)
			both.wantUser("after the grace", "")
		})
	}
}

// TestRequired: with Required a browser that does not register becomes a stranger a minute
// after the login. So does one whose session was logged in before there was a binding.
func TestRequired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		before := siteOn(t, store, nil)
		old := newBrowser(before)
		old.get("/login")
		on, required := siteOn(t, store, dbsc.Options{}), siteOn(t, store, dbsc.Options{Required: true})
		b := newBrowser(required)
		b.login()
		pass(59 * time.Second)
		b.wantUser("in the first minute", "anna")
		pass(time.Second)
		b.wantUser("after a minute", "")
		b.site = on
		b.wantUser("where it is not required", "anna")
		b.site = required
		if resp := b.register(); resp.StatusCode != http.StatusOK {
			t.Errorf("a late registration: status %d", resp.StatusCode)
		}
		b.wantUser("after a late registration", "anna")
		for site, want := range map[*site]string{on: "anna", required: ""} {
			old.site = site
			old.wantUser("a session from before", want)
		}
		visitor := newBrowser(required)
		visitor.get("/write")
		pass(10 * time.Minute)
		if resp := visitor.get("/write"); resp.StatusCode != http.StatusOK {
			t.Errorf("a visitor who has not logged in: status %d", resp.StatusCode)
		}
	})
}

// TestRequiredAgain: Renew does not lengthen the minute that a browser has for its registration,
// and Login begins another one.
func TestRequiredAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{Required: true})
		b := newBrowser(s)
		b.login()
		pass(59 * time.Second)
		b.get("/renew")
		b.wantUser("after Renew", "anna")
		pass(time.Second)
		b.wantUser("a minute after the login", "")
		if resp := b.get("/renew"); resp.StatusCode != http.StatusForbidden {
			t.Errorf("Renew by a stranger: status %d", resp.StatusCode)
		}
		b.wantUser("after Renew by a stranger", "")
		for range 2 {
			b.login()
			pass(59 * time.Second)
			b.wantUser("in the minute after another login", "anna")
		}
		pass(time.Second)
		b.wantUser("a minute after the last login", "")
		b.registered()
		b.get("/renew")
		b.wantUser("after the registration", "anna")
		pass(11 * time.Minute)
		b.wantUser("after the bound cookie's end", "")
	})
}

// TestLogout: both cookies go, and the browser is told to forget the session, with the
// cookies and without.
func TestLogout(t *testing.T) {
	for _, path := range []string{"/logout", "/logoutunread"} {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		late := b.thief()
		calls := s.store.calls.Load()
		resp := b.get(path)
		if !deletesCookie(resp, "session") || !deletesCookie(resp, boundName) {
			t.Errorf("%s: Set-Cookie %q", path, resp.Header["Set-Cookie"])
		}
		if n, want := s.store.calls.Load()-calls, map[string]int64{"/logout": 2, "/logoutunread": 1}[path]; n != want {
			t.Errorf("%s: %d commands, not %d", path, n, want)
		}
		if s.store.count() != 0 {
			t.Errorf("%s: the record is there", path)
		}
		late.wantEnded("a refresh with the old cookies", late.refresh(""))
		late.wantEnded("a proof with the old cookies", late.refresh(b.proof(b.challenge, false)))
		late.Forget()
		late.wantEnded("a refresh without cookies", late.refresh(""))
		late.wantEnded("a proof without cookies", late.refresh(b.proof(b.challenge, false)))
	}
}

// TestLogoutWithMessage: a logout after which the request begins another session, for a message
// say or by a login, deletes the bound cookie all the same.
func TestLogoutWithMessage(t *testing.T) {
	s := newSite(t, dbsc.Options{})
	end := map[string]func(r *http.Request, s *session.Session) error{
		"Session.Invalidate": func(r *http.Request, s *session.Session) error { return s.Invalidate(r.Context()) },
		"Factory.Invalidate": func(r *http.Request, _ *session.Session) error { return s.sessions.Invalidate(r) },
	}
	begin := map[string]func(r *http.Request, s *session.Session) error{
		"a message": func(_ *http.Request, s *session.Session) error { s.Flash("", "You are logged out."); return nil },
		"a login":   func(r *http.Request, s *session.Session) error { return s.Login(r.Context(), "bert") },
	}
	for how, end := range end {
		for what, begin := range begin {
			b := newBrowser(s).bound()
			resp := b.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				se, err := s.sessions.Get(r)
				if err := errors.Join(err, end(r, se), begin(r, se)); err != nil {
					t.Error(err)
				}
			})), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody))
			if !setsCookie(resp, "session") || !deletesCookie(resp, boundName) {
				t.Errorf("%s, then %s: Set-Cookie %q", how, what, resp.Header["Set-Cookie"])
			}
			if offers := resp.Header.Get("Secure-Session-Registration") != ""; offers != (what == "a login") {
				t.Errorf("%s, then %s: it offers to register: %v", how, what, offers)
			}
			b.wantEnded(how+", then "+what, b.refresh(""))
		}
	}
}

// TestStranger: what a request may do that does not prove where it comes from.
func TestStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		pass(5 * time.Minute)
		b.refreshed()
		thief := b.thief()
		thief.SetCookie(boundName, "")
		for path, code := range map[string]int{"/": 200, "/write": 403, "/renew": 403, "/remember": 403} {
			r := httptest.NewRequest(http.MethodGet, origin+path, http.NoBody)
			r.Header.Set("Secure-Session-Skipped", `unreachable;session_identifier="`+b.known.ID+`"`) // proves nothing
			resp := thief.Do(s.handler, r)
			if text := body(t, resp); path == "/" && text != "" {
				t.Errorf("a stranger's page: %q", text)
			}
			if resp.StatusCode != code || len(resp.Header["Set-Cookie"]) > 0 {
				t.Errorf("%s: status %d, Set-Cookie %q", path, resp.StatusCode, resp.Header["Set-Cookie"])
			}
			if path != "/" && s.store.count() != 1 {
				t.Errorf("%s: %d records", path, s.store.count())
			}
		}
		other := b.thief()
		other.SetCookie(boundName, "")
		other.login()
		other.wantUser("after a login of its own", "anna")
		if s.store.count() != 2 {
			t.Errorf("%d records after the stranger's login, not 2", s.store.count())
		}
		b.wantUser("its browser, meanwhile", "anna")
		if resp := thief.get("/logout"); !deletesCookie(resp, "session") || !deletesCookie(resp, boundName) {
			t.Errorf("a stranger's logout: Set-Cookie %q", resp.Header["Set-Cookie"])
		}
		b.wantUser("after a stranger's logout", "")
		other.wantUser("the other login", "anna")
	})
}

// TestLostKey: a browser that has lost its key gets out of the session by a form without a token,
// and can then log in by one with a token.
func TestLostKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{}, func(o *session.Options) {
			o.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
				if errors.Is(err, session.ErrUnbound) {
					http.Error(w, "post to /leave", http.StatusForbidden)
				}
			}
		})
		protected, mux := http.NewServeMux(), http.NewServeMux()
		protected.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
			if se, err := s.sessions.Get(r); err == nil {
				token, _ := se.CSRFToken(r.Context())
				_, _ = w.Write([]byte(token))
			}
		})
		protected.HandleFunc("POST /login", func(_ http.ResponseWriter, r *http.Request) {
			if se, err := s.sessions.Get(r); err == nil {
				_ = se.Login(r.Context(), "anna")
			}
		})
		mux.Handle("/", new(session.CSRFProtection).Handler(protected))
		mux.Handle("POST /leave", http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.sessions.Invalidate(r) == nil {
				http.Redirect(w, r, "/", http.StatusSeeOther)
			}
		})))
		b := newBrowser(s).bound()
		s.handler = s.sessions.Handler(mux)
		pass(20 * time.Minute)
		if resp := b.get("/"); resp.StatusCode != http.StatusForbidden || !strings.Contains(body(t, resp), "/leave") {
			t.Errorf("the page with a form: status %d", resp.StatusCode)
		}
		if resp := b.post("/leave", "Sec-Fetch-Site", "cross-site"); resp.StatusCode != http.StatusForbidden || s.store.count() != 1 {
			t.Errorf("the form of another site: status %d, %d records", resp.StatusCode, s.store.count())
		}
		resp := b.post("/leave", "Sec-Fetch-Site", "same-origin")
		if resp.StatusCode != http.StatusSeeOther || !deletesCookie(resp, "session") || !deletesCookie(resp, boundName) || s.store.count() != 0 {
			t.Errorf("the form: status %d, %d records, Set-Cookie %q", resp.StatusCode, s.store.count(), resp.Header["Set-Cookie"])
		}
		token := body(t, b.get("/"))
		if resp := b.post("/login", session.CSRFHeader, token, "Sec-Fetch-Site", "same-origin"); resp.StatusCode != http.StatusOK || !setsCookie(resp, "session") {
			t.Errorf("the login: status %d", resp.StatusCode)
		}
	})
}

// TestFormOfAStranger: a form with the right token, from a request that proves nothing, is refused
// for that: its visitor is told so, and Denied sees it.
func TestFormOfAStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		var denied error
		forms := map[string]*session.CSRFProtection{
			"by default": {},
			"Denied": {Denied: func(w http.ResponseWriter, _ *http.Request, err error) {
				denied = err
				http.Error(w, "denied", http.StatusForbidden)
			}},
		}
		b := newBrowser(s).bound()
		token := body(t, b.Do(s.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if se, err := s.sessions.Get(r); err == nil {
				token, _ := se.CSRFToken(r.Context())
				_, _ = w.Write([]byte(token))
			}
		})), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody)))
		send := func(p *session.CSRFProtection) (code int, text string) {
			r := httptest.NewRequest(http.MethodPost, origin+"/", http.NoBody)
			r.Header.Set(session.CSRFHeader, token)
			resp := b.Do(s.sessions.Handler(p.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))), r)
			return resp.StatusCode, body(t, resp)
		}
		for name, p := range forms {
			if code, text := send(p); code != http.StatusOK {
				t.Errorf("%s, from its browser: status %d, %s", name, code, text)
			}
		}
		pass(20 * time.Minute)
		for name, p := range forms {
			code, text := send(p)
			if code != http.StatusForbidden || name == "by default" && !strings.Contains(text, "the one that logged in") {
				t.Errorf("%s, from a stranger: status %d, %s", name, code, text)
			}
		}
		if !errors.Is(denied, session.ErrCSRF) || !errors.Is(denied, session.ErrUnbound) {
			t.Errorf("Denied sees %v", denied)
		}
	})
}
