package session_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// clockSite is a site on a miniredis whose clock goes with that of the bubble.
type clockSite struct {
	*site
	redis *miniredis.Miniredis
}

// inClockSite runs a test in a bubble, on a server of its own.
func inClockSite(t *testing.T, format session.Format, change func(o *session.Options), test func(t *testing.T, s *clockSite)) {
	t.Helper()
	m := connecttest.Miniredis(t)
	inBubble(t, "redis://"+m.Addr(), format, func(t *testing.T, store session.Store, format session.Format) {
		m.SetTime(time.Now())
		test(t, &clockSite{&site{t: t, f: newUsersFactory(t, store, format, change)}, m})
	})
}

// pass lets time pass for the site and for its server.
func (s *clockSite) pass(d time.Duration) {
	pass(d)
	s.redis.SetTime(time.Now())
	s.redis.FastForward(d)
}

// What Info says of a session is so, in every format, with and without a time to live in
// Redis.
func TestInfoFields(t *testing.T) {
	const idle, absolute, trigger = time.Hour, 10 * time.Hour, 10 * time.Minute
	for _, format := range formats {
		for name, change := range map[string]func(o *session.Options){
			"plain":             func(*session.Options) {},
			"timeout_trigger":   func(o *session.Options) { o.TouchAfter = trigger },
			"no TTL in Redis":   func(o *session.Options) { o.ExpiryInRecord = true },
			"absolute timeout":  func(o *session.Options) { o.AbsoluteTimeout = absolute },
			"without a timeout": func(o *session.Options) { o.IdleTimeout = session.Never },
		} {
			switch { // what a format cannot have
			case name == "without a timeout" && format == session.FormatPyramidRedisSessions,
				name == "no TTL in Redis" && format == session.FormatPyramidRedisSessions:
				continue
			case name == "no TTL in Redis" && format == session.FormatPyramidSessionRedis:
				change = func(o *session.Options) { o.ExpiryInRecord, o.PythonExpires = true, true }
			}
			t.Run(format.String()+"/"+name, func(t *testing.T) {
				options := func(o *session.Options) {
					o.IdleTimeout = idle
					o.Users.Describe = func(r *http.Request) string { return "about " + r.Method }
					change(o)
				}
				inClockSite(t, format, options, func(t *testing.T, s *clockSite) { infoFields(t, s, session.OptionsOf(s.f)) })
			})
		}
	}
}

func infoFields(t *testing.T, s *clockSite, o *session.Options) {
	phone, laptop := visitor.New(t), visitor.New(t)
	s.as(phone, func(_ context.Context, se *session.Session) { se.Set("cart", 1) })
	created := time.Now()
	s.pass(30 * time.Minute)
	loggedIn := time.Now()
	for _, v := range []*visitor.Visitor{phone, laptop} {
		if err := s.login(v, "ann"); err != nil {
			t.Fatal(err)
		}
		s.pass(time.Minute)
	}
	s.as(laptop, func(_ context.Context, se *session.Session) { se.Remember(30 * 24 * time.Hour) })
	s.pass(20 * time.Minute)
	s.as(phone, func(_ context.Context, se *session.Session) { se.Get("cart") })
	seen := time.Now()
	s.pass(5 * time.Minute)

	near := func(what string, got, want time.Time, within time.Duration) {
		t.Helper()
		if got.IsZero() != want.IsZero() || got.Sub(want).Abs() > within {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	s.as(laptop, func(ctx context.Context, _ *session.Session) {
		infos, err := s.f.Sessions(ctx, "ann")
		if err != nil || len(infos) != 2 {
			t.Fatalf("%v, %v", infos, err)
		}
		l, p := infos[0], infos[1] // the last login first
		// Without the factory's timeout only the cookie tells, which is native.
		remembered := o.IdleTimeout > 0 || o.Format == session.FormatNative
		if !l.Current || p.Current || l.Remembered != remembered || p.Remembered || l.About != "about GET" || p.About != "about GET" {
			t.Errorf("the laptop: %+v, the phone: %+v", l, p)
		}
		if l.Handle == p.Handle || l.Handle == "" || p.LoggedIn.Location() != time.UTC {
			t.Errorf("handles %q and %q, %v", l.Handle, p.Handle, p.LoggedIn)
		}
		near("Created", p.Created, created, time.Second)
		near("LoggedIn", p.LoggedIn, loggedIn, time.Millisecond)
		wantSeen, wantEnd := seen, seen.Add(time.Hour)
		within := time.Second + o.TouchAfter
		if o.IdleTimeout <= 0 {
			wantSeen, wantEnd = time.Time{}, time.Time{}
		}
		if o.AbsoluteTimeout > 0 {
			near("the laptop's Expires", l.Expires, loggedIn.Add(time.Minute+o.AbsoluteTimeout), time.Second)
		}
		near("LastSeen", p.LastSeen, wantSeen, within)
		near("Expires", p.Expires, wantEnd, within)
	})
}

// With a store that does not tell how long a record is kept, Expires is the latest time that
// is possible and not zero, which is never.
func TestInfoWithoutTimesToLive(t *testing.T) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &site{t: t, f: newUsersFactory(t, newMemUsers(), format, func(o *session.Options) { o.IdleTimeout = time.Hour })}
				for _, timeout := range []time.Duration{time.Hour, 2 * time.Hour} {
					v := visitor.New(t)
					if err := s.login(v, "ann"); err != nil {
						t.Fatal(err)
					}
					s.as(v, func(_ context.Context, se *session.Session) { se.AdjustTimeout(timeout) })
					pass(10 * time.Minute)
					info := s.sessions("ann")[0]
					if left := time.Until(info.Expires); left != timeout || !info.LastSeen.IsZero() {
						t.Errorf("a timeout of %v: it ends in %v and was seen at %v", timeout, left, info.LastSeen)
					}
				}
			})
		})
	}
}

// A handle that names no session of the user is ErrNotFound; one of a session that was
// renewed a moment ago ends it.
func TestEndByHandle(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		ann, bob := visitor.New(t), visitor.New(t)
		if err := errors.Join(s.login(ann, "ann"), s.login(bob, "bob")); err != nil {
			t.Fatal(err)
		}
		mine := s.sessions("ann")[0].Handle
		for _, handle := range []string{"", "x", strings.Repeat("0", len(mine)), mine[:len(mine)-1], mine + "0", s.sessions("bob")[0].Handle, ann.Cookie("session")} {
			if err := s.f.End(t.Context(), "ann", handle); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("End of %q: %v", handle, err)
			}
		}
		if err := s.f.End(t.Context(), "", mine); err == nil || errors.Is(err, session.ErrNotFound) {
			t.Errorf("End of no user's: %v", err)
		}
		for range 3 {
			s.as(ann, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
		}
		if s.user(ann)+s.user(bob) != "annbob" {
			t.Fatal("somebody was thrown out")
		}
		if err := s.f.End(t.Context(), "ann", mine); err != nil || s.user(ann)+s.user(bob) != "bob" {
			t.Errorf("End by the handle of before the renewals: %v; left are %q", err, s.user(ann)+s.user(bob))
		}
		if n := session.CountEntries(s.f, "ann"); n != 0 {
			t.Errorf("%d entries are left", n)
		}
	})
}

// EndOthers spares the present session, also when the same request has renewed it or logged
// it in, and ends those that were renewed a moment ago.
func TestEndOthersAfterLoginOrRenew(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for name, first := range map[string]func(ctx context.Context, se *session.Session) error{
			"login": func(ctx context.Context, se *session.Session) error { return se.Login(ctx, "ann") },
			"renew": func(ctx context.Context, se *session.Session) error { return se.Renew(ctx) },
			"login and renew": func(ctx context.Context, se *session.Session) error {
				return errors.Join(se.Login(ctx, "ann"), se.Renew(ctx))
			},
			"renew and login": func(ctx context.Context, se *session.Session) error {
				return errors.Join(se.Renew(ctx), se.Login(ctx, "ann"))
			},
			"renewed and read": func(_ context.Context, se *session.Session) error { se.Get("a"); return nil },
		} {
			s := newSite(t, format, nil)
			here, renewed, other := visitor.New(t), visitor.New(t), visitor.New(t)
			for _, v := range []*visitor.Visitor{here, renewed, other} {
				nextMillisecond()
				if err := s.login(v, "ann"); err != nil {
					t.Fatal(err)
				}
			}
			s.as(renewed, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
			s.as(here, func(ctx context.Context, se *session.Session) {
				if err := first(ctx, se); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if n, err := se.EndOthers(ctx); n != 2 || err != nil {
					t.Errorf("%s: EndOthers: %d, %v", name, n, err)
				}
				se.Set("after", true)
			})
			if got := s.user(here) + s.user(renewed) + s.user(other); got != "ann" || s.user(here) != "ann" {
				t.Errorf("%s: left are %q", name, got)
			}
			if n := session.CountEntries(s.f, "ann"); n != 1 {
				t.Errorf("%s: %d entries", name, n)
			}
		}
	})
}
