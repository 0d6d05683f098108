package session_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// weighing counts the bytes of records that go to and from a store.
type weighing struct {
	session.Store
	bytes atomic.Int64
}

func (w *weighing) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	record, err := w.Store.Load(ctx, key, ttl)
	w.bytes.Add(int64(len(record)))
	return record, err
}

func (w *weighing) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	err := w.Store.Replace(ctx, key, guard, record, ttl)
	w.bytes.Add(int64(len(record)))
	if conflict, ok := errors.AsType[*session.ConflictError](err); ok {
		w.bytes.Add(int64(len(conflict.Current)))
	}
	return err
}

// crowded lets writers of one session load it, wait for each other, and save at
// once. Each is answered 200 and counts.
func crowded(t *testing.T, v *siteVisitor, writers int, before func(s *session.Session)) {
	v.visit(before)
	var loaded, done sync.WaitGroup
	loaded.Add(writers)
	write := func(s *session.Session) {
		session.Modify(s, "clicks", func(n int) int { return n + 1 })
		loaded.Done()
		loaded.Wait()
	}
	for range writers {
		done.Go(func() { v.visit(write) })
	}
	done.Wait()
	v.visit(func(s *session.Session) {
		if n, _ := session.Value[int](s, "clicks"); n != writers {
			t.Errorf("%d writes are saved of %d", n, writers)
		}
	})
}

// patient is for saves that many others are in the way of: a busy machine is slow, and whether
// the default time for a save suffices there is not what these tests ask.
func patient(o *session.Options) { o.SaveTimeout = time.Minute }

// Of 400 writers of a small session at once none is refused.
func TestManyWritersOfASmallSession(t *testing.T) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			store := openStore(t, connectors["goredis"], connecttest.RedisServer(t).URL())
			v := newVisitor(t, newTestFactory(t, store, edits(discardLog, ofFormat(format), patient)))
			crowded(t, v, 400, func(s *session.Session) { s.Set("name", "Ann") })
		})
	}
}

// Nor in the default time for a save, where each command of the store takes two milliseconds
// by the clock of a bubble, and nothing else takes any.
func TestManyWritersInTime(t *testing.T) {
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newMemUsers()
				store.trip = 2 * time.Millisecond
				v := newVisitor(t, newTestFactory(t, store, edits(discardLog, ofFormat(format))))
				began := time.Now()
				crowded(t, v, 400, func(s *session.Session) { s.Set("name", "Ann") })
				t.Logf("it took %v", time.Since(began))
			})
		})
	}
}

// Sixty writers at once of a session of 800 kB move at most 16 times as much each.
func TestManyWritersOfALargeSession(t *testing.T) {
	const writers, size = 60, 800_000
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			store := &weighing{Store: openStore(t, connectors["goredis"], connecttest.RedisServer(t).URL())}
			v := newVisitor(t, newTestFactory(t, store, func(o *session.Options) {
				discardLog(o)
				patient(o)
				o.Format = format
			}))
			crowded(t, v, writers, func(s *session.Session) { s.Set("text", strings.Repeat("x", size)) })
			if times := float64(store.bytes.Load()) / writers / size; times > 16 {
				t.Errorf("each writer moved %.1f times the record", times)
			} else {
				t.Logf("each writer moved %.1f times the record", times)
			}
		})
	}
}
