package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
)

// movingStore calls a function, once, before it next loads a record, and another before it next
// lists a set.
type movingStore struct {
	indexOnly
	mu         sync.Mutex
	load, list func()
}

func (s *movingStore) callOnce(f *func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call := *f; call != nil {
		*f = nil
		call()
	}
}

func (s *movingStore) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	s.callOnce(&s.load)
	return s.indexOnly.Load(ctx, key, ttl)
}

func (s *movingStore) IndexList(ctx context.Context, key string) (session.IndexState, error) {
	s.callOnce(&s.list)
	return s.indexOnly.IndexList(ctx, key)
}

// A login at the cap counts a session that moves to another ID while the login looks, and to a
// third one before it lists the set again: then the marker that it has met leads to no entry. In the
// Pyramid formats a refusal also counts it when both have the same time of login.
func TestCapCountsASessionThatMovesTwice(t *testing.T) {
	moves := map[string]func(ctx context.Context, se *session.Session) error{
		"renewal": func(ctx context.Context, se *session.Session) error { return se.Renew(ctx) },
		"login":   func(ctx context.Context, se *session.Session) error { return se.Login(ctx, "ann") },
	}
	for _, format := range formats {
		for _, when := range []session.WhenFull{session.EndOldest, session.Refuse} {
			for _, sameTime := range []bool{false, when == session.Refuse} {
				for first, move := range moves {
					for second, again := range moves {
						t.Run(fmt.Sprintf("%v/%d/%v/%s, %s", format, when, sameTime, first, second), func(t *testing.T) {
							moveTwice(t, format, when, sameTime, move, again)
						})
					}
				}
			}
		}
	}
}

func moveTwice(t *testing.T, format session.Format, when session.WhenFull, sameTime bool, moves ...func(ctx context.Context, se *session.Session) error) {
	all := openStore(t, goredis.Connect, "redis://"+connecttest.Miniredis(t).Addr())
	store := &movingStore{indexOnly: indexOnly{all, all.(session.UserIndex)}}
	options := edits(discardLog, func(o *session.Options) { o.Users = &session.UserOptions{Max: 1, WhenFull: when} })
	one := &site{t: t, f: newUsersFactory(t, all, format, options)}
	two := &site{t: t, f: newUsersFactory(t, store, format, options)}
	if now := time.Now(); sameTime {
		for _, s := range []*site{one, two} {
			session.SetClock(s.f, func() time.Time { return now })
		}
	}
	ann, late := visitor.New(t), visitor.New(t)
	if err := one.login(ann, "ann"); err != nil {
		t.Fatal(err)
	}
	move := func(i int) func() {
		return func() {
			nextMillisecond()
			one.as(ann, func(ctx context.Context, se *session.Session) {
				if err := moves[i](ctx, se); err != nil {
					t.Error(err)
				}
			})
		}
	}
	nextMillisecond()
	store.load, store.list = move(0), move(1)
	err := two.login(late, "ann")
	if store.load != nil || store.list != nil {
		t.Fatal("the session has not moved during the login")
	}
	if when == session.Refuse && !errors.Is(err, session.ErrTooManySessions) {
		t.Errorf("Login: %v", err)
	}
	if a, b := one.user(ann), one.user(late); a+b != "ann" {
		t.Errorf("with a cap of 1 logged in are %q and %q", a, b)
	}
}

// In the Pyramid formats only the time of login tells a renewal. A login at the cap counts a session
// that moves while the login looks, also when another one has the same time of login.
func TestCapCountsASessionBesideOneOfTheSameTime(t *testing.T) {
	for _, format := range formats {
		for _, when := range []session.WhenFull{session.EndOldest, session.Refuse} {
			t.Run(fmt.Sprintf("%v/%d", format, when), func(t *testing.T) {
				all := openStore(t, goredis.Connect, "redis://"+connecttest.Miniredis(t).Addr())
				store := &movingStore{indexOnly: indexOnly{all, all.(session.UserIndex)}}
				now, sites, visitors := time.Now(), []*site{}, []*visitor.Visitor{}
				for i, store := range []session.Store{all, all, store} {
					s := &site{t: t, f: newUsersFactory(t, store, format, edits(discardLog, func(o *session.Options) {
						o.Users = &session.UserOptions{Max: 2, WhenFull: when}
					}))}
					at := now.Add(time.Duration(i/2) * time.Second) // the last comes later
					session.SetClock(s.f, func() time.Time { return at })
					sites, visitors = append(sites, s), append(visitors, visitor.New(t))
				}
				for i := range 2 {
					if err := sites[i].login(visitors[i], "ann"); err != nil {
						t.Fatal(err)
					}
				}
				store.load = func() {
					sites[0].as(visitors[0], func(ctx context.Context, se *session.Session) {
						if err := se.Renew(ctx); err != nil {
							t.Error(err)
						}
					})
				}
				if err := sites[2].login(visitors[2], "ann"); when == session.Refuse && !errors.Is(err, session.ErrTooManySessions) {
					t.Errorf("Login: %v", err)
				}
				live := 0
				for _, v := range visitors {
					if sites[0].user(v) == "ann" {
						live++
					}
				}
				if live != 2 {
					t.Errorf("%d are logged in, with a cap of 2", live)
				}
			})
		}
	}
}
