package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// onMiniredis returns a site on a miniredis.
func onMiniredis(t *testing.T, format session.Format, change func(o *session.Options)) *site {
	t.Helper()
	store := openStore(t, goredis.Connect, "redis://"+connecttest.Miniredis(t).Addr())
	return &site{t: t, f: newUsersFactory(t, store, format, edits(discardLog, change))}
}

// Any text names a user that a record can hold; other text is refused, and not repeated in the
// error. What one user is called never reaches another's sessions.
func TestOddUsers(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := onMiniredis(t, format, func(*session.Options) {})
		keep := visitor.New(t)
		if err := s.login(keep, "u"); err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"\x00", "u\x00", "\x00u", "session\x00u", "u:u", " u", "<u>", "\u00e9", "e\u0301", strings.Repeat("u", 100_000)} {
			v := visitor.New(t)
			if err := s.login(v, user); err != nil || s.user(v) != user {
				t.Errorf("%.20q: %v, then %.20q", user, err, s.user(v))
			}
			if n, err := s.f.EndAll(t.Context(), user); n != 1 || err != nil || s.user(v) != "" || s.user(keep) != "u" {
				t.Errorf("%.20q: EndAll: %d, %v; left are %.20q and %q", user, n, err, s.user(v), s.user(keep))
			}
		}
		for _, user := range []string{"secret\xff", "secret\xed\xa0\x80"} { // no UTF-8
			v := visitor.New(t)
			err := s.login(v, user)
			if format == session.FormatNative && (err != nil || s.user(v) != user) {
				t.Errorf("%q: %v, then %q", user, err, s.user(v))
			}
			if format != session.FormatNative && (err == nil || strings.Contains(err.Error(), "secret") || s.user(v) != "" || session.CountEntries(s.f, user) != 0) {
				t.Errorf("%q: %v, then %q", user, err, s.user(v))
			}
		}
	})
}

// The handle of a session that was ended names no other one, though both logged in at once.
func TestEndTwice(t *testing.T) {
	for _, format := range formats {
		inClockSite(t, format, nil, func(t *testing.T, s *clockSite) {
			a, b := visitor.New(t), visitor.New(t)
			if err := errors.Join(s.login(a, "ann"), s.login(b, "ann")); err != nil { // the clock stands still
				t.Fatal(err)
			}
			infos := s.sessions("ann")
			if !infos[0].LoggedIn.After(infos[1].LoggedIn) {
				t.Errorf("%v: logged in at %v and %v", format, infos[0].LoggedIn, infos[1].LoggedIn)
			}
			if err := s.f.End(t.Context(), "ann", infos[1].Handle); err != nil {
				t.Errorf("%v: %v", format, err)
			}
			if err := s.f.End(t.Context(), "ann", infos[1].Handle); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%v: End again: %v", format, err)
			}
			if s.user(a) != "" || s.user(b) != "ann" {
				t.Errorf("%v: left are %q and %q", format, s.user(a), s.user(b))
			}
		})
	}
}

// A session lives on by requests that are never saved. It is ended all the same: the load keeps
// its entry, whatever becomes of the request.
func TestUnsavedRequestsKeepTheEntry(t *testing.T) {
	inRequest := func(use func(ctx context.Context, se *session.Session)) func(s *clockSite, v *visitor.Visitor) {
		return func(s *clockSite, v *visitor.Visitor) { s.as(v, use) }
	}
	for _, format := range formats {
		for name, request := range map[string]func(s *clockSite, v *visitor.Visitor){
			"a handler that panics": func(s *clockSite, v *visitor.Visitor) {
				v.Get(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() { _ = recover() }()
					s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						_, _ = s.f.Get(r)
						panic(http.ErrAbortHandler)
					})).ServeHTTP(w, r)
				}), "/")
			},
			"a login that fails": inRequest(func(ctx context.Context, se *session.Session) { _ = se.Login(ctx, "") }),
			"a save that fails": inRequest(func(_ context.Context, se *session.Session) {
				se.Set("a", strings.Repeat("x", 5<<20))
			}),
			"no Save": func(s *clockSite, v *visitor.Visitor) {
				v.Get(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = s.f.Get(r) }), "/")
			},
		} {
			for own, change := range map[string]func(se *session.Session){
				"":                   func(*session.Session) {},
				", a longer timeout": func(se *session.Session) { se.AdjustTimeout(40 * time.Minute) },
			} {
				options := func(o *session.Options) { discardLog(o); o.IdleTimeout = 30 * time.Minute }
				t.Run(format.String()+"/"+name+own, func(t *testing.T) {
					inClockSite(t, format, options, func(t *testing.T, s *clockSite) {
						v := visitor.New(t)
						if err := s.login(v, "ann"); err != nil {
							t.Fatal(err)
						}
						s.as(v, func(_ context.Context, se *session.Session) { change(se) })
						for range 20 {
							s.pass(10 * time.Minute)
							request(s, v)
						}
						if err := s.login(visitor.New(t), "ann"); err != nil { // drops entries that are over
							t.Error(err)
						}
						if n, err := s.f.EndAll(t.Context(), "ann"); n != 2 || err != nil || s.user(v) != "" {
							t.Errorf("EndAll ended %d, %v; the session is that of %q", n, err, s.user(v))
						}
					})
				})
			}
		}
	}
}

// LastSeen is right or zero where the absolute timeout comes before the idle one's end.
func TestLastSeenBesideTheAbsoluteTimeout(t *testing.T) {
	for _, format := range formats {
		for _, trigger := range []time.Duration{0, 5 * time.Minute} {
			options := func(o *session.Options) {
				o.IdleTimeout, o.AbsoluteTimeout, o.TouchAfter = time.Hour, 90*time.Minute, trigger
			}
			inClockSite(t, format, options, func(t *testing.T, s *clockSite) {
				v, told := visitor.New(t), 0
				if err := s.login(v, "ann"); err != nil {
					t.Fatal(err)
				}
				for range 8 {
					s.pass(10 * time.Minute)
					s.user(v)
					seen := time.Now()
					s.pass(time.Minute)
					last := s.sessions("ann")[0].LastSeen
					if off := seen.Sub(last).Abs(); !last.IsZero() && off > time.Second+trigger {
						t.Errorf("%v, timeout_trigger %v: LastSeen is off by %v", format, trigger, off)
					}
					if !last.IsZero() {
						told++
					}
				}
				if told < 2 {
					t.Errorf("%v, timeout_trigger %v: LastSeen was told %d times", format, trigger, told)
				}
			})
		}
	}
}

// However many log in at once, as many of them as the cap allows are logged in afterwards. Where a
// renewal leaves no marker this takes logins at one process, which gives them different times.
func TestManyLoginsAtOnce(t *testing.T) {
	for _, format := range formats {
		for _, users := range []session.UserOptions{{Max: 1}, {Max: 3}, {Max: 3, WhenFull: session.Refuse}} {
			t.Run(fmt.Sprintf("%v/%d/%d", format, users.Max, users.WhenFull), func(t *testing.T) {
				srv, processes := connecttest.RedisServer(t), 1
				if format == session.FormatNative {
					processes = 3
				}
				var sites []*site
				for range processes {
					store := openStore(t, goredis.Connect, srv.URL())
					sites = append(sites, &site{t: t, f: newUsersFactory(t, store, format, func(o *session.Options) { o.Users = &users })})
				}
				for round := range 10 {
					user := fmt.Sprint("ann", round)
					visitors, errs := make([]*visitor.Visitor, 30), make([]error, 30)
					var wg sync.WaitGroup
					for i := range visitors {
						visitors[i] = visitor.New(t)
						wg.Go(func() { errs[i] = sites[i%processes].login(visitors[i], user) })
					}
					wg.Wait()
					live := 0
					for _, v := range visitors {
						if sites[0].user(v) == user {
							live++
						}
					}
					if infos := sites[0].sessions(user); live != users.Max || len(infos) != live {
						t.Errorf("%d are logged in, %d listed", live, len(infos))
					}
					for _, err := range errs {
						if err != nil && (users.WhenFull != session.Refuse || !errors.Is(err, session.ErrTooManySessions)) {
							t.Error(err)
						}
					}
				}
			})
		}
	}
}

// Of several that end all sessions at once, each session is ended and counted once.
func TestEndAllAtOnce(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		visitors := make([]*visitor.Visitor, 40)
		for i := range visitors {
			visitors[i] = visitor.New(t)
			if err := s.login(visitors[i], "ann"); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		ended, errs := make([]int, 8), make([]error, 8)
		for i := range ended {
			wg.Go(func() { ended[i], errs[i] = s.f.EndAll(t.Context(), "ann") })
		}
		wg.Wait()
		total := 0
		for _, n := range ended {
			total += n
		}
		if err := errors.Join(errs...); total != len(visitors) || err != nil {
			t.Errorf("%d were ended, %v", total, err)
		}
		if slices.ContainsFunc(visitors, func(v *visitor.Visitor) bool { return s.user(v) != "" }) || session.CountEntries(s.f, "ann") != 0 {
			t.Error("somebody is logged in, or an entry is left")
		}
	})
}

// What one request does about its login, in a row: who is logged in afterwards, and how many
// entries ann and bob have.
func TestLoginsInOneRequest(t *testing.T) {
	type calls struct {
		*testing.T
		f    *session.Factory
		s    *session.Session
		ctx  context.Context
		errs []error
	}
	do := map[string]func(c *calls){
		"ann":        func(c *calls) { c.errs = append(c.errs, c.s.Login(c.ctx, "ann")) },
		"bob":        func(c *calls) { c.errs = append(c.errs, c.s.Login(c.ctx, "bob")) },
		"renew":      func(c *calls) { c.errs = append(c.errs, c.s.Renew(c.ctx)) },
		"invalidate": func(c *calls) { c.errs = append(c.errs, c.s.Invalidate(c.ctx)) },
		"set":        func(c *calls) { c.s.Set("a", 1) },
		"clear": func(c *calls) {
			if c.s.Clear(); c.s.User() != "" || !c.s.LoginTime().IsZero() {
				c.Error("there is a user after Clear")
			}
		},
		"end all": func(c *calls) {
			if n, err := c.f.EndAll(c.ctx, "ann"); n != 1 || err != nil {
				c.Errorf("EndAll: %d, %v", n, err)
			}
		},
		"others": func(c *calls) {
			if n, err := c.s.EndOthers(c.ctx); n != 0 || err == nil {
				c.Errorf("EndOthers without a user: %d, %v", n, err)
			}
		},
	}
	for row, want := range map[string]string{ // status, user, entries of ann's and of bob's
		"ann ann":                        "200 ann 1 0",
		"ann bob":                        "200 bob 0 1",
		"ann invalidate bob":             "200 bob 0 1",
		"ann clear":                      "200  1 0",
		"ann clear renew":                "200  1 0",
		"ann clear bob":                  "200 bob 0 1",
		"set clear ann":                  "200 ann 1 0",
		"others ann":                     "200 ann 1 0",
		"ann end_all":                    "200  0 0",
		"ann end_all set":                "409  0 0",
		"ann end_all invalidate ann set": "200 ann 1 0",
		"set invalidate ann set":         "200 ann 1 0",
		"ann renew renew":                "200 ann 1 0",
	} {
		for _, format := range formats {
			for _, stored := range []bool{false, true} {
				s := onMiniredis(t, format, func(*session.Options) {})
				v := visitor.New(t)
				if stored {
					s.as(v, func(_ context.Context, se *session.Session) { se.Set("cart", 1) })
				}
				var errs []error
				status := s.as(v, func(ctx context.Context, se *session.Session) {
					c := &calls{T: t, f: s.f, s: se, ctx: ctx}
					for step := range strings.FieldsSeq(row) {
						do[strings.ReplaceAll(step, "_", " ")](c)
					}
					errs = c.errs
				})
				got := fmt.Sprint(status, " ", s.user(v), " ", session.CountEntries(s.f, "ann"), " ", session.CountEntries(s.f, "bob"))
				if err := errors.Join(errs...); got != want || err != nil {
					t.Errorf("%s, %v, of a session: %v: %q, %v, want %q", row, format, stored, got, err, want)
				}
			}
		}
	}
}
