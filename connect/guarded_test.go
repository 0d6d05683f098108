package connect_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// guardedSite is a store behind a proxy that knows what is sent.
type guardedSite struct {
	t     *testing.T
	store session.Store
	proxy *connecttest.RecordingProxy
	key   string
}

func newGuardedSite(t *testing.T, srv *connecttest.Server, f connect.Func, o connect.Options) *guardedSite {
	t.Helper()
	proxy := connecttest.Proxy(t, srv.Addr())
	o.URL = proxy.URL()
	return &guardedSite{t, open(t, f, o), proxy, "session:" + strings.ReplaceAll(t.Name(), "/", ":")}
}

// stored makes old what is at the key.
func (s *guardedSite) stored(old []byte) {
	s.t.Helper()
	if err := errors.Join(s.store.Delete(s.t.Context(), s.key), s.store.Create(s.t.Context(), s.key, old, time.Hour)); err != nil {
		s.t.Fatal(err)
	}
	s.proxy.Reset()
}

// sent are the commands since the last Reset.
func (s *guardedSite) sent() []string {
	var names []string
	for _, c := range s.proxy.Commands() {
		names = append(names, c[0])
	}
	return names
}

func (s *guardedSite) want(what string, commands ...string) {
	s.t.Helper()
	if got := s.sent(); !slices.Equal(got, commands) {
		s.t.Errorf("%s: sent %q, want %q", what, got, commands)
	}
	s.proxy.Reset()
}

func (s *guardedSite) replace(old, record []byte) error {
	return s.store.(session.RecordComparer).ReplaceRecord(s.t.Context(), s.key, old[:12], old, record, time.Hour)
}

func record(revision string, size int) []byte {
	return append([]byte(revision), bytes.Repeat([]byte{'x'}, size-len(revision))...)
}

// With auto, records up to 16 KiB are compared by the server and larger ones by a
// script; a conflict costs one more GET. Nothing is tried again for each save.
func TestGuardedSaveAuto(t *testing.T) {
	t.Parallel()
	srv := connecttest.ValkeyServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newGuardedSite(t, srv, f, connect.Options{})
		small, large := record("revision 001", 16<<10), record("revision 002", 16<<10+1)
		next := record("revision 003", 100)
		for range 2 {
			s.stored(small)
			if err := s.replace(small, next); err != nil {
				t.Error(err)
			}
			s.want("small", "SET")
			if err := s.replace(small, next); !isConflict(err) {
				t.Errorf("a conflict: %v", err)
			}
			s.want("a conflict", "SET", "GET")
			s.stored(large)
			if err := s.replace(large, next); err != nil {
				t.Error(err)
			}
			s.want("large", "EVALSHA")
			s.stored(small)
			comparer := s.store.(session.RecordComparer)
			if err := comparer.ExpireRecord(t.Context(), s.key, small[:12], small, 2*time.Hour); err != nil {
				t.Error(err)
			}
			s.want("expire", "SET")
			if err := comparer.RemoveRecord(t.Context(), s.key, small[:12], small); err != nil {
				t.Error(err)
			}
			s.want("remove", "DELIFEQ")
		}
	})
}

func isConflict(err error) bool {
	_, ok := errors.AsType[*session.ConflictError](err)
	return ok
}

// script and native each send nothing of the other.
func TestGuardedSaveChoice(t *testing.T) {
	t.Parallel()
	srv := connecttest.ValkeyServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		old, next := record("revision 001", 100), record("revision 002", 100)
		for choice, want := range map[connect.GuardedSave][]string{
			connect.GuardedSaveScript: {"EVALSHA"},
			connect.GuardedSaveNative: {"SET"},
		} {
			s := newGuardedSite(t, srv, f, connect.Options{GuardedSave: choice})
			s.stored(old)
			if err := s.replace(old, next); err != nil {
				t.Error(err)
			}
			s.want(choice.String(), want...)
		}
		// Without the old record a native save reads it first.
		s := newGuardedSite(t, srv, f, connect.Options{GuardedSave: connect.GuardedSaveNative})
		s.stored(old)
		if err := s.store.Replace(t.Context(), s.key, old[:12], next, time.Hour); err != nil {
			t.Error(err)
		}
		s.want("Replace", "GET", "SET")
	})
}

// A store that was not asked to look at its server finds out with its first save,
// once.
func TestGuardedSaveFindsOut(t *testing.T) {
	t.Parallel()
	old, next := record("revision 001", 100), record("revision 002", 100)
	for kind, want := range map[string][]string{"redis": {"EVALSHA"}, "valkey": {"SET"}, "valkey-without-lua": {"SET"}} {
		srv := servers[kind](t)
		forEach(t, func(t *testing.T, f connect.Func) {
			s := newGuardedSite(t, srv, f, connect.Options{LazyConnect: true})
			s.stored(old)
			if err := s.replace(old, next); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				s.stored(old)
				if err := s.replace(old, next); err != nil {
					t.Error(err)
				}
				s.want(kind, want...)
			}
			if keys := srv.Client().Keys(t.Context(), s.key+":trial:*").Val(); len(keys) > 0 {
				t.Errorf("keys were left: %d", len(keys))
			}
		})
	}
}

// The answer to a native save is lost. The record is then this writer's own, or
// nothing is known, and never is the save made twice.
func TestGuardedSaveLostReply(t *testing.T) {
	t.Parallel()
	srv := connecttest.ValkeyServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newGuardedSite(t, srv, f, connect.Options{GuardedSave: connect.GuardedSaveNative})
		old, next, other := record("revision 001", 100), record("revision 002", 100), record("revision 003", 100)
		comparer, ctx := s.store.(session.RecordComparer), t.Context()

		s.stored(old)
		s.proxy.LoseReplies(1)
		if err := s.replace(old, next); err != nil {
			t.Errorf("its own record: %v", err)
		}
		s.stored(other)
		s.proxy.LoseReplies(1)
		if err := s.replace(old, next); isConflict(err) || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("another's record: %v, want ErrUnavailable and no conflict", err)
		}
		// Without a revision the command is not sent again.
		s.stored(old)
		s.proxy.LoseReplies(1)
		if err := comparer.ReplaceRecord(ctx, s.key, old, old, next, time.Hour); isConflict(err) || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("without a revision: %v, want ErrUnavailable", err)
		}
		s.want("without a revision", "SET")

		s.stored(old)
		s.proxy.LoseReplies(1)
		if err := comparer.RemoveRecord(ctx, s.key, old[:12], old); err != nil {
			t.Errorf("remove: %v", err)
		}
		s.stored(old)
		s.proxy.LoseReplies(1)
		if err := comparer.ExpireRecord(ctx, s.key, old[:12], old, 2*time.Hour); err != nil {
			t.Errorf("expire: %v", err)
		}
	})
}

// An equal record of another request is a conflict: it is not this one's save.
func TestGuardedSaveEqual(t *testing.T) {
	t.Parallel()
	srv := connecttest.ValkeyServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newGuardedSite(t, srv, f, connect.Options{GuardedSave: connect.GuardedSaveNative})
		old, next := record("all of the record", 100), record("what both write", 100)
		s.stored(next)
		err := s.store.(session.RecordComparer).ReplaceRecord(t.Context(), s.key, old, old, next, time.Hour)
		if !isConflict(err) {
			t.Errorf("%v, want a conflict", err)
		}
	})
}

// The server behind the address is replaced by one that knows no IFEQ: saves go on.
func TestGuardedSaveOtherServer(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		first, second := connecttest.ValkeyServer(t), connecttest.RedisServer(t)
		at := movingAddress(t, first)
		store := open(t, f, connect.Options{URL: "redis://" + at.addr})
		old, next := record("revision 001", 100), record("revision 002", 100)
		at.move(second)
		for i := range 2 {
			key := "session:" + strconv.Itoa(i)
			if err := store.Create(t.Context(), key, old, time.Hour); err != nil {
				t.Fatal(err)
			}
			if err := store.(session.RecordComparer).ReplaceRecord(t.Context(), key, old[:12], old, next, time.Hour); err != nil {
				t.Error(err)
			}
			if got, err := store.Load(t.Context(), key, 0); err != nil || !bytes.Equal(got, next) {
				t.Errorf("stored is %q, %v", got, err)
			}
		}
		if stats := second.Client().Info(t.Context(), "commandstats").Val(); !strings.Contains(line(stats, "cmdstat_set:"), "failed_calls=1") {
			t.Errorf("SET with IFEQ was tried more than once: %s", line(stats, "cmdstat_set:"))
		}
		if n := second.Client().DBSize(t.Context()).Val(); n != 2 {
			t.Errorf("%d records in the second server", n)
		}
	})
}

// line returns the line of INFO that begins with something.
func line(info, front string) string {
	_, rest, _ := strings.Cut(info, front)
	rest, _, _ = strings.Cut(rest, "\r\n")
	return rest
}

// address is where one server is and later another.
type address struct {
	addr string

	mu    sync.Mutex
	now   *connecttest.Server
	conns []net.Conn
}

func movingAddress(t *testing.T, first *connecttest.Server) *address {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &address{addr: l.Addr().String(), now: first}
	t.Cleanup(func() { l.Close(); a.move(first) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			a.mu.Lock()
			s, err := net.Dial("tcp", a.now.Addr())
			if err == nil {
				a.conns = append(a.conns, c, s)
			}
			a.mu.Unlock()
			if err != nil {
				c.Close()
				continue
			}
			go func() { _, _ = io.Copy(s, c); s.Close() }()
			go func() { _, _ = io.Copy(c, s); c.Close() }()
		}
	}()
	return a
}

// move breaks what is open and leads to another server from then on.
func (a *address) move(to *connecttest.Server) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = to
	for _, c := range a.conns {
		c.Close()
	}
	a.conns = nil
}
