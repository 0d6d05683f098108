package session_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// A login with a ticket from before EndAll fails, its page is not sent, and nothing of it
// is stored.
func TestTicketFromBeforeEndAll(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		for _, anew := range []bool{true, false} {
			v := visitor.New(t)
			if !anew {
				s.as(v, func(_ context.Context, se *session.Session) { se.Set("cart", 1) })
			}
			ticket, err := s.f.Ticket(t.Context(), "ann")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.f.EndAll(t.Context(), "ann"); err != nil {
				t.Fatal(err)
			}
			status := s.as(v, func(ctx context.Context, se *session.Session) {
				if err := se.Login(ctx, "ann", session.WithTicket(ticket)); !errors.Is(err, session.ErrEnded) {
					t.Errorf("Login: %v", err)
				}
				se.Set("welcome", true)
				if se.User() != "" || !se.LoginTime().IsZero() {
					t.Error("the login that failed counts in the request")
				}
			})
			if status != http.StatusConflict {
				t.Errorf("status %d", status)
			}
			s.as(v, func(_ context.Context, se *session.Session) {
				if se.User() != "" || se.Has("welcome") || se.Has("cart") == anew {
					t.Errorf("stored: %q, %v", se.User(), se.Keys())
				}
			})
			if n := session.CountEntries(s.f, "ann"); n != 0 {
				t.Errorf("%d entries", n)
			}
		}
		ticket, _ := s.f.Ticket(t.Context(), "ann")
		if err := s.login(visitor.New(t), "bob", session.WithTicket(ticket)); err == nil {
			t.Error("a ticket of another user's was taken")
		}
		if err := s.login(visitor.New(t), "ann", session.WithTicket(ticket)); err != nil {
			t.Errorf("a ticket from after EndAll: %v", err)
		}
		for _, err := range []error{s.login(visitor.New(t), ""), func() error { _, err := s.f.Ticket(t.Context(), ""); return err }()} {
			if err == nil {
				t.Error("an empty user was taken")
			}
		}
	})
}

// Login changes the ID and the CSRF token, and keeps the data; so it does without the
// index, which then answers ErrNoUserIndex.
func TestLoginRenews(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for _, users := range []*session.UserOptions{nil, {}} {
			s := newSite(t, format, func(o *session.Options) { o.Users = users })
			v := visitor.New(t)
			var id, token string
			s.as(v, func(ctx context.Context, se *session.Session) {
				se.Set("cart", 1)
				token, _ = se.CSRFToken(ctx)
				id = se.ID()
			})
			old := v.Cookie("session")
			begun := time.Now().Truncate(time.Millisecond)
			if err := s.login(v, "ann"); err != nil {
				t.Fatal(err)
			}
			s.as(v, func(ctx context.Context, se *session.Session) {
				again, _ := se.CSRFToken(ctx)
				if se.ID() == id || again == token || !se.Has("cart") || se.User() != "ann" || se.LoginTime().Before(begun) {
					t.Errorf("ID kept: %v, token kept: %v, cart: %v, user %q, login %v", se.ID() == id, again == token, se.Has("cart"), se.User(), se.LoginTime())
				}
			})
			planted := visitor.New(t)
			planted.SetCookie("session", old)
			if s.user(planted) != "" {
				t.Error("the old cookie is logged in")
			}
			s.as(v, func(_ context.Context, se *session.Session) {
				if se.Clear(); se.User() != "" || !se.LoginTime().IsZero() {
					t.Error("Clear left the user")
				}
			})
			n, err := s.f.EndAll(t.Context(), "ann")
			if users == nil && !errors.Is(err, session.ErrNoUserIndex) || users != nil && (n != 1 || err != nil) {
				t.Errorf("EndAll after Clear: %d, %v", n, err)
			}
		}
	})
}

// Beyond Max the oldest login ends, or the new one is refused, which leaves the request's
// session as it was and sends the page.
func TestLoginBeyondMax(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for _, when := range []session.WhenFull{session.EndOldest, session.Refuse} {
			s := newSite(t, format, func(o *session.Options) { o.Users = &session.UserOptions{Max: 2, WhenFull: when} })
			v := []*visitor.Visitor{visitor.New(t), visitor.New(t), visitor.New(t)}
			for _, again := range v[:2] {
				nextMillisecond()
				for range 2 { // again in the same session
					if err := s.login(again, "ann"); err != nil {
						t.Fatal(err)
					}
				}
			}
			status := s.as(v[2], func(ctx context.Context, se *session.Session) {
				se.Set("cart", 1)
				if err := se.Login(ctx, "ann"); (err != nil) != (when == session.Refuse) || err != nil && !errors.Is(err, session.ErrTooManySessions) {
					t.Errorf("Login: %v", err)
				}
			})
			if got := s.user(v[0]) + s.user(v[1]) + s.user(v[2]); got != "annann" || status != http.StatusOK {
				t.Errorf("%v: logged in are %q, status %d", when, got, status)
			}
			if first := s.user(v[0]) == "ann"; first != (when == session.Refuse) {
				t.Errorf("%v: the oldest is logged in: %v", when, first)
			}
			s.as(v[2], func(_ context.Context, se *session.Session) {
				if !se.Has("cart") {
					t.Error("the request's data are lost")
				}
			})
			if n := session.CountEntries(s.f, "ann"); n != 2 {
				t.Errorf("%d entries", n)
			}
		}
	})
}

// nextMillisecond returns when no login so far has the present time.
func nextMillisecond() {
	for begun := time.Now().UnixMilli(); time.Now().UnixMilli() == begun; {
		runtime.Gosched()
	}
}

func TestEndOthersAndLabels(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		a, b, c := visitor.New(t), visitor.New(t), visitor.New(t)
		for v, sid := range map[*visitor.Visitor]string{a: "1", b: "2", c: "3"} {
			if err := s.login(v, "ann", session.WithLabel("sid", sid)); err != nil {
				t.Fatal(err)
			}
		}
		s.as(b, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
		if n, err := s.f.EndLabel(t.Context(), "sid", "2"); n != 1 || err != nil || s.user(b) != "" {
			t.Errorf("EndLabel: %d, %v", n, err)
		}
		if err := s.login(a, "ann"); err != nil { // drops the label
			t.Fatal(err)
		}
		if n, err := s.f.EndLabel(t.Context(), "sid", "1"); n != 0 || err != nil || s.user(a) != "ann" {
			t.Errorf("EndLabel of a label that a new login dropped: %d, %v", n, err)
		}
		s.as(a, func(ctx context.Context, se *session.Session) {
			_ = se.Renew(ctx)
			if n, err := se.EndOthers(ctx); n != 1 || err != nil {
				t.Errorf("EndOthers: %d, %v", n, err)
			}
		})
		if s.user(a) != "ann" || s.user(c) != "" {
			t.Error("EndOthers ended the wrong session")
		}
		s.as(a, func(ctx context.Context, se *session.Session) { _ = se.Invalidate(ctx) })
		if n := session.CountEntries(s.f, "ann"); n != 0 {
			t.Errorf("%d entries after the logout", n)
		}
	})
}

// The absolute timeout and ValidSince count from the login.
func TestLoginRestartsTheAbsoluteTimeout(t *testing.T) {
	for _, format := range formats {
		synctest.Test(t, func(t *testing.T) {
			m := newMemStore()
			o := &session.Options{Secret: "a secret for tests, of more than 32 bytes", Format: format, AbsoluteTimeout: time.Hour, IdleTimeout: 50 * time.Minute}
			f, err := session.NewFactory(m, o)
			if err != nil {
				t.Fatal(err)
			}
			s := &site{t: t, f: f}
			v := visitor.New(t)
			s.as(v, func(_ context.Context, se *session.Session) { se.Set("a", 1) })
			pass(45 * time.Minute)
			_ = s.login(v, "ann")
			since := time.Now().Add(-time.Minute)
			for _, after := range []time.Duration{40 * time.Minute, 18 * time.Minute} {
				pass(after)
				if s.user(v) != "ann" {
					t.Errorf("%v: gone %v after the login", format, after)
				}
			}
			o.ValidSince = since
			if s.f, err = session.NewFactory(m, o); err != nil {
				t.Fatal(err)
			}
			if s.user(v) != "ann" {
				t.Errorf("%v: a login after ValidSince has ended", format)
			}
			pass(3 * time.Minute)
			if s.user(v) != "" {
				t.Errorf("%v: the session has outlived the absolute timeout", format)
			}
		})
	}
}

// Without Options.Users no command differs, and a session that nobody logged in to has a
// record of version 1 also with it.
func TestUsersNilChangesNothingOnTheWire(t *testing.T) {
	srv := connecttest.RedisServer(t)
	proxy := connecttest.Proxy(t, srv.Addr())
	store := openStore(t, goredis.Connect, proxy.URL())
	for _, users := range []*session.UserOptions{nil, {}} {
		f := newUsersFactory(t, store, session.FormatNative, func(o *session.Options) { o.Users = users })
		s, v := &site{t: t, f: f}, visitor.New(t)
		s.as(v, func(_ context.Context, se *session.Session) { se.Set("a", 1) })
		s.as(v, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
		s.as(v, func(_ context.Context, se *session.Session) { se.Set("a", 2) })
		if users == nil {
			_ = s.login(v, "ann")
			s.as(v, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
			s.as(v, func(ctx context.Context, se *session.Session) { _ = se.Invalidate(ctx) })
		}
	}
	versions := map[string]int{}
	for _, c := range proxy.Commands() {
		if strings.HasPrefix(c[0], "Z") || c[0] == "MULTI" || c[0] == "PEXPIREAT" {
			t.Errorf("%s was sent", c[0])
		}
		for _, arg := range c[1:] {
			if len(arg) > 52 && strings.HasPrefix(arg, "rs") && arg[3] != 'm' {
				versions[arg[2:3]]++
			}
		}
	}
	if versions["\x01"] != 6 || versions["\x02"] != 2 {
		t.Errorf("records written, by version: %v", versions)
	}
}

// Instances with and without Users share a session: a renewal by one without moves the
// entry, so that the other still ends it.
func TestUsersSideBySide(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		without := &site{t: t, f: newUsersFactory(t, openStore(t, goredis.Connect, s.server.URL()), format, func(o *session.Options) { o.Users = nil })}
		v := visitor.New(t)
		if err := s.login(v, "ann"); err != nil {
			t.Fatal(err)
		}
		without.as(v, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
		without.as(v, func(_ context.Context, se *session.Session) { se.Set("a", 1) })
		if infos := s.sessions("ann"); len(infos) != 1 || session.CountEntries(s.f, "ann") != 1 {
			t.Errorf("%d sessions, %d entries", len(infos), session.CountEntries(s.f, "ann"))
		}
		if n, err := s.f.EndAll(t.Context(), "ann"); n != 1 || err != nil || s.user(v) != "" {
			t.Errorf("EndAll: %d, %v", n, err)
		}
	})
}
