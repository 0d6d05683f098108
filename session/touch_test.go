package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// stream serves a request whose handler stays open, and fails the test when the
// session is not there.
func (v *siteVisitor) stream(use func(s *session.Session)) {
	v.t.Helper()
	v.serve(func(w http.ResponseWriter, r *http.Request) {
		s, err := v.f.Get(r)
		if err != nil || s.IsNew() {
			v.t.Error("no session", err)
			return
		}
		_ = http.NewResponseController(w).Flush()
		use(s)
	})
}

// A stream that touches its session keeps it alive, also one with a timeout of its own,
// and what other requests save meanwhile stays.
func TestTouch(t *testing.T) {
	for _, timeout := range []time.Duration{session.DefaultIdleTimeout, 2 * time.Hour, 4 * time.Minute} {
		t.Run(timeout.String(), func(t *testing.T) {
			eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
				v.visit(func(s *session.Session) { s.Set("a", 1); s.AdjustTimeout(timeout) })
				v.stream(func(s *session.Session) {
					for range 5 {
						pass(timeout - 2*time.Second)
						if err := s.Touch(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					if idle, _ := s.Expires(); idle.Before(time.Now().Add(timeout)) || idle.After(time.Now().Add(timeout+time.Second)) {
						t.Errorf("Expires returns %v from now", time.Until(idle))
					}
					v.poll(func(s *session.Session) { s.Set("b", 2) })
					pass(timeout - 2*time.Second)
					if err := s.Touch(t.Context()); err != nil {
						t.Fatal(err)
					}
					s.Set("c", 3)
				})
				pass(timeout - 2*time.Second)
				if !v.poll(func(s *session.Session) {
					if s.Len() != 3 {
						t.Errorf("the session holds %v", s.Keys())
					}
				}) {
					t.Fatal("the session ended although it was touched")
				}
				pass(4 * time.Second)
				if v.poll(func(*session.Session) {}) {
					t.Error("it did not end when it was no longer touched")
				}
			})
		})
	}
}

// Touch takes the timeout that another request has given the session meanwhile.
func TestTouchTakesTheNewTimeout(t *testing.T) {
	eachTiming(t, func(t *testing.T, v *siteVisitor, _ *memStore) {
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.stream(func(s *session.Session) {
			v.visit(func(s *session.Session) { s.AdjustTimeout(time.Hour) })
			pass(15 * time.Minute)
			if err := s.Touch(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		pass(59 * time.Minute)
		if !v.poll(func(*session.Session) {}) {
			t.Error("the session has lost its own timeout")
		}
	})
}

// A session that has ended is ErrGone, whatever ended it, and stays ended.
func TestTouchGone(t *testing.T) {
	ends := map[string]func(v *siteVisitor){
		"logout": func(v *siteVisitor) { v.visit(func(s *session.Session) { _ = s.Invalidate(context.Background()) }) },
		"renew":  func(v *siteVisitor) { v.visit(func(s *session.Session) { _ = s.Renew(context.Background()) }) },
		"expiry": func(*siteVisitor) { pass(session.DefaultIdleTimeout + time.Second) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			eachTiming(t, func(t *testing.T, v *siteVisitor, store *memStore) {
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				v.stream(func(s *session.Session) {
					old := session.KeyOf(s)
					end(v)
					for range 2 { // at once, and when a request with the old cookie may begin a session
						if err := s.Touch(t.Context()); !errors.Is(err, session.ErrGone) {
							t.Errorf("Touch: %v", err)
						}
						session.AskAgain(s)
						pass(10 * time.Second)
					}
					if r, ok := store.records[old]; ok && time.Until(r.expires) > session.MarkerTTL {
						t.Errorf("the marker of the renewed session lives for %v", time.Until(r.expires))
					}
				})
				if name == "renew" {
					v.visit(func(s *session.Session) {
						if s.IsNew() {
							t.Error("the renewed session has ended")
						}
					})
				}
			})
		})
	}
}

// Touch never passes the absolute timeout.
func TestTouchAbsolute(t *testing.T) {
	for timing, edit := range timings {
		t.Run(timing, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemStore()
				v := newVisitor(t, newTestFactory(t, keepStore{ttlStore{store}}, func(o *session.Options) { edit(o); o.AbsoluteTimeout = time.Hour }))
				start := time.Now()
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				v.stream(func(s *session.Session) {
					for time.Since(start) < 59*time.Minute {
						pass(10 * time.Minute)
						err := s.Touch(t.Context())
						if since := time.Since(start); since < time.Hour && err != nil || since >= time.Hour+time.Second && !errors.Is(err, session.ErrGone) {
							t.Fatalf("%v: %v", since, err)
						}
						for _, r := range store.records {
							if end := start.Add(time.Hour + time.Second); r.expires.After(end) {
								t.Errorf("the record lives until %v after the absolute timeout", r.expires.Sub(end))
							}
						}
					}
					pass(2 * time.Second)
					if err := s.Touch(t.Context()); !errors.Is(err, session.ErrGone) {
						t.Errorf("after the absolute timeout: %v", err)
					}
				})
			})
		})
	}
}

// Touch of a session that is not saved yet is nothing, and one that fails is an error.
func TestTouchElse(t *testing.T) {
	store := newMemStore()
	v := newVisitor(t, newTestFactory(t, store, discardLog))
	v.visit(func(s *session.Session) {
		if err := s.Touch(t.Context()); err != nil || len(store.takeCalls()) != 0 {
			t.Errorf("a new session: %v", err)
		}
		s.Set("a", 1)
	})
	v.visit(func(s *session.Session) {
		store.takeCalls()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Touch(ctx); err != nil || len(store.takeCalls()) != 1 {
			t.Errorf("with a cancelled context: %v", err)
		}
		store.err = errors.New("down")
		if err := s.Touch(t.Context()); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("with the store down: %v", err)
		}
		store.err = nil
	})
}

// Touch restarts the timeout also when TouchAfter would not yet.
func TestTouchIsNow(t *testing.T) {
	for _, edit := range []func(*session.Options){
		func(*session.Options) {},
		func(o *session.Options) { o.ExpiryInRecord = true },
		func(o *session.Options) { o.Format, o.PythonExpires = session.FormatPyramidSessionRedis, true },
	} {
		synctest.Test(t, func(t *testing.T) {
			v := newVisitor(t, newTestFactory(t, keepStore{ttlStore{newMemStore()}}, func(o *session.Options) { edit(o); o.TouchAfter = 10 * time.Minute }))
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			v.stream(func(s *session.Session) {
				pass(5 * time.Minute)
				if err := s.Touch(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
			pass(19 * time.Minute)
			v.visit(func(s *session.Session) {
				if s.IsNew() {
					t.Error("the timeout was not restarted")
				}
			})
		})
	}
}

// betweenStore calls a function once, before a Replace.
type betweenStore struct {
	keepStore
	between func()
}

func (b *betweenStore) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	if do := b.between; do != nil {
		b.between = nil
		do()
	}
	return b.keepStore.Replace(ctx, key, guard, record, ttl)
}

// A passive request that saves the record while Touch restarts the time in it does not
// keep Touch from doing so, and loses nothing.
func TestTouchMeanwhile(t *testing.T) {
	for _, edit := range []func(*session.Options){
		func(o *session.Options) { o.ExpiryInRecord = true },
		func(o *session.Options) { o.Format, o.PythonExpires = session.FormatPyramidSessionRedis, true },
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &betweenStore{keepStore: keepStore{ttlStore{newMemStore()}}}
			v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) {
				edit(o)
				o.Passive = func(r *http.Request) bool { return r.Header.Get("X-Background") != "" }
			}))
			v.visit(func(s *session.Session) { s.Set("a", 1) })
			v.stream(func(s *session.Session) {
				pass(15 * time.Minute)
				store.between = func() { v.poll(func(s *session.Session) { s.Set("b", 1) }) }
				if err := s.Touch(t.Context()); err != nil || store.between != nil {
					t.Fatal(err)
				}
			})
			pass(15 * time.Minute)
			if !v.poll(func(s *session.Session) {
				if !s.Has("b") {
					t.Error("what the passive request saved is lost")
				}
			}) {
				t.Error("the timeout was not restarted")
			}
		})
	}
}
