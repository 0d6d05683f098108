package connect_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// swapSite is a guardedSite whose saves carry a large record.
type swapSite struct {
	*guardedSite
	srv       *connecttest.Server
	old, next []byte
}

func newSwapSite(t *testing.T, srv *connecttest.Server, f connect.Func, o connect.Options) *swapSite {
	t.Helper()
	o.GuardedSave = connect.GuardedSaveScript
	s := &swapSite{newGuardedSite(t, srv, f, o), srv, record("revision 001", 20_000), record("revision 002", 20_000)}
	s.stored(s.old)
	return s
}

// wantStored checks what is at the key, and that nothing is beside it.
func (s *swapSite) wantStored(want []byte) {
	s.t.Helper()
	if got, err := s.srv.Client().Get(s.t.Context(), s.key).Bytes(); err != nil || !bytes.Equal(got, want) {
		s.t.Errorf("stored are %d bytes, %.12q, %v, want %.12q", len(got), got, err, want)
	}
	if keys := s.beside(); len(keys) > 0 {
		s.t.Errorf("%d keys are left beside it", len(keys))
	}
}

func (s *swapSite) beside() []string {
	return s.srv.Client().Keys(s.t.Context(), s.key+":*").Val()
}

// A large record is written beside its key and moved by a script, in one round trip
// however it ends. The script does not have the record. Whatever else is asked for goes by the script
// that has.
func TestSwapOnTheWire(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newSwapSite(t, srv, f, connect.Options{})
		ctx, names := t.Context(), map[string]bool{}
		for name, step := range map[string]struct {
			call func() error
			want []string
		}{
			"a save":      {func() error { return s.replace(s.old, s.next) }, []string{"SET", "EVALSHA"}},
			"no end":      {func() error { return s.store.Replace(ctx, s.key, s.old[:12], s.next, 0) }, []string{"SET", "EVALSHA"}},
			"above 4 KiB": {func() error { return s.replace(s.old, record("revision 002", 4<<10+1)) }, []string{"SET", "EVALSHA"}},
			"no guard":    {func() error { return s.store.Replace(ctx, s.key, nil, s.next, time.Hour) }, []string{"SET", "EVALSHA"}},
			"a conflict": {func() error {
				if err := s.replace(s.next, s.next); !isConflict(err) {
					return fmt.Errorf("%w, want a conflict", err)
				}
				return nil
			}, []string{"SET", "EVALSHA"}},
			"gone": {func() error {
				err := s.store.Replace(ctx, s.key+"?", s.old[:12], s.next, time.Hour)
				if !errors.Is(err, session.ErrNotFound) {
					return fmt.Errorf("%w, want ErrNotFound", err)
				}
				return nil
			}, []string{"SET", "EVALSHA"}},
			"4 KiB":          {func() error { return s.replace(s.old, record("revision 002", 4<<10)) }, []string{"EVALSHA"}},
			"a whole record": {func() error { return s.store.Replace(ctx, s.key, s.old, s.next, time.Hour) }, []string{"EVALSHA"}},
			"keeps its time": {func() error { return s.store.(session.TTLKeeper).ReplaceKeepTTL(ctx, s.key, s.old[:12], s.next) }, []string{"EVALSHA"}},
		} {
			for range 2 { // the first may teach the server the script
				s.stored(s.old)
				if err := step.call(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if n := s.proxy.RoundTrips(); n != 1 {
				t.Errorf("%s: %d round trips", name, n)
			}
			for _, c := range s.proxy.Commands() {
				if len(step.want) == 2 && c[0] == "EVALSHA" && len(strings.Join(c, "")) > 400 {
					t.Errorf("%s: the script has the record", name)
				}
				if c[0] == "SET" {
					if !strings.HasPrefix(c[1], s.key) || names[c[1]] {
						t.Errorf("%s: the record is written to %q", name, c[1])
					}
					names[c[1]] = true
				}
			}
			s.want(name, step.want...)
		}
	})
}

// A server that does not have the script is sent its source, and has the record beside the key
// by then.
func TestSwapUnknownScript(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		srv := connecttest.RedisServer(t)
		s := newSwapSite(t, srv, f, connect.Options{})
		if err := srv.Client().ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]string{{"SET", "EVALSHA", "EVAL"}, {"SET", "EVALSHA"}} {
			s.stored(s.old)
			if err := s.replace(s.old, s.next); err != nil {
				t.Error(err)
			}
			s.want("a save", want...)
			s.wantStored(s.next)
		}
	})
}

// The answer to either command is lost: the save is made once. What another request has
// saved is neither undone nor a conflict, because it is not known who was first.
func TestSwapLostReply(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newSwapSite(t, srv, f, connect.Options{})
		other := record("revision 003", 20_000)
		if err := s.replace(s.old, s.next); err != nil { // the server knows the script now
			t.Fatal(err)
		}
		for after := range 2 {
			s.stored(s.old)
			s.proxy.LoseReplyAfter(after)
			if err := s.replace(s.old, s.next); err != nil || s.proxy.Lost() != 1 {
				t.Errorf("its own record: %v, after %d lost replies", err, s.proxy.Lost())
			}
			s.wantStored(s.next)
			s.stored(other)
			s.proxy.LoseReplyAfter(after)
			if err := s.replace(s.old, s.next); isConflict(err) || !errors.Is(err, session.ErrUnavailable) || s.proxy.Lost() != 1 {
				t.Errorf("another's record: %v, want ErrUnavailable and no conflict", err)
			}
			s.wantStored(other)
		}
	})
}

// The connection breaks between the two commands: the record is moved by the second try.
// Without one it is not saved, and what is beside it lasts some seconds and is no record of a session.
func TestSwapBroken(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newSwapSite(t, srv, f, connect.Options{})
		s.proxy.BeforeCommand("EVALSHA", func() {
			s.proxy.BeforeCommand("", nil)
			s.proxy.Break()
		})
		if err := s.replace(s.old, s.next); err != nil {
			t.Error(err)
		}
		s.wantStored(s.next)

		s = newSwapSite(t, srv, f, connect.Options{MaxRetries: -1})
		s.proxy.BeforeCommand("EVALSHA", func() { s.wait(1); s.proxy.Break() })
		if err := s.replace(s.old, s.next); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%v, want ErrUnavailable", err)
		}
		if sent := s.proxy.Commands(); len(sent) != 2 || !slices.Equal(sent[0][3:], []string{"px", "5000"}) {
			t.Errorf("sent %q, with %q behind the record", s.sent(), sent[0][3:])
		}
		if got := srv.Client().Get(t.Context(), s.key).Val(); got != string(s.old) {
			t.Errorf("stored is %.12q", got)
		}
	})
}

// wait waits until as many records are beside the key.
func (s *swapSite) wait(n int) {
	connecttest.Eventually(s.t, time.Minute, func() error {
		if got := len(s.beside()); got != n {
			return fmt.Errorf("%d records are beside the key, want %d", got, n)
		}
		return nil
	})
}

// drop takes away what is beside the key before the script comes, as a server does
// that makes room.
func (s *swapSite) drop() {
	s.wait(1)
	s.srv.Client().Del(s.t.Context(), s.beside()...)
}

// The record beside the key is evicted: the save is made all the same, and the next one goes
// the short way again, until too many were evicted one after the other.
func TestSwapEvicted(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newSwapSite(t, srv, f, connect.Options{})
		evicted := func() {
			t.Helper()
			s.stored(s.old)
			s.proxy.BeforeCommand("EVALSHA", func() {
				s.proxy.BeforeCommand("", nil)
				s.drop()
			})
			if err := s.replace(s.old, s.next); err != nil {
				t.Error(err)
			}
			s.wantStored(s.next)
		}
		evicted()
		s.want("evicted", "SET", "EVALSHA", "EVALSHA")
		for range 9 {
			evicted()
			s.stored(s.old)
			if err := s.replace(s.old, s.next); err != nil {
				t.Error(err)
			}
			s.want("after an eviction", "SET", "EVALSHA")
		}
		for range 10 {
			evicted()
		}
		s.stored(s.old)
		if err := s.replace(s.old, s.next); err != nil {
			t.Error(err)
		}
		s.want("after ten evictions", "EVALSHA")
	})
}

// Another request saves between the two commands: a conflict, with what it has saved.
func TestSwapOvertaken(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newSwapSite(t, srv, f, connect.Options{})
		other := record("revision 003", 20_000)
		s.proxy.BeforeCommand("EVALSHA", func() {
			s.wait(1)
			s.srv.Client().Set(t.Context(), s.key, other, time.Hour)
		})
		err := s.replace(s.old, s.next)
		if conflict, ok := errors.AsType[*session.ConflictError](err); !ok || !bytes.Equal(conflict.Current, other) {
			t.Errorf("%.80v, want a conflict", err)
		}
		s.wantStored(other)
	})
}

// A user who may not do what the short way needs, or a server without it, saves by the script
// that has the record, in the same call; from then on at once.
func TestSwapRefused(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	for name, tt := range map[string]struct {
		srv   *connecttest.Server
		rules string
		want  []string
	}{
		"RENAME":             {srv, "-rename", []string{"EVALSHA"}},
		"RENAME, Redis 8":    {connecttest.Redis8Server(t), "-rename", []string{"EVALSHA"}},
		"RENAME, renamed":    {renamed("RENAME")(t), "", []string{"EVALSHA"}},
		"PEXPIRE":            {srv, "-pexpire", []string{"EVALSHA"}},
		"keys beside":        {srv, "resetkeys ~session:*[a-z]", []string{"EVALSHA"}},
		"UNLINK, may RENAME": {srv, "-unlink", []string{"SET", "EVALSHA"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEach(t, func(t *testing.T, f connect.Func) {
				for _, lazy := range []bool{true, false} {
					if !lazy && strings.Contains(tt.rules, "resetkeys") {
						continue // start-up tries a key that this user may not use
					}
					s := newSwapSite(t, tt.srv, f, connect.Options{})
					s.store = open(t, f, connect.Options{
						URL:         "redis://" + userWith(t, tt.srv, tt.rules) + ":pass@" + s.proxy.Addr(),
						LazyConnect: lazy, GuardedSave: connect.GuardedSaveScript,
					})
					s.key += "z"
					for n := range 3 {
						s.stored(s.old)
						if err := s.replace(s.old, s.next); err != nil {
							t.Error(err)
						}
						if n > 0 || !lazy && len(tt.want) == 1 {
							s.want(fmt.Sprintf("lazy %v", lazy), tt.want...)
						}
						s.wantStored(s.next)
						if err := s.replace(s.old, s.next); !isConflict(err) {
							t.Errorf("%v, want a conflict", err)
						}
					}
				}
			})
		})
	}
}

// A server that refuses for the moment says so as it does to the script that has the record,
// and is asked again by the next save.
func TestSwapRefusedForTheMoment(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, f connect.Func) {
		srv := connecttest.RedisServer(t)
		s := newSwapSite(t, srv, f, connect.Options{MaxRetries: -1})
		for setting, want := range map[string]string{"maxmemory": "OOM", "min-replicas-to-write": "NOREPLICAS"} {
			s.stored(s.old)
			srv.Client().ConfigSet(t.Context(), setting, "1")
			err := s.replace(s.old, s.next)
			if !errors.Is(err, session.ErrUnavailable) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want ErrUnavailable with %s", err, want)
			}
			srv.Client().ConfigSet(t.Context(), setting, "0")
			s.wantStored(s.old)
			s.proxy.Reset()
			if err := s.replace(s.old, s.next); err != nil {
				t.Error(err)
			}
			s.want("after "+want, "SET", "EVALSHA")
			s.wantStored(s.next)
		}
	})
}

// A reply that belongs to another command is no sign of a save.
func TestSwapCrossed(t *testing.T) {
	t.Parallel()
	srv := connecttest.RedisServer(t)
	forEach(t, func(t *testing.T, f connect.Func) {
		s := newSwapSite(t, srv, f, connect.Options{MaxRetries: -1})
		if err := s.store.Delete(t.Context(), "session:none"); err != nil {
			t.Fatal(err)
		}
		s.proxy.ShiftReplies(true)
		if err := s.replace(s.old, s.next); err == nil || isConflict(err) {
			t.Errorf("%v, want an error about the reply", err)
		}
	})
}
