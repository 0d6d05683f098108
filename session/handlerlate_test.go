package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// logTo sends the log of a factory to b, errors only.
func logTo(b *bytes.Buffer) func(*session.Options) {
	return func(o *session.Options) {
		o.Logger = slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelError}))
	}
}

// TestHandlerLateChanges checks what becomes of changes after the first byte.
func TestHandlerLateChanges(t *testing.T) {
	tests := []struct {
		name   string
		known  bool // the visitor has a session
		before func(s *session.Session)
		after  func(t *testing.T, s *session.Session)
		log    string   // in the log, or "" for nothing
		keys   []string // of the stored session afterwards
	}{
		{"saved when the handler returns", true, nil,
			func(_ *testing.T, s *session.Session) { s.Set("late", 1) }, "", []string{"late", "seed"}},
		{"beside what was saved in time", true, func(s *session.Session) { s.Set("early", 1) },
			func(_ *testing.T, s *session.Session) { s.Set("late", 1) }, "", []string{"early", "late", "seed"}},
		{"saved to a session that began in time", false, func(s *session.Session) { s.Set("early", 1) },
			func(_ *testing.T, s *session.Session) { s.Set("late", 1) }, "", []string{"early", "late"}},
		{"a flash message", true, nil,
			func(_ *testing.T, s *session.Session) { s.Flash("", "hello") }, "", []string{"_f_", "seed"}},
		{"a new session is too late", false, nil,
			func(_ *testing.T, s *session.Session) { s.Set("late", 1) }, session.ErrHeaderWritten.Error(), nil},
		{"a new session's token is too late", false, nil, func(t *testing.T, s *session.Session) {
			if _, err := s.CSRFToken(t.Context()); !errors.Is(err, session.ErrHeaderWritten) {
				t.Errorf("CSRFToken: %v, want ErrHeaderWritten", err)
			}
		}, session.ErrHeaderWritten.Error(), nil},
		{"renewing is too late", true, nil, func(t *testing.T, s *session.Session) {
			if err := s.Renew(t.Context()); !errors.Is(err, session.ErrHeaderWritten) {
				t.Errorf("Renew: %v, want ErrHeaderWritten", err)
			}
			s.Set("late", 1)
		}, session.ErrHeaderWritten.Error(), []string{"late", "seed"}},
		{"the cookie's lifetime is too late, the rest is not", true, nil, func(_ *testing.T, s *session.Session) {
			s.Remember(24 * time.Hour)
			s.Set("late", 1)
		}, session.ErrHeaderWritten.Error(), []string{"late", "seed"}},
		{"invalidating is never too late", true, nil, func(t *testing.T, s *session.Session) {
			if err := s.Invalidate(t.Context()); err != nil {
				t.Error(err)
			}
		}, "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			store := newMemStore()
			f := newTestFactory(t, store, logTo(&log))
			v := newVisitor(t, f)
			if test.known {
				v.visit(func(s *session.Session) { s.Set("seed", true) })
			}
			resp := v.serve(func(w http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				if test.before != nil {
					test.before(s)
				}
				_, _ = io.WriteString(w, pageText)
				test.after(t, s)
			})
			if body, _ := io.ReadAll(resp.Body); string(body) != pageText {
				t.Errorf("the body is %q", body)
			}
			if got := log.String(); (test.log == "") != (got == "") || !strings.Contains(got, test.log) {
				t.Errorf("log: %s\nwant %q", got, test.log)
			}
			var keys []string
			v.visit(func(s *session.Session) { keys = s.Keys() })
			if !slices.Equal(keys, test.keys) {
				t.Errorf("keys %q, want %q", keys, test.keys)
			}
			if test.keys == nil && len(store.records) > 0 {
				t.Error("a record is left that nobody will find")
			}
		})
	}
}

// A session that is asked for only after the first byte is saved too.
func TestHandlerSessionAskedForLate(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("seed", true) })
	v.serve(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		s, err := f.Get(r)
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("late", true)
	})
	v.visit(func(s *session.Session) {
		if !s.Has("late") {
			t.Error("the change was lost")
		}
	})
}

// A client that hangs up before the save loses nothing, and the save has a
// deadline of its own.
func TestHandlerSaveOutlivesTheClient(t *testing.T) {
	for _, when := range []string{"before the first byte", "after the first byte"} {
		t.Run(when, func(t *testing.T) {
			f := newTestFactory(t, newMemStore(), nil)
			v := newVisitor(t, f)
			v.visit(func(s *session.Session) { s.Set("seed", true) })
			arrived, gone := make(chan struct{}), make(chan struct{})
			done := make(chan struct{})
			server := startServer(t, "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s, err := f.Get(r)
					if err != nil {
						t.Error(err)
						return
					}
					if when == "after the first byte" {
						_ = http.NewResponseController(w).Flush()
					}
					close(arrived)
					<-r.Context().Done()
					<-gone
					s.Set("kept", true)
				})).ServeHTTP(w, r)
			}))
			ctx, hangUp := context.WithCancel(t.Context())
			go func() {
				<-arrived
				hangUp()
				close(gone)
			}()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.AddCookie(v.request().Cookies()[0])
			if resp, err := server.Client().Do(r); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			<-done
			v.visit(func(s *session.Session) {
				if !s.Has("kept") {
					t.Error("the save was lost with the client")
				}
			})
		})
	}
}

// blackHole is a store that never answers: its commands end with their context.
type blackHole struct{ session.Store }

func (blackHole) Create(ctx context.Context, _ string, _ []byte, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

func (blackHole) Load(ctx context.Context, _ string, _ time.Duration) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestHandlerSaveHasADeadline lets a save go to a store that never answers,
// with a client that would wait for ever.
func TestHandlerSaveHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTestFactory(t, blackHole{newMemStore()}, func(o *session.Options) {
			discardLog(o)
			o.SaveTimeout = 3 * time.Second
		})
		begun := time.Now() // the bubble's clock: nothing else moves it
		resp := newVisitor(t, f).serve(func(w http.ResponseWriter, r *http.Request) {
			s, err := f.Get(r)
			if err != nil {
				t.Error(err)
				return
			}
			s.Set("k", "v")
			_, _ = io.WriteString(w, pageText)
		})
		if resp.StatusCode != http.StatusServiceUnavailable || time.Since(begun) != 3*time.Second {
			t.Errorf("status %d after %v, want 503 after 3s", resp.StatusCode, time.Since(begun))
		}
	})
}
