package session_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pyramidgo/redissessions/session"
)

// A request's goroutines share its session. The race detector checks the rest.
func TestGoroutinesOfOneRequest(t *testing.T) {
	f := newTestFactory(t, newMemStore(), nil)
	v := newVisitor(t, f)
	v.visit(func(s *session.Session) { s.Set("old", []any{"a", "b"}) })
	const crowd, each = 8, 20
	v.serve(func(_ http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		for i := range crowd {
			wg.Go(func() {
				s, err := f.Get(r)
				if err != nil {
					t.Error(err)
					return
				}
				ctx := context.WithoutCancel(r.Context())
				for j := range each {
					key := fmt.Sprintf("%d.%d", i, j)
					s.Set(key, j)
					s.Modify("count", increment)
					s.Flash("", key)
					s.FlashOnce("once", "same")
					s.SetDefault("default", i)
					s.Update(map[string]any{"last": key})
					s.AdjustTimeout(time.Duration(i+1) * time.Hour)
					s.AdjustCookieMaxAge(time.Hour)
					s.Get(key)
					s.Has("old")
					s.Keys()
					s.Len()
					s.PeekFlash("")
					_, _, _, _ = s.ID(), s.IsNew(), s.Created(), s.Timeout()
					if n, ok := session.Value[int64](s, key); !ok || n != int64(j) {
						t.Errorf("%s holds %v, %v", key, n, ok)
					}
					for range s.All() {
						break
					}
					if _, err := s.CSRFToken(ctx); err != nil {
						t.Error(err)
					}
				}
				if i == 0 {
					if err := s.Renew(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
	v.visit(func(s *session.Session) {
		if n, _ := session.Value[int](s, "count"); n != crowd*each || len(s.PeekFlash("")) != crowd*each || len(s.PeekFlash("once")) != 1 {
			t.Errorf("count %d, %d messages, %d", n, len(s.PeekFlash("")), len(s.PeekFlash("once")))
		}
	})
}

// A renewal in another goroutine comes before the header, with its cookie, or
// is refused. In no case does the browser keep a dead ID.
func TestRenewWhileTheHeaderIsSent(t *testing.T) {
	for range 200 {
		f := newTestFactory(t, newMemStore(), nil)
		v := newVisitor(t, f)
		v.visit(func(s *session.Session) { s.Set("a", 1) })
		v.serve(func(w http.ResponseWriter, r *http.Request) {
			s, _ := f.Get(r)
			s.Set("a", 2)
			var wg sync.WaitGroup
			wg.Go(func() { _ = s.Renew(context.WithoutCancel(r.Context())) })
			w.WriteHeader(http.StatusOK)
			wg.Wait()
		})
		v.visit(func(s *session.Session) {
			if a, _ := s.Get("a"); a != 2 {
				t.Fatal("the browser was left with a dead ID")
			}
		})
	}
}
