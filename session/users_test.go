package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// site is an application with sessions by user.
type site struct {
	t      *testing.T
	f      *session.Factory
	server *connecttest.Server
}

func newSite(t *testing.T, format session.Format, change func(o *session.Options)) *site {
	t.Helper()
	srv := connecttest.RedisServer(t)
	return &site{t, newUsersFactory(t, openStore(t, goredis.Connect, srv.URL()), format, change), srv}
}

func newUsersFactory(t *testing.T, store session.Store, format session.Format, change func(o *session.Options)) *session.Factory {
	t.Helper()
	o := &session.Options{Secret: "a secret for tests, of more than 32 bytes", Format: format, Users: &session.UserOptions{}}
	if change != nil {
		change(o)
	}
	f, err := session.NewFactory(store, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// as sends a request of a visitor's, and returns the status.
func (s *site) as(v *visitor.Visitor, use func(ctx context.Context, se *session.Session)) int {
	s.t.Helper()
	resp := v.Get(s.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if se, err := s.f.Get(r); err == nil {
			use(r.Context(), se)
		}
	})), "/")
	return resp.StatusCode
}

// login logs a visitor in.
func (s *site) login(v *visitor.Visitor, user string, opts ...session.LoginOption) error {
	s.t.Helper()
	var err error
	s.as(v, func(ctx context.Context, se *session.Session) { err = se.Login(ctx, user, opts...) })
	return err
}

// user returns who a visitor is.
func (s *site) user(v *visitor.Visitor) (user string) {
	s.t.Helper()
	s.as(v, func(_ context.Context, se *session.Session) { user = se.User() })
	return user
}

func (s *site) sessions(user string) []session.Info {
	s.t.Helper()
	infos, err := s.f.Sessions(s.t.Context(), user)
	if err != nil {
		s.t.Fatal(err)
	}
	return infos
}

// eachFormatAtOnce runs a test for every format, side by side.
func eachFormatAtOnce(t *testing.T, test func(t *testing.T, format session.Format)) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) { t.Parallel(); test(t, format) })
	}
}

func TestLoginListEnd(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		s := newSite(t, format, nil)
		laptop, phone, other := visitor.New(t), visitor.New(t), visitor.New(t)
		for _, v := range []*visitor.Visitor{laptop, phone} {
			nextMillisecond()
			s.as(v, func(_ context.Context, se *session.Session) { se.Set("cart", 1) })
			if err := s.login(v, "ann"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.login(other, "bob"); err != nil {
			t.Fatal(err)
		}
		if got := s.user(laptop) + s.user(phone) + s.user(other); got != "annannbob" {
			t.Fatalf("users %q", got)
		}
		infos := s.sessions("ann")
		if len(infos) != 2 {
			t.Fatalf("%d sessions, want 2", len(infos))
		}
		s.as(phone, func(ctx context.Context, se *session.Session) {
			_ = se.Renew(ctx)
			if again, err := s.f.Sessions(ctx, "ann"); err != nil || len(again) != 2 || again[0].Current == again[1].Current {
				t.Errorf("after a renewal: %v, %v", again, err)
			}
		})
		if err := s.f.End(t.Context(), "ann", infos[0].Handle); err != nil { // the phone's, from before
			t.Fatal(err)
		}
		if s.user(phone) != "" || s.user(laptop) != "ann" {
			t.Error("End ended the wrong session")
		}
		if err := s.f.End(t.Context(), "ann", infos[0].Handle); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("End again: %v", err)
		}
		if err := s.login(phone, "ann"); err != nil {
			t.Fatal(err)
		}
		if n, err := s.f.EndAll(t.Context(), "ann"); n != 2 || err != nil {
			t.Errorf("EndAll: %d, %v", n, err)
		}
		if s.user(phone)+s.user(laptop)+s.user(other) != "bob" {
			t.Error("EndAll left somebody, or ended another user's")
		}
		if left := s.sessions("ann"); len(left) != 0 {
			t.Errorf("%d sessions are left", len(left))
		}
	})
}
