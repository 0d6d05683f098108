package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/encode"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// After a panic of a hook in Login the session has no user, though the handler recovers and its page is
// sent: the session would have kept its ID, and no index would have it.
func TestPanicInALogin(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for _, hook := range []string{"Describe", "NewID"} {
			for _, stored := range []bool{false, true} {
				armed, ids := "", 0
				s := onMiniredis(t, format, func(o *session.Options) {
					o.Users.Describe = func(*http.Request) string {
						if armed == "Describe" {
							panic(armed)
						}
						return ""
					}
					o.NewID = func() (string, error) {
						if armed == "NewID" {
							panic(armed)
						}
						ids++
						return fmt.Sprintf("%064d", ids), nil
					}
				})
				v := visitor.New(t)
				if stored {
					s.as(v, func(_ context.Context, se *session.Session) { se.Set("cart", 1) })
				}
				s.as(v, func(ctx context.Context, se *session.Session) {
					armed = hook
					defer func() { armed = ""; _ = recover() }()
					_ = se.Login(ctx, "ann")
				})
				if got := s.user(v); got != "" || session.CountEntries(s.f, "ann") != 0 || !stored && v.Cookie("session") != "" {
					t.Errorf("%s, of a session: %v: logged in is %q", hook, stored, got)
				}
			}
		}
	})
}

// A login that is refused because there are too many changes nothing: not the ID, the token,
// the user, the labels or the data, and in a passive request not the end of the session.
func TestRefusedLoginChangesNothing(t *testing.T) {
	for _, format := range formats {
		inClockSite(t, format, func(o *session.Options) {
			o.IdleTimeout = time.Hour
			o.Users = &session.UserOptions{Max: 1, WhenFull: session.Refuse}
			o.Passive = func(r *http.Request) bool { return r.Header.Get("X-Poll") != "" }
		}, func(t *testing.T, s *clockSite) {
			refused := func(ctx context.Context, se *session.Session) {
				t.Helper()
				if err := se.Login(ctx, "ann", session.WithLabel("new", "1")); !errors.Is(err, session.ErrTooManySessions) {
					t.Errorf("%v: %v", format, err)
				}
			}
			if err := s.login(visitor.New(t), "ann"); err != nil {
				t.Fatal(err)
			}
			v := visitor.New(t)
			status := s.as(v, refused)
			if status != http.StatusOK || v.Cookie("session") != "" {
				t.Errorf("%v: status %d, cookie %q", format, status, v.Cookie("session"))
			}
			if err := s.login(v, "bob", session.WithLabel("old", "1")); err != nil {
				t.Fatal(err)
			}
			s.as(v, func(ctx context.Context, se *session.Session) {
				token, _ := se.CSRFToken(ctx)
				id, at := se.ID(), se.LoginTime()
				se.Set("cart", 1)
				refused(ctx, se)
				if again, _ := se.CSRFToken(ctx); se.ID() != id || again != token || se.User() != "bob" || !se.LoginTime().Equal(at) || !se.Has("cart") {
					t.Errorf("%v: changed: user %q, %v, ID %v, token %v", format, se.User(), se.Keys(), se.ID() != id, again != token)
				}
			})
			s.pass(40 * time.Minute)
			poll := httptest.NewRequest(http.MethodGet, "/", nil)
			poll.Header.Set("X-Poll", "1")
			v.Do(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				se, err := s.f.Get(r)
				if err != nil || se.User() != "bob" {
					t.Errorf("%v: %v, user %q", format, err, se.User())
					return
				}
				se.Set("polls", 1)
				refused(r.Context(), se)
			})), poll)
			s.pass(30 * time.Minute)
			if s.user(v) != "" {
				t.Errorf("%v: the passive request restarted the timeout", format)
			}
			if err := errors.Join(s.login(visitor.New(t), "ann"), s.login(v, "bob", session.WithLabel("old", "1"))); err != nil {
				t.Fatal(err)
			}
			s.as(v, func(ctx context.Context, se *session.Session) {
				se.Clear()
				refused(ctx, se)
				if se.User() != "" || len(se.Keys()) != 0 {
					t.Errorf("%v: after Clear: %q, %v", format, se.User(), se.Keys())
				}
			})
			n, err := s.f.EndLabel(t.Context(), "new", "1")
			if err != nil || n != 0 || session.CountEntries(s.f, "bob") != 1 || session.CountEntries(s.f, "ann") > 1 {
				t.Errorf("%v: EndLabel: %d, %v", format, n, err)
			}
		})
	}
}

// A ticket is good for ten minutes and not a nanosecond longer, and the epoch is kept for longer
// than that. EndOthers and EndAll spend the tickets of before, EndLabel does not.
func TestTicketAges(t *testing.T) {
	for _, format := range formats {
		inClockSite(t, format, discardLog, func(t *testing.T, s *clockSite) {
			v := visitor.New(t)
			for _, tt := range []struct {
				age  time.Duration
				end  func() error
				want error
			}{
				{10 * time.Minute, nil, nil},
				{10*time.Minute + time.Nanosecond, nil, session.ErrEnded},
				{10*time.Minute - time.Nanosecond, func() error { _, err := s.f.EndAll(t.Context(), "ann"); return err }, session.ErrEnded},
				{0, func() (err error) {
					s.as(v, func(ctx context.Context, se *session.Session) { _, err = se.EndOthers(ctx) })
					return err
				}, session.ErrEnded},
				{time.Minute, func() error { _, err := s.f.EndLabel(t.Context(), "sid", "1"); return err }, nil},
			} {
				if err := s.login(v, "ann"); err != nil {
					t.Fatal(err)
				}
				ticket, err := s.f.Ticket(t.Context(), "ann")
				if tt.end != nil {
					err = errors.Join(err, tt.end())
				}
				s.pass(tt.age)
				if got := s.login(visitor.New(t), "ann", session.WithTicket(ticket), session.WithLabel("sid", "1")); err != nil || !errors.Is(got, tt.want) {
					t.Errorf("%v, after %v: %v, Login: %v, want %v", format, tt.age, err, got, tt.want)
				}
				s.pass(20 * time.Minute)
			}
		})
	}
}

// indexOnly is a store with the least that Options.Users needs.
type indexOnly struct {
	session.Store
	session.UserIndex
}

// Logins at once, renewals, labels and ends are the same with every store, also with one that is
// only a UserIndex.
func TestUsersOnEveryStore(t *testing.T) {
	for name, connect := range map[string]func(t *testing.T) session.Store{
		"only a UserIndex": func(t *testing.T) session.Store {
			s := openStore(t, goredis.Connect, connecttest.RedisServer(t).URL())
			return indexOnly{s, s.(session.UserIndex)}
		},
		"redigo": func(t *testing.T) session.Store {
			return openStore(t, redigo.Connect, connecttest.RedisServer(t).URL())
		},
		"Cluster": func(t *testing.T) session.Store {
			return openStore(t, goredis.Connect, "redis-cluster://"+connecttest.Cluster(t).Nodes[0].Addr())
		},
		"no Lua": func(t *testing.T) session.Store {
			return openStore(t, goredis.Connect, connecttest.ValkeyServerWithoutLua(t).URL())
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := connect(t)
			for _, format := range formats {
				for _, users := range []session.UserOptions{{Max: 1}, {Max: 3, WhenFull: session.Refuse}, {}} {
					f := newUsersFactory(t, store, format, func(o *session.Options) { o.Users = &users; o.Cookie.Name = format.String() })
					everyStore(t, &site{t: t, f: f}, users)
				}
			}
		})
	}
}

func everyStore(t *testing.T, s *site, users session.UserOptions) {
	const n = 20
	user := fmt.Sprint("ann", users.Max)
	visitors, errs := make([]*visitor.Visitor, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		visitors[i] = visitor.New(t)
		wg.Go(func() { errs[i] = s.login(visitors[i], user, session.WithLabel("sid", fmt.Sprint(user, i%2))) })
	}
	wg.Wait()
	want, live := users.Max, 0
	if want == 0 {
		want = n
	}
	for i, v := range visitors {
		s.as(v, func(ctx context.Context, se *session.Session) {
			if se.User() == "" {
				return
			}
			live++
			if err := se.Renew(ctx); err != nil {
				t.Error(err)
			}
		})
		if errs[i] != nil && (users.WhenFull != session.Refuse || !errors.Is(errs[i], session.ErrTooManySessions)) {
			t.Error(errs[i])
		}
	}
	if listed := len(s.sessions(user)); live != want || listed != want {
		t.Errorf("%d are logged in, %d listed, want %d", live, listed, want)
	}
	even, err := s.f.EndLabel(t.Context(), "sid", user+"0")
	if err != nil || users.Max == 0 && even != n/2 {
		t.Errorf("EndLabel: %d, %v", even, err)
	}
	if rest, err := s.f.EndAll(t.Context(), user); even+rest != live || err != nil {
		t.Errorf("%d sessions, %d ended by label, %d by EndAll, %v", live, even, rest, err)
	}
	for _, v := range visitors {
		if s.user(v) != "" {
			t.Error("somebody is logged in")
		}
	}
}

// A label has a name and a value: a logout by an empty sid, which would end no session, is refused
// as a login with one is.
func TestLabelWithoutText(t *testing.T) {
	s := onMiniredis(t, session.FormatNative, discardLog)
	for _, label := range [][2]string{{"", ""}, {"sid", ""}, {"", "1"}} {
		v := visitor.New(t)
		if err := s.login(v, "ann", session.WithLabel(label[0], label[1])); err == nil || s.user(v) != "" {
			t.Errorf("%q: Login: %v, then %q", label, err, s.user(v))
		}
		if n, err := s.f.EndLabel(t.Context(), label[0], label[1]); err == nil || n != 0 {
			t.Errorf("%q: EndLabel: %d, %v", label, n, err)
		}
	}
}

// What Describe says of a browser never keeps its visitor out: a User-Agent may have any bytes, and
// most codecs keep only text that is UTF-8.
func TestDescribeAnyBytes(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for _, codec := range []encode.Codec{{}, encode.JSON} {
			about := ""
			s := onMiniredis(t, format, func(o *session.Options) {
				o.Codec = codec
				o.Users.Describe = func(*http.Request) string { return about }
			})
			for given, want := range map[string]string{"Lynx\xe9/2": "Lynx\ufffd/2", "\xff\xfe": "\ufffd", "Ænima\x00": "Ænima\x00"} {
				about = given
				if err := s.login(visitor.New(t), want); err != nil {
					t.Errorf("%q: %v", given, err)
				} else if infos := s.sessions(want); len(infos) != 1 || infos[0].About != want {
					t.Errorf("%q: %+v", given, infos)
				}
			}
		}
	})
}
