package examples

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pyramidgo/redissessions/session"
)

var errWrongPassword = errors.New("the password is wrong")

func passwordIsRight(_, typed string) bool { return typed == "right" }

// login is docs/users.md's login.
func login(ctx context.Context, sessions *session.Factory, s *session.Session, user, password string) error {
	ticket, err := sessions.Ticket(ctx, user) // before the password is checked
	if err != nil {
		return err
	}
	if !passwordIsRight(user, password) {
		return errWrongPassword
	}
	return s.Login(ctx, user, session.WithTicket(ticket))
}

// TestSnippetUsers logs a user in three times, and ends the sessions in the ways that
// docs/users.md shows.
func TestSnippetUsers(t *testing.T) {
	sessions := newSessions(t)
	visit := func(use func(ctx context.Context, s *session.Session)) {
		visitWith(t, sessions, func(r *http.Request, s *session.Session) { use(r.Context(), s) })
	}
	for range 2 {
		visit(func(ctx context.Context, s *session.Session) {
			if err := login(ctx, sessions, s, "ada", "wrong"); !errors.Is(err, errWrongPassword) {
				t.Error(err)
			}
			if err := login(ctx, sessions, s, "ada", "right"); err != nil {
				t.Error(err)
			}
		})
	}
	visit(func(ctx context.Context, s *session.Session) {
		if err := s.Login(ctx, "ada", session.WithLabel("sid", "s1")); err != nil {
			t.Error(err)
		}
		list(ctx, t, sessions, s, "s1")
	})
}

//nolint:ineffassign,staticcheck,wastedassign // as the page shows it, without the checks
func list(ctx context.Context, t *testing.T, sessions *session.Factory, s *session.Session, sid string) {
	infos, err := sessions.Sessions(ctx, s.User())     // the last login first; Current is this one
	err = sessions.End(ctx, s.User(), infos[1].Handle) // a form's value; no cookie can be made of it
	n, err := s.EndOthers(ctx)                         // "log out everywhere else"
	n, err = sessions.EndLabel(ctx, "sid", sid)        // OpenID Connect's back-channel logout
	n, err = sessions.EndAll(ctx, s.User())            // all, from anywhere
	if len(infos) != 3 || n != 0 || err != nil {
		t.Errorf("%d sessions, then %d, %v", len(infos), n, err)
	}
}
