package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// With a store for each request, a user's sessions are those in the store of the request
// that the context belongs to; another context is refused with what to do.
func TestUsersWithStoreFor(t *testing.T) {
	stores := map[string]session.Store{}
	for _, host := range []string{"one.test", "two.test"} {
		stores[host] = openStore(t, goredis.Connect, connecttest.RedisServer(t).URL())
	}
	f := newUsersFactory(t, nil, session.FormatNative, func(o *session.Options) {
		o.StoreFor = func(r *http.Request) (session.Store, error) { return stores[r.Host], nil }
	})
	at := func(host string, v *visitor.Visitor, use func(ctx context.Context, se *session.Session)) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "https://"+host+"/", nil)
		v.Do(f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			se, err := f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			use(r.Context(), se)
		})), r)
	}
	visitors := map[string]*visitor.Visitor{"one.test": visitor.New(t), "two.test": visitor.New(t)}
	for host, v := range visitors {
		at(host, v, func(ctx context.Context, se *session.Session) {
			ticket, err := f.Ticket(ctx, "ann")
			if err != nil {
				t.Error(err)
			}
			if err := se.Login(ctx, "ann", session.WithTicket(ticket), session.WithLabel("sid", "1")); err != nil {
				t.Error(err)
			}
		})
	}
	calls := func(ctx context.Context, handle string) map[string]error {
		errs := map[string]error{}
		_, errs["Ticket"] = f.Ticket(ctx, "ann")
		_, errs["Sessions"] = f.Sessions(ctx, "ann")
		errs["End"] = f.End(ctx, "ann", handle)
		_, errs["EndLabel"] = f.EndLabel(ctx, "sid", "1")
		_, errs["EndAll"] = f.EndAll(ctx, "ann")
		return errs
	}
	for call, err := range calls(t.Context(), "x") {
		if err == nil || !strings.Contains(err.Error(), "request") || !strings.Contains(err.Error(), "StoreFor") {
			t.Errorf("%s without a request: %v", call, err)
		}
	}
	at("one.test", visitors["one.test"], func(ctx context.Context, _ *session.Session) {
		infos, err := f.Sessions(ctx, "ann")
		if err != nil || len(infos) != 1 || !infos[0].Current {
			t.Fatalf("Sessions: %v, %v", infos, err)
		}
		for call, err := range calls(ctx, infos[0].Handle) {
			if err != nil {
				t.Errorf("%s: %v", call, err)
			}
		}
	})
	for host, want := range map[string]string{"one.test": "", "two.test": "ann"} {
		at(host, visitors[host], func(_ context.Context, se *session.Session) {
			if got := se.User(); got != want {
				t.Errorf("%s: logged in is %q, want %q", host, got, want)
			}
		})
	}
}

// Touch, the StatusHandler's POST, a save after the header has gone, and one that changes
// the timeout renew the lease, before the record is written.
func TestWhatRenewsTheLease(t *testing.T) {
	for _, format := range formats {
		for name, use := range map[string]func(f *session.Factory, w http.ResponseWriter, r *http.Request, se *session.Session){
			"Touch": func(_ *session.Factory, _ http.ResponseWriter, r *http.Request, se *session.Session) {
				_ = se.Touch(r.Context())
			},
			"read":  func(*session.Factory, http.ResponseWriter, *http.Request, *session.Session) {},
			"write": func(_ *session.Factory, _ http.ResponseWriter, _ *http.Request, se *session.Session) { se.Set("a", 1) },
			"late save": func(_ *session.Factory, w http.ResponseWriter, _ *http.Request, se *session.Session) {
				w.WriteHeader(http.StatusOK)
				se.Set("a", 1)
			},
			"Remember": func(_ *session.Factory, _ http.ResponseWriter, _ *http.Request, se *session.Session) {
				se.Remember(30 * 24 * time.Hour)
			},
			"AdjustTimeout": func(_ *session.Factory, _ http.ResponseWriter, _ *http.Request, se *session.Session) {
				se.AdjustTimeout(9 * time.Hour)
			},
		} {
			t.Run(format.String()+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, v := bubbleSite(t, ofFormat(format))
					v.visit(logInAnn)
					changes := name == "Remember" || name == "AdjustTimeout" // those need it at once
					if !changes {
						m.outlast(40 * time.Minute)
					}
					m.takeCalls()
					v.serve(func(w http.ResponseWriter, r *http.Request) {
						se, err := v.f.Get(r)
						if err != nil {
							t.Error(err)
							return
						}
						use(v.f, w, r, se)
					})
					m.wantLease(t, time.Hour)
				})
			})
		}
		t.Run(format.String()+"/StatusHandler", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, v := bubbleSite(t, ofFormat(format))
				v.visit(logInAnn)
				m.outlast(40 * time.Minute)
				m.takeCalls()
				r := httptest.NewRequest(http.MethodPost, testURL, nil)
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				v.Do(v.f.StatusHandler(), r)
				m.wantLease(t, time.Hour)
			})
		})
	}
}

// outlast lets time pass for longer than the idle timeout, as reads with timeout restarts on
// another instance would: the entry's lease has run on.
func (m *memUsers) outlast(d time.Duration) {
	m.mu.Lock()
	for key, r := range m.records {
		r.expires = r.expires.Add(d)
		m.records[key] = r
	}
	m.mu.Unlock()
	pass(d)
}

// wantLease checks that the lease was renewed, once, and before the record was written.
func (m *memUsers) wantLease(t *testing.T, least time.Duration) {
	t.Helper()
	calls := m.takeCalls()
	add, replace := slices.Index(calls, "index add"), slices.Index(calls, "replace")
	if add < 0 || replace < add {
		t.Errorf("the store's operations were %q", calls)
	}
	for _, set := range m.sets {
		for _, until := range set {
			for _, r := range m.records {
				if left := time.Until(until); left < least || until.Before(r.expires.Truncate(time.Millisecond)) {
					t.Errorf("the entry counts for %v, the record lives for %v", left, time.Until(r.expires))
				}
			}
		}
	}
}

// A visitor whose session became a tombstone has an empty session, and may log in; a request
// that had loaded the session before cannot change anything.
func TestWhoMeetsATombstone(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		store := session.StoreOf(s.f)
		bury := func(key string) {
			t.Helper()
			now := time.Now()
			stone := session.FormatOf(s.f).Tombstone(session.AddressOf(s.f, key), record.Meta{Created: now, Expires: now.Add(time.Minute)})
			if err := errors.Join(store.Delete(t.Context(), key), store.Create(t.Context(), key, stone, time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		for name, change := range map[string]func(ctx context.Context, se *session.Session) error{
			"write":      func(_ context.Context, se *session.Session) error { se.Set("a", 2); return session.ErrGone },
			"Renew":      func(ctx context.Context, se *session.Session) error { return se.Renew(ctx) },
			"CSRF token": func(ctx context.Context, se *session.Session) error { _, err := se.CSRFToken(ctx); return err },
			"Touch":      func(ctx context.Context, se *session.Session) error { return se.Touch(ctx) },
			"EndOthers": func(ctx context.Context, se *session.Session) error {
				se.Get("a")
				_, err := se.EndOthers(ctx)
				return err
			},
		} {
			v := visitor.New(t)
			if err := s.login(v, "ann"); err != nil {
				t.Fatal(err)
			}
			var err error
			status := s.as(v, func(ctx context.Context, se *session.Session) {
				se.Set("a", 1)
				bury(session.KeyOf(se))
				if name != "EndOthers" {
					err = change(ctx, se)
				}
			})
			// In the Pyramid formats a Renew begins anew, as it does for every session that is gone.
			anew := name == "Renew" && format != session.FormatNative
			if name != "EndOthers" && !anew && (!errors.Is(err, session.ErrGone) || status != http.StatusConflict) {
				t.Errorf("%s: %v, status %d", name, err, status)
			}
			fresh := visitor.New(t)
			if err := s.login(fresh, "ann"); err != nil {
				t.Fatal(err)
			}
			s.as(fresh, func(_ context.Context, se *session.Session) { bury(session.KeyOf(se)) })
			s.as(fresh, func(_ context.Context, se *session.Session) {
				if se.User() != "" || se.Len() != 0 || se.Has("a") {
					t.Errorf("%s: a tombstone is the session of %q, %v", name, se.User(), se.Keys())
				}
			})
			if err := s.login(fresh, "ann"); err != nil || s.user(fresh) != "ann" {
				t.Errorf("%s: a login after a tombstone: %v, then %q", name, err, s.user(fresh))
			}
		}
	})
}

// Beyond a cap that was lowered, Refuse refuses and changes nothing, and EndOldest ends as
// many as are too many.
func TestLoweredCap(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		var old []*visitor.Visitor
		for range 5 {
			v := visitor.New(t)
			if err := s.login(v, "ann"); err != nil {
				t.Fatal(err)
			}
			nextMillisecond()
			old = append(old, v)
		}
		live := func() (n int) {
			for _, v := range old {
				if s.user(v) == "ann" {
					n++
				}
			}
			return n
		}
		capped := func(when session.WhenFull) *site {
			return &site{t, newUsersFactory(t, session.StoreOf(s.f), format, func(o *session.Options) {
				o.Users = &session.UserOptions{Max: 2, WhenFull: when}
			}), s.server}
		}
		late := visitor.New(t)
		if err := capped(session.Refuse).login(late, "ann"); !errors.Is(err, session.ErrTooManySessions) || live() != 5 || len(s.sessions("ann")) != 5 {
			t.Errorf("Refuse: %v, %d of 5 are logged in, %d listed", err, live(), len(s.sessions("ann")))
		}
		// Another login in the same session is always within the cap.
		nextMillisecond()
		if err := capped(session.Refuse).login(old[4], "ann"); err != nil || live() != 5 || session.CountEntries(s.f, "ann") != 5 {
			t.Errorf("Refuse, another login: %v, %d are logged in, %d entries", err, live(), session.CountEntries(s.f, "ann"))
		}
		if err := capped(session.EndOldest).login(late, "ann"); err != nil || live() != 1 || s.user(old[4]) != "ann" || s.user(late) != "ann" {
			t.Errorf("EndOldest: %v, %d of the old ones are logged in", err, live())
		}
		if n := session.CountEntries(s.f, "ann"); n != 2 {
			t.Errorf("%d entries", n)
		}
	})
}

// Logins of one user in the same millisecond are several sessions: each counts for the cap,
// and is listed and ended by itself.
func TestLoginsInOneMillisecond(t *testing.T) {
	for _, format := range formats {
		for _, users := range []session.UserOptions{{Max: 1}, {Max: 2}, {Max: 2, WhenFull: session.Refuse}, {}} {
			inClockSite(t, format, func(o *session.Options) { o.Users = &users }, func(t *testing.T, s *clockSite) {
				var v []*visitor.Visitor
				for i := range 4 { // the bubble's clock stands still
					v = append(v, visitor.New(t))
					err := s.login(v[i], "ann")
					if refused := users.WhenFull == session.Refuse && i >= users.Max; refused != errors.Is(err, session.ErrTooManySessions) || err != nil && !refused {
						t.Errorf("%v, %+v: login %d: %v", format, users, i, err)
					}
				}
				want := 4
				if users.Max > 0 {
					want = users.Max
				}
				live := 0
				for _, one := range v {
					if s.user(one) == "ann" {
						live++
					}
				}
				infos := s.sessions("ann")
				if live != want || len(infos) != want || session.CountEntries(s.f, "ann") != want {
					t.Errorf("%v, %+v: %d are logged in, %d listed, want %d", format, users, live, len(infos), want)
				}
				if users.WhenFull == session.EndOldest && s.user(v[3]) != "ann" {
					t.Errorf("%v, %+v: the last login was ended", format, users)
				}
				if len(infos) == 4 && infos[0].LoggedIn.Sub(infos[3].LoggedIn) != 3*time.Millisecond {
					t.Errorf("%v: logged in at %v and %v", format, infos[0].LoggedIn, infos[3].LoggedIn)
				}
				if err := s.f.End(t.Context(), "ann", infos[0].Handle); err != nil || len(s.sessions("ann")) != want-1 {
					t.Errorf("%v, %+v: after End: %v, %d sessions", format, users, err, len(s.sessions("ann")))
				}
			})
		}
	}
}
