package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// TestADayOfUsers lets users log in, come back, renew, leave without a word, log out and be
// thrown out, for a day of simulated time. At every quarter of an hour every session that is
// alive has its entry (G4), and an entry whose session is gone counts for an idle timeout and
// a lease at most (G6), and is dropped by the next renewal of another's lease, or with the
// key: the index does not outgrow its live sessions.
func TestADayOfUsers(t *testing.T) {
	const idle, lease, quarter = 20 * time.Minute, time.Hour, 15 * time.Minute
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			inClockSite(t, format, func(o *session.Options) { o.IdleTimeout = idle }, func(t *testing.T, s *clockSite) {
				d := &userDay{clockSite: s, rng: rand.New(rand.NewPCG(1, 2)), gone: map[string]time.Time{}}
				most := 0
				for range 24 * 4 {
					d.quarter()
					s.pass(quarter)
					live, entries := d.look(idle + lease)
					most = max(most, entries-live)
				}
				if most == 0 {
					t.Error("no entry ever outlived its session: nothing was tried")
				}
				s.pass(idle + lease)
				for _, user := range d.users() { // a list cleans up what is left
					if n := len(s.sessions(user)); n != 0 || session.CountEntries(s.f, user) != 0 {
						t.Errorf("%s: %d sessions and %d entries at the end", user, n, session.CountEntries(s.f, user))
					}
				}
				s.pass(idle + lease)
				if keys := s.redis.Keys(); len(keys) != 0 {
					t.Errorf("%d keys at the end", len(keys))
				}
			})
		})
	}
}

// userDay is what is known of the users.
type userDay struct {
	*clockSite
	rng  *rand.Rand
	all  []*visitor.Visitor
	gone map[string]time.Time // when a member was first seen without its session
}

func (d *userDay) users() (users []string) {
	for i := range 4 {
		users = append(users, fmt.Sprintf("user%d", i))
	}
	return users
}

// quarter is what happens at one time of the day.
func (d *userDay) quarter() {
	ctx, user := d.t.Context(), d.users()[d.rng.IntN(4)]
	v := visitor.New(d.t)
	if err := d.login(v, user, session.WithLabel("sid", user)); err != nil {
		d.t.Error(err)
	}
	d.all = append(d.all, v)
	switch d.rng.IntN(16) {
	case 0:
		if _, err := d.f.EndAll(ctx, user); err != nil {
			d.t.Error(err)
		}
	case 1:
		if infos := d.sessions(user); len(infos) > 0 {
			if err := d.f.End(ctx, user, infos[0].Handle); err != nil {
				d.t.Error(err)
			}
		}
	}
	kept := d.all[:0]
	for _, v := range d.all {
		switch what := d.rng.IntN(10); what {
		case 0: // never comes back
			continue
		case 1:
			d.as(v, func(ctx context.Context, se *session.Session) { _ = se.Invalidate(ctx) })
			continue
		case 2:
			d.as(v, func(ctx context.Context, se *session.Session) { _ = se.Renew(ctx) })
		case 3:
			d.as(v, func(_ context.Context, se *session.Session) { se.Set("a", what) })
		default:
			d.as(v, func(_ context.Context, se *session.Session) { se.Get("a") })
		}
		kept = append(kept, v)
	}
	d.all = kept
}

// look compares the indexes with the records, without changing either.
func (d *userDay) look(most time.Duration) (live, entries int) {
	members := map[string]bool{}
	for _, user := range d.users() {
		for _, e := range session.EntriesOf(d.f, user) {
			entries++
			at, _, _ := session.FormatOf(d.f).OfMember(e.Member)
			members[at.Key] = true
			raw, err := session.StoreOf(d.f).Load(d.t.Context(), at.Key, 0)
			if err == nil {
				if snap, err := session.FormatOf(d.f).Decode(at, raw); err == nil && snap.Successor == nil && !snap.Ended {
					live++
					continue
				}
			}
			if d.gone[at.Key].IsZero() {
				d.gone[at.Key] = time.Now()
			}
			since := time.Since(d.gone[at.Key])
			if counts := time.Now().Before(e.Until); counts && since > most || since > 2*most {
				d.t.Errorf("an entry is there %v after its session has gone (it counts: %v)", since, counts)
			}
		}
	}
	for _, v := range d.all {
		id := v.Cookie("session")
		if id == "" {
			continue
		}
		if key, err := session.KeyOfCookie(d.f, id); err == nil && d.redis.Exists(key) && !members[key] && d.isLogin(key) {
			d.t.Errorf("G4: a session has no entry")
		}
	}
	return live, entries
}

// isLogin reports whether a record is a session that is logged in.
func (d *userDay) isLogin(key string) bool {
	at := session.AddressOf(d.f, key)
	raw, err := session.StoreOf(d.f).Load(d.t.Context(), key, 0)
	if err != nil {
		return false
	}
	snap, err := session.FormatOf(d.f).Decode(at, raw)
	return err == nil && snap.Successor == nil && !snap.Ended && !snap.Meta.Login.At.IsZero()
}
