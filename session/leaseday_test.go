package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// For a day, visitors log in and never come back, log out, or get another ID again and
// again. The sets of their user and of their label never hold more entries than sessions
// that live, and such as ended less than a lease ago without a logout.
func TestIndexAfterADay(t *testing.T) {
	const (
		step  = 10 * time.Minute
		lease = 20*time.Minute + time.Hour // the idle timeout, and L
		most  = int(lease/step) + 1 + 1    // those who never come back, and the one who stays
	)
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, stays := bubbleSite(t, ofFormat(format))
				f := stays.f
				logIn := func(s *session.Session) {
					if err := s.Login(context.Background(), "ann", session.WithLabel("tenant", "1")); err != nil {
						t.Error(err)
					}
				}
				stays.visit(logIn)
				seen := 0
				for range 24 * 6 {
					pass(step)
					newVisitor(t, f).visit(logIn) // and never comes back
					leaves := newVisitor(t, f)
					leaves.visit(logIn)
					leaves.visit(func(s *session.Session) {
						if err := s.Invalidate(context.Background()); err != nil {
							t.Error(err)
						}
					})
					stays.visit(func(s *session.Session) {
						if err := s.Renew(context.Background()); err != nil {
							t.Error(err)
						}
					})
					for _, set := range m.sets {
						if seen = max(seen, len(set)); len(set) > most {
							t.Fatalf("a set holds %d entries, want at most %d", len(set), most)
						}
					}
				}
				if len(m.sets) != 2 || seen < most-2 {
					t.Errorf("%d sets, which held at most %d entries", len(m.sets), seen)
				}
				for range 12 { // the others are gone; no login drops their entries
					pass(step)
					stays.visit(func(s *session.Session) { s.Get("a") })
				}
				infos, err := f.Sessions(context.Background(), "ann")
				if err != nil || len(infos) != 1 {
					t.Errorf("%d sessions are listed: %v", len(infos), err)
				}
				if n, err := f.EndLabel(context.Background(), "tenant", "1"); err != nil || n != 1 {
					t.Errorf("%d sessions were ended by their label: %v", n, err)
				}
				for _, set := range m.sets { // one was listed, one was ended
					if len(set) > 1 {
						t.Errorf("a set holds %d entries in the end", len(set))
					}
				}
			})
		})
	}
}
