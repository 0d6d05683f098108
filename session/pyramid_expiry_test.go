package session_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// forkVisits makes visits at some times after the first one, and returns what
// each of them sent.
func forkVisits(t *testing.T, store *memStore, edit func(*session.Options), after ...time.Duration) (calls [][]string, members map[string]any) {
	t.Helper()
	f := newPyramidFactory(t, store, session.FormatPyramidSessionRedis, "pickle", edit)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	store.takeCalls()
	for _, d := range after {
		session.SetClock(f, func() time.Time { return vectorTime.Add(d) })
		v.visit(func(s *session.Session) { s.Get("a") })
		calls = append(calls, store.takeCalls())
	}
	for _, r := range store.records {
		var err error
		if members, _, err = parts(t, f, r.data); err != nil {
			t.Fatal(err)
		}
	}
	return calls, members
}

// Python ends a session when its x has passed, however fresh the time to live
// in Redis is: a visit that only reads must restart both.
func TestForkExpiryIsRestarted(t *testing.T) {
	calls, members := forkVisits(t, newMemStore(), nil, 0, 10*time.Minute)
	if !slices.Equal(calls[0], []string{"load"}) {
		t.Errorf("in the same second a read takes %v", calls[0])
	}
	if !slices.Equal(calls[1], []string{"load", "replace"}) {
		t.Errorf("a read takes %v", calls[1])
	}
	if want := int64(1700000001 + 600 + 1200); members["x"] != want {
		t.Errorf("x is %v, want %d", members["x"], want)
	}
}

func TestForkExpiryIsRestartedWhenDue(t *testing.T) {
	due := func(o *session.Options) { o.TouchAfter = 5 * time.Minute }
	calls, _ := forkVisits(t, newMemStore(), due, 4*time.Minute, 6*time.Minute)
	if !slices.Equal(calls[0], []string{"load"}) || !slices.Equal(calls[1], []string{"load", "replace"}) {
		t.Errorf("with timeout_trigger reads take %v", calls)
	}
}

func TestForkWithoutPythonExpires(t *testing.T) {
	calls, members := forkVisits(t, newMemStore(), func(o *session.Options) { o.PythonExpires = false }, 10*time.Minute)
	if !slices.Equal(calls[0], []string{"load"}) {
		t.Errorf("a read takes %v", calls[0])
	}
	if _, has := members["x"]; has {
		t.Errorf("there is an x: %v", members)
	}
}

// An x that has passed ends the session, also for a factory that writes none,
// which otherwise takes it out at the next visit.
func TestForkExpiryCounts(t *testing.T) {
	for _, writes := range []bool{true, false} {
		store := newMemStore()
		v := newVisitor(t, newPyramidFactory(t, store, session.FormatPyramidSessionRedis, "pickle", nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.f = newPyramidFactory(t, store, session.FormatPyramidSessionRedis, "pickle", func(o *session.Options) { o.PythonExpires = writes })
		session.SetClock(v.f, func() time.Time { return vectorTime.Add(10 * time.Minute) })
		v.visit(func(s *session.Session) {
			if s.IsNew() {
				t.Error("the session has ended early")
			}
		})
		later := vectorTime.Add(25 * time.Minute)
		session.SetClock(v.f, func() time.Time { return later })
		v.visit(func(s *session.Session) {
			if s.IsNew() {
				t.Errorf("writes %v: the visit before did not restart it", writes)
			}
		})
	}
	store := newMemStore()
	v := newVisitor(t, newPyramidFactory(t, store, session.FormatPyramidSessionRedis, "pickle", nil))
	v.visit(func(s *session.Session) { s.Set("a", 1) })
	session.SetClock(v.f, func() time.Time { return vectorTime.Add(21 * time.Minute) })
	v.visit(func(s *session.Session) {
		if !s.IsNew() || len(store.records) != 0 {
			t.Error("x has passed, and the session lives")
		}
	})
}

// With no time to live in Redis, x is all there is.
func TestForkExpiryInRecordOnly(t *testing.T) {
	store := newMemStore()
	calls, members := forkVisits(t, store, func(o *session.Options) { o.ExpiryInRecord = true }, 10*time.Minute)
	if !slices.Equal(calls[0], []string{"load", "replace"}) || members["x"] != int64(1700001801) {
		t.Errorf("a read takes %v and leaves %v", calls[0], members)
	}
	for _, r := range store.records {
		if !r.expires.IsZero() {
			t.Error("there is a time to live in Redis")
		}
	}
}

// A record keeps its own timeout, whatever the factory's.
func TestPyramidRecordsKeepTheirTimeout(t *testing.T) {
	eachPackage(t, func(t *testing.T, store *memStore, format session.Format) {
		v := newVisitor(t, newPyramidFactory(t, store, format, "pickle", func(o *session.Options) { o.IdleTimeout = time.Hour }))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.f = newPyramidFactory(t, store, format, "pickle", nil)
		for _, write := range []bool{false, true} {
			v.visit(func(s *session.Session) {
				if s.Timeout() != time.Hour {
					t.Errorf("the timeout is %s", s.Timeout())
				}
				if write {
					s.Set("b", 1)
				}
			})
			for _, r := range store.records {
				if r.ttl != time.Hour {
					t.Errorf("after a visit that writes (%v) it lives for %s", write, r.ttl)
				}
			}
		}
	})
}
