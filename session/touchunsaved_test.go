package session_test

import (
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/pyramidgo/redissessions/connect/goredis"
	"github.com/pyramidgo/redissessions/internal/visitor"
	"github.com/pyramidgo/redissessions/session"
	"github.com/redis/go-redis/v9"
)

// A stream whose session could not be saved sends to no one: the error page was sent.
// Touch says so, also when the store answers again, and so the stream ends.
func TestTouchAfterAFailedSave(t *testing.T) {
	t.Parallel()
	for name, visits := range map[string]int{"new session": 0, "stored session": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := miniredis.RunT(t)
			f, err := session.NewFactory(goredis.New(redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})), &session.Options{
				Secret: "a secret for tests, of more than 32 bytes",
				Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			v := visitor.New(t)
			handler := f.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := session.FromRequest(r)
				if err != nil {
					t.Error(err)
					return
				}
				session.Modify(s, "n", func(n int) int { return n + 1 })
				if r.URL.Path != "/stream" {
					return
				}
				server.SetError("LOADING the server is starting")
				_ = http.NewResponseController(w).Flush()
				server.SetError("")
				if err := s.Touch(r.Context()); !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("Touch returned %v, want ErrUnavailable", err)
				}
			}))
			for range visits {
				v.Get(handler, "/")
			}
			if resp := v.Get(handler, "/stream"); resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}
