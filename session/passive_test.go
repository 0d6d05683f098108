package session_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// keepStore is a ttlStore that can also replace a record and keep its time to live.
type keepStore struct{ ttlStore }

func (m keepStore) ReplaceKeepTTL(_ context.Context, key string, guard, record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.guarded("replace keep ttl", key, guard); err != nil {
		return err
	}
	r := m.records[key]
	r.data = bytes.Clone(record)
	m.records[key] = r
	return nil
}

// stores are the optional interfaces that a store may have for times to live.
var stores = map[string]func(*memStore) session.Store{
	"TTLKeeper": func(m *memStore) session.Store { return keepStore{ttlStore{m}} },
	"TTLLoader": func(m *memStore) session.Store { return ttlStore{m} },
}

// timings are the ways in which a record's end is kept.
var timings = map[string]func(*session.Options){
	"native":                   func(*session.Options) {},
	"native, TouchAfter":       func(o *session.Options) { o.TouchAfter = time.Minute },
	"native, ExpiryInRecord":   func(o *session.Options) { o.ExpiryInRecord = true },
	"native, encrypted":        func(o *session.Options) { o.EncryptionKeys = [][]byte{make([]byte, 32)} },
	"native, AbsoluteTimeout":  func(o *session.Options) { o.AbsoluteTimeout = 100 * time.Hour },
	"pyramid_redis_sessions":   func(o *session.Options) { o.Format = session.FormatPyramidRedisSessions },
	"pyramid_session_redis":    func(o *session.Options) { o.Format = session.FormatPyramidSessionRedis },
	"pyramid_session_redis, x": func(o *session.Options) { o.Format, o.PythonExpires = session.FormatPyramidSessionRedis, true },
	"pyramid_session_redis, x, no": func(o *session.Options) {
		o.Format, o.PythonExpires, o.ExpiryInRecord = session.FormatPyramidSessionRedis, true, true
	},
}

// eachTiming runs a subtest for every timing and every store, in a bubble. The
// requests of a visitor with the header X-Background are passive.
func eachTiming(t *testing.T, test func(t *testing.T, v *siteVisitor, store *memStore)) {
	for store, open := range stores {
		for timing, edit := range timings {
			t.Run(timing+"/"+store, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemStore()
					test(t, newVisitor(t, newTestFactory(t, open(m), func(o *session.Options) {
						o.Passive = func(r *http.Request) bool { return r.Header.Get("X-Background") != "" }
						edit(o)
					})), m)
				})
			})
		}
	}
}

// poll makes a passive request, and reports whether its session is there.
func (v *siteVisitor) poll(use func(s *session.Session)) (found bool) {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodGet, testURL, nil)
	r.Header.Set("X-Background", "1")
	resp := v.Do(v.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := v.f.Get(r)
		if err != nil {
			v.t.Error(err)
			return
		}
		if found = !s.IsNew(); found {
			use(s)
		}
	})), r)
	if resp.StatusCode != http.StatusOK {
		v.t.Errorf("status %d", resp.StatusCode)
	}
	return found
}

var polls = map[string]func(s *session.Session){
	"read":  func(s *session.Session) { s.Get("a") },
	"write": func(s *session.Session) { s.Modify("n", increment) },
	"flash": func(s *session.Session) { s.Flash("", "x"); s.PopFlash("") },
	"csrf":  func(s *session.Session) { _, _ = s.CSRFToken(context.Background()); s.NewCSRFToken() },
	"clear": func(s *session.Session) { s.Clear(); s.Set("a", 1) },
}

// However often a page polls, its session ends when its visitor has been away for
// the timeout.
func TestPassiveKeepsNothingAlive(t *testing.T) {
	for name, use := range polls {
		for _, timeout := range []time.Duration{session.DefaultIdleTimeout, 2 * time.Hour, 4 * time.Minute} {
			t.Run(name+"/"+timeout.String(), func(t *testing.T) {
				eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
					v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(timeout) })
					for range 7 {
						pass(timeout / 8)
						if !v.poll(use) {
							t.Fatal("the session ended early")
						}
					}
					pass(timeout/8 + time.Second)
					if v.poll(use) {
						t.Error("polling kept the session alive")
					}
				})
			})
		}
	}
}

// A visitor's own request restarts the timeout, before and after passive ones, and one
// that comes between a passive load and its save is not undone.
func TestPassiveBesideActive(t *testing.T) {
	eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		pass(15 * time.Minute)
		v.poll(func(s *session.Session) {
			s.Modify("n", increment)
			v.visit(func(s *session.Session) { s.Get("a") })
		})
		pass(15 * time.Minute)
		if !v.poll(func(s *session.Session) {
			if n, _ := session.Value[int](s, "n"); n != 1 {
				t.Errorf("n is %d", n)
			}
		}) {
			t.Fatal("the save of the passive request undid what the visitor's request did")
		}
		v.visit(func(s *session.Session) {
			if s.IsNew() {
				t.Fatal("the session ended early")
			}
		})
		pass(15 * time.Minute)
		if !v.poll(func(*session.Session) {}) {
			t.Error("a request after a passive one did not restart the timeout")
		}
	})
}

// What only a visitor causes restarts the timeout in a passive request too.
func TestPassiveThatIsNotOnlyPassive(t *testing.T) {
	uses := map[string]func(s *session.Session){
		"renew":  func(s *session.Session) { _ = s.Renew(context.Background()) },
		"touch":  func(s *session.Session) { _ = s.Touch(context.Background()) },
		"adjust": func(s *session.Session) { s.AdjustTimeout(19 * time.Minute); s.Set("n", 1) },
	}
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				pass(15 * time.Minute)
				v.poll(use)
				pass(15 * time.Minute)
				if !v.poll(func(*session.Session) {}) {
					t.Error("the timeout was not restarted")
				}
			})
		})
	}
}

// A passive request without a session begins one like any other, and the absolute
// timeout ends it.
func TestPassiveBegins(t *testing.T) {
	eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
		r := httptest.NewRequest(http.MethodGet, testURL, nil)
		r.Header.Set("X-Background", "1")
		v.Do(v.f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := v.f.Get(r)
			s.Set("a", 1)
		})), r)
		pass(19 * time.Minute)
		v.visit(func(s *session.Session) {
			if s.IsNew() {
				t.Error("the session that a passive request began is not there")
			}
		})
	})
}

// What a passive request sends.
func TestPassiveCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) { o.Passive = func(*http.Request) bool { return true } }))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		store.takeCalls()
		pass(time.Minute)
		v.visit(func(s *session.Session) { s.Get("a") })
		if calls := store.takeCalls(); !slices.Equal(calls, []string{"load"}) || store.live() != 19*time.Minute {
			t.Errorf("with a plain store it sends %v, and %v are left", calls, store.live())
		}
		v.f = newTestFactory(t, keepStore{ttlStore{store}}, func(o *session.Options) { o.Passive = func(*http.Request) bool { return true } })
		v.visit(func(s *session.Session) { s.Set("a", 2) })
		if calls := store.takeCalls(); !slices.Equal(calls, []string{"load", "replace keep ttl"}) || store.live() != 19*time.Minute {
			t.Errorf("with a TTLKeeper it sends %v, and %v are left", calls, store.live())
		}
	})
}
