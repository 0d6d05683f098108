package session_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// ttlStore is a memStore that can tell the time to live.
type ttlStore struct{ *memStore }

func (m ttlStore) LoadTTL(ctx context.Context, key string) ([]byte, time.Duration, error) {
	record, err := m.Load(ctx, key, 0)
	if err != nil {
		return nil, 0, err
	}
	if m.records[key].expires.IsZero() {
		return record, 0, nil
	}
	return record, time.Until(m.records[key].expires), nil
}

// live returns the time to live of the only record that is no marker, 0 for
// ever, and -1 when there is none.
func (m *memStore) live() time.Duration {
	for _, r := range m.records {
		if isMarker(r.data) {
			continue
		}
		if r.expires.IsZero() {
			return 0
		}
		return time.Until(r.expires)
	}
	return -1
}

// A session keeps its own timeout, whatever is done to it. What other requests
// do is done by a factory with the configured timeout.
func TestOwnTimeoutSurvives(t *testing.T) {
	paths := map[string]func(v *siteVisitor, store *memStore){
		"load":  func(v *siteVisitor, _ *memStore) { v.visit(func(s *session.Session) { s.Get("a") }) },
		"save":  func(v *siteVisitor, _ *memStore) { v.visit(func(s *session.Session) { s.Set("a", 2) }) },
		"clear": func(v *siteVisitor, _ *memStore) { v.visit(func(s *session.Session) { s.Clear() }) },
		"touch": func(v *siteVisitor, store *memStore) {
			v.f = newTestFactory(v.t, ttlStore{store}, func(o *session.Options) { o.TouchAfter = time.Second })
			v.visit(func(s *session.Session) { s.Get("a") })
		},
		"conflict": func(v *siteVisitor, _ *memStore) {
			v.visit(func(s *session.Session) {
				s.Set("a", 3)
				v.visit(func(s *session.Session) { s.Set("b", 3) })
			})
		},
		"set in the conflict": func(v *siteVisitor, _ *memStore) {
			v.visit(func(s *session.Session) { s.AdjustTimeout(time.Minute) })
			v.visit(func(s *session.Session) {
				s.Set("a", 3)
				v.visit(func(s *session.Session) { s.AdjustTimeout(2 * time.Hour) })
			})
		},
		"adjusted, and a conflict": func(v *siteVisitor, _ *memStore) {
			v.visit(func(s *session.Session) { s.AdjustTimeout(time.Minute) })
			v.visit(func(s *session.Session) {
				s.AdjustTimeout(2 * time.Hour)
				v.visit(func(s *session.Session) { s.Set("b", 3) })
			})
		},
		"renew": func(v *siteVisitor, _ *memStore) {
			v.visit(func(s *session.Session) { _ = s.Renew(context.Background()) })
		},
		"csrf": func(v *siteVisitor, _ *memStore) {
			v.visit(func(s *session.Session) { _, _ = s.CSRFToken(context.Background()) })
		},
	}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				v := newVisitor(t, newTestFactory(t, store, nil))
				v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(2 * time.Hour) })
				pass(time.Minute)
				path(v, store)
				if got := store.live(); got != 2*time.Hour {
					t.Errorf("the time to live is %v", got)
				}
				v.visit(func(s *session.Session) {
					if s.Timeout() != 2*time.Hour || s.IsNew() {
						t.Errorf("the timeout is %v", s.Timeout())
					}
				})
			})
		})
	}
}

// No touch passes the absolute timeout, and at that moment the session is over.
func TestAbsoluteTimeout(t *testing.T) {
	paths := map[string]func(s *session.Session){
		"read":    func(s *session.Session) { s.Get("a") },
		"write":   func(s *session.Session) { s.Modify("n", increment) },
		"timeout": func(s *session.Session) { s.AdjustTimeout(24 * time.Hour) },
		"never":   func(s *session.Session) { s.AdjustTimeout(0) },
		"renew":   func(s *session.Session) { _ = s.Renew(context.Background()) },
	}
	options := map[string]func(o *session.Options){
		"idle":           func(*session.Options) {},
		"never idle":     func(o *session.Options) { o.IdleTimeout = session.Never },
		"trigger":        func(o *session.Options) { o.TouchAfter = time.Minute },
		"in the record":  func(o *session.Options) { o.ExpiryInRecord = true },
		"longer than it": func(o *session.Options) { o.IdleTimeout = 48 * time.Hour },
	}
	for name, path := range paths {
		for option, edit := range options {
			t.Run(name+", "+option, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := newMemStore()
					v := newVisitor(t, newTestFactory(t, ttlStore{store}, func(o *session.Options) {
						o.AbsoluteTimeout = time.Hour
						edit(o)
					}))
					end := time.Now().Add(time.Hour)
					v.visit(func(s *session.Session) { s.Set("a", 1) })
					for time.Until(end) > 7*time.Minute {
						pass(7 * time.Minute)
						v.visit(path)
						left := store.live()
						if option != "in the record" && (left <= 0 || time.Now().Add(left).After(end)) {
							t.Fatalf("%v before the end the time to live is %v", time.Until(end), left)
						}
					}
					pass(time.Until(end))
					v.visit(func(s *session.Session) {
						if !s.IsNew() {
							t.Error("the session is there after its absolute timeout")
						}
					})
				})
			})
		}
	}
}

// timeout_trigger: a hot session costs no write, and never times out early by
// more than the trigger.
func TestTouchAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, ttlStore{store}, func(o *session.Options) { o.TouchAfter = 5 * time.Minute }))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		store.takeCalls()
		var touches []int
		for minute := 1; minute <= 12; minute++ {
			pass(time.Minute)
			v.visit(func(s *session.Session) { s.Get("a") })
			if slices.Contains(store.takeCalls(), "expire") {
				touches = append(touches, minute)
			}
			if left := store.live(); left < 15*time.Minute {
				t.Errorf("minute %d: %v left", minute, left)
			}
		}
		if !slices.Equal(touches, []int{5, 10}) {
			t.Errorf("restarted in the minutes %v", touches)
		}
	})
}

// A session whose own timeout is shorter than the trigger does not end while it is
// used.
func TestTouchAfterLongerThanTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(t, newTestFactory(t, ttlStore{newMemStore()}, func(o *session.Options) { o.TouchAfter = 5 * time.Minute }))
		v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(2 * time.Minute) })
		for range 10 {
			pass(time.Minute)
			v.visit(func(s *session.Session) {
				if s.IsNew() {
					t.Fatal("it ended while it was used")
				}
			})
		}
		pass(2 * time.Minute)
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("it did not end when it was not")
			}
		})
	})
}

// set_redis_ttl = false: nothing expires in Redis, and yet the timeout holds,
// also for a session with one of its own.
func TestExpiryInRecord(t *testing.T) {
	for _, own := range []time.Duration{0, 2 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			timeout := max(own, session.DefaultIdleTimeout)
			store := newMemStore()
			v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.ExpiryInRecord = true }))
			v.visit(func(s *session.Session) {
				s.Set("a", 1)
				if own > 0 {
					s.AdjustTimeout(own)
				}
			})
			for range 3 {
				pass(timeout - time.Second)
				v.visit(func(s *session.Session) {
					if s.IsNew() {
						t.Error("it ended early: a read did not restart the timeout")
					}
				})
				if store.live() != 0 {
					t.Errorf("the record has the time to live %v", store.live())
				}
			}
			pass(timeout)
			v.visit(func(s *session.Session) {
				if !s.IsNew() {
					t.Error("it did not end")
				}
			})
			if len(store.records) != 0 {
				t.Error("the record of an ended session stays for ever")
			}
		})
	}
}

// The idle timeout without any of the options.
func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVisitor(t, newTestFactory(t, newMemStore(), nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		for range 3 {
			pass(session.DefaultIdleTimeout - time.Second)
			v.visit(func(s *session.Session) {
				if s.IsNew() {
					t.Error("it ended early")
				}
			})
		}
		pass(session.DefaultIdleTimeout)
		v.visit(func(s *session.Session) {
			if !s.IsNew() {
				t.Error("it did not end")
			}
		})
	})
}
