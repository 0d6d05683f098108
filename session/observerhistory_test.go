package session_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/pyramidgo/redissessions/session/internal/record"
)

// history is a random history of an application whose events are counted.
type history struct {
	*site
	seen     *seenEvents
	client   redis.UniversalClient
	visitors []*visitor.Visitor
	users    []string

	created, ended, expired int
}

func newHistory(t *testing.T, url string, client redis.UniversalClient, format session.Format) *history {
	h := &history{seen: &seenEvents{}, client: client, users: []string{"alice", "bob"}}
	h.site = &site{t: t, f: newUsersFactory(t, openStore(t, goredis.Connect, url), format, func(o *session.Options) {
		discardLog(o)
		o.Observer, o.InvalidateEmpty = h.seen, true
		o.Users = &session.UserOptions{Max: 3}
		o.Cookie.SkipOnPanic = true
	})}
	for range 6 {
		h.visitors = append(h.visitors, visitor.New(t))
	}
	return h
}

// stored returns how many sessions are stored, without markers and tombstones.
func (h *history) stored() int {
	ctx, sessions := h.t.Context(), map[string]bool{} // a SCAN may return a key twice
	for keys := h.client.Scan(ctx, 0, "*", 100).Iterator(); keys.Next(ctx); {
		key := keys.Val()
		if h.client.Type(ctx, key).Val() == "string" && h.isSession(key) {
			sessions[key] = true
		}
	}
	return len(sessions)
}

func (h *history) isSession(key string) bool {
	raw, err := h.client.Get(h.t.Context(), key).Bytes()
	format := session.FormatOf(h.f)
	if live := format.Live(); err != nil || live != nil {
		return err == nil && (bytes.HasPrefix(raw, live) || bytes.HasPrefix(raw, format.LiveLoggedIn()))
	}
	snap, err := format.Decode(record.Address{Key: key}, raw)
	return err == nil && !snap.Ended
}

// step does something at random.
func (h *history) step(rnd *rand.Rand) {
	v, user := h.visitors[rnd.IntN(len(h.visitors))], h.users[rnd.IntN(len(h.users))]
	background := context.Background()
	switch rnd.IntN(21) {
	case 0, 1, 2:
		h.as(v, func(_ context.Context, s *session.Session) { s.Set("k", rnd.Int64()) })
	case 3:
		h.as(v, func(_ context.Context, s *session.Session) { s.Get("k") })
	case 4:
		h.as(v, func(ctx context.Context, s *session.Session) { _ = s.Renew(ctx) })
	case 5, 6:
		h.as(v, func(ctx context.Context, s *session.Session) { _ = s.Login(ctx, user) })
	case 7:
		h.as(v, func(ctx context.Context, s *session.Session) { _ = s.Invalidate(ctx) })
	case 8: // with the cookie that the visitor had before, perhaps
		old := v.Cookie("session")
		v.Get(h.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = h.f.Invalidate(r) })), "/")
		if old != "" && rnd.IntN(2) == 0 {
			v.SetCookie("session", old)
		}
	case 9:
		_, _ = h.f.EndAll(background, user)
	case 10:
		if infos, err := h.f.Sessions(background, user); err == nil && len(infos) > 0 {
			_ = h.f.End(background, user, infos[rnd.IntN(len(infos))].Handle)
		}
	case 11:
		h.as(v, func(_ context.Context, s *session.Session) {
			for _, key := range s.Keys() {
				s.Delete(key)
			}
		})
	case 12:
		h.as(v, func(ctx context.Context, s *session.Session) {
			s.Set("k", rnd.Int64())
			_ = s.Renew(ctx)
			_ = s.Invalidate(ctx)
			s.Set("k", rnd.Int64())
		})
	case 13:
		h.as(v, func(ctx context.Context, s *session.Session) {
			_ = s.Login(ctx, user)
			_, _ = s.EndOthers(ctx)
		})
	case 14: // a user after another, in one request
		h.as(v, func(ctx context.Context, s *session.Session) {
			for _, u := range h.users {
				_ = s.Login(ctx, u)
			}
		})
	case 15:
		h.as(v, func(ctx context.Context, s *session.Session) {
			_ = s.Invalidate(ctx)
			_ = s.Login(ctx, user)
			_ = s.Renew(ctx)
		})
	case 16:
		h.as(v, func(ctx context.Context, s *session.Session) {
			_ = s.Login(ctx, user)
			_, _ = h.f.EndAll(background, user)
			s.Set("k", rnd.Int64())
		})
	case 17: // another request ends it while this one has it
		h.as(v, func(ctx context.Context, s *session.Session) {
			s.Set("k", rnd.Int64())
			v.Get(h.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _ = h.f.Invalidate(r) })), "/")
			if rnd.IntN(2) == 0 {
				_ = s.Login(ctx, user)
			}
		})
	case 18:
		h.as(v, func(ctx context.Context, s *session.Session) {
			_ = s.Login(ctx, user)
			for _, key := range s.Keys() {
				s.Delete(key)
			}
		})
	case 19:
		h.as(v, func(_ context.Context, s *session.Session) { _ = s.Touch(background) })
	case 20:
		func() {
			defer func() { _ = recover() }()
			h.as(v, func(ctx context.Context, s *session.Session) {
				_, _ = s.CSRFToken(ctx)
				panic("a mistake of the application's")
			})
		}()
	}
}

// check compares the events with what is stored.
func (h *history) check(when string) {
	h.t.Helper()
	for _, e := range h.seen.events() {
		switch {
		case e.Outcome != session.OutcomeOK:
		case e.Op == session.OpCreate:
			h.created++
		case e.Op == session.OpEnd:
			h.ended++
		}
	}
	if want, got := h.created-h.ended-h.expired, h.stored(); got != want {
		h.t.Fatalf("%s: %d created - %d ended - %d expired = %d, but %d are stored", when, h.created, h.ended, h.expired, want, got)
	}
}

// TestEventsAddUp: the sessions that were created, less those that have ended and those that
// have expired, are those that a SCAN finds.
func TestEventsAddUp(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		mini := connecttest.Miniredis(t)
		client := redis.NewClient(&redis.Options{Addr: mini.Addr()})
		t.Cleanup(func() { _ = client.Close() })
		h := newHistory(t, "redis://"+mini.Addr(), client, format)
		var ahead time.Duration
		session.SetClock(h.f, func() time.Time { return time.Now().Add(ahead) })
		rnd := rand.New(rand.NewPCG(15, 1))
		for n := range 600 {
			h.step(rnd)
			if n%10 == 0 {
				h.check(fmt.Sprintf("step %d", n))
			}
			if n%100 == 99 {
				h.expired += h.stored()
				ahead += time.Hour
				mini.FastForward(time.Hour)
				h.check("after an hour")
			}
		}
		if h.created < 50 || h.ended < 30 || h.expired < 6 {
			t.Errorf("too little has happened: %d created, %d ended, %d expired", h.created, h.ended, h.expired)
		}
	})
}

// TestEventsAddUpAtOnce is TestEventsAddUp with several requests of each visitor at once, on
// a redis-server.
func TestEventsAddUpAtOnce(t *testing.T) {
	eachFormatAtOnce(t, func(t *testing.T, format session.Format) {
		srv := connecttest.RedisServer(t)
		h := newHistory(t, srv.URL(), srv.Client(), format)
		var wg sync.WaitGroup
		for seed := range uint64(4) {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(15, seed))
				for range 150 {
					h.step(rnd)
				}
			})
		}
		wg.Wait()
		h.check("at the end")
		if h.created < 50 || h.ended < 30 {
			t.Errorf("too little has happened: %d created, %d ended", h.created, h.ended)
		}
	})
}
