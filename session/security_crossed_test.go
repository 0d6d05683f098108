package session_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// crossing is a store whose connection is one reply behind: whoever asks for a
// record gets the one that was asked for before.
type crossing struct {
	*memStore
	mu       sync.Mutex
	previous []byte
}

func (c *crossing) swap(record []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if record == nil {
		return nil
	}
	was := c.previous
	if c.previous = record; was == nil {
		return record
	}
	return was
}

func (c *crossing) Load(ctx context.Context, key string, ttl time.Duration) ([]byte, error) {
	record, err := c.memStore.Load(ctx, key, ttl)
	return c.swap(record), err
}

func (c *crossing) Replace(ctx context.Context, key string, guard, record []byte, ttl time.Duration) error {
	err := c.memStore.Replace(ctx, key, guard, record, ttl)
	var conflict *session.ConflictError
	if errors.As(err, &conflict) {
		return &session.ConflictError{Current: c.swap(conflict.Current)}
	}
	return err
}

// TestCrossedReplies: a record that belongs to another session is an error,
// whatever the settings say of records that cannot be read.
func TestCrossedReplies(t *testing.T) {
	for name, edit := range map[string]func(*session.Options){
		"by default":           func(*session.Options) {},
		"encrypted":            func(o *session.Options) { o.EncryptionKeys = [][]byte{encryptionKey(1)} },
		"anonymous when down":  func(o *session.Options) { o.AnonymousWhenDown = true },
		"expiry in the record": func(o *session.Options) { o.ExpiryInRecord = true },
		"undecodable is error": func(o *session.Options) { o.FailOnUndecodable = true },
	} {
		t.Run(name, func(t *testing.T) {
			store := &crossing{memStore: newMemStore()}
			var failed error
			f := newTestFactory(t, store, func(o *session.Options) {
				discardLog(o)
				edit(o)
				o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
					failed = err
					session.AnswerError(w, r, err)
				}
			})
			ada, grace := newVisitor(t, f), newVisitor(t, f)
			ada.visit(func(s *session.Session) { s.Set("name", "Ada") })
			grace.visit(func(s *session.Session) { s.Set("name", "Grace") })
			ada.visit(func(s *session.Session) { s.Get("name") })

			resp := grace.serve(func(w http.ResponseWriter, r *http.Request) {
				s, err := f.Get(r)
				if s != nil || !errors.Is(err, session.ErrCrossedReply) {
					t.Errorf("Get returns a session, and %v", err)
				}
				_, _ = io.WriteString(w, "hello, visitor")
			})
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "hello") {
				t.Errorf("status %d, body %q", resp.StatusCode, body)
			}
			if !errors.Is(failed, session.ErrCrossedReply) {
				t.Errorf("the error handler heard of %v", failed)
			}
			if len(resp.Cookies()) > 0 {
				t.Error("Grace loses her cookie")
			}
			// Her own reply comes now that nobody else's is in between.
			grace.visit(func(s *session.Session) {
				if name, _ := s.Get("name"); name != "Grace" {
					t.Errorf("Grace is %v", name)
				}
			})
		})
	}
}

// The answer to a conflict carries a record too, and is checked like a load.
func TestCrossedReplyOfAConflict(t *testing.T) {
	store := &crossing{memStore: newMemStore()}
	f := newTestFactory(t, store, discardLog)
	ada, grace := newVisitor(t, f), newVisitor(t, f)
	ada.visit(func(s *session.Session) { s.Set("name", "Ada") })
	grace.visit(func(s *session.Session) { s.Set("name", "Grace") })
	resp := grace.serve(withSession(t, f, func(s *session.Session) {
		second := grace.at(f)
		second.visit(func(s *session.Session) { s.Set("other tab", true) })
		store.previous = nil
		ada.visit(func(s *session.Session) { s.Get("name") }) // now Ada's record is on the wire
		s.Set("mine", true)
	}))
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", resp.StatusCode)
	}
	store.previous = nil
	grace.visit(func(s *session.Session) {
		if name, _ := s.Get("name"); name != "Grace" || s.Has("mine") || !s.Has("other tab") {
			t.Errorf("Grace is %v, with %q", name, s.Keys())
		}
	})
}
