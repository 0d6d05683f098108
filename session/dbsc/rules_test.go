package dbsc_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/embedded"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/dbsc"
)

// TestRefusedOptions: what the binding cannot be with is an error of NewFactory, which names
// the field.
func TestRefusedOptions(t *testing.T) {
	for _, path := range []string{"/", "//keys", "/a//b", "/a/./b", "/a/.", "/a/..", "/é", "/a b", "/a%2fb", "/a?b", "/a#b"} {
		if _, err := session.NewFactory(newMemStore(), &session.Options{Secret: testSecret, DeviceBound: dbsc.Options{Path: path}}); err == nil {
			t.Errorf("the path %q is accepted", path)
		}
	}
	for want, edit := range map[string]func(o *session.Options){
		"native format":  func(o *session.Options) { o.Format = session.FormatPyramidRedisSessions },
		"have no room":   func(o *session.Options) { o.Format = session.FormatPyramidSessionRedis },
		"partitioned":    func(o *session.Options) { o.Cookie.Partitioned = true },
		"over TLS only":  func(o *session.Options) { o.Cookie.Secure = session.SecureNever },
		"not within":     func(o *session.Options) { o.Cookie.Path = "/app" },
		"is negative":    func(o *session.Options) { o.DeviceBound = dbsc.Options{Refresh: -time.Second} },
		"end without":    func(o *session.Options) { o.DeviceBound = dbsc.Options{Path: "/keys/"} },
		"must begin":     func(o *session.Options) { o.DeviceBound = dbsc.Options{Path: "keys"} },
		"between slashe": func(o *session.Options) { o.DeviceBound = dbsc.Options{Path: "/a/../b"} },
		"digits":         func(o *session.Options) { o.DeviceBound = dbsc.Options{Path: `/a";x="`} },
	} {
		o := &session.Options{Secret: testSecret, DeviceBound: dbsc.Options{}}
		edit(o)
		_, err := session.NewFactory(newMemStore(), o)
		var wrong *session.OptionError
		if !errors.As(err, &wrong) || wrong.Field != "DeviceBound" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestName: the bound cookie's name keeps the prefix of the session's, without Http.
func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"session": "session_bound", "__Host-app": "__Host-app_bound", "__Secure-app": "__Secure-app_bound",
		"__Host-Http-app": "__Host-app_bound", "__http-app": "__Secure-app_bound",
	} {
		b := newBrowser(newSite(t, dbsc.Options{}, func(o *session.Options) { o.Cookie.Name, o.Cookie.Secure = name, session.SecureAlways }))
		if b.bound(); b.known.Credentials[0].Name != want {
			t.Errorf("%s: %s", name, b.known.Credentials[0].Name)
		}
	}
}

// TestCommands: an ordinary request of a bound session sends what one of another session
// does, and the whole of a stranger's is one load.
func TestCommands(t *testing.T) {
	commands := map[string][]int64{}
	for name, bind := range map[string]session.Binder{"bound": dbsc.Options{}, "not bound": nil} {
		s := newSite(t, bind)
		b := newBrowser(s)
		if b.get("/login"); bind != nil {
			b.bound()
		}
		for _, path := range []string{"/", "/write", "/renew", "/remember", "/login", "/logout"} {
			before := s.store.calls.Load()
			if resp := b.get(path); resp.StatusCode != http.StatusOK {
				t.Errorf("%s, %s: status %d", name, path, resp.StatusCode)
			}
			commands[path] = append(commands[path], s.store.calls.Load()-before)
		}
	}
	for path, n := range commands {
		if n[0] != n[1] {
			t.Errorf("%s: %v commands", path, n)
		}
	}
}

// TestSecretPrevious: a bound cookie that an earlier secret has signed is good while that is
// among the previous ones, and one by another secret is not.
func TestSecretPrevious(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const next = "another secret for tests, of more than 32 bytes"
		old := newSite(t, dbsc.Options{})
		b := newBrowser(old).bound()
		pass(5 * time.Minute)
		rotated := siteOn(t, old.store, dbsc.Options{}, func(o *session.Options) { o.Secret, o.PreviousSecrets = next, session.Secrets{testSecret} })
		b.site = rotated
		b.wantUser("with the previous secret", "anna")
		b.refreshed()
		b.wantUser("after a refresh", "anna")
		over := siteOn(t, old.store, dbsc.Options{}, func(o *session.Options) { o.Secret = next })
		b.site = over
		b.wantUser("without the previous secret", "anna")
		other := siteOn(t, newMemStore(), dbsc.Options{}, func(o *session.Options) { o.Secret = "a third secret for tests, of more than 32 bytes" })
		forger := newBrowser(other).bound()
		thief := b.thief()
		thief.SetCookie(boundName, forger.Cookie(boundName))
		thief.wantUser("with a bound cookie by another secret", "")
	})
}

// TestBoundCookieOfAnother: the bound cookie of one session does not open another, nor does
// the session's own cookie in its place, nor a changed one.
func TestBoundCookieOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b, other := newBrowser(s).bound(), newBrowser(s).bound()
		pass(5 * time.Minute)
		thief := b.thief()
		value := b.Cookie(boundName)
		bad := []string{other.Cookie(boundName), b.Cookie("session"), value + "A", value[:len(value)-1], "", strings.Repeat("A", 5000)}
		for i := range len(value) {
			bad = append(bad, value[:i]+string('A'+(value[i]+1)%26)+value[i+1:])
		}
		for _, v := range bad {
			if v == value {
				continue
			}
			thief.SetCookie(boundName, v)
			thief.wantUser("another value", "")
		}
		swapped := b.thief()
		swapped.SetCookie("session", value)
		swapped.wantUser("the bound cookie as the session's", "")
	})
}

// TestSeveralCookies: of several cookies of the session's name the first counts that opens a
// session to this request, and of several bound cookies any.
func TestSeveralCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		a, b := newBrowser(s).bound(), newBrowser(s).bound()
		unbound := newBrowser(s)
		unbound.login()
		pass(5 * time.Minute)
		read := func(pairs ...string) string {
			r := httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody)
			r.Header["Cookie"] = []string{strings.Join(pairs, "; ")}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if len(w.Header()["Set-Cookie"]) > 0 {
				t.Errorf("%d: Set-Cookie %q", len(pairs), w.Header()["Set-Cookie"])
			}
			return w.Body.String()
		}
		sa, sb, su := "session="+a.Cookie("session"), "session="+b.Cookie("session"), "session="+unbound.Cookie("session")
		ba, bb := boundName+"="+a.Cookie(boundName), boundName+"="+b.Cookie(boundName)
		for i, c := range []struct {
			cookies []string
			want    string
		}{
			{[]string{sa, bb}, ""},
			{[]string{sa, bb, ba}, "anna"},
			{[]string{boundName + "=x", sa, bb, ba}, "anna"},
			{[]string{sa, sb, bb}, "anna"},
			{[]string{sa, sb}, ""},
			{[]string{sa, su}, "anna"},
			{[]string{sa, "session=forged"}, ""},
			{append(slices.Repeat([]string{boundName + "=x"}, 9), sa, ba), ""},
		} {
			if got := read(c.cookies...); got != c.want {
				t.Errorf("case %d: the user is %q, not %q", i, got, c.want)
			}
		}
	})
}

// TestAhead: near the end of the bound cookie a request that saves its session anyway brings
// a challenge, which then saves the refusal. Earlier, and with a short life, none does.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		pass(5 * time.Minute)
		if c := b.get("/write").Header["Secure-Session-Challenge"]; c != nil {
			t.Errorf("after five of ten minutes: %q", c)
		}
		pass(3 * time.Minute)
		if c := b.get("/").Header["Secure-Session-Challenge"]; c != nil {
			t.Errorf("a request that only reads made a challenge: %q", c)
		}
		before := s.store.calls.Load()
		resp := b.get("/write")
		if n := s.store.calls.Load() - before; n != 2 {
			t.Errorf("%d commands", n)
		}
		found := challenged.FindStringSubmatch(resp.Header.Get("Secure-Session-Challenge"))
		if found == nil || found[2] != b.known.ID {
			t.Fatalf("after eight of ten minutes: %q", resp.Header["Secure-Session-Challenge"])
		}
		for _, path := range []string{"/", "/write"} {
			if again := b.get(path).Header.Get("Secure-Session-Challenge"); again != resp.Header.Get("Secure-Session-Challenge") {
				t.Errorf("%s: another challenge: %q", path, again)
			}
		}
		if b.ask() != found[1] {
			t.Error("a refresh hands out another challenge")
		}
		b.wantFresh("a proof without a refusal before", b.refresh(b.proof(found[1], false)))
		short := newBrowser(newSite(t, dbsc.Options{Refresh: 4 * time.Minute})).bound()
		pass(3 * time.Minute)
		if c := short.get("/write").Header["Secure-Session-Challenge"]; c != nil {
			t.Errorf("with a short life: %q", c)
		}
	})
}

// TestConcurrentSaves: a request under way during the registration and during a refresh
// neither loses its changes nor takes the binding back.
func TestConcurrentSaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s)
		b.login()
		during := func(step func()) {
			r := httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody)
			b.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				se, err := s.sessions.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				session.Modify(se, "n", func(n int) int { return n + 1 })
				step()
			})), r)
		}
		during(b.registered)
		pass(5 * time.Minute)
		during(b.refreshed)
		challenge := b.ask()
		during(func() { b.wantFresh("a refresh", b.refresh(b.proof(challenge, false))) })
		b.wantChallenge("a replay", b.refresh(b.proof(challenge, false)))
		n := 0
		b.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if se, err := s.sessions.Get(r); err == nil {
				n, _ = session.Value[int](se, "n")
			}
		})), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody))
		if n != 3 {
			t.Errorf("%d changes are there, not 3", n)
		}
		pass(12 * time.Minute)
		b.wantUser("after the bound cookie's end", "")
	})
}

// TestRemember: a remembered session stays bound, and its bound cookie short.
func TestRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{})
		b := newBrowser(s).bound()
		b.get("/remember")
		pass(20 * 24 * time.Hour)
		b.wantUser("without a refresh", "")
		b.refreshed()
		b.wantUser("after a refresh", "anna")
	})
}

// TestStrangerOfARemembered: a stranger's request leaves a session that has a timeout of its
// own with that: the load has restarted another one.
func TestStrangerOfARemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.IdleTimeout = 30 * time.Minute })
		b := newBrowser(s).bound()
		b.get("/remember")
		pass(9 * 24 * time.Hour)
		b.wantUser("without a refresh", "")
		pass(9 * 24 * time.Hour)
		b.refreshed()
		b.wantUser("after a refresh", "anna")
	})
}

// TestRefreshRestartsNothing: what the browser sends by itself does not keep a session from
// timing out.
func TestRefreshRestartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.IdleTimeout = 30 * time.Minute })
		b := newBrowser(s).bound()
		for range 2 {
			pass(10 * time.Minute)
			b.refreshed()
		}
		pass(10 * time.Minute)
		b.wantEnded("a refresh after the timeout", b.refresh(""))
	})
}

// TestStatus: for a stranger there is no session, and a stream that has been admitted keeps
// its session alive when its bound cookie is over.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.IdleTimeout = 30 * time.Minute })
		b := newBrowser(s).bound()
		pass(5 * time.Minute)
		thief := b.thief()
		thief.SetCookie(boundName, "")
		for _, status := range []http.Handler{s.sessions.StatusHandler(), s.sessions.Handler(s.sessions.StatusHandler())} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				for visitor, want := range map[*browser]bool{b: true, thief: false} {
					resp := visitor.Do(status, httptest.NewRequest(method, origin+"/", http.NoBody))
					var got struct{ Active bool }
					if err := json.Unmarshal([]byte(body(t, resp)), &got); err != nil || got.Active != want || resp.StatusCode != http.StatusOK {
						t.Errorf("%s: status %d, active %v, %v", method, resp.StatusCode, got.Active, err)
					}
				}
			}
		}
		b.get("/remember") // a timeout of its own, which each restart must put right
		b.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			se, err := s.sessions.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			pass(20 * time.Minute)
			if err := se.Touch(r.Context()); err != nil {
				t.Errorf("Touch in a stream: %v", err)
			}
		})), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody))
		pass(5 * time.Hour)
		b.refreshed()
		b.wantUser("after the stream", "anna")
	})
}

// TestOnePathOfTwoFactories: two factories around one application that have the same path are
// noticed when their Handlers are put into each other, or by the first request where other
// middleware stands between them. The error names both cookies and the setting.
func TestOnePathOfTwoFactories(t *testing.T) {
	newFactory := func(name string, bind session.Binder, log *safeBuffer) *session.Factory {
		o := &session.Options{Secret: testSecret, DeviceBound: bind, Logger: slog.New(slog.NewTextHandler(log, nil))}
		o.Cookie.Name = name
		f, err := session.NewFactory(newMemStore(), o)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	between := func(next http.Handler) http.Handler { return http.HandlerFunc(next.ServeHTTP) }
	for name, c := range map[string]struct {
		inner string
		path  string
		bind  bool
		wrong bool
	}{
		"the same path":        {"admin", "", true, true},
		"the same path, given": {"admin", dbsc.DefaultPath, true, true},
		"another path":         {"admin", "/.keys", true, false},
		"the same cookie":      {"session", "", true, false},
		"not bound":            {"admin", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log safeBuffer
			var bind session.Binder
			if c.bind {
				bind = dbsc.Options{Path: c.path}
			}
			outer, third, inner := newFactory("session", dbsc.Options{}, &log), newFactory("third", nil, &log), newFactory(c.inner, bind, &log)
			named := func(text string) bool {
				return strings.Contains(text, "session") && strings.Contains(text, c.inner) && strings.Contains(text, "device_bound_path") && strings.Contains(text, dbsc.DefaultPath)
			}
			for _, mount := range []func(){
				func() { outer.Handler(inner.Handler(page)) },
				func() { outer.Handler(third.Handler(inner.Handler(page))) },
				func() { inner.Handler(outer.Handler(page)) },
			} {
				func() {
					defer func() {
						err, _ := recover().(error)
						var wrong *session.OptionError
						if c.wrong != errors.As(err, &wrong) || c.wrong && (wrong.Field != "DeviceBound" || !named(err.Error())) {
							t.Errorf("mounted: %v", err)
						}
					}()
					mount()
				}()
			}
			h := outer.Handler(third.Handler(between(inner.Handler(page))))
			for range 2 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody))
			}
			if lines := strings.Count(log.String(), "level=ERROR"); c.wrong != (lines == 1) || c.wrong && !named(log.String()) {
				t.Errorf("%d errors in the log: %s", lines, log.String())
			}
		})
	}
}

// TestTwoFactories: two factories around one application bind each its own sessions, where
// each has a path, and one of them may be there twice.
func TestTwoFactories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, quiet := newMemStore(), slog.New(slog.DiscardHandler)
		var factories [2]*session.Factory
		for i, name := range []string{"session", "admin"} {
			o := &session.Options{Secret: testSecret, DeviceBound: dbsc.Options{Path: "/.keys-" + name}, Logger: quiet}
			o.Cookie.Name = name
			var err error
			if factories[i], err = session.NewFactory(store, o); err != nil {
				t.Fatal(err)
			}
		}
		outer, inner := factories[0], factories[1]
		h := outer.Handler(inner.Handler(outer.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f := outer
			if strings.HasPrefix(r.URL.Path, "/admin") {
				f = inner
			}
			se, err := f.Get(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/login") {
				err = se.Login(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
			}
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = w.Write([]byte(se.User()))
		}))))
		b := newBrowser(&site{t: t, store: store, handler: h, log: &safeBuffer{}})
		user := func(path string) string { return body(t, b.get(path)) }
		b.bound()
		atOuter := b.known
		found := offered.FindStringSubmatch(b.get("/admin/login").Header.Get("Secure-Session-Registration"))
		if found == nil {
			t.Fatal("no offer by the inner factory")
		}
		b.path, b.challenge = found[1], found[2]
		b.registered()
		pass(12 * time.Minute)
		if a, b := user("/"), user("/admin"); a != "" || b != "" {
			t.Errorf("without a refresh: %q, %q", a, b)
		}
		if resp := b.refresh(b.proof(b.ask(), false)); !setsCookie(resp, "admin_bound") {
			t.Errorf("a refresh by the inner one: status %d", resp.StatusCode)
		}
		if a, b := user("/"), user("/admin"); a != "" || b != "admin/login" {
			t.Errorf("after a refresh by the inner one: %q, %q", a, b)
		}
		b.known = atOuter
		b.refreshed()
		if a, b := user("/"), user("/admin"); a != "login" || b != "admin/login" {
			t.Errorf("after a refresh by both: %q, %q", a, b)
		}
	})
}

// TestTwoFactoriesInOneResponse: a response that logs in to both offers both to register, and
// near the end of both bound cookies it brings both challenges.
func TestTwoFactoriesInOneResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var factories [2]*session.Factory
		for i, name := range []string{"session", "admin"} {
			o := &session.Options{Secret: testSecret, DeviceBound: dbsc.Options{Path: "/.keys-" + name}, IdleTimeout: time.Hour}
			o.Cookie.Name = name
			var err error
			if factories[i], err = session.NewFactory(newMemStore(), o); err != nil {
				t.Fatal(err)
			}
		}
		h := factories[0].Handler(factories[1].Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for _, f := range factories {
				se, err := f.Get(r)
				if err == nil && r.URL.Path == "/login" {
					err = se.Login(r.Context(), "anna")
				}
				if err != nil {
					t.Error(err)
					return
				}
				session.Modify(se, "n", func(n int) int { return n + 1 })
			}
		})))
		b := newBrowser(&site{t: t, handler: h})
		offers := map[string]string{}
		for _, line := range b.get("/login").Header["Secure-Session-Registration"] {
			if found := offered.FindStringSubmatch(line); found != nil {
				offers[found[1]] = found[2]
			}
		}
		ids := map[string]bool{}
		for _, path := range []string{"/.keys-session/register", "/.keys-admin/register"} {
			b.path, b.challenge = path, offers[path]
			b.registered()
			ids[b.known.ID] = true
		}
		pass(8 * time.Minute)
		for _, line := range b.get("/").Header["Secure-Session-Challenge"] {
			if found := challenged.FindStringSubmatch(line); found != nil {
				delete(ids, found[2])
			}
		}
		if len(ids) > 0 {
			t.Errorf("%d challenges are missing", len(ids))
		}
	})
}

// TestStream: a request that was admitted keeps its session alive by Touch when its bound
// cookie is over, wherever the time of expiry is kept.
func TestStream(t *testing.T) {
	for name, edit := range map[string]func(o *session.Options){
		"in Redis":      func(*session.Options) {},
		"in the record": func(o *session.Options) { o.ExpiryInRecord = true },
		"touched late":  func(o *session.Options) { o.TouchAfter = 25 * time.Minute },
		"passive":       func(o *session.Options) { o.Passive = func(*http.Request) bool { return true } },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.IdleTimeout = 30 * time.Minute }, edit)
			b := newBrowser(s).bound()
			b.Do(s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				se, err := s.sessions.Get(r)
				for range 3 {
					pass(20 * time.Minute)
					err = errors.Join(err, se.Touch(r.Context()))
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})), httptest.NewRequest(http.MethodGet, origin+"/", http.NoBody))
			pass(20 * time.Minute)
			b.refreshed()
			b.wantUser(name, "anna")
		})
	}
}

// TestUserSessions: the list says which sessions are bound, and EndAll ends them for the
// browser too, with and without its cookies.
func TestUserSessions(t *testing.T) {
	store, err := embedded.Connect(t.Context(), connect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &session.Options{Secret: testSecret, DeviceBound: dbsc.Options{}, Users: &session.UserOptions{}, Logger: slog.New(slog.DiscardHandler)}
	f, err := session.NewFactory(store, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	s := &site{t: t, sessions: f, log: &safeBuffer{}}
	s.handler = f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		se, err := f.Get(r)
		if err == nil && r.URL.Path == "/login" {
			_ = se.Login(r.Context(), "anna")
		} else if err == nil {
			_, _ = w.Write([]byte(se.User()))
		}
	}))
	b, unbound := newBrowser(s).bound(), newBrowser(s)
	unbound.login()
	infos, err := f.Sessions(t.Context(), "anna")
	if err != nil || len(infos) != 2 || infos[0].Bound || !infos[1].Bound {
		t.Fatalf("%+v, %v", infos, err)
	}
	b.refreshed()
	if n, err := f.EndAll(t.Context(), "anna"); n != 2 || err != nil {
		t.Errorf("EndAll: %d, %v", n, err)
	}
	b.wantUser("after EndAll", "")
	b.wantEnded("a refresh after EndAll", b.refresh(""))
	b.Forget()
	b.wantEnded("a refresh after EndAll, without cookies", b.refresh(""))
}

// TestSwitchedOff: without the option bound sessions open by their cookie again, keep what
// the record says, and are bound again afterwards.
func TestSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newSite(t, dbsc.Options{})
		off := siteOn(t, on.store, nil)
		b := newBrowser(on).bound()
		pass(20 * time.Minute)
		b.wantUser("without a refresh", "")
		b.site = off
		b.wantUser("switched off", "anna")
		if resp := b.refresh(""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("a refresh, switched off: status %d", resp.StatusCode)
		}
		b.get("/write")
		b.get("/renew")
		b.site = on
		b.wantUser("switched on again", "")
		b.refreshed()
		b.wantUser("after a refresh", "anna")
	})
}

// TestEncrypted: the binding of an encrypted record cannot be exchanged for another.
func TestEncrypted(t *testing.T) {
	s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.EncryptionKeys = session.Keys{make([]byte, 32)} })
	b := newBrowser(s).bound()
	b.refreshed()
	b.wantUser("encrypted", "anna")
	s.store.mu.Lock()
	for key, r := range s.store.records {
		r.data[95] ^= 1 // in the identifier
		s.store.records[key] = r
	}
	s.store.mu.Unlock()
	b.wantUser("with another identifier in the header", "")
}

// TestUnreadableState: a session whose binding cannot be read opens to no request, and its
// browser is told to forget it.
func TestUnreadableState(t *testing.T) {
	for _, required := range []bool{false, true} {
		s := newSite(t, dbsc.Options{Required: required})
		b := newBrowser(s).bound()
		s.store.mu.Lock()
		for _, r := range s.store.records {
			r.data[90] = 9 // the version of the state, as another release would write it
		}
		s.store.mu.Unlock()
		b.wantUser("with both cookies", "")
		if resp := b.get("/write"); resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 {
			t.Errorf("a change: status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
		}
		b.wantEnded("a refresh", b.refresh(""))
		wantRefused(t, "a registration", b.register())
		b.login()
		b.wantUser("after a login", "anna")
	}
}

// ownSigner is an application's: it knows of no names and signs whatever it is given.
type ownSigner struct{}

func (ownSigner) mac(id string) string {
	h := hmac.New(sha256.New, []byte(testSecret))
	h.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (s ownSigner) Sign(id string) (string, error) {
	return s.mac(id) + "~" + base64.RawURLEncoding.EncodeToString([]byte(id)), nil
}

func (s ownSigner) Verify(value string) (string, error) {
	mac, text, _ := strings.Cut(value, "~")
	id, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !hmac.Equal([]byte(mac), []byte(s.mac(string(id)))) {
		return "", session.ErrBadCookie
	}
	return string(id), nil
}

// TestOwnSigner: with an application's signer neither cookie is good in the other's place.
func TestOwnSigner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, dbsc.Options{}, func(o *session.Options) { o.Secret, o.Signer = "", ownSigner{} })
		b := newBrowser(s).bound()
		pass(5 * time.Minute)
		b.wantUser("by the application's signer", "anna")
		for _, swap := range [][2]string{{b.Cookie("session"), b.Cookie("session")}, {b.Cookie(boundName), b.Cookie(boundName)}, {b.Cookie(boundName), b.Cookie("session")}} {
			thief := newBrowser(s)
			thief.SetCookie("session", swap[0])
			thief.SetCookie(boundName, swap[1])
			thief.wantUser("with the cookies exchanged", "")
		}
		pass(10 * time.Minute)
		b.refreshed()
		b.wantUser("after a refresh", "anna")
	})
}

// strictSigner is an application's that signs its own kind of ID only.
type strictSigner struct{ ownSigner }

func (s strictSigner) Sign(id string) (string, error) {
	if strings.ContainsRune(id, '.') {
		return "", errors.New("no ID of mine")
	}
	return s.ownSigner.Sign(id)
}

// forgetfulSigner is an application's whose values do not hold all that was signed.
type forgetfulSigner struct{ ownSigner }

func (s forgetfulSigner) Verify(value string) (string, error) {
	id, err := s.ownSigner.Verify(value)
	return strings.ToLower(id), err
}

// TestSignerOfIDsOnly: an application's signer that cannot sign what the bound cookie says is
// refused at start-up. Otherwise each registration would lock its user out.
func TestSignerOfIDsOnly(t *testing.T) {
	for want, signer := range map[string]session.Signer{"no ID of mine": strictSigner{}, "does not verify": forgetfulSigner{}} {
		_, err := session.NewFactory(newMemStore(), &session.Options{Signer: signer, DeviceBound: dbsc.Options{}})
		var wrong *session.OptionError
		if !errors.As(err, &wrong) || wrong.Field != "DeviceBound" || !strings.Contains(err.Error(), "cookie_signer") || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v", signer, err)
		}
	}
}
