package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/connect"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/connecttest"
	"github.com/pyramidgo/redissessions/session"
)

// ask runs testdata/users.py and returns what it prints.
func ask(t *testing.T, server *connecttest.Server, format string, words ...string) string {
	t.Helper()
	python, err := findPython(t.Context())
	skipWithoutPyramid(t, err)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, append([]string{"testdata/users.py", server.URL(), format}, words...)...)
	cmd.Env = append(cmd.Environ(), "PYTHONPATH=.", "PYTHONDONTWRITEBYTECODE=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("Python: %v: %s", err, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

// A login in Python while all sessions are ended, a lease that is renewed, a session that
// moves, one without a timeout.
func TestPythonUserSessions(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		for _, what := range []string{"walk", "renewed"} {
			t.Run(format+"/"+what, func(t *testing.T) {
				t.Parallel()
				ask(t, connecttest.RedisServer(t), format, what)
			})
		}
	}
}

// goSide is a Go service on the Redis of testdata/users.py.
func goSide(t *testing.T, server *connecttest.Server, format string, adjust func(session.Store) session.Store) *session.Factory {
	t.Helper()
	store, err := goredis.Connect(t.Context(), connect.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	o := &session.Options{
		Secret: "a secret for tests, of more than 32 bytes", Prefix: "shared:", Users: &session.UserOptions{},
		Format: session.FormatPyramidSessionRedis, PythonExpires: true, Logger: slog.New(slog.DiscardHandler),
	}
	if format == session.FormatPyramidRedisSessions.String() {
		o.Format, o.PythonExpires = session.FormatPyramidRedisSessions, false
	}
	f, err := session.NewFactory(adjust(store), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// login logs ann in, in Go.
func login(t *testing.T, f *session.Factory) (err error) {
	t.Helper()
	page := f.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, getErr := f.Get(r)
		if err = getErr; err == nil {
			err = s.Login(r.Context(), "ann")
		}
	}))
	page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
	return err
}

// Both sides write the same: the key, the members, the scores, and what is in the records.
func TestSameIndexInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := connecttest.RedisServer(t)
			f := goSide(t, server, format, func(s session.Store) session.Store { return s })
			before := time.Now()
			if got := ask(t, server, format, "login_once"); got != "welcome" {
				t.Fatalf("Python's page says %q", got)
			}
			if err := login(t, f); err != nil {
				t.Fatal(err)
			}
			after := time.Now()

			sum := sha256.Sum256([]byte("redissessions.user\x00session\x00ann"))
			client, key := server.Client(), fmt.Sprintf("shared:u:%x", sum[:20])
			entries, err := client.ZRangeWithScores(t.Context(), key, 0, -1).Result()
			if err != nil || len(entries) != 2 {
				t.Fatalf("the index holds %d entries: %v", len(entries), err)
			}
			const idle = 20 * time.Minute
			for _, e := range entries {
				member := e.Member.(string)
				id, at := member[:len(member)-8], int64(binary.BigEndian.Uint64([]byte(member[len(member)-8:])))
				if at < before.UnixMilli() || at > after.UnixMilli() {
					t.Errorf("the time of login is %d", at)
				}
				if lease := time.Duration(int64(e.Score)-at) * time.Millisecond; lease < idle+time.Hour-time.Second || lease > idle+time.Hour+time.Minute {
					t.Errorf("the entry counts for %v", lease)
				}
				record := client.Get(t.Context(), id).Val()
				for _, part := range []string{"_login_", fmt.Sprintf("%x %d %d", sum[:20], int64(e.Score), at), "_user_", "ann"} {
					if !strings.Contains(record, part) {
						t.Errorf("no %q in the record %q", part, record)
					}
				}
			}
			if infos, err := f.Sessions(t.Context(), "ann"); err != nil || len(infos) != 2 {
				t.Errorf("Go lists %d sessions: %v", len(infos), err)
			}
			if got := ask(t, server, format, "end_all", "ann"); got != "2" {
				t.Errorf("Python has ended %s sessions", got)
			}
			epoch, err := client.ZScore(t.Context(), key, "").Result()
			if err != nil || epoch < 1<<52 || epoch >= 1<<53 || client.ZCard(t.Context(), key).Val() != 1 {
				t.Errorf("the epoch is %v: %v", epoch, err)
			}
			if left := client.PTTL(t.Context(), key).Val(); left <= 10*time.Minute {
				t.Errorf("the epoch is kept for %v, which is shorter than a ticket is good", left)
			}
			if infos, err := f.Sessions(t.Context(), "ann"); err != nil || len(infos) != 0 {
				t.Errorf("Go lists %d sessions: %v", len(infos), err)
			}
		})
	}
}

// halfDone is a store in which something happens to a login between its entry in the index
// and its record.
type halfDone struct {
	session.Store
	session.UserIndex
	added  chan struct{}
	happen func()
}

func (s *halfDone) IndexAdd(ctx context.Context, key string, member []byte, until time.Time, seen session.Epoch) (session.IndexState, error) {
	defer close(s.added)
	return s.UserIndex.IndexAdd(ctx, key, member, until, seen)
}

func (s *halfDone) Create(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	<-s.added
	s.happen()
	return s.Store.Create(ctx, key, record, ttl)
}

// Python ends all sessions while Go has added a login's entry, but not its record.
func TestPythonEndsALoginHalfDone(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := connecttest.RedisServer(t)
			f := goSide(t, server, format, func(s session.Store) session.Store {
				return &halfDone{s, s.(session.UserIndex), make(chan struct{}), func() { ask(t, server, format, "end_all", "ann") }}
			})
			if err := login(t, f); !errors.Is(err, session.ErrEnded) {
				t.Errorf("the login is answered with %v, want ErrEnded", err)
			}
			if infos, err := f.Sessions(t.Context(), "ann"); err != nil || len(infos) != 0 {
				t.Errorf("Go lists %d sessions: %v", len(infos), err)
			}
		})
	}
}

// Go ends all sessions while a login in Python is under way: its ticket is an old one.
func TestGoEndsALoginInPython(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := connecttest.RedisServer(t)
			f := goSide(t, server, format, func(s session.Store) session.Store { return s })
			page := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if _, err := f.EndAll(r.Context(), "ann"); err != nil {
					t.Error(err)
				}
			}))
			defer page.Close()
			if got := ask(t, server, format, "login_once", page.URL); strings.Contains(got, "welcome") {
				t.Errorf("Python's page says %q", got)
			}
			if infos, err := f.Sessions(t.Context(), "ann"); err != nil || len(infos) != 0 {
				t.Errorf("Go lists %d sessions: %v", len(infos), err)
			}
		})
	}
}
