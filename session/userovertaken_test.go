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

// Who ends the sessions with a label, or of a user, follows those that were renewed, and not one that
// has logged in again since, as another user or with another label: it has entries of its own. After a
// Clear the session's labels are not known, and its entry under them stays.
func TestEndSparesALaterLogin(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for _, user := range []string{"ann", "bob"} {
			for _, renewals := range []int{0, 1, 2} {
				s := onMiniredis(t, format, discardLog)
				v := visitor.New(t)
				if err := s.login(v, "ann", session.WithLabel("sid", "1")); err != nil {
					t.Fatal(err)
				}
				nextMillisecond()
				s.as(v, func(_ context.Context, se *session.Session) { se.Clear() })
				if err := s.login(v, user, session.WithLabel("sid", "2")); err != nil {
					t.Fatal(err)
				}
				for range renewals {
					s.as(v, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
				}
				if n, err := s.f.EndLabel(t.Context(), "sid", "1"); n != 0 || err != nil || s.user(v) != user {
					t.Errorf("%s, %d renewals: EndLabel of the login before: %d, %v; logged in is %q", user, renewals, n, err, s.user(v))
				}
				if n, err := s.f.EndLabel(t.Context(), "sid", "2"); n != 1 || err != nil || s.user(v) != "" {
					t.Errorf("%s, %d renewals: EndLabel: %d, %v; logged in is %q", user, renewals, n, err, s.user(v))
				}
			}
		}
	})
}
