package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// readEveryMinute lets the visitor read the session once a minute, and returns how many
// commands of a kind that took.
func (v *siteVisitor) readEveryMinute(store *memStore, requests int) map[string]int {
	v.t.Helper()
	store.takeCalls()
	for minute := range requests {
		pass(time.Minute)
		v.visit(func(s *session.Session) {
			if s.IsNew() {
				v.t.Fatalf("it ended in minute %d, while it was used", minute)
			}
		})
	}
	commands := map[string]int{}
	for _, name := range store.takeCalls() {
		commands[name]++
	}
	return commands
}

// endsAfter fails the test unless the session ends that long after the last request, or
// sooner by no more than early.
func (v *siteVisitor) endsAfter(timeout, early time.Duration) {
	v.t.Helper()
	pass(timeout - early - 2*time.Second)
	if !v.poll(func(*session.Session) {}) {
		v.t.Errorf("it ended more than %v before its timeout", early)
	}
	pass(early + 4*time.Second)
	if v.poll(func(*session.Session) {}) {
		v.t.Error("it outlived its timeout")
	}
}

// A day of a visitor who stays logged in: a read is one command, a restart now and then one
// more, and the session ends when it should.
func TestRememberedSessionCostsWhatASessionCosts(t *testing.T) {
	for _, timeout := range []time.Duration{30 * day, 5 * time.Hour, 0} {
		part := min(timeout/10, time.Hour)
		restarts := 0
		if timeout > 0 {
			restarts = int(day / part)
		}
		t.Run(timeout.String(), func(t *testing.T) {
			eachTiming(t, func(t *testing.T, v *siteVisitor, store *memStore) {
				o, restarts := session.OptionsOf(v.f), restarts
				if timeout == 0 && o.Format == session.FormatPyramidRedisSessions || o.AbsoluteTimeout > 0 && (timeout == 0 || timeout > o.AbsoluteTimeout) {
					t.Skip("such a session always ends")
				}
				v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(timeout) })
				commands := v.readEveryMinute(store, 24*60)
				again := commands["expire"] + commands["replace"]
				switch {
				case o.TouchAfter > 0:
					restarts = 24 * 60 // a minute, as it is told
				case o.PythonExpires && !o.ExpiryInRecord:
					restarts = 24 * 60 // Python's own x, at every request as in Python
				}
				if commands["load"] != 24*60 || again > restarts+1 || again < restarts/2 && timeout > 0 {
					t.Errorf("a day takes %v, with %d restarts at most", commands, restarts)
				}
				if timeout > 0 {
					v.endsAfter(timeout, part)
				}
			})
		})
	}
}

// set_redis_ttl = false: a read is written down now and then, not every time.
func TestExpiryInRecordIsRestartedNowAndThen(t *testing.T) {
	eachTiming(t, func(t *testing.T, v *siteVisitor, store *memStore) {
		if o := session.OptionsOf(v.f); !o.ExpiryInRecord {
			t.Skip("the expiry is in Redis")
		}
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		if commands := v.readEveryMinute(store, 24*60); commands["load"] != 24*60 || commands["replace"] > 24*60/2 {
			t.Errorf("a day takes %v", commands)
		}
		v.endsAfter(session.DefaultIdleTimeout, session.DefaultIdleTimeout/10)
	})
}

// A process that has not met the session restarts its time to live as that of any other,
// and puts it right by one command more, once.
func TestRememberedSessionInAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		open := func() *session.Factory { return newTestFactory(t, ttlStore{store}, nil) }
		v := newVisitor(t, open())
		v.visit(func(s *session.Session) { s.Set("a", 1); s.Remember(30 * day) })
		v = v.at(open())
		for i, want := range [][]string{{"load", "expire"}, {"load"}, {"load"}} {
			pass(time.Minute)
			store.takeCalls()
			v.visit(func(s *session.Session) { s.Get("a") })
			if got := store.takeCalls(); !slices.Equal(got, want) {
				t.Errorf("read %d takes %v, want %v", i, got, want)
			}
			if left := store.live(); left < 30*day-2*time.Minute {
				t.Errorf("read %d leaves %v", i, left)
			}
		}
	})
}

// The requests of a visitor go to three processes in turn: the session is restarted as often as
// with one, since each reads in Redis when that was done last.
func TestRememberedSessionOfSeveralProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, ttlStore{store}, nil))
		v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(30 * day) })
		processes := []*siteVisitor{v, v.at(newTestFactory(t, ttlStore{store}, nil)), v.at(newTestFactory(t, ttlStore{store}, nil))}
		restarts := 0
		for i := range 24 * 60 {
			restarts += processes[i%3].readEveryMinute(store, 1)["expire"]
		}
		if restarts < 23 || restarts > 24+2 {
			t.Errorf("a day takes %d restarts", restarts)
		}
	})
}

// When another process has taken the timeout back, or made it another one, that holds from
// the next read on.
func TestRememberedSessionIsForgottenElsewhere(t *testing.T) {
	for name, row := range map[string]struct {
		do   func(s *session.Session)
		want time.Duration
	}{
		"forgotten": {(*session.Session).Forget, session.DefaultIdleTimeout},
		"shorter":   {func(s *session.Session) { s.AdjustTimeout(time.Hour) }, time.Hour},
		"longer":    {func(s *session.Session) { s.AdjustTimeout(90 * day) }, 90 * day},
		"never":     {func(s *session.Session) { s.AdjustTimeout(0) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				open := func() *session.Factory { return newTestFactory(t, ttlStore{store}, nil) }
				here := newVisitor(t, open())
				here.visit(func(s *session.Session) { s.Set("a", 1); s.Remember(30 * day) })
				here.at(open()).visit(row.do)
				for range 3 {
					here.visit(func(s *session.Session) {
						if s.Timeout() != row.want {
							t.Errorf("the timeout is %v", s.Timeout())
						}
					})
					if left := store.live(); left != row.want {
						t.Errorf("a read leaves %v", left)
					}
				}
				pass(time.Minute)
				store.takeCalls()
				here.visit(func(s *session.Session) { s.Get("a") })
				want := []string{"load"}
				if got := store.takeCalls(); !slices.Equal(got, want) {
					t.Errorf("then a read takes %v", got)
				}
				if left := store.live(); row.want == session.DefaultIdleTimeout && left != row.want {
					t.Errorf("an ordinary session has %v left after a read", left)
				}
			})
		})
	}
}

// ttlRefused is a store whose server does not let it read a time to live.
type ttlRefused struct{ ttlStore }

func (s ttlRefused) LoadTTL(context.Context, string) ([]byte, time.Duration, error) {
	_, _, _ = s.begin("refused", "")
	return nil, 0, session.ErrRefused
}

// Where the time to live may not be read, a session that stays logged in costs two commands,
// and no request fails.
func TestRememberedSessionWithoutPTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, ttlRefused{ttlStore{store}}, nil))
		v.visit(func(s *session.Session) { s.Set("a", 1); s.Remember(30 * day) })
		store.err = session.ErrRefused // everything, for a moment
		if _, err := v.f.Get(v.request()); !errors.Is(err, session.ErrRefused) {
			t.Errorf("Get returns %v", err)
		}
		store.err = nil
		for i, want := range [][]string{{"refused", "load", "expire"}, {"load", "expire"}, {"load", "expire"}} {
			pass(time.Minute)
			store.takeCalls()
			v.visit(func(s *session.Session) {
				if !s.Has("a") {
					t.Error("the session is not there")
				}
			})
			if got := store.takeCalls(); !slices.Equal(got, want) || store.live() != 30*day {
				t.Errorf("read %d takes %v and leaves %v", i, got, store.live())
			}
		}
	})
}

// Near the absolute timeout a read is one command too, and none passes it.
func TestReadsNearTheAbsoluteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, ttlStore{store}, func(o *session.Options) { o.AbsoluteTimeout = 2 * time.Hour }))
		end := time.Now().Add(2 * time.Hour)
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		commands := v.readEveryMinute(store, 119)
		if commands["load"] != 119 || commands["expire"] > 1 {
			t.Errorf("it takes %v", commands)
		}
		if left := store.live(); left <= 0 || time.Now().Add(left).After(end) {
			t.Errorf("a minute before the end %v are left", left)
		}
		pass(time.Minute)
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("it passed its absolute timeout")
			}
		})
	})
}

// Requests with the cookie from before a renewal leave the marker its minute, and the second
// one sends nothing to put that right.
func TestReadsOfAMarker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, ttlStore{store}, nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		old := visitorWith(t, v.f, v.request())
		v.visit(func(s *session.Session) { _ = s.Renew(context.Background()) })
		renewed := time.Now()
		for i, want := range [][]string{{"load", "expire"}, {"load"}, {"load"}} {
			pass(time.Second)
			store.takeCalls()
			old.visit(func(s *session.Session) { s.Get("a") })
			if got := store.takeCalls(); !slices.Equal(got, want) {
				t.Errorf("read %d takes %v, want %v", i, got, want)
			}
			for _, r := range store.records {
				if isMarker(r.data) && r.expires.After(renewed.Add(session.MarkerTTL)) {
					t.Errorf("read %d leaves the marker until %v after the renewal", i, r.expires.Sub(renewed))
				}
			}
		}
	})
}

// answerLost is a store that carries a load out and loses the answer.
type answerLost struct {
	ttlStore
	lost bool
}

var errLost = errors.New("the answer is lost")

func (s *answerLost) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	record, err := s.ttlStore.Load(ctx, key, ttl)
	if s.lost {
		return nil, errLost
	}
	return record, err
}

func (s *answerLost) LoadTTL(ctx context.Context, key string) ([]byte, time.Duration, error) {
	record, left, err := s.ttlStore.LoadTTL(ctx, key)
	if s.lost {
		return nil, 0, errLost
	}
	return record, left, err
}

// A load whose answer is lost leaves a session that stays logged in its timeout.
func TestLostAnswerOfARememberedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &answerLost{ttlStore: ttlStore{newMemStore()}}
		v := newVisitor(t, newTestFactory(t, store, discardLog))
		v.visit(func(s *session.Session) { s.Set("a", 1); s.Remember(30 * day) })
		store.lost = true
		if _, err := v.f.Get(v.request()); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("Get returns %v", err)
		}
		if left := store.live(); left != 30*day {
			t.Errorf("%v are left", left)
		}
	})
}

// A restart that is due does not wait for the save, which may come late or not at all.
func TestRestartBeforeALongRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, ttlStore{store}, nil))
		v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(30 * day) })
		pass(30*day - 10*time.Second)
		store.takeCalls()
		v.visit(func(s *session.Session) {
			pass(20 * time.Second)
			if idle, _ := s.Expires(); time.Until(idle) != 30*day-20*time.Second {
				t.Errorf("it ends in %v", time.Until(idle))
			}
		})
		if got := store.takeCalls(); !slices.Equal(got, []string{"load", "expire"}) {
			t.Errorf("it takes %v", got)
		}
		v.visit(func(s *session.Session) {
			if s.IsNew() {
				t.Error("it ended while it was used")
			}
		})
	})
}
