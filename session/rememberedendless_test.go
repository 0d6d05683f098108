package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// A session without a timeout lasts for longer than those that have one: it is remembered,
// in every format.
func TestSessionWithoutTimeoutIsRemembered(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		for name, want := range map[string]struct {
			adjust     func(s *session.Session)
			remembered bool
		}{
			"as the others": {func(*session.Session) {}, false},
			"never ends":    {func(s *session.Session) { s.Remember(0) }, true},
			"longer":        {func(s *session.Session) { s.Remember(time.Hour) }, true},
			"shorter":       {func(s *session.Session) { s.AdjustTimeout(time.Minute) }, false},
		} {
			s := newSite(t, format, nil)
			s.as(visitor.New(t), func(ctx context.Context, se *session.Session) {
				want.adjust(se)
				if err := se.Login(ctx, "ann"); err != nil {
					t.Error(err)
				}
			})
			if infos := s.sessions("ann"); len(infos) != 1 || infos[0].Remembered != want.remembered {
				t.Errorf("%s: %+v", name, infos)
			}
		}
	})
}
