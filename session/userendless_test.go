package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/connect/redigo"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// The key of an index whose sessions never time out goes some minutes after EndAll, with the
// epoch that is all it holds then, and not before; a session that logs in keeps it. pyramid_redis_sessions has no such sessions.
func TestEndAllOfEndlessSessionsLeavesNoKey(t *testing.T) {
	const endless = 60_000_000 // minutes: more than a hundred years
	for name, connector := range map[string]connect.Func{"goredis": goredis.Connect, "redigo": redigo.Connect} {
		for _, format := range []session.Format{session.FormatNative, session.FormatPyramidSessionRedis} {
			t.Run(name+" "+format.String(), func(t *testing.T) {
				srv := connecttest.RedisServer(t)
				s := &site{t, newUsersFactory(t, openStore(t, connector, srv.URL()), format, func(o *session.Options) { o.IdleTimeout = session.Never }), srv}
				left := func() (minutes int64) {
					t.Helper()
					seconds, err := srv.Client().Do(t.Context(), "TTL", session.SetKeyOf(s.f, "ann")).Int64()
					if err != nil || seconds < 0 {
						t.Errorf("TTL %d: %v", seconds, err)
					}
					return seconds / 60 // until the year 9999 it is too long for a time.Duration
				}
				v, w := visitor.New(t), visitor.New(t)
				for _, each := range []*visitor.Visitor{v, w} {
					if err := s.login(each, "ann"); err != nil {
						t.Fatal(err)
					}
				}
				if left() < endless {
					t.Fatalf("the index of sessions that never time out ends in %d minutes", left())
				}
				ticket, err := s.f.Ticket(t.Context(), "ann")
				if err != nil {
					t.Fatal(err)
				}
				if n, err := s.f.EndAll(t.Context(), "ann"); n != 2 || err != nil {
					t.Fatal(n, err)
				}
				if d := left(); d < 10 || d > 60 {
					t.Errorf("after EndAll the index ends in %d minutes", d)
				}
				if err := s.login(v, "ann", session.WithTicket(ticket)); err == nil {
					t.Error("a ticket from before counts")
				}
				if err := s.login(visitor.New(t), "ann"); err != nil || left() < endless {
					t.Errorf("after another login the index ends in %d minutes, %v", left(), err)
				}
				if n, err := s.f.EndAll(t.Context(), "ann"); n != 1 || err != nil || left() > 60 {
					t.Errorf("%d ended, %v; the index ends in %d minutes", n, err, left())
				}
			})
		}
	}
}

// laterEnd is a store on which something happens once, just after entries were removed.
type laterEnd struct {
	indexStore
	then func()
}

type indexStore interface {
	session.Store
	session.UserIndex
	session.IndexShortener
}

func (s *laterEnd) IndexRemove(ctx context.Context, key string, members ...[]byte) error {
	err := s.indexStore.IndexRemove(ctx, key, members...)
	if then := s.then; then != nil {
		s.then = nil
		then()
	}
	return err
}

// An EndAll that comes to its end after another one does not take back what that has said:
// a ticket from before the other one does not count.
func TestEndAllsOfEndlessSessionsAtOnce(t *testing.T) {
	for name, connector := range map[string]connect.Func{"goredis": goredis.Connect, "redigo": redigo.Connect} {
		t.Run(name, func(t *testing.T) {
			srv := connecttest.RedisServer(t)
			store := &laterEnd{indexStore: openStore(t, connector, srv.URL()).(indexStore)}
			s := &site{t, newUsersFactory(t, store, session.FormatNative, func(o *session.Options) { o.IdleTimeout = session.Never }), srv}
			if err := s.login(visitor.New(t), "ann"); err != nil {
				t.Fatal(err)
			}
			var ticket session.Ticket
			store.then = func() {
				var err error
				if ticket, err = s.f.Ticket(t.Context(), "ann"); err != nil {
					t.Error(err)
				}
				if _, err := s.f.EndAll(t.Context(), "ann"); err != nil {
					t.Error(err)
				}
			}
			if n, err := s.f.EndAll(t.Context(), "ann"); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			if err := s.login(visitor.New(t), "ann", session.WithTicket(ticket)); !errors.Is(err, session.ErrEnded) {
				t.Errorf("a login with a ticket from before the later EndAll returns %v", err)
			}
		})
	}
}
