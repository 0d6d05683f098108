package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// overtakenStore calls a function, once, before a record is closed, and another before the next
// one is replaced.
type overtakenStore struct {
	indexOnly
	closing, replacing func()
}

func (s *overtakenStore) before(f *func()) {
	if call := *f; call != nil {
		*f = nil
		call()
	}
}

func (s *overtakenStore) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	if s.closing != nil {
		s.before(&s.closing)
	} else {
		s.before(&s.replacing)
	}
	return s.indexOnly.Replace(ctx, key, guard, record, ttl)
}

func (s *overtakenStore) Remove(ctx context.Context, key string, guard []byte) error {
	s.before(&s.closing)
	return s.indexOnly.Remove(ctx, key, guard)
}

// The copy that a login or a renewal has made is ended by EndAll while another request's save makes
// it copy once more: that is no failure of the store. The login is ErrEnded, and the renewal that of
// a session that has gone.
func TestCopyEndedMeanwhile(t *testing.T) {
	for _, format := range formats {
		for name, move := range map[string]func(ctx context.Context, se *session.Session) error{
			"login": func(ctx context.Context, se *session.Session) error { return se.Login(ctx, "ann") },
			"renew": func(ctx context.Context, se *session.Session) error { return se.Renew(ctx) },
		} {
			t.Run(fmt.Sprintf("%v/%s", format, name), func(t *testing.T) {
				all := openStore(t, goredis.Connect, "redis://"+connecttest.Miniredis(t).Addr())
				store := &overtakenStore{indexOnly: indexOnly{all, all.(session.UserIndex)}}
				s := &site{t: t, f: newUsersFactory(t, store, format, discardLog)}
				other := &site{t: t, f: newUsersFactory(t, all, format, discardLog)}
				v := visitor.New(t)
				if err := other.login(v, "ann"); err != nil {
					t.Fatal(err)
				}
				store.closing = func() { other.as(v, func(_ context.Context, se *session.Session) { se.Set("a", 1) }) }
				store.replacing = func() {
					if _, err := other.f.EndAll(t.Context(), "ann"); err != nil {
						t.Error(err)
					}
				}
				var err error
				user := ""
				status := s.as(v, func(ctx context.Context, se *session.Session) {
					err = move(ctx, se)
					user = se.User()
				})
				if store.replacing != nil {
					t.Fatal("the copy was not written once more")
				}
				switch anew := name == "renew" && format != session.FormatNative; {
				case anew && (err != nil || user != "" || status != http.StatusOK): // as for every session that has gone
					t.Errorf("%v, user %q, status %d", err, user, status)
				case !anew && (!errors.Is(err, session.ErrGone) && !errors.Is(err, session.ErrEnded) || errors.Is(err, session.ErrUnavailable) || status != http.StatusConflict):
					t.Errorf("%v, status %d", err, status)
				case name == "login" && !errors.Is(err, session.ErrEnded):
					t.Errorf("%v", err)
				}
				if user := other.user(v); user != "" || session.CountEntries(other.f, "ann") != 0 {
					t.Errorf("logged in is %q, with %d entries", user, session.CountEntries(other.f, "ann"))
				}
			})
		}
	}
}
