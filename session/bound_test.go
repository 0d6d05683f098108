package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// contested is a store in which somebody else changes the records that were
// there from the start before every Replace.
type contested struct {
	*memStore
	known map[string]memRecord
	tries int
}

func (c *contested) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	c.tries++
	c.mu.Lock()
	_, known := c.known[key]
	if r, ok := c.records[key]; ok && known && bytes.HasPrefix(r.data, guard) {
		data := bytes.Clone(r.data)
		copy(data[4:session.RevisionLen], fmt.Sprintf("%08d", c.tries)) // another revision
		c.records[key] = memRecord{data: data, expires: r.expires, ttl: r.ttl}
	}
	c.mu.Unlock()
	return c.memStore.Replace(ctx, key, guard, record, ttl)
}

// A save that always comes too late ends with an error, and has written nothing.
func TestTriesRunOut(t *testing.T) {
	requests := map[string]func(s *session.Session) error{
		"save":  func(s *session.Session) error { s.Set("a", 2); s.Flash("", "half"); return nil },
		"token": func(s *session.Session) error { _, err := s.CSRFToken(context.Background()); return err },
		"renew": func(s *session.Session) error { s.Set("a", 2); return s.Renew(context.Background()) },
	}
	wantEvent := map[string]string{"save": "save conflict", "token": "save conflict", "renew": "renew conflict"}
	for name, request := range requests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the pauses between the tries take no time
				store := newMemStore()
				plain := newTestFactory(t, store, nil)
				v := newVisitor(t, plain)
				v.visit(func(s *session.Session) { s.Set("a", 1) })
				before := maps.Clone(store.records)
				racing := &contested{memStore: store, known: before}
				var failed, err error
				seen := &seenEvents{}
				f := newTestFactory(t, racing, func(o *session.Options) { o.ErrorHandler, o.Observer = fails(&failed), seen })
				began := time.Now()
				v.at(f).serve(func(_ http.ResponseWriter, r *http.Request) {
					s, _ := f.Get(r)
					err = request(s)
				})
				if !errors.Is(errors.Join(err, failed), session.ErrConflict) {
					t.Errorf("the request was told %v, %v; want ErrConflict", err, failed)
				}
				if events := seen.take(); events[len(events)-1] != wantEvent[name] {
					t.Errorf("the events are %q, want %q last", events, wantEvent[name])
				}
				if took := time.Since(began); racing.tries < 20 || took != session.DefaultSaveTimeout {
					t.Errorf("it tried %d times, for %v", racing.tries, took)
				}
				if len(store.records) != 1 {
					t.Fatalf("there are %d records", len(store.records))
				}
				for key, r := range store.records {
					if !bytes.Equal(r.data[session.RevisionLen:], before[key].data[session.RevisionLen:]) {
						t.Error("something of the failed request was written")
					}
				}
			})
		})
	}
}

// The time for a save bounds it too.
func TestSaveTimeoutEndsTheTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		v := newVisitor(t, newTestFactory(t, store, nil))
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		var failed error
		v.f = newTestFactory(t, &contested{memStore: store, known: maps.Clone(store.records)}, func(o *session.Options) {
			o.SaveTimeout, o.ErrorHandler = 20*time.Millisecond, fails(&failed)
		})
		began := time.Now()
		v.serve(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := v.f.Get(r)
			s.Set("a", 2)
		})
		if !errors.Is(failed, session.ErrConflict) || time.Since(began) != 20*time.Millisecond {
			t.Errorf("after %v: %v, want ErrConflict after 20ms", time.Since(began), failed)
		}
	})
}
